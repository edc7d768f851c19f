"""What the presets' shapes are put together from.

`event` makes one event of a document, by parts that each say where answers are: `flat_at` for an object whose keys are
the names, `labelled` for a list of questions. `each` makes an event of each item of a list, and `json_at` reads JSON
that travels as text within another body:

    shape=each("entry.changes", event(labelled("value.field_data", label="name", value="values"), meta={…}))
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from leadbridge.bodies.document import Document
from leadbridge.bodies.json_body import read_json
from leadbridge.errors import Unparseable
from leadbridge.events import Event, FieldType, Json
from leadbridge.sources.fields import Fields, file_meta
from leadbridge.sources.places import at
from leadbridge.sources.preset import Shape

Part: TypeAlias = Callable[[Fields, Json], None]
"""Puts the answers that it finds in a document into the fields. Raises `Unparseable` where they have another shape."""

_CONTAINERS: Final = (dict, list)
_NOTHING: Final[tuple[Json, ...]] = (None, "", [])
_MOST_AROUND: Final = 64  # keys
_BY_TYPE: Final = ("email", "phone")  # the first answer of such a type stands under the type's name too


def event(*parts: Part, meta: Mapping[str, str] | None = None) -> Shape:
    """One event of an object: the fields that `parts` find, and `meta` by our names from its paths.

    A field that comes under several names has the one for people first; the others yield to fields that are called so.
    What is called `…_id` in `meta` is text.
    """
    places = tuple((meta or {}).items())

    def shape(document: Document) -> Iterator[Event]:
        raw = document.value
        if not isinstance(raw, dict):
            raise Unparseable("an object is expected")
        fields = Fields()
        for part in parts:
            part(fields, raw)
        values, types = fields.as_dict(), fields.types
        for kind in _BY_TYPE if types else ():
            first = next((name for name, of in types.items() if of == kind and values[name] not in _NOTHING), None)
            if first is not None:
                fields.put_if_new(kind, values[first], kind)
        fields.settle()
        said = {name: _told(name, found) for name, path in places if _is_scalar(found := at(raw, path))}
        yield Event(
            fields=values,
            meta=said | file_meta(document.files) if document.files else said,
            second_names=fields.second_names,
            types=types,
            files=tuple(part for _, part in document.files),
            raw=raw,
        )

    return shape


def flat_at(path: str = "", *, leave_out: Iterable[str] = (), unwrap: bool = False) -> Part:
    """The object at `path` (the document itself without one) as fields, nested ones as `contact.email`.

    The keys of `leave_out` are the envelope's. With `unwrap` a list of one scalar is that scalar. Without an object
    there, there are no fields.
    """
    envelope = frozenset(leave_out)

    def part(fields: Fields, document: Json) -> None:
        found = at(document, path) if path else document
        if found is None:
            return
        if not isinstance(found, dict):
            raise Unparseable("an object is expected here", place=path)
        for name, value in found.items():
            if name not in envelope:
                fields.put(name, _unwrapped(value) if unwrap else value)

    return part


def labelled(  # noqa: PLR0913 - each says one thing of how a vendor lists its answers
    path: str,
    *,
    label: str = "label",
    key: str | None = None,
    value: str = "value",
    type: str | None = None,  # noqa: A002 - it is the vendors' word
    types: Mapping[str, FieldType] | None = None,
    kind: FieldType | None = None,
    options: str | None = None,
    under: str = "",
    unwrap: bool = False,
) -> Part:
    """The list of answers at `path`, or an object of them; `label`, `key`, `value` and `type` are keys of an answer.

    An answer stands under its label (its key, where it has none), and under its key as a second name. `types` are the
    vendor's types that we know, `kind` is that of all others. `options` is the key of a list of `{id, text}` that the
    answer's value, or each of its values, is an id of. With `under` (`hidden`) an answer stands under `hidden.label`,
    and its label is a second name too. With `unwrap` a list of one scalar is that scalar. Without a list there are no
    answers.
    """
    known = types or {}

    def part(fields: Fields, document: Json) -> None:
        for answer in _objects(at(document, path), path):
            found = answer.get(value)
            if options is not None:
                found = _chosen(found, answer.get(options))
            if unwrap:
                found = _unwrapped(found)
            told = (known.get(str(answer.get(type))) if type else None) or kind
            second = _name(answer.get(key)) if key else ""
            name = _name(answer.get(label)) or second or path.rpartition(".")[2]
            own = f"{under}.{name}" if under else name
            fields.put(own, found, told)
            for other in (name, second):
                if other and other != own:
                    fields.put_last(other, found, told)

    return part


def each(path: str, shape: Shape) -> Shape:
    """An event of each item of the list at `path`; of the body itself, where that is a list, without one.

    Lists on the way (`entry.changes`) are walked through too. What `shape` sees is the document with one item in the
    place of each list: its paths have no indexes. An object instead of a list is a list of one, and an item without the
    next list (Meta's `messaging` has no `changes`) makes no event. Raises `Unparseable` for anything else.
    """
    steps = tuple(path.split(".")) if path else ()

    def shaped(document: Document) -> Iterator[Event]:
        if steps and at(document.value, steps[0]) is None:
            raise Unparseable("an object, or a list of them, is expected here", place=steps[0])
        for single in _singles(document.value, steps, ""):
            yield from shape(replace(document, value=single))

    return shaped


def json_at(path: str, shape: Shape, *, into: str | None = None, optional: bool = False) -> Shape:
    """What `shape` makes of the document with the JSON text at `path` read; a key that has this very name goes first.

    With `into` it stands under that key instead (a key such as `data.json` can be no path). What is not text there is
    left as it is. Raises `Unparseable` when it is no JSON, or nothing is there, unless it is `optional`.
    """
    steps = tuple(path.split("."))

    def shaped(document: Document) -> Iterable[Event]:
        value = document.value
        own = (path,) if isinstance(value, dict) and path in value else steps
        if optional and isinstance(value, dict) and path not in value and at(value, path) is None:
            return shape(document)
        read = _with_json(value, own, path)
        if into is not None and len(own) == 1:
            read = {name: one for name, one in read.items() if name != path} | {into: read[path]}
        return shape(replace(document, value=read))

    return shaped


def _with_json(value: Json, steps: tuple[str, ...], path: str) -> Json:
    """`value` with the text at `steps` read as JSON; what is on the way is copied, and not changed."""
    if not steps:
        return _read(value, path) if isinstance(value, str) else value
    if not isinstance(value, dict) or steps[0] not in value:
        raise Unparseable("JSON as text is expected here", place=path)
    return {**value, steps[0]: _with_json(value[steps[0]], steps[1:], path)}


def _read(text: str, path: str) -> Json:
    try:
        return read_json(text.encode("utf-8", "surrogatepass"), None)
    except Unparseable as error:
        raise Unparseable(error.problem, place=f"{path}, {error.place}" if error.place else path) from error


def _singles(value: Json, steps: tuple[str, ...], place: str) -> Iterator[Json]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _singles(item, steps, f"{place}[{index}]")
    elif not isinstance(value, dict):
        raise Unparseable("an object, or a list of them, is expected here", place=place or None)
    elif steps:
        step = steps[0]
        inner = value.get(step)
        if inner is None:
            return
        for single in _singles(inner, steps[1:], f"{place}.{step}" if place else step):
            yield value if single is inner else around(value, step, single)
    else:
        yield value


def around(value: dict[str, Json], key: str, item: Json) -> dict[str, Json]:
    """An object with one item in the place of the list that is at its `key`.

    Raises `Unparseable` for more keys than an envelope has: each item of the list copies them.
    """
    if len(value) > _MOST_AROUND:
        raise Unparseable(f"at most {_MOST_AROUND} keys stand around a list of submissions")
    return {**value, key: item}


def _objects(value: Json, place: str) -> Iterable[dict[str, Json]]:
    """A list of objects, or an object of them."""
    if value is None:
        return ()
    items = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Unparseable("a list of objects is expected here", place=place)
    return items


def _chosen(value: Json, options: Json) -> Json:
    """The texts of the chosen options; what is the id of none stays as it is ("Other" in the person's own words)."""
    if not isinstance(options, list) or not options:
        return value
    texts = {str(one.get("id")): one.get("text") for one in options if isinstance(one, dict)}
    if isinstance(value, list):
        return [item if isinstance(item, _CONTAINERS) else texts.get(str(item), item) for item in value]
    return value if isinstance(value, _CONTAINERS) else texts.get(str(value), value)


def _unwrapped(value: Json) -> Json:
    """The one scalar of a list; lists of objects keep their numbers, whatever their length."""
    single = isinstance(value, list) and len(value) == 1 and not isinstance(value[0], _CONTAINERS)
    return value[0] if single else value


def _name(value: Json) -> str:
    return "" if value is None or isinstance(value, _CONTAINERS) else str(value).strip()


def _told(name: str, value: Json) -> Json:
    """Ids are text: many exceed what a number holds once it has passed through JavaScript."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number and name.endswith("_id") else value


def _is_scalar(value: Json) -> bool:
    return value not in _NOTHING and not isinstance(value, _CONTAINERS)
