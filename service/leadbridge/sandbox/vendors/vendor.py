"""What an emulated vendor of forms is known by: what it keeps, what it wants of a call, how it refuses one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal, TypeAlias

from leadbridge.events import Json
from leadbridge.sandbox.emulator import VendorName
from leadbridge.sandbox.exchange import ApiReply, ApiRequest
from leadbridge.sandbox.vendor_options import VendorOptions
from leadbridge.sources.places import at

_ID: Final = "{id}"
_VERSION: Final = "{version}"
Why: TypeAlias = Literal[
    "no_token",  # none, or not in the header and scheme that the vendor wants
    "bad_token",
    "expired_token",
    "no_permission",  # a good token that may not read this
    "too_many",
    "unknown",  # no such lead
    "nowhere",  # no such address
    "trouble",  # the vendor's own
]
BY_TOKEN: Final[Mapping[str, Why]] = {"bad": "bad_token", "expired": "expired_token", "noscope": "no_permission"}
BY_STATUS: Final[Mapping[int, Why]] = {401: "bad_token", 403: "no_permission", 404: "unknown", 429: "too_many"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a call is refused; `status` is what a fault asks for, and is answered where the vendor's own is not fixed."""

    why: Why
    request: ApiRequest
    options: VendorOptions
    status: int = 500

    def answered(self, status: int) -> int:
        """The status to answer with, where `status` is the vendor's own for this: of its trouble there are several."""
        return self.status if self.why == "trouble" else status


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of a quota is left after a call; `window` and `frees` are seconds."""

    limit: int
    left: int
    window: float
    frees: float


def _whole(_: ApiRequest, __: str, document: Json) -> Json | ApiReply:
    return document


def _nothing(_: ApiRequest, __: VendorOptions) -> ApiReply | None:
    return None


def _no_headers(_: object) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of documents: each is at a path with `{id}` for its id or ids, and `{version}` for any version.

    It says its id itself at `own_id`, the last one of several; `adds_id` is for a vendor whose answer has it anyhow. No
    lead comes of one without what stands at `needs`.
    """

    path: str
    own_id: str = "id"
    adds_id: bool = False
    needs: str | None = None

    @property
    def ids(self) -> str:
        """How the id or ids of one are written."""
        return "/".join(["ID"] * self.path.count(_ID))

    def takes(self, document_id: str) -> bool:
        """Whether a document can have that id."""
        return document_id.count("/") == self.ids.count("/") and all(document_id.split("/"))

    def says(self, document_id: str, document: Json) -> bool:
        """Whether a document says that this is its id."""
        said = at(document, self.own_id)
        if said is None:
            return self.adds_id
        return isinstance(said, str | int) and str(said) == own_part(document_id)


def own_part(document_id: str) -> str:
    """Of several ids the document's own: those before it are of what it belongs to."""
    return document_id.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """An emulated vendor, written from its own documents and not from the preset that is tried against it.

    `documents` are what it keeps, by kind. `unfit` finds what else is wrong with a good token's call, such as a missing
    version. `shown` is what is answered of a document: the parts that the query asks for, or a refusal. `told` are the
    headers about the quota, `traced` those with the vendor's id of an exchange.
    """

    name: VendorName
    title: str
    documents: Mapping[str, Kind]
    refused: Callable[[Refusal], ApiReply]
    scheme: str = "Bearer"
    unfit: Callable[[ApiRequest, VendorOptions], ApiReply | None] = _nothing
    shown: Callable[[ApiRequest, str, Json], Json | ApiReply] = _whole
    told: Callable[[Room], Mapping[str, str]] = field(default=_no_headers)
    traced: Callable[[ApiRequest], Mapping[str, str]] = field(default=_no_headers)

    def place(self, path: str) -> tuple[str, str] | None:
        """The kind and id of the document at `path`; several ids are joined by `/`. None where there is none."""
        for name, kind in self.documents.items():
            found = _compiled(kind.path).fullmatch(path)
            if found is not None:
                return name, "/".join(found.groups())
        return None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(
        re.escape(pattern).replace(re.escape(_ID), "([^/]+)").replace(re.escape(_VERSION), r"v\d+\.\d+") + "/?"
    )
