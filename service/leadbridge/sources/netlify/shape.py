"""Netlify's submission as an event: the answers by label and by name, and what Netlify takes the person to be."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from leadbridge.bodies.document import Document
from leadbridge.errors import Unparseable
from leadbridge.events import Event, Json
from leadbridge.sources.fields import Fields
from leadbridge.sources.shapes import event, labelled

_ABOUT_THE_REQUEST: Final = ("ip", "user_agent", "referrer")  # Netlify puts them among the answers
_GUESSED: Final = ("email", "name", "first_name", "last_name", "company")


def submission_events(document: Document) -> Iterable[Event]:
    """The one event of a submission, which functions get within `payload`.

    An answer stands under its label and under its name; what has no label, under its name. Netlify's own reading of
    e-mail, name and company yields to answers of these names.
    """
    body = document.value
    if not isinstance(body, dict):
        raise Unparseable("an object is expected")
    inner = body.get("payload")
    return _submission(replace(document, value=inner) if isinstance(inner, dict) else document)


def _without_label(fields: Fields, submission: Json) -> None:
    data = submission.get("data")
    if data is None:
        return
    if not isinstance(data, dict):
        raise Unparseable("an object is expected here", place="data")
    answers = submission.get("ordered_human_fields")
    known = {str(answer.get("name")) for answer in answers} if isinstance(answers, list) else set()
    for name, value in data.items():
        if name not in known and name not in _ABOUT_THE_REQUEST:
            is_file = isinstance(value, dict) and "url" in value and "filename" in value
            fields.put(name, value, "file" if is_file else None)


def _guessed(fields: Fields, submission: Json) -> None:
    if fields.as_dict():
        for name in _GUESSED:
            if isinstance(submission.get(name), str):
                fields.put_last(name, submission[name])


_submission: Final = event(
    labelled("ordered_human_fields", label="title", key="name"),
    _without_label,
    _guessed,
    meta={
        "form_id": "form_id",
        "form_name": "form_name",
        "submission_id": "id",
        "submitted_at": "created_at",
        "page_url": "data.referrer",
        "site_url": "site_url",
    },
)
