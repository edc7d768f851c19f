"""What a try knows at its end, of what it knew at its beginning and was answered since: a table."""

from typing import Final

import pytest

from leadbridge.crm.adapter import Answer, Call
from leadbridge.deliver.findings import Findings, certainly_not_done, must_not_be_made, record_landed_on
from leadbridge.plan import Plan, Progress
from tests.support.crm import answer
from tests.support.stored import plan
from tests.support.walked import walked

CREATE: Final = Call(purpose="create", method="POST", path="/make", safe_to_repeat=False)
READ: Final = Call(purpose="read", method="GET", path="/read")
BEFORE, NOW = 1_000, 9_000


def known(before: Progress, call: Call, said: Answer | None, learned: Progress | None = None) -> Progress:
    findings = Findings(before)
    if said is None:
        findings.unanswered(call, sent_at=NOW)
    else:
        findings.answered(call, said, sent_at=NOW)
    findings.learned(learned or before)
    return findings.progress


BROKEN = Answer(status=200, headers={}, body=None, text='{"id": 1')
EMPTY = Answer(status=204, headers={}, body=None, text="")
NOTHING, UNSURE = Progress(), Progress(unsure={"create": BEFORE})


@walked(
    ("before", "said", "after"),
    [
        (NOTHING, answer(200), Progress(done=("create",))),
        (NOTHING, None, Progress(unsure={"create": NOW})),
        (NOTHING, answer(500), Progress(unsure={"create": NOW})),
        (NOTHING, answer(302), Progress(unsure={"create": NOW})),
        (NOTHING, answer(503), NOTHING),
        (NOTHING, answer(422), NOTHING),
        (NOTHING, answer(429), NOTHING),
        (NOTHING, BROKEN, Progress(unsure={"create": NOW})),
        (NOTHING, EMPTY, Progress(done=("create",))),
        (UNSURE, answer(200), Progress(done=("create",))),
        (UNSURE, answer(422), NOTHING),
        (UNSURE, answer(503), NOTHING),
        (UNSURE, None, Progress(unsure={"create": NOW})),
        (UNSURE, answer(500), Progress(unsure={"create": NOW})),
    ],
)
def test_a_call_that_is_not_safe_to_repeat_is_done_or_not_or_nobody_knows(
    before: Progress, said: Answer | None, after: Progress
) -> None:
    assert known(before, CREATE, said) == after


@pytest.mark.parametrize("said", [answer(200), answer(500), None])
def test_of_a_call_that_may_be_repeated_nothing_has_to_be_known(said: Answer | None) -> None:
    assert known(UNSURE, READ, said) is UNSURE


def test_what_a_look_found_is_done_and_not_unsure() -> None:
    found = UNSURE.model_copy(update={"done": ("create",), "record_id": "7"})
    assert known(UNSURE, READ, answer(200), found) == Progress(done=("create",), record_id="7")


def test_an_adapter_knows_best_what_was_done() -> None:
    assert known(NOTHING, CREATE, BROKEN, Progress(done=("create",))) == Progress(done=("create",))


def test_what_a_look_did_not_find_stays_unsure_until_the_call_is_answered() -> None:
    assert known(UNSURE, READ, answer(200)) == UNSURE


@pytest.mark.parametrize("before", [NOTHING, UNSURE])
def test_an_adapter_may_doubt_a_plain_answer(before: Progress) -> None:
    doubt = Progress(unsure={"create": 0})
    assert known(before, CREATE, answer(422), doubt) == Progress(unsure={"create": NOW})


@walked("said", [None, BROKEN, answer(500)], ids=["lost", "broken", "500"])
@walked(("before", "since"), [(NOTHING, NOW), (Progress(unsure={"read": BEFORE}), BEFORE)])
def test_where_it_matters_if_the_record_is_new_the_first_send_that_may_have_made_it_is_kept(
    before: Progress, since: int, said: Answer | None
) -> None:
    for asks_whether_new, unsure in ((True, {"read": since}), (False, before.unsure)):
        findings = Findings(before, asks_whether_new=asks_whether_new)
        if said is None:
            findings.unanswered(READ, sent_at=NOW)
        else:
            findings.answered(READ, said, sent_at=NOW)
        assert findings.progress.unsure == unsure
        assert not findings.unsure_of(READ)


@pytest.mark.parametrize("said", [answer(200), answer(429), answer(503)], ids=str)
def test_what_was_answered_plainly_is_not_kept(said: Answer) -> None:
    findings = Findings(NOTHING, asks_whether_new=True)
    findings.answered(READ, said, sent_at=NOW)
    assert findings.progress == NOTHING


def test_only_what_is_new_is_stored_and_only_once() -> None:
    findings = Findings(UNSURE)
    assert findings.to_store() is None
    findings.answered(CREATE, answer(200), sent_at=NOW)
    assert findings.to_store() == '{"done":["create"]}'
    assert findings.to_store() is None
    findings.learned(Progress(record_id="7", created=True))
    assert findings.to_store() == '{"record_id":"7","created":true,"done":["create"]}'


def test_of_records_that_it_landed_on_the_last_is_remembered() -> None:
    first, second = Findings(NOTHING), Findings(Progress(done=("landed on 1", "add note")))
    first.landed_on("1")
    second.landed_on("2")
    assert (record_landed_on(first.progress), record_landed_on(second.progress)) == ("1", "2")
    assert second.progress.done == ("add note", "landed on 2")
    assert record_landed_on(NOTHING) is None


def test_a_404_says_that_nothing_was_done_and_a_504_does_not() -> None:
    assert [status for status in (301, 400, 404, 408, 429, 499, 500, 502, 503, 504) if certainly_not_done(status)] == [
        400, 404, 408, 429, 499, 503,
    ]  # fmt: skip


def with_progress(progress: Progress) -> Plan:
    return plan().model_copy(update={"progress": progress})


@pytest.mark.parametrize(
    ("call", "progress", "looked", "stopped"),
    [
        (CREATE, NOTHING, False, False),
        (CREATE, UNSURE, False, True),
        (CREATE, UNSURE, True, False),
        (CREATE, Progress(done=("create",)), True, True),
        (READ, Progress(done=("read",), unsure={"read": BEFORE}), False, False),
    ],
)
def test_what_could_double_a_record_is_not_sent(call: Call, progress: Progress, *, looked: bool, stopped: bool) -> None:
    problem = must_not_be_made(call, with_progress(progress), {}, looked=looked)
    assert (problem is not None) == stopped


def test_a_create_that_was_answered_in_this_very_try_is_not_sent_again() -> None:
    assert must_not_be_made(CREATE, plan(), {"create": answer(200)}, looked=True) is not None
