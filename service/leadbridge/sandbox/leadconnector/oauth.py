"""LeadConnector's token endpoints: `/oauth/token`, and a location's token for a company's; and the page before them.

https://github.com/GoHighLevel/highlevel-api-docs, apps/oauth.json; apps/v3/oauth-v3.json has camelCase names, takes
JSON too, and puts a dash into `/oauth/location-token`.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.leadconnector.apps import Grant, Holder, UserType
from leadbridge.sandbox.leadconnector.consent import CONSENT, choose_location
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.grants import Grants, Issue
from leadbridge.sandbox.leadconnector.problems import Invalid, Refused

EXCHANGE: Final = "/oauth/token"
_DELEGATION: Final = "/oauth/locationToken"
_DELEGATION_V3: Final = "/oauth/location-token"
_USER: Final = "sandbox0Sandbox0User"
_NAMES_V3: Final = {
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "grant_type": "grantType",
    "refresh_token": "refreshToken",
    "user_type": "userType",
    "redirect_uri": "redirectUri",
    "access_token": "accessToken",
    "token_type": "tokenType",
    "expires_in": "expiresIn",
}
# Seen whole in https://github.com/GoHighLevel/highlevel-api-docs/issues/304
_REMOVED: Final = (
    "Endpoint {} not available in API version v3. This endpoint was removed in version v3. "
    "Please use a version before v3."
)
Parameters: TypeAlias = Mapping[str, str]


class OAuth:
    """The token endpoints over what was granted."""

    def __init__(self, grants: Grants, directory: Directory) -> None:
        self._grants = grants
        self._directory = directory
        self._by_grant_type: Mapping[str, Callable[[_Asked], Issue]] = {
            "authorization_code": self._exchange,
            "refresh_token": self._refresh,
            "client_credentials": self._of_client,
        }

    def answer(self, request: ApiRequest) -> ApiReply:
        """What an endpoint under `/oauth/` answers; raises `Invalid` or `Refused`."""
        if (request.method, request.path) == ("GET", CONSENT):
            return choose_location(self._grants, self._directory, request)
        v3 = request.headers.get("version") == "v3"
        if (request.method, request.path) == ("POST", EXCHANGE):
            return self._token(request, v3=v3)
        if request.method == "POST" and request.path == _DELEGATION:
            if v3:
                raise Refused(400, _REMOVED.format(request.path))
            return self._location_token(request, v3=False)
        if request.method == "POST" and request.path == _DELEGATION_V3 and v3:
            return self._location_token(request, v3=True)
        raise Refused(404, f"Cannot {request.method} {request.path}")

    def _token(self, request: ApiRequest, *, v3: bool) -> ApiReply:
        asked = _Asked(parameters_of(request), v3=v3)
        client_id, client_secret = asked.required("client_id"), asked.required("client_secret")
        exchange = self._by_grant_type.get(asked.required("grant_type"))
        if exchange is None:
            raise asked.invalid("grant_type")
        self._grants.authenticate(client_id, client_secret)
        return self._issued(exchange(asked), v3=v3)

    def _exchange(self, asked: "_Asked") -> Issue:
        client_id, code, way_back = asked.required("client_id"), asked.required("code"), asked.given("redirect_uri")
        return self._grants.exchange(client_id, code, asked.user_type(), redirect_uri=way_back)

    def _refresh(self, asked: "_Asked") -> Issue:
        return self._grants.refresh(asked.required("client_id"), asked.required("refresh_token"), asked.user_type())

    def _of_client(self, asked: "_Asked") -> Issue:
        return self._grants.of_client(asked.required("client_id"), self._directory.company)

    def _location_token(self, request: ApiRequest, *, v3: bool) -> ApiReply:
        parameters = parameters_of(request)
        missing = [f"{key} should not be empty" for key in ("companyId", "locationId") if not parameters.get(key)]
        if missing:
            raise Invalid(*missing)
        agency = self._grants.of(request.headers.get("authorization", "").partition(" ")[2])
        self._require_theirs(agency, parameters)
        client_id = agency.client_id if agency is not None else ""
        return self._issued(self._grants.delegate(client_id, parameters["locationId"]), v3=v3)

    def _require_theirs(self, agency: Grant | None, parameters: Parameters) -> None:
        company = parameters["companyId"]
        own = self._directory.location(parameters["locationId"]).own_company
        strange = agency is not None and agency.holder != Holder("Company", company)
        if strange or own not in (None, company):
            raise Refused(403, "The token does not have access to this location.")

    def _issued(self, issue: Issue, *, v3: bool) -> ApiReply:
        holder = issue.grant.holder
        whose: dict[str, Json] = {"companyId": holder.id, "isBulkInstallation": True}
        if holder.kind == "Location":
            whose = {"locationId": holder.id, "companyId": self._directory.location(holder.id).company}
        answer: dict[str, Json] = {
            "access_token": issue.access_token,
            "token_type": "Bearer",
            "expires_in": issue.expires_in,
            "refresh_token": issue.refresh_token,
            "scope": " ".join(issue.grant.scopes),
            "userType": holder.kind,
            **whose,
            "userId": _USER,
        }
        given = {key: value for key, value in answer.items() if value is not None}
        return json_reply(200, {_NAMES_V3.get(key, key) if v3 else key: value for key, value in given.items()})


class _Asked:
    """A token request's parameters, by the names of its version."""

    def __init__(self, parameters: Parameters, *, v3: bool) -> None:
        self._parameters = parameters
        self._v3 = v3

    def given(self, name: str) -> str | None:
        return self._parameters.get(self._called(name)) or None

    def required(self, name: str) -> str:
        value = self.given(name)
        if value is None:
            raise Refused(400, f"Missing parameter: {self._called(name)}")
        return value

    def user_type(self) -> UserType:
        given = self._parameters.get(self._called("user_type")) or "Location"
        if given == "Location":
            return "Location"
        if given == "Company":
            return "Company"
        raise self.invalid("user_type")

    def invalid(self, name: str) -> Refused:
        return Refused(400, f"Invalid parameter: {self._called(name)}")

    def _called(self, name: str) -> str:
        return _NAMES_V3.get(name, name) if self._v3 else name


def parameters_of(request: ApiRequest) -> Parameters:
    """The parameters in a form, or in a version 3 call's JSON; what is no text is left out."""
    if request.headers.get("version") == "v3" and isinstance(request.payload, Mapping):
        return {key: value for key, value in request.payload.items() if isinstance(value, str)}
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", errors="replace")))


def client_of(request: ApiRequest) -> str:
    """Which app asks for a token: its calls have a quota of their own, apart from those of any location."""
    parameters = request.query if request.path == CONSENT else parameters_of(request)
    return parameters.get("client_id") or parameters.get("clientId") or ""
