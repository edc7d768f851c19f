"""What is declared secret or personal never comes through `masked`; what a stranger wrote is `harmless`."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, ConfigDict, SecretBytes, SecretStr

from leadbridge.lead import Address, Lead, Utm
from leadbridge.masking import MASK, PERSONAL, harmless, masked
from leadbridge.outcome import Candidate, WriteWarning
from leadbridge.plan import FieldWarning, MatchKey, Plan, TagChange
from tests.support.walked import walked

# The keys of a lead that do not tell who a person is, and why.
TELLS_NOBODY = {
    "prefix": "Dr. and Ms. are shared by millions",
    "suffix": "so is Jr.",
    "company": "names a firm",
    "title": "a job, held by many",
    "website": "a firm's, as CRMs mean it",
    "websites": "likewise",
    "address.state": "too large to tell anybody",
    "address.country": "likewise",
    "source": "how the lead came, in the operator's words",
    "tags": "the operator's words",
    "owner": "a colleague, named by the operator's own configuration",
    "status": "a CRM's word",
    "value": "an amount",
    "timezone": "too large to tell anybody",
    "consent": "yes or no, or a list's name",
    "dnd": "yes or no",
    "utm.source": "a campaign's words",
    "utm.medium": "likewise",
    "utm.campaign": "likewise",
    "utm.term": "likewise",
    "utm.content": "likewise",
}


def test_every_key_of_a_lead_that_tells_who_a_person_is_is_declared() -> None:
    assert set(undeclared(Lead)) == TELLS_NOBODY.keys()


def undeclared(model: type[BaseModel], place: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if PERSONAL in field.metadata:
            continue
        inner = [one for one in (Address, Utm) if one in get_args(field.annotation)]
        yield from undeclared(inner[0], f"{place}{name}.") if inner else [f"{place}{name}"]


@walked("model", [Lead, Address, Plan, MatchKey, FieldWarning, WriteWarning, Candidate])
def test_a_declaration_stands_where_it_is_found(model: type[BaseModel]) -> None:
    """`Personal[str] | None` would hide it from `masked`; it must be `Personal[str | None]`."""
    for name, field in model.model_fields.items():
        assert "PERSONAL" not in str(field.annotation), name


class Account(BaseModel):
    token: SecretStr
    sealed: SecretBytes = SecretBytes(b"")
    label: str = "main"


class Person(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: Annotated[str | None, PERSONAL] = None
    city: str | None = None
    account: Account | None = None
    others: tuple["Person", ...] = ()


SECRET = Account(token=SecretStr("hush"))


@walked(
    ("value", "shown"),
    [
        pytest.param("text", "text", id="text"),
        pytest.param(7, 7, id="a number"),
        pytest.param(None, None, id="nothing"),
        pytest.param(b"bytes", b"bytes", id="bytes are not walked"),
        pytest.param(SecretStr("hush"), MASK, id="a secret"),
        pytest.param(SecretBytes(b"hush"), MASK, id="secret bytes"),
        pytest.param(SECRET, {"token": MASK}, id="unset fields are left out"),
        pytest.param(Person(name="Ann", city="Oakland"), {"name": MASK, "city": "Oakland"}, id="a person"),
        pytest.param(Person(name=None, city=None), {"name": None, "city": None}, id="nothing needs no mask"),
        pytest.param(Person(name=""), {"name": ""}, id="an empty text needs none"),
        pytest.param(Person(account=SECRET), {"account": {"token": MASK}}, id="a nested model"),
        pytest.param(Person(others=(Person(name="Bo"),)), {"others": [{"name": MASK}]}, id="models in a tuple"),
        pytest.param({"who": [Person(name="Bo")]}, {"who": [{"name": MASK}]}, id="models in a dict's list"),
        pytest.param((SecretStr("hush"), 1), [MASK, 1], id="a tuple"),
        pytest.param({SecretStr("hush")}, [MASK], id="a set"),
        pytest.param(Person.model_validate({"note": SECRET}), {"note": {"token": MASK}}, id="an extra field"),
        pytest.param(IPv4Network("10.0.0.0/8"), IPv4Network("10.0.0.0/8"), id="what only looks like a list"),
    ],
)
def test_a_value_is_masked_by_its_declarations(value: Any, shown: Any) -> None:
    assert masked(value) == shown


def test_a_plan_can_be_logged() -> None:
    plan = Plan(
        record="lead",
        lead=Lead(
            name="Ann Lee", email="ann@example.com", company="Lee Homes", address=Address(city="Oakland", state="CA")
        ),
        match=MatchKey(by="email", value="ann@example.com"),
        custom_fields={"Budget": 100_000},
        tags=TagChange(add=("web",)),
        warnings=(FieldWarning(field="phone", problem="is no phone number", got="call me"),),
    )
    assert masked(plan) == {
        "record": "lead",
        "lead": {"name": MASK, "email": MASK, "company": "Lee Homes", "address": {"city": MASK, "state": "CA"}},
        "match": {"by": "email", "value": MASK},
        "custom_fields": MASK,
        "tags": {"add": ["web"]},
        "warnings": [{"field": "phone", "problem": "is no phone number", "got": MASK}],
    }


@walked(
    ("text", "shown"),
    [
        ("Zoë 李 👩‍💻 [red]", "Zoë 李 👩‍💻 [red]"),
        ("two\nlines\r\n\tin", r"two\nlines\r\n\tin"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x9b31m\x07", r"\x9b31m\x07"),
        ("abc\u202etxt.exe", r"abc\u202etxt.exe"),
        ("half \ud800 of a pair", r"half \ud800 of a pair"),
    ],
)
def test_a_strangers_text_has_no_power_over_a_terminal(text: str, shown: str) -> None:
    assert harmless(text) == shown
