"""What a lane knows of its account (custom fields, users): asked once, shared, believed for a while."""

from collections.abc import Mapping
from typing import Final

from leadbridge.crm.adapter import Answer, Call

MOST_AGE: Final = 600.0  # seconds the answers are believed


class AccountFacts:
    """Answers to `shared` calls, by their purpose. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}
        self._since = 0.0
        self._complete = False

    def known(self) -> Mapping[str, Answer]:
        """The answers as they are now; a copy that later ones do not change."""
        return dict(self._answers)

    def complete(self, now: float) -> bool:
        """Whether a delivery went through with them, so that none is missing. What is too old is forgotten."""
        if self._answers and now - self._since > MOST_AGE:
            self.forget()
        return self._complete

    def learn(self, call: Call, answer: Answer, *, now: float) -> None:
        """Keep a good answer to a shared call."""
        if call.shared and answer.ok:
            if not self._answers:
                self._since = now
            self._answers[call.purpose] = answer

    def went_through(self, given: Mapping[str, Answer]) -> None:
        """A delivery that was begun with the answers `given` needed no more than these, if they are still believed."""
        if all(self._answers.get(purpose) is answer for purpose, answer in given.items()):
            self._complete = True

    def forget(self) -> None:
        """Know nothing of the account: it is asked anew when it is needed next."""
        self._answers = {}
        self._complete = False
