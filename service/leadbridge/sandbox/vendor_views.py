"""What the page's templates are given of the vendors: their documents, as texts without power over a screen."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from leadbridge.events import Json
from leadbridge.masking import harmless
from leadbridge.sandbox.vendors.api import emails_in
from leadbridge.sandbox.vendors.vendor import Vendor

MOST_DOCUMENTS: Final = 100  # of each vendor, the newest


def vendor_view(
    vendor: Vendor,
    kinds: Mapping[str, Mapping[str, Json]],
    *,
    uses: Mapping[str, Sequence[Mapping[str, Json]]],
    find: str,
) -> dict[str, Json]:
    """A vendor: its documents, newest first, those that speak of `find`; and how full its quotas are."""
    lines: list[dict[str, Json]] = [
        {
            "kind": harmless(kind),
            "id": harmless(document_id),
            "emails": ", ".join(harmless(email) for email in dict.fromkeys(emails_in(document))),
            "url": document_url(vendor.name, kind, document_id),
        }
        for kind, documents in kinds.items()
        for document_id, document in reversed([*documents.items()])
    ]
    found = [line for line in lines if find.casefold() in f"{line['id']} {line['emails']}".casefold()]
    return {
        "name": vendor.name,
        "title": vendor.title,
        "total": len(lines),
        "found": len(found),
        "documents": found[:MOST_DOCUMENTS],
        "uses": [
            {**use, "account": harmless(account), "window": f"{use['window']:g}"}
            for account, limits in uses.items()
            for use in limits
        ],
    }


def document_url(vendor: str, kind: str, document_id: str) -> str:
    """The address of a document's page, seen from the page that lists them."""
    return "document?" + urlencode({"vendor": vendor, "kind": kind, "id": document_id})


def home_of(call: Mapping[str, Json], documents: Mapping[str, Json]) -> str | None:
    """The page of the document that a call was about, while it is there."""
    for kind, kept in documents.get(call["vendor"], {}).items():
        if call["record_id"] in kept:
            return document_url(call["vendor"], kind, call["record_id"])
    return None
