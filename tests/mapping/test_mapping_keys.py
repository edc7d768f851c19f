"""The keys by which deliveries about one person are kept in order."""

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.events import Json
from tests.mapping.mapping_of import planned

OPTIONS = {
    "match": ["custom:External ID", "email", "phone", "name"],
    "on_no_match_key": "create",
    "lead": {
        "email": "{{ fields.email }}",
        "emails": "{{ fields.emails }}",
        "phone": "{{ fields.phone }}",
        "phones": "{{ fields.phones }}",
        "name": "{{ fields.name }}",
    },
    "custom_fields": {"External ID": "{{ fields.id }}"},
}


def keys(**fields: Json) -> tuple[str, ...]:
    return planned(OPTIONS, fields).keys


def test_every_email_and_phone_and_the_match_key_make_one_key_each() -> None:
    found = keys(
        email="ann@example.com",
        emails=["ann@example.com", "lee@example.com"],
        phone="214 555 0100",
        phones=["972 555 0101"],
        id="X1",
    )
    assert [key.rpartition(":")[0] for key in found] == ["custom:External ID", "email", "email", "phone", "phone"]
    assert list(found) == sorted(set(found))


def test_the_keys_are_the_same_in_every_version() -> None:
    assert keys(email="ann@example.com", phone="214 555 0100") == (
        "email:bdc9b4b08dfec1038783",
        "phone:edbe91fd226ae6ada43f",
    )


def test_what_is_told_apart_by_formatting_alone_has_the_same_keys() -> None:
    plain = keys(email="ann@example.com", phone="+12145550100")
    assert keys(email=" ANN@Example.com ", phone="(214) 555-0100") == plain
    assert keys(email="Ann <ann@example.com>", phone="1-214-555-0100") == plain
    assert keys(emails="ann@example.com", phones="214.555.0100") == plain
    assert keys(id="X1") == keys(id=" X1 ")
    assert keys(name="Ann Lee") == keys(name="ANN  LEE")


def test_an_email_is_never_taken_for_a_phone_or_a_match_value() -> None:
    assert not set(keys(email="x1@example.com")) & set(keys(id="x1@example.com"))


def test_without_anything_to_tell_the_person_by_there_are_no_keys() -> None:
    assert keys(phone="call me", email="nonsense") == ()


def test_nothing_personal_can_be_read_in_a_key() -> None:
    text = " ".join(keys(email="ann@example.com", phone="214 555 0100", id="AB-17"))
    assert not any(word in text for word in ("ann", "example", "214", "5550100", "AB-17"))


@given(
    digits=st.from_regex(r"[2-9][0-8][0-9][2-9][0-9]{6}", fullmatch=True),
    template=st.sampled_from(["+1{}", "1{}", "({0:.3}) {0:}", "{}"]),
)
def test_a_phone_number_has_one_key_however_it_is_written(digits: str, template: str) -> None:
    written = f"({digits[:3]}) {digits[3:6]}-{digits[6:]}" if "(" in template else template.format(digits)
    assert keys(phone=written) == keys(phone=f"+1{digits}")


@given(
    fields=st.dictionaries(st.sampled_from(["email", "emails", "phone", "phones", "name", "id"]), st.text(max_size=30))
)
def test_any_text_in_a_form_is_mapped(fields: dict[str, str]) -> None:
    result = planned(OPTIONS, dict(fields))
    assert result.hold is None
    assert list(result.keys) == sorted(set(result.keys))
