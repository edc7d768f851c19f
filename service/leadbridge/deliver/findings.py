"""What a try finds out that a later one must know, and which calls it must not make.

A call that is not safe to repeat leaves one of three things behind: it was done, it was certainly not done, or nobody
knows. The last two tries of one delivery may be days and crashes apart, so all of it is on disk before the next call.
"""

from typing import Final

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Answer, Answers, Call
from leadbridge.plan import Plan, Progress

_LANDED: Final = "landed on "  # stands among the purposes that are done: it is the engine's own


def certainly_not_done(status: int) -> bool:
    """Whether a status says that the CRM did nothing; after any other failure it may have done it."""
    return 400 <= status < 500 or status == 503


def must_not_be_made(call: Call, plan: Plan, answers: Answers, *, looked: bool) -> str | None:
    """Why a call would risk a second record; None for one that may go.

    Adapters look by themselves before they repeat such a call. This stops one that does not.
    """
    if call.safe_to_repeat:
        return None
    if call.purpose in plan.progress.done or call.purpose in answers:
        return f"{call.purpose} was done before and would be done a second time"
    if call.purpose in plan.progress.unsure and not looked:
        return f"{call.purpose} was sent before and may have been done"
    return None


def record_landed_on(progress: Progress) -> str | None:
    """The record that an earlier try was led to, and that nobody had expected."""
    return next((done.removeprefix(_LANDED) for done in progress.done if done.startswith(_LANDED)), None)


class Findings:
    """The progress of one try, beyond what is on disk.

    With `asks_whether_new` also calls that are safe to repeat are kept whose answer was not seen, with the time of the
    first send: the answer to the repeat cannot say any more that the record is new.
    """

    def __init__(self, stored: Progress, *, asks_whether_new: bool = False) -> None:
        self._first = stored
        self._asks_whether_new = asks_whether_new
        self._on_disk = stored
        self._said = stored  # by the adapter
        self._done: list[str] = []
        self._unsure: dict[str, Millis] = {}
        self._landed: str | None = None
        self._answered: dict[str, Millis] = {}  # calls not safe to repeat that were answered plainly, and when sent

    def unanswered(self, call: Call, *, sent_at: Millis) -> None:
        """A call was sent, and no answer was seen."""
        if not call.safe_to_repeat:
            self._unsure[call.purpose] = sent_at
        elif self._asks_whether_new and not call.shared:
            self._unsure[call.purpose] = self._first.unsure.get(call.purpose, sent_at)

    def answered(self, call: Call, answer: Answer, *, sent_at: Millis) -> None:
        """A call was answered in one way or the other."""
        broken = answer.body is None and bool(answer.text.strip())  # it may name the record that was made
        if call.safe_to_repeat:
            if broken or not (answer.ok or certainly_not_done(answer.status)):
                self.unanswered(call, sent_at=sent_at)
            return
        if certainly_not_done(answer.status) or (answer.ok and not broken):
            self._answered[call.purpose] = sent_at
        else:
            self._unsure[call.purpose] = sent_at
        if answer.ok and not broken:
            self._done.append(call.purpose)

    def learned(self, progress: Progress) -> None:
        """What the adapter makes of the answers so far: it may know better what was done, or that nobody knows."""
        self._said = progress

    def landed_on(self, record_id: str) -> None:
        """The CRM led the delivery to this record, and nobody expected it."""
        self._landed = record_id

    def unsure_of(self, call: Call) -> bool:
        """Whether this call may have been done in this try."""
        return not call.safe_to_repeat and call.purpose in self.progress.unsure

    @property
    def progress(self) -> Progress:
        """Everything that is known now."""
        if self._said is self._first and not (self._done or self._unsure or self._answered or self._landed):
            return self._first
        unsure = {purpose: at for purpose, at in self._said.unsure.items() if purpose not in self._answered}
        unsure |= {purpose: at for purpose, at in self._answered.items() if self._doubted(purpose)} | self._unsure
        unsure = {purpose: at for purpose, at in unsure.items() if purpose not in self._said.done}
        done = dict.fromkeys((*self._said.done, *self._done))
        if self._landed is not None:
            done = dict.fromkeys([*(one for one in done if not one.startswith(_LANDED)), _LANDED + self._landed])
        return self._said.model_copy(
            update={"done": tuple(purpose for purpose in done if purpose not in unsure), "unsure": unsure}
        )

    def to_store(self) -> str | None:
        """What is not on disk yet, as JSON; None when nothing is new. Whoever asks stores it."""
        now = self.progress
        if now == self._on_disk:
            return None
        self._on_disk = now
        return now.model_dump_json(exclude_defaults=True)

    def not_stored(self) -> None:
        """Nothing is sure to be on disk of what `to_store` gave in this try: it gives all of it once more."""
        self._on_disk = self._first

    def _doubted(self, purpose: str) -> bool:
        """Whether the adapter takes a plain answer for "it may have been done" (LeadConnector's 422 that created)."""
        said = self._said.unsure.get(purpose)
        return purpose in self._answered and said is not None and said != self._first.unsure.get(purpose)
