"""Any body under any content type, read by every preset: events that can be stored, mapped and logged, or a refusal.

An input is a line with the Content-Type, then the body.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic_core import to_json

from leadbridge.bodies.json_body import VALUES
from leadbridge.errors import MappingError, Unparseable
from leadbridge.events import Event, Received, Verified
from leadbridge.mapping import SourceContext, map_event
from leadbridge.parse import parse
from leadbridge.settings.loading import load_text
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN
from leadbridge.sources.samples import folder_of, samples_in
from tests.fuzz.harness import Harness, first_line, promise

NOW: Final = 1_796_000_000_000
MOST_FIELDS: Final = 3 * VALUES  # each value may stand under up to three names (label, name, ref)
MOST_DETAIL: Final = 1_000  # characters of what a sender is told
ROUTE: Final = """
version: 1
sources: {any: {preset: generic, verify: none}}
destinations: {copper: {crm: copper, access_token: "${TOKEN}", user_email: ops@example.com}}
routes:
  - name: everything
    from: any
    to: copper
    match: [email, name]
    on_no_match_key: create
    when: "{{ fields.name != 'support' }}"
    lead:
      name: "{{ fields.name }}"
      email: "{{ fields.email | default(fields['email address']) }}"
      phone: "{{ fields.phone }}"
      date_of_birth: "{{ fields.a }}"
      value: "{{ fields['a.b'] }}"
      address: {country: "{{ fields.contact.country }}"}
      tags: ["{{ fields.interest }}", "{{ meta.form_name }}"]
    custom_fields: {All: "{{ raw | tojson }}", Some: ["{{ fields.a }}", "{{ raw.data }}"]}
"""
TYPES: Final = (
    "application/json", "application/json; charset=utf-16", "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=shift_jis", "text/plain", "", "multipart/form-data; boundary=B",
)  # fmt: skip
HARD: Final = (
    b'{"a": [1, 1.5, 1e400, -0.0, null, true, "\\ud800 \\u0000"], "a.b": {"c": 1}, "": ""}',
    b'[{"name": "a", "value": 1}, {"label": "b", "value": [{}]}]',
    b"a[b][]=1&a[b][]=2&a[0]=x&%5B=1&_charset_=latin1&c=%ff%00",
    b"--B\r\nContent-Disposition: form-data; name=\"a[b]\"; filename*=utf-8''%e2%82\r\n\r\n1\r\n--B--",
)


ROUTES: Final = load_text(ROUTE, "fuzz.yaml", {"TOKEN": "x" * 32}).settings.routes


def check(data: bytes) -> None:
    """Every preset answers with events or `Unparseable`, twice the same, and what it gives can be used."""
    content_type, body = first_line(data)
    for preset in BUILT_IN:
        check_as(preset, {"content-type": content_type}, body)


def check_as(preset: Preset, headers: Mapping[str, str], body: bytes) -> None:
    """What one preset makes of a body."""
    received = Received(
        source="any",
        method="POST",
        url="https://leads.example.com/hooks/any",
        headers=headers,
        body=body,
        received_at=NOW,
    )
    verified = Verified(request=received, payload=body, verified=False)
    try:
        parsed = parse(preset, verified)
    except Unparseable as problem:
        promise(problem.http_status in (400, 415), f"status {problem.http_status}")
        promise(len(problem.detail) <= MOST_DETAIL, f"{len(problem.detail)} characters of detail")
        _storable(problem.detail)
        return
    promise(bool(parsed.events) != bool(parsed.ignored), "either events or a reason")
    promise(_text(parsed) == _text(parse(preset, verified)), "what is stored is read again, and is the same")
    promise(sum(len(event.fields) for event in parsed.events) <= MOST_FIELDS, "too many fields")
    _storable(parsed.ignored)
    for event in parsed.events:
        _check_event(event)


def _check_event(event: Event) -> None:
    for part in (dict(event.fields), dict(event.meta), event.raw, event.dedupe_id):
        _storable(part)
    _storable(event.ignored)
    promise(set(event.types) <= set(event.fields), "a type of no field")
    promise(set(event.second_names) <= set(event.fields), "a second name of no field")
    promise(event.dedupe_id is None or 0 < len(event.dedupe_id) <= 300, f"dedupe id {event.dedupe_id!r}")
    promise(event.event_at is None or event.event_at <= NOW, f"event at {event.event_at}")
    promise(all(part.size >= 0 and len(part.sha256) == 64 for part in event.files), f"files {event.files!r}")
    try:
        mapped = map_event(event, source=SourceContext(name="any"), routes=ROUTES, record_of=lambda _: "lead")
    except MappingError as problem:
        _storable(problem.problem)
        return
    for one in mapped:
        plan = getattr(one, "plan", None)
        promise(plan is None or plan.model_dump_json(exclude_unset=True), "a plan without text")


def _storable(value: Any) -> None:
    """A database and a log line take it: UTF-8, no NUL, no number that JSON has not."""
    text = _text(value)
    promise("\\u0000" not in text.replace("\\\\", ""), f"NUL in {text[:200]}")
    text.encode()
    to_json(value)
    promise(all(math.isfinite(number) for number in _floats(value)), f"no finite number in {text[:200]}")


def _text(value: Any) -> str:
    return json.dumps(value, default=repr, ensure_ascii=False, sort_keys=True)


def _floats(value: Any) -> Iterator[float]:
    match value:
        case float():
            yield value
        case dict():
            for item in value.values():
                yield from _floats(item)
        case list():
            for item in value:
                yield from _floats(item)


def seeds() -> Iterator[bytes]:
    """The presets' samples under the type that they come with, and hard bodies under each."""
    for preset in BUILT_IN:
        for sample in samples_in(folder_of(preset.name)):
            yield sample.headers.get("content-type", "application/json").encode() + b"\n" + sample.body
    for content_type in TYPES:
        for body in HARD:
            yield content_type.encode() + b"\n" + body


HARNESS: Final = Harness(name="bodies", check=check, seeds=seeds, most=8_192)
