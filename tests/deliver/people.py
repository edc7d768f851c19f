"""Plans of people as mapping makes them, made up by hypothesis."""

from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from leadbridge.lead import Address, Lead
from leadbridge.plan import MatchKey, Plan, TagChange, WriteRule

ANN: Final = "ann@example.test"
FIRST: Final = ("Ann", "Bob", "Cleo")
LAST: Final = ("Lee", "Ray", "Ng")
RULED: Final = ("name", "email", "phone", "website", "address", "company", "source", "tags", "custom:Budget")
_FAMILIES: Final = {
    "name": ("name", "first_name", "last_name"),
    "email": ("email", "emails"),
    "phone": ("phone", "phones"),
    "website": ("website", "websites"),
}
_TAGS: Final = st.lists(st.sampled_from(["vip", "VIP", "hot", "cold", "north"]), max_size=3, unique=True).map(tuple)
_PHONES: Final = ("+14155550101", "+14155550102", "+14155550103")
# Made once: to make strategies anew for every lead takes longer than to draw from them.
_MAYBE_FIRST: Final = st.none() | st.sampled_from(FIRST)
_MAYBE_LAST: Final = st.none() | st.sampled_from(LAST)
_REACHED: Final = tuple(
    (one, many, st.lists(st.sampled_from(items), max_size=2, unique=True))
    for one, many, items in (
        ("email", "emails", ("a@example.test", "b@example.test")),
        ("phone", "phones", _PHONES),
        ("website", "websites", ("a.example", "b.example")),
    )
)
_WORDS: Final = st.none() | st.sampled_from(["Acme", "Website", "Umbrella"])
_PART: Final = st.none() | st.sampled_from(["1", "2"])
_ADDRESS: Final = st.fixed_dictionaries({}, optional={"city": _PART, "street": _PART})
_BUDGET: Final = st.none() | st.integers(0, 3)
_SIXTH: Final = st.integers(0, 5)
_COIN: Final = st.booleans()


def plan_of_ann(
    *,
    tags: TagChange | None = None,
    write: dict[str, WriteRule] | None = None,
    custom: dict[str, Any] | None = None,
    **keys: Any,
) -> Plan:
    """A plan that writes these keys of the lead to Ann's record."""
    return Plan(
        record="lead",
        lead=Lead(**keys),
        match=MatchKey(by="email", value=ANN),
        tags=tags or TagChange(),
        write=write or {},
        custom_fields=custom or {},
    )


@cache
def rules(
    allowed: tuple[WriteRule, ...] = ("always", "merge", "if_empty", "on_create", "never"),
) -> st.SearchStrategy[dict[str, WriteRule]]:
    """Rules as a route has them: keys that are filled from one another share one."""
    return st.dictionaries(st.sampled_from(RULED), st.sampled_from(allowed), max_size=4).map(
        lambda given: {key: rule for head, rule in given.items() for key in _FAMILIES.get(head, (head,))}
    )


@st.composite
def _leads(draw: Any) -> Lead:
    keys: dict[str, Any] = {}
    first, last = draw(_MAYBE_FIRST), draw(_MAYBE_LAST)
    parts = {key: part for key, part in (("first_name", first), ("last_name", last)) if part}
    if parts:
        keys |= {**parts, "name": " ".join(parts.values())}
    for one, many, addresses in _REACHED:
        found = draw(addresses)
        if found:
            keys[one] = found[0]
        elif draw(_SIXTH) == 0:
            keys[one] = None  # cleared on purpose
        if len(found) > 1:
            keys[many] = tuple(found)
    for key in ("company", "source", "title"):
        if draw(_COIN):
            keys[key] = draw(_WORDS)
    address = draw(_ADDRESS)
    if address:
        keys["address"] = Address(**address)
    if draw(_COIN):
        keys["tags"] = draw(_TAGS)
    return Lead(**keys)


@st.composite
def plans(draw: Any, *, write: dict[str, WriteRule], replaces: bool) -> Plan:
    """One submission's plan for a route with these rules, which replaces the tags or not."""
    lead = draw(_leads())
    tags = TagChange(replace=draw(_TAGS)) if replaces else TagChange(add=draw(_TAGS), remove=draw(_TAGS))
    match = MatchKey(by="email", value=lead.email) if lead.email else None
    custom = {"Budget": draw(_BUDGET)} if draw(_COIN) else {}
    return Plan(record="lead", lead=lead, match=match, tags=tags, write=write, custom_fields=custom)


@st.composite
def histories(draw: Any, *, write: st.SearchStrategy[dict[str, WriteRule]], at_most: int = 5) -> list[Plan]:
    """The plans of one route and person in the order of their events."""
    rules_of_route, replaces = draw(write), draw(_COIN)
    history: list[Plan] = draw(st.lists(plans(write=rules_of_route, replaces=replaces), min_size=1, max_size=at_most))
    return history
