"""What a status, a body and the headers mean: the table of retry classes, for both CRMs."""

import json
from typing import Any

import pytest

from leadbridge.crm.adapter import Adapter, Answer, Done
from leadbridge.crm.answers import asked_wait, words
from leadbridge.crm.contract import example_adapter
from leadbridge.crm.registry import CRMS
from leadbridge.outcome import Fail, Hold, Outcome, Retry
from leadbridge.outgoing.answers import LONGEST_WAIT, QUOTE_LIMIT
from leadbridge.plan import Plan
from tests.support.walked import walked

COPPER, LEADCONNECTOR = example_adapter(CRMS["copper"]), example_adapter(CRMS["leadconnector"])
PLANS = {
    adapter.crm: Plan.model_validate(
        {
            "record": record,
            "lead": {"name": "Ann Lee", "email": "a@example.test"},
            "match": {"by": "email", "value": "a@example.test"},
        }
    )
    for adapter, record in ((COPPER, "lead"), (LEADCONNECTOR, "contact"))
}
BOTH = pytest.mark.parametrize("adapter", [COPPER, LEADCONNECTOR], ids=lambda adapter: adapter.crm)


def answered(status: int, body: Any = None, *, text: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=named, body=body, text=text or ("" if body is None else json.dumps(body)))


def outcome(adapter: Adapter, answer: Answer) -> Outcome:
    """What comes of the write when it is answered so."""
    plan = PLANS[adapter.crm]
    first = adapter.next(plan, {})
    assert not isinstance(first, Done)
    step = adapter.next(plan, {first.purpose: answer})
    assert isinstance(step, Done), step
    return step.outcome


@BOTH
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (answered(408), Retry),
        (answered(425), Retry),
        (answered(429), Retry),
        (answered(500, {"message": "oops"}), Retry),
        (answered(502, text="<html>Bad Gateway</html>"), Retry),
        (answered(503), Retry),
        (answered(599), Retry),
        (answered(200, text="<html>Maintenance</html>"), Retry),
        (answered(200, text='{"id": 12'), Retry),
        (answered(200, []), Retry),
        (answered(200, {}), Retry),
        (answered(204), Retry),
        (answered(200, {"success": False, "status": 500, "message": "oops"}), Retry),
        (answered(200, {"statusCode": 503, "message": "oops"}), Retry),
        (answered(200, {"success": False, "message": {"name": [{"error": "invalid"}]}}), Fail),
        (answered(301, location="https://elsewhere.example"), Retry),
        (answered(400, {"message": "bad"}), Fail),
        (answered(402, {"message": "pay"}), Fail),
        (answered(404, {"error": "not_found"}), Fail),
        (answered(409, {"message": "conflict"}), Fail),
        (answered(413, text="too large"), Fail),
        (answered(401, {"message": "who?"}), Hold),
        (answered(403, {"message": "no"}), Hold),
        (answered(403, text="error code: 1010"), Hold),
    ],
    ids=lambda value: f"{value.status} {value.text[:30]}" if isinstance(value, Answer) else value.__name__,
)
def test_a_status_says_what_happens_next(adapter: Adapter, answer: Answer, kind: type) -> None:
    came = outcome(adapter, answer)
    assert isinstance(came, kind)
    if isinstance(came, Hold):
        assert came.reason == (
            "missing_scope" if (adapter.crm, answer.status) == ("copper", 403) else "bad_credentials"
        )


@BOTH
def test_a_validation_error_fails_in_the_words_of_the_crm(adapter: Adapter) -> None:
    came = outcome(adapter, answered(422, {"message": "Invalid input: Validation errors: Name: is odd"}))
    assert isinstance(came, Fail)
    assert came.detail.endswith("answered 422: Invalid input: Validation errors: Name: is odd")


@walked(
    ("said", "advice"),
    [
        ("Invalid JWT", "Check `token`"),
        ("Invalid Private Integration token", "Check `token`"),
        ("The token is not authorized for this scope.", "contacts.write"),
        ("The token does not have access to this location.", "`location_id`"),
        ("This location is not accessible from this token!", "`location_id`"),
        ("version header was not found.", "`base_url`"),
    ],
)
def test_a_refused_token_is_told_apart(said: str, advice: str) -> None:
    came = outcome(LEADCONNECTOR, answered(401, {"statusCode": 401, "message": said}))
    assert isinstance(came, Hold)
    assert said in came.detail
    assert advice in came.detail


@walked(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "30"}, 30.0),
        ({"retry_after": " 1.5 "}, 1.5),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "１２"}, None),  # digits, but not those of HTTP
        ({"retry_after": "999999999"}, LONGEST_WAIT),
        ({"retry_after": "1790000000000"}, LONGEST_WAIT),  # a time, and not a number of seconds
        ({"retry_after": "9" * 400}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "Tue, 03 Nov 2026 10:02:00 GMT"}, None),
        ({"retry_after": "Tue, 03 Nov 2026 10:02:00 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, 120.0),
        ({"retry_after": "Tue, 03 Nov 2026 09:00:00 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry_after": "Tue, 03 Nov 2026 10:02:00 -0000", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, 120.0),
        ({"retry_after": "Tue Nov  3 10:02:00 2026", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, 120.0),
        ({"retry_after": "Tuesday, 03-Nov-26 10:02:00 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, 120.0),
        ({"retry_after": "Tue, 03 Nov 9999 10:02:00 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, LONGEST_WAIT),
        ({"retry_after": "Tue, 03 Nov 99999 10:02:00 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, None),
        ({"retry_after": "Thu, 01 Jan 1970 00:00:00 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry_after": "Tue, 31 Feb 2026 10:02:00 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}, None),
        ({"retry_after": "Tue, 03 Nov 2026 10:02:00 GMT", "date": "soon"}, None),
        ({"retry_after": "Fri, 31 Dec 9999 23:59:59 -2359", "date": "Sat, 01 Jan 0001 00:00:00 +2359"}, LONGEST_WAIT),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date_against_the_answers_own(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert asked_wait(answered(503, **headers)) == seconds
    assert outcome(COPPER, answered(503, **headers)) == Retry(detail="Copper answered 503: (no words)", after=seconds)


@walked(
    ("headers", "seconds"),
    [
        ({}, 10.0),
        ({"x_ratelimit_interval_milliseconds": "5000"}, 5.0),
        ({"x_ratelimit_interval_milliseconds": "5000", "x_ratelimit_daily_remaining": "7"}, 5.0),
        ({"x_ratelimit_daily_remaining": "0", "x_ratelimit_daily_reset": "3725000"}, 3725.0),
        ({"x_ratelimit_daily_remaining": "0", "x_ratelimit_daily_reset": "soon"}, 86_400.0),
        ({"x_ratelimit_daily_remaining": "0"}, 86_400.0),
        ({"x_ratelimit_daily_remaining": "0", "retry_after": "3"}, 3.0),
    ],
)
def test_a_spent_quota_of_leadconnector_says_when_there_is_more(headers: dict[str, str], seconds: float) -> None:
    came = outcome(LEADCONNECTOR, answered(429, **headers))
    assert isinstance(came, Retry)
    assert came.after == seconds


def test_rate_headers_of_another_failure_do_not_delay_it() -> None:
    came = outcome(LEADCONNECTOR, answered(500, x_ratelimit_daily_remaining="0"))
    assert came == Retry(detail="LeadConnector answered 500: (no words)", after=None)


@walked(
    ("body", "text", "said"),
    [
        ({"message": "plain"}, "", "plain"),
        ({"message": ["one", "two"]}, "", "one; two"),
        ({"message": {"name": [{"error": "invalid"}]}}, "", "name: error: invalid"),
        ({"message": "two\nlines"}, "", "two lines"),
        ({"error": "not_found"}, "", "not_found"),
        ({"error": {"code": 7, "message": "m"}}, "", "code: 7; message: m"),
        ({"message": "", "error": "Bad Request"}, "", "Bad Request"),
        ({"other": 1}, '{"other": 1}', '{"other": 1}'),
        (None, "<style>p{}</style><h1>Bad</h1><p>Gateway</p>", "Bad Gateway"),
        (None, "", "(no words)"),
        (
            {"message": "mail ann.lee@example.test, phone +14155550123, id 11000001"},
            "",
            "mail •••, phone •••, id 11000001",
        ),
    ],
)
def test_the_crms_words_are_found_wherever_they_stand(body: Any, text: str, said: str) -> None:
    assert words(Answer(status=400, headers={}, body=body, text=text)) == said


def test_the_crms_words_are_bounded() -> None:
    said = words(answered(400, {"message": "x" * 10_000}))
    assert len(said) == QUOTE_LIMIT
    assert said.endswith("…")


@BOTH
def test_the_crms_own_id_is_kept(adapter: Adapter) -> None:
    answer = answered(200, {"traceId": "t-1"}, x_request_id="r-1")
    assert adapter.crm_trace_id(answer) == ("r-1" if adapter.crm == "copper" else "t-1")
    assert adapter.crm_trace_id(answered(500, text="<html>")) is None
