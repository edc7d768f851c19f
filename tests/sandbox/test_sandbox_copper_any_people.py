"""Whatever is done with people, in whatever order, an e-mail is one person's, and an update changes what it names."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.events import Json
from leadbridge.sandbox.copper.account import Account
from leadbridge.sandbox.copper.problems import Invalid
from leadbridge.sandbox.options import CopperOptions, SandboxOptions
from leadbridge.sandbox.world import World

from .copper_support import work
from .support import StillClock

EMAILS = st.lists(st.sampled_from(["a@b.test", "A@B.test", "c@b.test", " c@b.test", "d@b.test"]), max_size=3)
KEY = {"custom_field_definition_id": 100764}
ATTRIBUTES: dict[str, st.SearchStrategy[Json]] = {
    "emails": EMAILS.map(lambda emails: work(*emails)) | st.none(),
    "name": st.sampled_from(["Ann Lee", "Bob", None]),
    "first_name": st.sampled_from(["Ann", None]),
    "title": st.sampled_from(["CTO", None]),
    "tags": st.lists(st.sampled_from(["vip", "web"]), max_size=2) | st.none(),
    "contact_type_id": st.sampled_from([451491, 451492, None]),
    "phone_numbers": st.just([{"number": "1", "category": "work"}]) | st.none(),
    "custom_fields": st.sampled_from([[{**KEY, "value": "k1"}], [{**KEY, "value": None}]]),
}
WRITES = st.fixed_dictionaries({}, optional=ATTRIBUTES)
CALLS = st.tuples(st.sampled_from(["create", "update", "update", "delete"]), st.integers(0, 3), WRITES)
NAMED = {"name", "prefix", "first_name", "middle_name", "last_name", "suffix"}  # one follows from the others


def emptied(value: Json) -> Json:
    return None if value == [] else value


@given(calls=st.lists(CALLS, max_size=25), case=st.sampled_from(["ignore", "exact"]))
def test_people_keep_their_emails_to_themselves_and_what_is_not_written(
    calls: list[tuple[str, int, dict[str, Any]]], case: Any
) -> None:
    options = SandboxOptions(copper=CopperOptions(email_case=case))
    people = Account("acme", World(clock=StillClock(), options=options)).people
    for verb, target, write in calls:
        held = list(people)
        before = [people.answer(one) for one in held]
        try:
            if verb == "create" or target >= len(held):
                people.create({"name": "Cy", **write}, lost=frozenset())
            elif verb == "delete":
                people.delete(held[target])
            else:
                after = people.answer(people.update(held[target], write, lost=frozenset()))
                untouched = after.keys() - write.keys() - {"date_modified"} - (NAMED if NAMED & write.keys() else set())
                assert {key: after[key] for key in untouched} == {key: before[target][key] for key in untouched}
                cleared = [key for key, value in write.items() if value is None]
                assert not [key for key in cleared if emptied(after[key]) is not None]
        except Invalid:
            assert [people.answer(one) for one in people] == before

        listed = [email for one in people for email in one.emails()]
        forms = [email.strip() if case == "exact" else email.strip().lower() for email in listed]
        assert len(forms) == len(set(forms))
        for one in people:
            assert all(people.matching("email", email) == [one] for email in one.emails())
