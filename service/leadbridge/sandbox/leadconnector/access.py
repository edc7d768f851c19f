"""Who may call, and for which location: Version header, token, scope and reach, in the order in which they are told."""

from collections.abc import Mapping
from typing import Final

from leadbridge.sandbox.exchange import ApiReply, ApiRequest
from leadbridge.sandbox.leadconnector.apps import Grant, is_private, scope_of
from leadbridge.sandbox.leadconnector.consent import CONSENT
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.grants import Grants
from leadbridge.sandbox.leadconnector.oauth import EXCHANGE, client_of, parameters_of
from leadbridge.sandbox.leadconnector.problems import Refused, banned_user_agent, refusal

_VERSIONS: Final = frozenset({"v3", "2023-02-21", "2021-07-28", "2021-04-15"})
_NO_SCOPE: Final = (401, "The token is not authorized for this scope.")
_ELSEWHERE: Final = (403, "The token does not have access to this location.")
_ELSEWHERE_PRIVATE: Final = (401, "This location is not accessible from this token!")
_INVALID: Final = (401, "Invalid JWT")
_INVALID_PRIVATE: Final = (401, "Invalid Private Integration token")
_REFUSED_TOKENS: Final = (
    ("pit-bad", _INVALID_PRIVATE),
    ("pit-other-location", _ELSEWHERE_PRIVATE),
    ("bad", _INVALID),
    ("noscope", _NO_SCOPE),
    ("other-location", _ELSEWHERE),
)
_NOBODY: Final = "(none)"


class Access:
    """Decides about each call before it is counted.

    A token that the sandbox issued, or a seed names, reaches its own location. Any other reaches every location, unless
    what it begins with says what is wrong with it.
    """

    def __init__(self, grants: Grants, directory: Directory) -> None:
        self._grants = grants
        self._directory = directory
        self._last_named: dict[str, str] = {}  # the location that each unknown token named last

    def admit(self, request: ApiRequest) -> str | ApiReply:
        """The account a call is about, or the refusal of its Version header or credentials."""
        if request.headers.get("user-agent", "").lower().startswith("python-urllib"):
            return banned_user_agent()
        if request.path in (EXCHANGE, CONSENT):
            return client_of(request) or _NOBODY
        try:
            _check_version(request.headers.get("version"))
            token = _bearer(request.headers.get("authorization", ""))
            grant = self._grants.of(token)
            return self._everywhere(request, token) if grant is None else self._within(grant, request, token)
        except Refused as refused:
            return refusal(request, refused)

    def clear(self) -> None:
        """Forget which location each token named."""
        self._last_named.clear()

    def _within(self, grant: Grant, request: ApiRequest, token: str) -> str:
        if scope_of(request.method, request.path) not in grant.scopes:
            raise Refused(*_NO_SCOPE)
        if grant.holder.kind == "Company":
            return self._of_company(grant.holder.id, request)
        if self._named(request) not in ("", grant.holder.id):
            raise Refused(*(_ELSEWHERE_PRIVATE if is_private(token) else _ELSEWHERE))
        return grant.holder.id

    def _of_company(self, company: str, request: ApiRequest) -> str:
        if request.path.startswith("/oauth/"):
            return company
        # Of what is in a location, only the location itself is open to a company's token: apps/locations.json.
        location_id = id_in(request.path, "locations")
        if request.path != f"/locations/{location_id}":
            raise Refused(*_ELSEWHERE)
        if self._directory.location(location_id).own_company not in (None, company):
            raise Refused(*_ELSEWHERE)
        return location_id

    def _everywhere(self, request: ApiRequest, token: str) -> str:
        if not self._grants.takes(token):
            raise Refused(*(_INVALID_PRIVATE if is_private(token) else _INVALID))
        if request.path.startswith("/oauth/"):
            return parameters_of(request).get("companyId") or _NOBODY
        named = self._named(request)
        if named:
            self._last_named[token] = named
        return named or self._last_named.get(token, _NOBODY)

    def _named(self, request: ApiRequest) -> str:
        payload = request.payload if isinstance(request.payload, Mapping) else {}
        named = payload.get("locationId") or request.query.get("locationId") or id_in(request.path, "locations")
        if isinstance(named, str) and named:
            return named
        home = self._directory.find(id_in(request.path, "contacts"))
        return home[0].id if home is not None else ""


def _check_version(version: str | None) -> None:
    if not version:
        raise Refused(401, "version header was not found.")
    if version not in _VERSIONS:
        raise Refused(401, "version header is invalid")


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused(*_INVALID)
    for beginning, refused in _REFUSED_TOKENS:
        if token.startswith(beginning):
            raise Refused(*refused)
    return token


def id_in(path: str, collection: str) -> str:
    """The id after `/contacts/` or another collection's name; empty without one."""
    segments = path.split("/")
    return segments[2] if len(segments) > 2 and segments[1] == collection else ""
