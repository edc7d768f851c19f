"""An emulated vendor of forms: what becomes of a call, and what is kept."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.addresses import email_key, is_email
from leadbridge.sandbox.emulator import VendorName
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, json_reply
from leadbridge.sandbox.vendor_options import VendorOptions
from leadbridge.sandbox.vendors.vendor import BY_STATUS, BY_TOKEN, Refusal, Vendor, Why
from leadbridge.sandbox.world import World

_LONGEST_NAME: Final = 24  # characters; a longer token may be a real one


class VendorApi:
    """One vendor. Whoever asks with a good token is answered: what it keeps belongs to no account."""

    crm: None = None

    def __init__(self, vendor: Vendor, world: World) -> None:
        self.known = vendor
        self.documents: dict[str, dict[str, Json]] = {}  # by kind and id
        self._world = world

    @property
    def vendor(self) -> VendorName:
        """Its name in faults, history and documents."""
        return self.known.name

    def admit(self, request: ApiRequest) -> str | ApiReply:
        """The token by which calls are counted, or the refusal of it."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != self.known.scheme.lower() or not token:
            return self._refused(request, "no_token")
        for beginning, why in BY_TOKEN.items():
            if token.startswith(beginning):
                return self._refused(request, why)
        return account_name(self.vendor, token)

    def answer(self, request: ApiRequest, _: str) -> ApiReply:
        """The document that is asked for."""
        unfit = self.known.unfit(request, self._options)
        if unfit is not None:
            return unfit
        place = self.known.place(request.path) if request.method == "GET" else None
        if place is None:
            return self._refused(request, "nowhere")
        kind, document_id = place
        document = self.documents.get(kind, {}).get(document_id)
        if document is None:
            return self._refused(request, "unknown")
        shown = self.known.shown(request, document_id, document)
        if isinstance(shown, ApiReply):
            return shown
        return json_reply(200, _without(shown, request.lost_fields), record_id=document_id)

    def error(self, request: ApiRequest, status: int) -> ApiReply:
        """An error as this vendor words it: what a status would mean elsewhere, it may answer with another."""
        return self._refused(request, BY_STATUS.get(status, "trouble"), status=status)

    def trace_headers(self, request: ApiRequest) -> Mapping[str, str]:
        """The headers that carry the vendor's own id of an exchange."""
        return self.known.traced(request)

    def emails_of(self, request: ApiRequest, _: str) -> frozenset[str]:
        """Every e-mail address in the document that is asked for."""
        kind, document_id = self.known.place(request.path) or ("", "")
        return frozenset(emails_in(self.documents.get(kind, {}).get(document_id)))

    @property
    def _options(self) -> VendorOptions:
        return self._world.options.of_vendor(self.vendor)

    def _refused(self, request: ApiRequest, why: Why, *, status: int = 500) -> ApiReply:
        return self.known.refused(Refusal(why=why, request=request, options=self._options, status=status))


def account_name(vendor: VendorName, token: str) -> str:
    """How a token is called in faults, history and quotas: as it is, but by its fingerprint if it may be a real one."""
    if len(token) > _LONGEST_NAME:
        return f"{vendor}-{hashlib.sha256(token.encode()).hexdigest()[:8]}"
    return token


def emails_in(value: Json) -> Iterator[str]:
    """Every text in a document that is an e-mail address, in lower case."""
    if isinstance(value, str):
        if is_email(value.strip()):
            yield email_key(value)
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from emails_in(inner)


def _without(value: Json, lost: frozenset[str]) -> Json:
    """A document without the attributes that a fault takes away, wherever they stand."""
    if not lost:
        return value
    if isinstance(value, list):
        return [_without(one, lost) for one in value]
    if isinstance(value, Mapping):
        return {name: _without(inner, lost) for name, inner in value.items() if name not in lost}
    return value
