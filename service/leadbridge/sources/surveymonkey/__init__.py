"""SurveyMonkey's webhook, which announces responses without their answers."""

from typing import Final

from leadbridge.sources.handshakes import ANY_HEAD
from leadbridge.sources.parts import picked
from leadbridge.sources.preset import Ignore, Path, Preset
from leadbridge.sources.shapes import event
from leadbridge.sources.surveymonkey.answers import FETCH

PRESET: Final = Preset(
    name="surveymonkey",
    title="SurveyMonkey",
    description="Completed responses announced by SurveyMonkey's webhook: their ids, without the answers.",
    shape=event(
        picked(
            {
                "response_id": "object_id",
                "survey_id": "resources.survey_id",
                "collector_id": "resources.collector_id",
                "respondent_id": "resources.respondent_id",
                "recipient_id": "resources.recipient_id",
            }
        ),
        meta={
            "form_id": "resources.survey_id",
            "submission_id": "object_id",
            "submitted_at": "event_datetime",
            "event_id": "event_id",
        },
    ),
    scheme={"scheme": "hmac", "header": "sm-signature", "hash": "sha1", "encoding": "base64"},
    dedupe=(Path("event_id"),),
    event_at=Path("event_datetime"),
    ignore=(
        Ignore(
            path="event_type", unless=("response_completed",), reason="the event type {value} is no completed response"
        ),
    ),
    handshakes=(ANY_HEAD,),
    thin="the answers, which GET /v3/surveys/{survey_id}/responses/{response_id}/details has",
    fetch=FETCH,
)
