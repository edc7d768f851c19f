"""Write rules, notes and second contacts, from the route to the plan."""

from typing import Any

from leadbridge.events import Event, FilePart
from leadbridge.mapping import Planned, SourceContext, map_event
from leadbridge.mapping.notes import note_of
from leadbridge.mapping.rules import write_rules
from leadbridge.plan import LONGEST_NOTE, Plan
from tests.mapping.mapping_of import mapped, planned, route

EMAIL = {"email": "{{ fields.email }}"}
FORM: dict[str, Any] = {
    "Full name": "Ann Lee",
    "email": "ann@example.com",
    "Colours": ["red", "blue"],
    "Message": "Please call me.\nAfter six.",
    "Newsletter": True,
    "empty": " ",
    "nothing": None,
}


def _event(fields: dict[str, Any] = FORM, **more: Any) -> Event:
    return Event(fields=fields, raw=None, **more)


def _plan(**options: Any) -> Plan:
    return planned({"lead": EMAIL, **options}, FORM).plan


def test_the_message_comes_first_and_every_other_field_in_the_order_of_the_form() -> None:
    meta = {"page_url": "https://example.com/contact", "submitted_at": "2026-11-02T09:15:00Z"}

    assert note_of(_event(meta=meta), message=None) == (
        "Please call me.\nAfter six.\n\n"
        "Full name: Ann Lee\nemail: ann@example.com\nColours: red, blue\nNewsletter: yes\n\n"
        "Page: https://example.com/contact\nSubmitted: 2026-11-02T09:15:00Z"
    )


def test_the_leads_own_message_is_the_message() -> None:
    plan = _plan(lead={**EMAIL, "message": "{{ fields['Full name'] }}"}, note=True)

    assert (plan.note or "").startswith("Ann Lee\n\nemail: ann@example.com\nColours: red, blue\nMessage: Please call")


def test_a_second_name_of_a_field_is_no_line_of_its_own() -> None:
    event = _event({"8fA2": "yes", "Do you own it?": "yes"}, second_names=("8fA2",))

    assert note_of(event, message=None) == "Do you own it?: yes"


def test_files_are_named_and_the_time_is_the_events_where_the_sender_gives_none_in_words() -> None:
    file = FilePart(name="roof.jpg", content_type="image/jpeg", size=9, sha256="00")
    event = _event({"photo": "roof.jpg"}, files=(file,), event_at=1_793_610_900_000)

    assert note_of(event, message=None) == "photo: roof.jpg\n\nSubmitted: 2026-11-02T09:15:00+00:00"


def test_a_note_is_bounded_and_says_what_is_left_out() -> None:
    many = {f"field {number}": "x" * 500 for number in range(20)}
    note = note_of(
        _event({"long": "y" * 20_000, **many}, meta={"page_url": "https://example.com"}), message="z" * 3_000
    )

    assert len(note) <= LONGEST_NOTE
    assert note.endswith("… and 19 more fields\n\nPage: https://example.com")
    assert f"long: {'y' * 999}…\n" in note
    assert len(note_of(_event({}), message="m" * 10_000)) <= LONGEST_NOTE


def test_half_a_character_is_in_no_note() -> None:
    assert note_of(_event({"a": "b\ud800"}), message=None) == "a: b?"


def test_the_same_event_gives_the_same_note() -> None:
    assert note_of(_event(), message=None) == note_of(_event(), message=None)


def test_a_route_says_whether_there_is_a_note_and_what_is_in_it() -> None:
    assert _plan().note is None
    assert _plan(note=False).note is None
    assert (_plan(note=True).note or "").startswith("Please call me.")
    assert _plan(note="Wants {{ fields.Colours }} ").note == "Wants red, blue"
    assert _plan(note="{{ fields.missing }}").note is None
    assert (_plan(note="{{ fields.Newsletter }}").note or "").startswith("Please call me.")
    assert _plan(note="{{ fields.Newsletter and false }}").note is None
    assert len(_plan(note="{{ fields.email }}" + "x" * 9_000).note or "") == LONGEST_NOTE


def test_a_filtered_submission_makes_no_note() -> None:
    assert not isinstance(mapped({"lead": EMAIL, "when": "{{ false }}", "note": True}, FORM), Planned)


def test_a_plan_without_these_options_is_stored_as_short_as_before() -> None:
    assert {"write", "note", "allow_duplicates"}.isdisjoint(_plan().model_dump(exclude_unset=True))


def test_rules_reach_the_plan_with_those_for_keys_that_are_filled_from_others() -> None:
    plan = _plan(write={"name": "if_empty", "last_name": "always", "phones": "on_create", "tags": "merge"})

    assert plan.write == {
        "name": "if_empty",
        "first_name": "if_empty",
        "middle_name": "if_empty",
        "prefix": "if_empty",
        "suffix": "if_empty",
        "last_name": "always",
        "phone": "on_create",
        "phones": "on_create",
    }


def test_a_rule_of_its_own_goes_first_and_a_part_says_nothing_of_the_whole() -> None:
    assert write_rules({"email": "never", "emails": "always"}) == {"email": "never", "emails": "always"}
    assert write_rules({"first_name": "never"}) == {"first_name": "never"}


def test_second_contacts_are_asked_for_in_the_plan() -> None:
    assert _plan(allow_duplicates=True).allow_duplicates
    assert not _plan(note=True).allow_duplicates


def test_each_route_has_its_own_note() -> None:
    results = map_event(
        _event(),
        source=SourceContext(name="website"),
        routes=[route(lead=EMAIL, note="one", name="a"), route(lead=EMAIL, name="b")],
        record_of=lambda _route: "lead",
    )

    assert [one.plan.note for one in results if isinstance(one, Planned)] == ["one", None]
