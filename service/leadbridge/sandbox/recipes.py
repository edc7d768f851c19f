"""The trouble that CRMs really make, by name: ready faults for a demonstration or a test."""

from dataclasses import dataclass
from typing import Final

from leadbridge.sandbox.faults import Delay, Drip, Drop, Fault, Html, Huge, LoseField, Malformed, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A fault, what it stands for, and what leadbridge is to make of it."""

    story: str
    fault: Fault
    outcome: str


RECIPES: Final[dict[str, Recipe]] = {
    "outage": Recipe(
        story="The CRM is away until the fault is lifted; a server in front of it answers a page.",
        fault=Fault(action=Html()),
        outcome="Retried until it is back; delivered once.",
    ),
    "maintenance": Recipe(
        story="The CRM says three times that it is not available, and when to come again.",
        fault=Fault(action=Status(status=503, headers={"retry-after": "2"}), times=3),
        outcome="Retried when it says; delivered once.",
    ),
    "too-many-requests": Recipe(
        story="Another tool has used up the account's quota.",
        fault=Fault(action=Status(status=429, headers={"retry-after": "1"}), times=3),
        outcome="Retried when it says; delivered once.",
    ),
    "locked-out": Recipe(
        story="The credentials are refused until the fault is lifted.",
        fault=Fault(action=Status(status=401)),
        outcome="The account is held and probed; delivered by itself once it works again.",
    ),
    "slow": Recipe(
        story="Every answer takes a second more.",
        fault=Fault(action=Delay(seconds=1)),
        outcome="Delivered, later.",
    ),
    "no-answer": Recipe(
        story="A call is done, and its answer comes long after anyone waits.",
        fault=Fault(action=Delay(seconds=3600, commit=True), times=1),
        outcome="Tried again after the deadline; one record.",
    ),
    "lost-call": Recipe(
        story="The connection breaks before the CRM does anything.",
        fault=Fault(action=Drop(), times=1),
        outcome="Tried again; delivered once.",
    ),
    "lost-answer": Recipe(
        story="The CRM does its work, and the connection breaks before its answer.",
        fault=Fault(action=Drop(commit=True), times=1),
        outcome="Tried again; one record.",
    ),
    "refused-but-done": Recipe(
        story="The CRM does its work, and answers that the call is invalid.",
        fault=Fault(action=Status(status=422, commit=True), times=1),
        outcome="Failed with the CRM's words; one record.",
    ),
    "lost-tags": Recipe(
        story="Tags are not stored, and nobody says so.",
        fault=Fault(action=LoseField(field="tags")),
        outcome="Delivered with a warning that names the tags.",
    ),
    "half-an-answer": Recipe(
        story="Half of the answer arrives as if it were all.",
        fault=Fault(action=Malformed(), times=1),
        outcome="Tried again; one record.",
    ),
    "dripping": Recipe(
        story="The answer comes byte by byte.",
        fault=Fault(action=Drip(pause=0.001)),
        outcome="Delivered once, if it is complete before the deadline; else tried again, one record.",
    ),
    "stuck": Recipe(
        story="The answer stops in the middle, and the connection stays open.",
        fault=Fault(action=Drip(piece=20, pause=0, stop_after=20), times=1),
        outcome="Tried again after the deadline; one record.",
    ),
    "broken-off": Recipe(
        story="The connection breaks in the middle of a good answer.",
        fault=Fault(action=Drip(piece=20, pause=0, stop_after=20, close=True), times=1),
        outcome="Tried again; one record.",
    ),
    "flood": Recipe(
        story="The answer is larger than anyone reads.",
        fault=Fault(action=Huge(), times=1),
        outcome="Read up to a bound, and tried again; one record.",
    ),
    "third-write": Recipe(
        story="Two upserts go well, the third does not.",
        fault=Fault(action=Status(status=500), path="/*/upsert", after=2, times=1),
        outcome="Retried; delivered once.",
    ),
    "flaky": Recipe(
        story="One call in five fails, the same ones each time.",
        fault=Fault(action=Status(status=503), probability=0.2),
        outcome="Retried; delivered once.",
    ),
}
