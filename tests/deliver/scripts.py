"""What happens in a town, made up by hypothesis: who submits what and when, and what befalls the service meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from hypothesis import strategies as st

from leadbridge.lead import Address, Lead
from leadbridge.mapping.rules import write_rules
from leadbridge.plan import MatchKey, Plan, RecordKind, TagChange, WriteRule
from tests.deliver.emulated import Fate
from tests.deliver.town import Sent

Deed: TypeAlias = tuple[Literal["arrive", "rest", "hold", "release", "replay"], int]
Whose: TypeAlias = Literal["by e-mail", "by any"]
EMAILS: Final = ("ann@example.test", "bob@example.test", "cleo@example.test")
PHONES: Final = ("+14155550101", "+14155550102", "+14155550103")
ALWAYS: Final[tuple[WriteRule, ...]] = ("always", "never")
EVERY_RULE: Final[tuple[WriteRule, ...]] = ("always", "if_empty", "on_create", "never")
_TAGS: Final = st.lists(st.sampled_from(["vip", "hot", "north"]), max_size=2, unique=True).map(tuple)
_RULED: Final = ("name", "website", "address", "company", "title", "tags", "custom:Roof size")
_TROUBLES: Final[tuple[Fate, ...]] = (
    "good", "good", "not sent", "lost before", "lost after", "503", "429", "crash before", "crash after",
)  # fmt: skip


@dataclass(frozen=True)
class Script:
    """One run of the town."""

    record: RecordKind
    sent: tuple[Sent, ...]  # in the order of arrival
    deeds: tuple[Deed, ...]
    fates: tuple[Fate, ...]

    def in_order(self) -> list[Sent]:
        """The submissions in the order of their events."""
        return [one for _, one in sorted(enumerate(self.sent), key=lambda at: (at[1].event_at, at[0]))]


@st.composite
def scripts(draw: Any, *, record: RecordKind, late: bool, whose: Whose) -> Script:
    """A run of a route. With `late` submissions also come, are held, refused and sent again out of order.

    People share phones. `by any`: some give no e-mail, so that the phone alone tells who they are.
    """
    fates = draw(st.lists(st.sampled_from((*_TROUBLES, "refused") if late else _TROUBLES), max_size=10))
    allowed = ALWAYS if late else EVERY_RULE
    rules = draw(st.dictionaries(st.sampled_from(_RULED), st.sampled_from(allowed), max_size=3))
    if "if_empty" in rules.values():
        # One by phone alone and one by e-mail alone may look at the same record at once, and both find it empty.
        whose = "by e-mail"
    replaces = draw(st.integers(0, 5)) == 0
    count = draw(st.integers(2, 7))
    plans = [draw(_plans(record, write_rules(rules), replaces, whose)) for _ in range(count)]
    noted = draw(st.sets(st.integers(0, count - 1), max_size=2))
    plans = [plan.model_copy(update={"note": f"note {at}"}) if at in noted else plan for at, plan in enumerate(plans)]
    times = draw(st.lists(st.integers(0, 4), min_size=count, max_size=count)) if late else list(range(count))
    sent = tuple(Sent(plan, at) for plan, at in zip(plans, times, strict=True))
    return Script(record=record, sent=sent, deeds=draw(_deeds(count, late=late)), fates=tuple(fates))


@st.composite
def _deeds(draw: Any, count: int, *, late: bool) -> tuple[Deed, ...]:
    deeds: list[Deed] = []
    left = count
    while left:
        together = draw(st.integers(1, left))
        left -= together
        deeds.append(("arrive", together))
        others: Sequence[str] = ("rest", "hold", "hold", "release", "replay") if late else ("rest",)
        more = st.tuples(st.sampled_from(others), st.integers(0, 6))
        deeds += draw(st.lists(more, max_size=3))
    return tuple(deeds)


@st.composite
def _plans(draw: Any, record: RecordKind, write: dict[str, WriteRule], replaces: bool, whose: Whose) -> Plan:
    keys: dict[str, Any] = {}
    email = draw(st.sampled_from(EMAILS if whose == "by e-mail" else (*EMAILS, None)))
    # Which of several people with one phone is the oldest depends on who was made first: there each has a phone.
    one_each = email and (record, whose) in (("contact", "by e-mail"), ("person", "by any"))
    own = PHONES[EMAILS.index(email) :][:1] if one_each else PHONES
    always = not email or (record, whose) == ("person", "by any")
    phone = draw(st.sampled_from(own)) if always else draw(st.none() | st.sampled_from(own))
    keys |= {key: value for key, value in (("email", email), ("phone", phone)) if value}
    first, last = draw(st.sampled_from([(None, None), ("Ann", None), ("Ann", "Lee"), ("Bo", "Ray")]))
    keys |= {key: value for key, value in (("first_name", first), ("last_name", last)) if value}
    if first:
        keys["name"] = f"{first} {last}" if last else first
    for key, values in (
        ("company", ["Acme", "Umbrella", None]),
        ("title", ["Boss", "Chief", None]),
        ("website", ["a.example", "b.example"]),
        ("address", [Address(city="Austin"), Address(street="1 Elm St", city="Dallas"), Address(street="2 Oak St")]),
        ("tags", [("vip",), ("cold",)]),
    ):
        if draw(st.integers(0, 2)) == 0:
            keys[key] = draw(st.sampled_from(values))
    tags = TagChange(replace=draw(_TAGS)) if replaces else TagChange(add=draw(_TAGS), remove=draw(_TAGS))
    custom = {"Roof size": draw(st.integers(1, 3))} if draw(st.integers(0, 3)) == 0 else {}
    match = MatchKey(by="email", value=email) if email else MatchKey(by="phone", value=phone)
    return Plan(
        record=record,
        lead=Lead(**keys),
        match=match,
        # People with several e-mails may have one phone. The newest one of them Copper's search shows a minute late.
        on_many="oldest",
        tags=tags,
        write=write,
        custom_fields=custom,
    )
