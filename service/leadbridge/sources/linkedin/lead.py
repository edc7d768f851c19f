"""What LinkedIn's API tells of a form's response: answers by the ids of questions, which the form has the words of."""

from collections.abc import Mapping
from typing import Final

from leadbridge.errors import Unparseable
from leadbridge.events import FieldType, Json
from leadbridge.sources.completing import completing
from leadbridge.sources.fetching import Fetch, Part, Step, Trouble
from leadbridge.sources.fields import Fields
from leadbridge.sources.places import at, objects_at
from leadbridge.sources.preset import Ignore
from leadbridge.sources.shapes import event

_FORM: Final = r"(?:urn:li:versionedLeadGenForm:\()?urn:li:leadGenForm:([0-9]{1,20})(?:,[0-9]{1,9}\))?"
_TYPES: Final[Mapping[str, FieldType]] = {
    "FIRST_NAME": "first_name",
    "LAST_NAME": "last_name",
    "EMAIL": "email",
    "WORK_EMAIL": "email",
    "PHONE_NUMBER": "phone",
    "WORK_PHONE_NUMBER": "phone",
    "COMPANY_NAME": "company",
}


def _answers(fields: Fields, documents: Json) -> None:
    """Each answer under the question's text; LinkedIn's own name of it, or the author's, is a second name."""
    questions = {str(one.get("questionId")): one for one in objects_at(documents, "form.content.questions")}
    locale = _locale(documents)
    if not isinstance(at(documents, "response.formResponse.answers"), list):
        raise Unparseable("the response has no answers", place="response.formResponse.answers")
    answers = [(str(one.get("questionId")), one) for one in objects_at(documents, "response.formResponse.answers")]
    if not isinstance(at(documents, "form.content.questions"), list):
        raise Unparseable("the form has no questions", place="form.content.questions")
    if answers and questions.keys().isdisjoint(number for number, _ in answers):
        raise Unparseable("the form has none of the questions that were answered", place="form.content.questions")
    for number, answer in answers:
        question = questions.get(number, {})
        predefined = str(question.get("predefinedField") or "")
        label = _text(question.get("label"), locale) or _text(question.get("name"), locale)
        names = (_text(question.get("question"), locale) or label, predefined.lower() or label)
        own, *others = dict.fromkeys([name for name in names if name] or [f"answer {number}"])
        kind = _TYPES.get(predefined)
        value = _value(answer.get("answerDetails"), question, locale)
        fields.put(own, value, kind)
        for other in others:
            fields.put_last(other, value, kind)


def _value(details: Json, question: Json, locale: str) -> Json:
    """The text of an answer, or those of the options that were chosen."""
    chosen = at(details, "multipleChoiceAnswer.options")
    if not isinstance(chosen, list):
        return at(details, "textQuestionAnswer.answer")
    known = {
        str(one.get("id")): _text(one.get("text"), locale) or _text(one.get("label"), locale)
        for one in objects_at(question, "questionDetails.multipleChoiceQuestionDetails.options")
    }
    texts = [known.get(str(number)) or number for number in chosen]
    return texts[0] if len(texts) == 1 else texts


def _consents(fields: Fields, documents: Json) -> None:
    """Each checkbox under the words beside it."""
    locale = _locale(documents)
    known = {
        str(one.get("id")): _text(one.get("consent"), locale) or _text(one.get("label"), locale)
        for one in objects_at(documents, "form.content.legalInfo.consents")
    }
    for one in objects_at(documents, "response.formResponse.consentResponses"):
        number = str(one.get("consentId", one.get("id")))
        fields.put(known.get(number) or f"consent {number}", one.get("accepted"), "consent")


def _hidden_fields(fields: Fields, documents: Json) -> None:
    for one in objects_at(documents, "form.hiddenFields"):
        if isinstance(one.get("name"), str) and one["name"].strip():
            fields.put(one["name"].strip(), one.get("value"), "hidden")


def _locale(documents: Json) -> str:
    """The language that the form was made in, as its texts are keyed: `en_US`."""
    return f"{at(documents, 'form.creationLocale.language')}_{at(documents, 'form.creationLocale.country')}"


def _text(value: Json, locale: str) -> str:
    """A text, or that of the given language (else the first) of several."""
    localized = at(value, "localized")
    if isinstance(localized, dict) and localized:
        value = localized.get(locale, next(iter(localized.values())))
    return value.strip() if isinstance(value, str) else ""


FETCH: Final = Fetch(
    base_url="https://api.linkedin.com",
    version="202605",
    steps=(
        Step(
            name="response",
            path="/rest/leadFormResponses/{response}",
            parts={"response": Part("leadGenFormResponse", r"urn:li:leadGenFormResponse:([A-Za-z0-9_-]{1,100})")},
            same_as={"response": "id"},
        ),
        Step(
            name="form",
            path="/rest/leadForms/{form}",
            parts={"form": Part("leadGenForm", _FORM)},
            same_as={"form": "id"},
            keep=3_600,
        ),
    ),
    complete=completing(
        event(
            _answers,
            _consents,
            _hidden_fields,
            meta={
                "form_name": "form.name",
                "campaign": "response.leadMetadata.sponsoredLeadMetadata.campaign",
                "creative": "response.associatedEntity.associatedCreative",
            },
        ),
        ignore=[Ignore(path="response.testLead", values=(True,), reason="a test lead of LinkedIn")],
    ),
    limit=100,
    window=60,
    headers={"LinkedIn-Version": "{version}", "X-Restli-Protocol-Version": "2.0.0"},
    request_id="x-li-uuid",
    renewal="LinkedIn's tokens end after 60 days; where it says NONEXISTENT_VERSION, name another `fetch.version`",
    # After a year a version is switched off (status 426), and nothing can be fetched until a person names another.
    troubles=(Trouble(kind="credentials", path="code", values=("NONEXISTENT_VERSION",)),),
)
