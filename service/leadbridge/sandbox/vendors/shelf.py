"""What the vendors keep: documents by vendor, kind and id, those of the presets' samples from the start."""

from collections.abc import Iterator, Mapping
from typing import Final

from leadbridge.events import Json
from leadbridge.sandbox.refusals import ControlRefused, Problem, did_you_mean
from leadbridge.sandbox.vendors import VENDORS
from leadbridge.sandbox.vendors.api import VendorApi
from leadbridge.sandbox.vendors.known import known_documents
from leadbridge.sandbox.vendors.vendor import Vendor, own_part
from leadbridge.sandbox.world import World

_BY_NAME: Final[Mapping[str, Vendor]] = {vendor.name: vendor for vendor in VENDORS}


class Shelf:
    """Every vendor with its documents."""

    def __init__(self, world: World) -> None:
        self.apis = tuple(VendorApi(vendor, world) for vendor in VENDORS)
        self.reset()

    def documents(self, vendor: str | None = None) -> dict[str, Json]:
        """`{vendor: {kind: {id: document}}}`; of one vendor when it is given."""
        return {
            api.vendor: {kind: dict(documents) for kind, documents in api.documents.items() if documents}
            for api in self.apis
            if vendor in (None, api.vendor)
        }

    def put(self, changes: Json) -> None:
        """Lay documents over those that are kept, in the form of `documents`; null takes one away.

        Raises `ControlRefused`, and changes nothing, when one cannot be kept.
        """
        problems = list(_wrong(changes))
        if problems:
            raise ControlRefused(problems)
        for api in self.apis:
            for kind, documents in changes.get(api.vendor, {}).items():
                kept = api.documents.setdefault(kind, {})
                for document_id, document in documents.items():
                    kept.pop(document_id, None)
                    if document is not None:
                        kept[document_id] = document

    def reset(self) -> None:
        """Forget everything but the documents of the samples."""
        for api in self.apis:
            known = known_documents().get(api.vendor, {})
            api.documents = {kind: dict(documents) for kind, documents in known.items()}


def _wrong(changes: Json) -> Iterator[Problem]:
    if not isinstance(changes, Mapping):
        yield Problem(path="", problem="must be an object", hint='write {"meta": {"lead": {"ID": {…}}}}')
        return
    for name, kinds in changes.items():
        vendor = _BY_NAME.get(name)
        if vendor is None:
            yield Problem(path=name, problem="unknown", hint=did_you_mean(name, _BY_NAME))
        elif not isinstance(kinds, Mapping):
            yield Problem(path=name, problem="must be an object of kinds", hint=f"known: {', '.join(vendor.documents)}")
        else:
            for kind, documents in kinds.items():
                yield from _wrong_kind(vendor, kind, documents)


def _wrong_kind(vendor: Vendor, name: str, documents: Json) -> Iterator[Problem]:
    path = f"{vendor.name}.{name}"
    kind = vendor.documents.get(name)
    if kind is None:
        yield Problem(path=path, problem="unknown", hint=did_you_mean(name, vendor.documents))
        return
    if not isinstance(documents, Mapping):
        yield Problem(path=path, problem="must be an object of documents by their ids")
        return
    for document_id, document in documents.items():
        here = f"{path}.{document_id}"
        if not kind.takes(document_id):
            yield Problem(path=here, problem="no such id can be", hint=f"write {kind.ids}")
        elif document is None:
            continue
        elif not isinstance(document, Mapping):
            yield Problem(path=here, problem="must be an object, or null to take it away")
        elif not kind.says(document_id, document):
            hint = "the vendor's answer repeats it, and one about another lead is not taken"
            yield Problem(path=f"{here}.{kind.own_id}", problem=f"must be its id, {own_part(document_id)}", hint=hint)
