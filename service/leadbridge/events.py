"""The values that cross the first stages: what arrived, what was proved of it, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from leadbridge.clock import Millis
from leadbridge.frozen import value

Json: TypeAlias = Any  # None, bool, int, float, str, list or dict, as it came
FieldType: TypeAlias = Literal[
    "email", "phone", "name", "first_name", "last_name", "company", "website", "address", "consent", "file", "hidden",
    "choice", "text", "number", "date",
]  # fmt: skip


@value(frozen=True, slots=True, kw_only=True)
class Received:
    """One inbound HTTP request as it arrived.

    `headers` has lower-cased names; a header sent twice is joined with ", " (RFC 9110, 5.3). `url` is what the sender
    called, since some vendors sign it.
    """

    source: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: Millis

    @property
    def content_type(self) -> str:
        """The media type alone, lower-cased; empty when the sender gave none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@value(frozen=True, slots=True, kw_only=True)
class Verified:
    """A request whose sender is proved (or which its source takes unsigned), without the secrets that came with it.

    `request` is what may be stored and logged: redactions are applied. `payload` is what is parsed: the body, or what
    a signed envelope held. `verified` is False for a source with `verify: none`: its `traceparent` is not believed.
    """

    request: Received
    payload: bytes
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """What is kept of an uploaded file: enough to recognise it, not its content."""

    name: str
    content_type: str
    size: int  # bytes
    sha256: str  # hex


@value(frozen=True, slots=True, kw_only=True)
class Event:
    """A parsed submission.

    `fields` is flat: values by label, name or ref, nested ones as `contact.email`. `meta` holds what is about the
    submission and not from the person: `form_id`, `form_name`, `submission_id`, `submitted_at`, `page_url`, `files`.
    `second_names` are fields that repeat another one under a name for programs, such as a question's ref.
    `about` are fields that are no answers: what the sender says of its form, its questions and the request.
    `types` says of fields what their vendor knows them to be, in our words (see `FieldType`).
    `raw` is the submission as the sender shaped it.
    `dedupe_id` is the sender's own id for this submission; `event_at` its time, where the preset trusts it.
    `ignored` is the reason why this one of several is no lead.
    """

    fields: Mapping[str, Json]
    raw: Json
    meta: Mapping[str, Json] = field(default_factory=dict)
    second_names: tuple[str, ...] = ()
    about: frozenset[str] = frozenset()
    files: tuple[FilePart, ...] = ()
    dedupe_id: str | None = None
    event_at: Millis | None = None
    types: Mapping[str, FieldType] = field(default_factory=dict)
    ignored: str | None = None


@value(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer to a sender: ours, or the one that a vendor wants instead."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@value(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a request holds: events, or the reason why it is not a lead (a ping, a test submission).

    Of several events some may be ignored, each with its own reason.
    """

    events: tuple[Event, ...] = ()
    ignored: str | None = None
    reply: Reply | None = None
