"""Typeform's response as an event: every answer by its question's ref and by its title."""

from collections.abc import Iterator, Mapping
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event, FieldType, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.places import at

_META: Final = {
    "form_id": "form_response.form_id",
    "form_name": "form_response.definition.title",
    "submission_id": "form_response.token",
    "token": "form_response.token",
    "submitted_at": "form_response.submitted_at",
    "landed_at": "form_response.landed_at",
    "event_id": "event_id",
}
_TYPES: Final[Mapping[str, FieldType]] = {
    "email": "email", "phone_number": "phone", "website": "website", "url": "website", "legal": "consent",
    "number": "number", "date": "date", "file_upload": "file", "file_url": "file", "multiple_choice": "choice",
    "dropdown": "choice", "choice": "choice", "choices": "choice",
}  # fmt: skip


def response_events(document: Document) -> Iterator[Event]:
    """The one event of a response.

    `fields` has each answer by ref and by title; the first answer of type email and phone_number also by its type,
    since a title tells people and not programs what is asked; hidden fields as `hidden.utm_source` and `utm_source`;
    `variables.score`. The second names yield to questions that have them.
    """
    response = at(document.value, "form_response")
    if not isinstance(response, dict):
        raise Unparseable("Typeform's response is expected here, an object", place="form_response")
    answers = _objects(response.get("answers"), "form_response.answers")
    titles = dict(_titles(at(response, "definition.fields")))
    fields = Fields()
    for answer in answers:
        *refs, label = _names(answer.get("field"), titles)
        kind = _kind(answer)
        for ref in refs:
            fields.put_again(ref, _value(answer), kind)
        fields.put(label, _value(answer), kind)
    for answer in answers:
        if answer.get("type") in ("email", "phone_number"):
            fields.put_if_new(answer["type"], _value(answer), _kind(answer))
    for variable in _objects(response.get("variables"), "form_response.variables"):
        fields.put(f"variables.{variable.get('key')}", variable.get(str(variable.get("type"))))
    fields.put("calculated", response.get("calculated") or {})
    hidden = response.get("hidden") or {}
    fields.put("hidden", hidden)
    for name, value in hidden.items() if isinstance(hidden, dict) else ():
        fields.put_if_new(name, value)
    meta = {name: found for name, path in _META.items() if (found := at(document.value, path)) is not None}
    yield Event(
        fields=fields.as_dict(), second_names=fields.second_names, types=fields.types, meta=meta, raw=document.value
    )


def _kind(answer: dict[str, Json]) -> FieldType | None:
    """What Typeform knows the answer to be: the question's type says more than the answer's."""
    return _TYPES.get(str(at(answer, "field.type"))) or _TYPES.get(str(answer.get("type")))


def _names(field: Json, titles: dict[str, str]) -> list[str]:
    """The names of a question, each once: its ref (or its id, where it has none) and its title."""
    known = field if isinstance(field, dict) else {}
    ref = known.get("ref") or known.get("id") or "answer"
    title = titles.get(str(known.get("id")))
    return list(dict.fromkeys(str(name) for name in (ref, title) if name))


def _titles(definitions: Json) -> Iterator[tuple[str, str]]:
    """Titles by the question's id; groups hold further questions in their properties."""
    for field in _objects(definitions, "form_response.definition.fields"):
        if field.get("title"):
            yield str(field.get("id")), str(field["title"]).strip()
        yield from _titles(at(field, "properties.fields"))


def _value(answer: dict[str, Json]) -> Json:
    """An answer stands under the key that its type names; choices are read as people see them."""
    value = answer.get(str(answer.get("type")))
    match answer.get("type"), value:
        case "choice", dict():
            return value.get("label") or value.get("other")
        case "choices", dict():
            labels = value.get("labels")
            other = value.get("other")
            return [*(labels if isinstance(labels, list) else []), *([other] if other else [])]
        case _:
            return value


def _objects(value: Json, place: str) -> list[dict[str, Json]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unparseable("a list of objects is expected here", place=place)
    return value
