"""What SurveyMonkey's API tells of a response: its pages, their questions, the answers to each."""

import html
import re
from typing import Final

from leadbridge.errors import Unparseable
from leadbridge.events import Json
from leadbridge.sources.completing import completing
from leadbridge.sources.fetching import Fetch, Part, Step
from leadbridge.sources.fields import Fields
from leadbridge.sources.parts import typed
from leadbridge.sources.people import person
from leadbridge.sources.places import at, objects_at
from leadbridge.sources.preset import Ignore
from leadbridge.sources.shapes import event

_TAG: Final = re.compile(r"<[^<>]{1,500}>")
_BETWEEN: Final = " | "  # what stands between a row and its answer in `simple_text`


def _answers(fields: Fields, documents: Json) -> None:
    """Each answer under its question; one to a row of it under `question.row`, and under the row's name as well."""
    if not isinstance(at(documents, "response.pages"), list):
        raise Unparseable(
            "the response has no pages: its token may lack `View Response Details`", place="response.pages"
        )
    for page in objects_at(documents, "response.pages"):
        for question in objects_at(page, "questions"):
            heading = _plain(question.get("heading")) or f"answer {question.get('id')}"
            for answer in objects_at(question, "answers"):
                row, value = _row_and_value(answer)
                if row:
                    fields.put(f"{heading}.{row}", value)
                    fields.put_last(row, value)
                else:
                    fields.put(heading, value)


def _row_and_value(answer: dict[str, Json]) -> tuple[str, Json]:
    """The row that an answer is to, if it is to one, and the answer: its text, else what was chosen, else the id."""
    text, simple = answer.get("text"), answer.get("simple_text")
    row, between, said = simple.rpartition(_BETWEEN) if isinstance(simple, str) else ("", "", None)
    if isinstance(text, str) and text.strip():
        if isinstance(simple, str) and simple.endswith(f"{_BETWEEN}{text}"):
            row = simple.removesuffix(f"{_BETWEEN}{text}")  # the text may have the mark in it
        return (_plain(row) if "row_id" in answer else ""), text
    if between and "row_id" in answer:
        return _plain(row), _plain(said)
    return "", _plain(simple) or answer.get("choice_id") or answer.get("row_id")


def _custom_variables(fields: Fields, documents: Json) -> None:
    """What the link to the survey carried, by the names in it."""
    found = at(documents, "response.custom_variables")
    for name, value in found.items() if isinstance(found, dict) else ():
        if name.strip() and value not in (None, ""):
            fields.put(name, value, "hidden")


def _plain(value: Json) -> str:
    """A heading's text: its author may have written it with tags."""
    return " ".join(html.unescape(_TAG.sub("", value)).split()) if isinstance(value, str) else ""


FETCH: Final = Fetch(
    base_url="https://api.surveymonkey.com",
    version="v3",
    steps=(
        Step(
            name="response",
            path="/{version}/surveys/{survey_id}/responses/{response_id}/details",
            parts={
                "survey_id": Part("resources.survey_id", r"[0-9]{1,30}"),
                "response_id": Part("object_id", r"[0-9]{1,30}"),
            },
            query={"simple": "true"},
            same_as={"response_id": "id"},
        ),
    ),
    complete=completing(
        event(
            _answers,
            _custom_variables,
            person(  # whom the survey was sent to by e-mail
                {
                    "contact.first_name": ("response.metadata.contact.first_name.value", "response.first_name"),
                    "contact.last_name": ("response.metadata.contact.last_name.value", "response.last_name"),
                    "contact.email": ("response.metadata.contact.email.value", "response.email_address"),
                    "custom_value": ("response.custom_value",),
                }
            ),
            typed({"contact.first_name": "first_name", "contact.last_name": "last_name", "contact.email": "email"}),
            meta={"started_at": "response.date_created", "ip_address": "response.ip_address"},
        ),
        ignore=[
            Ignore(
                path="response.collection_mode",
                values=("preview", "survey_preview"),
                reason="a preview of the survey",
            )
        ],
    ),
    limit=120,
    window=60,
    renewal="SurveyMonkey's is in the app's settings, with the scopes View Responses and View Response Details",
)
