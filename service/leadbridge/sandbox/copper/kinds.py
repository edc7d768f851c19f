"""What tells leads and people apart, as one declaration each, and what both are: the making of the next version."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from leadbridge.events import Json
from leadbridge.sandbox.copper.attributes import Reader
from leadbridge.sandbox.copper.catalog import Catalog, RecordKind
from leadbridge.sandbox.copper.names import PARTS, join_name, split_name
from leadbridge.sandbox.copper.problems import Invalid
from leadbridge.sandbox.copper.records import Record
from leadbridge.sandbox.copper.search import FilterMaker
from leadbridge.sandbox.copper.setup import Setup


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How the records of one kind are read, completed, answered and searched."""

    name: RecordKind
    attributes: Mapping[str, Reader]  # all that a write may hold, but for `custom_fields`
    scalars: tuple[str, ...]  # answered as null without a value
    lists: tuple[str, ...]  # answered as [] without a value
    extras: Callable[[Record, Setup], dict[str, Json]]  # what the answer also has
    defaults: Callable[[Catalog], dict[str, Json]]  # what a new record has before it is written
    settled: Callable[[Mapping[str, Json], Catalog], dict[str, Json]]  # what written values say of other attributes
    filters: Mapping[str, FilterMaker]
    sort_by: str  # search's order where none is asked for
    unique_emails: bool = False
    fixed: frozenset[str] = frozenset()  # what an update does not change


def new_record(values: Mapping[str, Json], kind: Kind, *, record_id: int, now: int, catalog: Catalog) -> Record:
    """A record with these values and the account's defaults for the rest; raises `Invalid` without a name."""
    empty = Record(id=record_id, values=kind.defaults(catalog), date_created=now, date_modified=now)
    return changed_record(empty, values, kind, now=now, catalog=catalog)


def changed_record(record: Record, values: Mapping[str, Json], kind: Kind, *, now: int, catalog: Catalog) -> Record:
    """`record` with `values` over it: what they leave out stays, lists and objects are replaced, null clears.

    `values["custom_fields"]` is by definition. Values that change nothing leave `date_modified` alone. Raises
    `Invalid` when no name would be left.
    """
    custom_fields = dict(record.custom_fields) | values.get("custom_fields", {})
    merged = {**record.values, **values, **_name(record.values, values), **kind.settled(values, catalog)}
    merged.pop("custom_fields", None)
    merged.update({key: [] for key in kind.lists if merged.get(key) is None})
    if merged == record.values and custom_fields == record.custom_fields:
        return record
    return replace(record, values=merged, custom_fields=custom_fields, date_modified=max(now, record.date_created))


def _name(before: Mapping[str, Json], values: Mapping[str, Json]) -> dict[str, Json]:
    given = {part: values[part] for part in PARTS if part in values}
    if "name" in values:
        name = (values["name"] or "").strip()
        parts = split_name(name) | given
    else:
        parts = {part: before.get(part) for part in PARTS} | given
        name = join_name(parts) if given else before.get("name", "")
    if not name:
        raise Invalid("Name: can't be blank")
    return parts | {"name": name}
