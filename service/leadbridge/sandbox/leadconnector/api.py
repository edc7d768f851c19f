"""The emulated LeadConnector: who may call, for which location, and what becomes of the call."""

from collections.abc import Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.emulator import CrmName
from leadbridge.sandbox.exchange import UNREADABLE, ApiReply, ApiRequest
from leadbridge.sandbox.leadconnector.answers import contact_answer
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.endpoints import ROUTES
from leadbridge.sandbox.leadconnector.problems import (
    Invalid,
    Refused,
    banned_user_agent,
    error_reply,
    refusal,
    unprocessable,
)
from leadbridge.sandbox.seeds import LeadConnectorSeed
from leadbridge.sandbox.world import World

_VERSIONS: Final = frozenset({"v3", "2023-02-21", "2021-07-28", "2021-04-15"})
_REFUSED_TOKENS: Final = (
    ("pit-bad", 401, "Invalid Private Integration token"),
    ("pit-other-location", 401, "This location is not accessible from this token!"),
    ("bad", 401, "Invalid JWT"),
    ("noscope", 401, "The token is not authorized for this scope."),
    ("other-location", 403, "The token does not have access to this location."),
)
_NO_LOCATION: Final = "(none)"


class LeadConnector:
    """Every location: any location id has its own contacts. What a token begins with says what is wrong with it."""

    crm: CrmName = "leadconnector"

    def __init__(self, world: World) -> None:
        self._directory = Directory(world)
        self._last_named: dict[str, str] = {}  # the location that each token named last

    def admit(self, request: ApiRequest) -> str | ApiReply:
        """The location a call is about; 401 or 403 for a Version header or credentials that will not do."""
        headers = request.headers
        if headers.get("user-agent", "").lower().startswith("python-urllib"):
            return banned_user_agent()
        version = headers.get("version")
        if not version:
            return error_reply(request, 401, "version header was not found.")
        if version not in _VERSIONS:
            return error_reply(request, 401, "version header is invalid")
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return error_reply(request, 401, "Invalid JWT")
        for beginning, status, message in _REFUSED_TOKENS:
            if token.startswith(beginning):
                return error_reply(request, status, message)
        return self._location_of(request, token)

    def answer(self, request: ApiRequest, _: str) -> ApiReply:
        """What LeadConnector does and answers."""
        found = ROUTES.find(request.method, request.path)
        if found is None:
            return error_reply(request, 404, f"Cannot {request.method} {request.path}")
        if request.payload is UNREADABLE:
            return error_reply(request, 400, "The request body is not valid JSON")
        handler, record_id = found
        try:
            return handler(self._directory, request, record_id)
        except Invalid as invalid:
            return unprocessable(request, invalid)
        except Refused as refused:
            return refusal(request, refused)

    def error(self, request: ApiRequest, status: int) -> ApiReply:
        """An error in LeadConnector's usual shape; the body of a 429 is undocumented."""
        return error_reply(request, status, "Too Many Requests" if status == 429 else "Something went wrong")

    def trace_headers(self, _: ApiRequest) -> Mapping[str, str]:
        """None: the id of an exchange is `traceId` in the body."""
        return {}

    def emails_of(self, request: ApiRequest, _: str) -> frozenset[str]:
        """The contact's e-mail as the body or query gives it, and as the record has it."""
        payload = request.payload if isinstance(request.payload, Mapping) else {}
        emails = [payload.get("email"), request.query.get("email")]
        home = self._directory.find(_id_in(request.path, "contacts"))
        if home is not None:
            emails.append(home[1].values.get("email"))
        return frozenset(email_key(email) for email in emails if isinstance(email, str))

    def state(self) -> dict[str, Json]:
        """`{location id: {"contacts": [...], "tags": [...]}}`."""
        return {
            name: {
                "contacts": [contact_answer(contact) for contact in location.contacts],
                "tags": sorted(location.tags),
            }
            for name, location in self._directory.locations.items()
        }

    def seed(self, seed: LeadConnectorSeed) -> list[str]:
        """Put records beforehand; answers the contacts' ids. Raises `Invalid`, and keeps nothing, when one is wrong."""
        location = self._directory.location(seed.account)
        contacts = location.seed(seed)
        for contact in contacts:
            self._directory.settle(contact, location)
        return [contact.id for contact in contacts]

    def reset(self) -> None:
        """Forget every location."""
        self._directory.clear()
        self._last_named.clear()

    def _location_of(self, request: ApiRequest, token: str) -> str:
        payload = request.payload if isinstance(request.payload, Mapping) else {}
        named = payload.get("locationId") or request.query.get("locationId") or _id_in(request.path, "locations")
        if isinstance(named, str) and named:
            self._last_named[token] = named
            return named
        home = self._directory.find(_id_in(request.path, "contacts"))
        return home[0].id if home is not None else self._last_named.get(token, _NO_LOCATION)


def _id_in(path: str, collection: str) -> str:
    segments = path.split("/")
    return segments[2] if len(segments) > 2 and segments[1] == collection else ""
