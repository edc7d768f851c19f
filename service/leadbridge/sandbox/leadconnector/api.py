"""The emulated LeadConnector: what becomes of a call, and what is kept."""

from collections.abc import Mapping

from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key
from leadbridge.sandbox.emulator import CrmName
from leadbridge.sandbox.exchange import UNREADABLE, ApiReply, ApiRequest
from leadbridge.sandbox.leadconnector.access import Access, id_in
from leadbridge.sandbox.leadconnector.answers import contact_answer
from leadbridge.sandbox.leadconnector.apps import ScopedToken
from leadbridge.sandbox.leadconnector.consent import CONSENT
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.grants import Grants
from leadbridge.sandbox.leadconnector.oauth import OAuth
from leadbridge.sandbox.leadconnector.problems import Invalid, Refused, error_reply, refusal, unprocessable
from leadbridge.sandbox.leadconnector.routes import ROUTES
from leadbridge.sandbox.options import LeadConnectorOptions
from leadbridge.sandbox.seeds import LeadConnectorSeed
from leadbridge.sandbox.world import World


class LeadConnector:
    """Every location: any location id has its own contacts."""

    crm: CrmName = "leadconnector"
    vendor: None = None

    def __init__(self, world: World) -> None:
        self._world = world
        self._directory = Directory(world)
        self._grants = Grants(world, self._directory)
        self._access = Access(self._grants, self._directory)
        self._oauth = OAuth(self._grants, self._directory)

    def admit(self, request: ApiRequest) -> str | ApiReply:
        """The location a call is about (the app's client id or the company, for tokens); else 401 or 403."""
        return self._access.admit(request)

    def answer(self, request: ApiRequest, _: str) -> ApiReply:
        """What LeadConnector does and answers."""
        try:
            return self._answered(request)
        except Invalid as invalid:
            return unprocessable(request, invalid, as_text=self._options.invalid_message == "text")
        except Refused as refused:
            return refusal(request, refused)

    def error(self, request: ApiRequest, status: int) -> ApiReply:
        """An error in LeadConnector's usual shape; the body of a 429 is undocumented, and so a switch."""
        if status != 429:
            return error_reply(request, status, "Something went wrong")
        if self._options.rate_limit_body == "json":
            return error_reply(request, status, "Too Many Requests")
        text = b"Too Many Requests" if self._options.rate_limit_body == "text" else b""
        return ApiReply(status=status, body=text, content_type="text/plain; charset=utf-8")

    def trace_headers(self, _: ApiRequest) -> Mapping[str, str]:
        """None: the id of an exchange is `traceId` in the body."""
        return {}

    def emails_of(self, request: ApiRequest, _: str) -> frozenset[str]:
        """The contact's e-mail as the body or query gives it, and as the record has it."""
        payload = request.payload if isinstance(request.payload, Mapping) else {}
        emails = [payload.get("email"), request.query.get("email")]
        home = self._directory.find(id_in(request.path, "contacts"))
        if home is not None:
            emails.append(home[1].values.get("email"))
        return frozenset(email_key(email) for email in emails if isinstance(email, str))

    def state(self) -> dict[str, Json]:
        """`{location id: {"contacts": [...], "tags": [...], "notes": [...], "workflows": [...]}}`."""
        return {
            name: {
                "contacts": [contact_answer(contact) for contact in location.contacts],
                "tags": sorted(location.tags),
                "notes": location.notes.listed(),
                "workflows": location.workflows.listed(),
            }
            for name, location in self._directory.locations.items()
        }

    def seed(self, seed: LeadConnectorSeed) -> list[str]:
        """Put records beforehand; answers the contacts' ids. Raises `Invalid`, and keeps nothing, when one is wrong."""
        location = self._directory.location(seed.account)
        contacts = location.seed(seed)
        for contact in contacts:
            self._directory.settle(contact, location)
        for app in seed.apps:
            self._grants.install(app, location_id=seed.account)
        for token in seed.tokens:
            given = ScopedToken(token=token) if isinstance(token, str) else token
            self._grants.add_private(given.token, location_id=seed.account, scopes=given.scopes)
        return [contact.id for contact in contacts]

    def reset(self) -> None:
        """Forget every location and token."""
        self._directory.clear()
        self._grants.clear()
        self._access.clear()

    def _answered(self, request: ApiRequest) -> ApiReply:
        if request.path.startswith("/oauth/") or request.path == CONSENT:
            return self._oauth.answer(request)
        found = ROUTES.find_all(request.method, request.path)
        if found is None:
            raise Refused(404, f"Cannot {request.method} {request.path}")
        if request.payload is UNREADABLE:
            raise Refused(400, "The request body is not valid JSON")
        handler, ids = found
        return handler(self._directory, request, *ids)

    @property
    def _options(self) -> LeadConnectorOptions:
        return self._world.options.leadconnector
