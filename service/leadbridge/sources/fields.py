"""Nested documents as flat fields, and what else the presets' shapes have in common."""

from collections.abc import Iterable, Iterator
from typing import Final

from leadbridge.errors import Unparseable
from leadbridge.events import FieldType, FilePart, Json

_NAMES: Final = ("name", "label", "key")  # what a relay calls the name in a list of {name, value} pairs

_CONTAINERS: Final = (dict, list)  # made once: as `dict | list` they would be put together for each value
_LONGEST_NAME: Final = 1_000  # characters; each leaf repeats the names above it, so memory depends on this


class Fields:
    """Collects fields; a name that comes again makes one list of all its values, so nothing is overwritten."""

    def __init__(self) -> None:
        self._values: dict[str, Json] = {}
        self._repeated: set[str] = set()
        self._second_names: list[str] = []
        self._types: dict[str, FieldType] = {}
        self._last: list[tuple[str, Json, FieldType | None]] = []

    def put(self, name: str, value: Json, kind: FieldType | None = None) -> None:
        """Add `value` under `name`: a mapping as `name.key`, a list with structure in it as `name.0`.

        Names above 1,000 characters (a consent text as the label) are cut off, with an ellipsis. `kind` is what the
        vendor knows it to be; of two fields of one name the first one's counts.
        """
        if isinstance(value, _CONTAINERS) or len(name) > _LONGEST_NAME:
            for path, leaf in leaves(name, value):
                self._put(path, leaf)
                if kind is not None:
                    self._types.setdefault(path, kind)
        else:
            self._put(name, value)
            if kind is not None:
                self._types.setdefault(name, kind)

    def put_again(self, name: str, value: Json, kind: FieldType | None = None) -> None:
        """Add `value` under a second name for it."""
        self._second_names += [path for path, _ in leaves(name, value) if path not in self._values]
        self.put(name, value, kind)

    def put_if_new(self, name: str, value: Json, kind: FieldType | None = None) -> None:
        """Add `value` under a second name for it, unless something stands there."""
        for path, leaf in leaves(name, value):
            if path not in self._values:
                self._values[path] = leaf
                self._second_names.append(path)
                if kind is not None:
                    self._types[path] = kind

    def put_last(self, name: str, value: Json, kind: FieldType | None = None) -> None:
        """As `put_if_new`, once everything else is there: see `settle`."""
        self._last.append((name, value, kind))

    def settle(self) -> None:
        """Add what is to come last, in its order."""
        for name, value, kind in self._last:
            self.put_if_new(name, value, kind)
        self._last.clear()

    def _put(self, name: str, value: Json) -> None:
        if name not in self._values:
            self._values[name] = value
            return
        if name not in self._repeated:
            self._repeated.add(name)
            self._values[name] = _several(self._values[name]).copy()
        self._values[name] += _several(value)

    @property
    def second_names(self) -> tuple[str, ...]:
        """The fields that say only what another one says."""
        return tuple(name for name in self._second_names if name not in self._repeated)

    @property
    def types(self) -> dict[str, FieldType]:
        """What the vendor knows fields to be, by their names."""
        return self._types

    def as_dict(self) -> dict[str, Json]:
        """What was collected, in the order of arrival."""
        return self._values


def flat(document: Json) -> dict[str, Json]:
    """`document` as fields: `contact.email` for nested mappings, `items.0.name` for lists of them.

    A list of scalars stays a list. A list of `{name, value}` pairs (`label` and `key` are names too) becomes a field
    for each pair, beside the list's own siblings. An empty mapping becomes nothing.
    """
    named = document if isinstance(document, dict) else {"": document}
    if not any(isinstance(value, _CONTAINERS) or len(name) > _LONGEST_NAME for name, value in named.items()):
        return dict(named)  # as most forms are
    fields = Fields()
    for name, value in named.items():
        fields.put(name, value)
    return fields.as_dict()


def is_pairs(value: Json) -> bool:
    """Whether `value` is a list of `{name, value}` pairs."""
    return isinstance(value, list) and bool(value) and all(_is_pair(item) for item in value)


def submissions(value: Json) -> list[Json]:
    """What a document holds, one value per submission: relays wrap objects in a list.

    A list of `{name, value}` pairs is one submission. Raises `Unparseable` for anything else than objects.
    """
    if isinstance(value, dict) or is_pairs(value):
        return [value]
    if not isinstance(value, list):
        raise Unparseable("an object, or a list of objects, is expected")
    for index, item in enumerate(value):
        if not (isinstance(item, dict) or is_pairs(item)):
            raise Unparseable("an object is expected in this list", place=f"[{index}]")
    return value


def file_meta(files: Iterable[tuple[str, FilePart]]) -> dict[str, Json]:
    """The files as `meta` holds them, with the field that each came in."""
    listed = [
        {"field": name, "name": part.name, "content_type": part.content_type, "size": part.size, "sha256": part.sha256}
        for name, part in files
    ]
    return {"files": listed} if listed else {}


def _several(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def below(name: str, key: str | int) -> str:
    """The name of what stands at `key` in what has the name, as `leaves` calls it."""
    path = f"{name}.{key}" if name else str(key)
    return f"{path[: _LONGEST_NAME - 1]}…" if len(path) > _LONGEST_NAME else path


def leaves(name: str, value: Json) -> Iterator[tuple[str, Json]]:
    """The fields that `put` makes of a value, with their names."""
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 1]}…"
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(f"{name}.{key}", item)
    elif is_pairs(value):
        parent = name.rpartition(".")[0]
        for pair in value:
            for own in dict.fromkeys(str(pair[key]) for key in _NAMES if _is_name(pair.get(key))):
                yield from leaves(f"{parent}.{own}" if parent else own, pair["value"])
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from leaves(f"{name}.{index}", item)
    else:
        yield name, value


def _is_pair(item: Json) -> bool:
    return isinstance(item, dict) and "value" in item and any(_is_name(item.get(key)) for key in _NAMES)


def _is_name(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip())
