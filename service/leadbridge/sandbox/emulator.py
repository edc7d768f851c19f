"""What the gateway needs of an emulated API. An emulator does no I/O: a request and an account give a reply."""

from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias

from leadbridge.events import Json
from leadbridge.sandbox.exchange import ApiReply, ApiRequest

CrmName: TypeAlias = Literal["copper", "leadconnector"]
VendorName: TypeAlias = Literal["meta", "linkedin", "surveymonkey", "hubspot", "klaviyo"]


class Emulated(Protocol):
    """One API with all of its accounts. Each reply is one step, so that upserts at the same time cannot interleave."""

    @property
    def crm(self) -> CrmName | None:
        """A CRM's name in faults, history and state."""

    @property
    def vendor(self) -> VendorName | None:
        """The name of a vendor of forms, which is that of its preset."""

    def admit(self, request: ApiRequest, /) -> str | ApiReply:
        """Whose quota the request counts against: the account's name, or the refusal of its credentials."""

    def answer(self, request: ApiRequest, account: str, /) -> ApiReply:
        """What the API does and answers."""

    def error(self, request: ApiRequest, status: int, /) -> ApiReply:
        """An error as this API words it; 429 is what a spent quota is answered."""

    def trace_headers(self, request: ApiRequest, /) -> Mapping[str, str]:
        """The headers that carry its own id of an exchange."""

    def emails_of(self, request: ApiRequest, account: str, /) -> frozenset[str]:
        """Whose record the request is about: its e-mail addresses in lower case."""


class Emulator(Emulated, Protocol):
    """One CRM."""

    @property
    def crm(self) -> CrmName:
        """Its name in faults, history and state."""

    def state(self) -> dict[str, Json]:
        """Every record of every account, as the API answers it."""
