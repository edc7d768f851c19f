"""Whatever is written in whatever order, an upsert finds exactly the leads that hold the value."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.events import Json
from leadbridge.sandbox.copper.account import Account
from leadbridge.sandbox.copper.records import Record
from leadbridge.sandbox.index import Index
from leadbridge.sandbox.options import SandboxOptions
from leadbridge.sandbox.world import World

from .support import StillClock

EMAILS = ("a@b.test", "A@B.test", "c@b.test")
NAMES = ("Ann", "Bob")
KEYS = ("k1", "k2", None)
writes = st.fixed_dictionaries(
    {"target": st.integers(min_value=0, max_value=4)},
    optional={
        "email": st.sampled_from(EMAILS),
        "name": st.sampled_from(NAMES),
        "key": st.sampled_from(KEYS),
        "delete": st.just(True),
    },
)


def properties(write: dict[str, Any]) -> dict[str, Json]:
    values: dict[str, Json] = {"name": write["name"]} if "name" in write else {}
    if "email" in write:
        values["email"] = {"email": write["email"], "category": "work"}
    if "key" in write:
        values["custom_fields"] = [{"custom_field_definition_id": 100764, "value": write["key"]}]
    return values


def email_of(lead: Record) -> str | None:
    email = lead.values.get("email")
    return email["email"].lower() if email else None


@given(st.lists(writes, max_size=30))
def test_matching_finds_what_a_look_through_all_leads_finds(listed: list[dict[str, Any]]) -> None:
    account = Account("acme", World(clock=StillClock(), options=SandboxOptions()))
    for write in listed:
        leads = list(account.leads)
        if write["target"] >= len(leads):
            account.leads.create({"name": "Cy", **properties(write)}, lost=frozenset())
        elif "delete" in write:
            account.leads.delete(leads[write["target"]])
        else:
            account.leads.update(leads[write["target"]], properties(write), lost=frozenset())

    for email in EMAILS:
        assert {lead.id for lead in account.leads.matching("email", email)} == {
            lead.id for lead in account.leads if email_of(lead) == email.lower()
        }
    for name in (*NAMES, "Cy"):
        assert {lead.id for lead in account.leads.matching("name", name)} == {
            lead.id for lead in account.leads if lead.values["name"] == name
        }
    for key in KEYS[:2]:
        assert {lead.id for lead in account.leads.matching(100764, key)} == {
            lead.id for lead in account.leads if lead.custom_fields.get(100764) == key
        }


def test_an_index_forgets_keys_that_nobody_holds() -> None:
    index: Index[int] = Index()
    index.move(1, before=(), after=("a", "b"))
    index.move(2, before=(), after=("a",))
    index.move(1, before=("a", "b"), after=("b",))

    assert (index.ids("a"), index.ids("b"), index.ids("c")) == ((2,), (1,), ())
