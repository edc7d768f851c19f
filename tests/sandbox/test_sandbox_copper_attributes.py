"""What the emulated Copper keeps of a lead's attributes, and what it says of those it refuses."""

import pytest

from leadbridge.events import Json
from leadbridge.sandbox import CopperSeed
from leadbridge.sandbox.copper.catalog import DataType, Definition
from tests.support.walked import walked

from .copper_support import INVALID, switched
from .support import Bench, upsert_by_email

ID_MISSING = "Custom Fields: Invalid value for Custom Field Definition Id: IDs must be positive integers: None"
ENTRY_BROKEN = "Custom Fields: must be objects of custom_field_definition_id and value"


async def message(bench: Bench, properties: dict[str, Json]) -> str:
    answer = await bench.copper("POST", "/leads", {"name": "A", **properties})
    assert answer.status_code == 422, answer.text
    assert (await bench.control.state("copper"))["copper"]["acme"]["leads"] == []
    return str(answer.json()["message"]).removeprefix(INVALID)


async def custom_value(bench: Bench, definition: int, value: Json) -> Json:
    entry = {"custom_field_definition_id": definition, "value": value}
    answer = await bench.copper("POST", "/leads", {"name": "A", "custom_fields": [entry]})
    if answer.status_code != 200:
        return answer.status_code
    fields = {field["custom_field_definition_id"]: field["value"] for field in answer.json()["custom_fields"]}
    return fields[definition]


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"assignee_id": "test"}, "Assignee Id: Invalid value for Assignee Id: IDs must be positive integers: test"),
        ({"status_id": 1}, "Status Id: Invalid value for Status Id: 1"),
        ({"status": "Lost"}, "Status: Invalid value for Status: Lost"),
        ({"customer_source_id": 1}, "Customer Source Id: Invalid value for Customer Source Id: 1"),
        ({"title": 5}, "Title: must be a string"),
        ({"assignee_id": 1}, "Assignee Id: Invalid value for Assignee Id: 1"),
        ({"email": {"email": "a@b.test", "kind": "work"}}, "Base: Unrecognized attributes specified: kind"),
        ({"custom_fields": {}}, "Custom Fields: must be an array"),
        ({"custom_fields": [{"value": 1}]}, ID_MISSING),
        ({"custom_fields": [{"custom_field_definition_id": 100764}]}, ENTRY_BROKEN),
        ({"monetary_value": "10"}, "Monetary Value: is not a number"),
        ({"tags": "web"}, "Tags: must be an array of strings"),
        ({"email": "a@b.test"}, "Email: must be an object of email and category"),
        ({"email": {"email": "nobody", "category": "work"}}, "Email: Invalid value for Email: nobody"),
        ({"email": {"email": "a@b.test", "category": ["work"]}}, "Email: Invalid value for Category: ['work']"),
        ({"email": {"email": "a@b.test"}}, "Email: Invalid value for Category: None"),
        ({"phone_numbers": [{"number": "", "category": "work"}]}, "Phone Numbers: Number can't be blank"),
        ({"phone_numbers": {"number": "1", "category": "work"}}, "Phone Numbers: must be an array"),
        ({"websites": [{"url": "x.test", "category": "blog"}]}, "Websites: Invalid value for Category: blog"),
        ({"address": "Main St"}, "Address: must be an object"),
        ({"address": {"zip": "1"}}, "Base: Unrecognized attributes specified: zip"),
        ({"address": {"city": 1}}, "Address City: must be a string"),
        ({"id": 5, "date_created": 1}, "Base: Unrecognized attributes specified: id, date_created"),
        ({"nmae": "x", "title": 5}, "Base: Unrecognized attributes specified: nmae\nTitle: must be a string"),
    ],
)
async def test_an_attribute_that_is_wrong_is_named_and_nothing_is_written(
    properties: dict[str, Json], problem: str
) -> None:
    assert await message(Bench(), properties) == problem


@walked(
    ("definition", "value", "kept"),
    [
        (100764, "x" * 255, "x" * 255),
        (100764, "x" * 256, 422),
        (100764, 5, 422),
        (100765, 12.5, 12.5),
        (100765, "12.5", 422),
        (100765, True, 422),
        (100766, [2082400, 2082401, 2082400], [2082400, 2082401]),
        (100766, [1], 422),
        (100766, 2082400, 422),
        (100766, None, []),
        (100767, 2082300, 2082300),
        (100767, "Starter", 422),
        (100768, False, False),
        (100768, "yes", 422),
        (100769, "11/29/2017", 1511942400),
        (100769, 1511942400, 1511942400),
        (100769, "2017-11-29", 422),
        (100769, "02/30/2017", 422),
        (100769, 10**15, 422),
        (100764, None, None),
        (100769, None, None),
    ],
)
async def test_a_custom_field_takes_its_own_type_alone(definition: int, value: Json, kept: Json) -> None:
    assert await custom_value(Bench(), definition, value) == kept


@walked(
    ("data_type", "value", "kept"),
    [
        ("Connect", [{"id": 5, "type": "company"}], [{"id": 5, "type": "company"}]),
        ("Connect", 5, 422),
        ("Text", "x" * 300, "x" * 300),
        ("URL", "https://a.test", "https://a.test"),
        ("URL", "x" * 256, 422),
        ("Percentage", 12.5, 12.5),
        ("Float", "12", 422),
    ],
)
async def test_a_custom_field_of_a_seeded_type_takes_that_type_alone(
    data_type: DataType, value: Json, kept: Json
) -> None:
    bench = Bench()
    definition = Definition(id=55, name="Seeded", data_type=data_type)
    await bench.control.seed(CopperSeed(account="acme", custom_field_definitions=(definition,)))

    assert await custom_value(bench, 55, value) == kept


async def test_a_date_can_be_answered_as_text() -> None:
    assert await custom_value(switched(date_echo="text"), 100769, 1511942400) == "11/29/2017"


async def test_custom_fields_that_are_not_sent_keep_their_value_and_null_clears() -> None:
    bench = Bench()
    both = [
        {"custom_field_definition_id": 100764, "value": "k1"},
        {"custom_field_definition_id": 100765, "value": 5},
    ]
    await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test", custom_fields=both, title="T"))
    cleared = [{"custom_field_definition_id": 100765, "value": None}]
    answer = await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test", custom_fields=cleared, title=None))

    assert both[0] in answer.json()["custom_fields"]
    assert cleared[0] in answer.json()["custom_fields"]
    assert answer.json()["title"] is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"name": "Dr. Ann Maria Lee Jr."}, ("Dr.", "Ann", "Maria", "Lee", "Jr.", "Dr. Ann Maria Lee Jr.")),
        ({"name": "Cher"}, (None, "Cher", None, None, None, "Cher")),
        ({"first_name": "Ann"}, (None, "Ann", None, None, None, "Ann")),
        ({"name": "Ann Lee", "last_name": "Li"}, (None, "Ann", None, "Li", None, "Ann Lee")),
    ],
)
async def test_a_name_is_read_into_its_parts(values: dict[str, Json], expected: tuple[str | None, ...]) -> None:
    lead = (await Bench().copper("POST", "/leads", values)).json()
    parts = ("prefix", "first_name", "middle_name", "last_name", "suffix", "name")

    assert tuple(lead[part] for part in parts) == expected


async def test_a_name_cannot_be_cleared() -> None:
    bench = Bench()
    lead = (await bench.copper("POST", "/leads", {"name": "Ann Lee"})).json()
    answer = await bench.copper("PUT", f"/leads/{lead['id']}", {"name": None})

    assert answer.json()["message"] == f"{INVALID}Name: can't be blank"
    assert (await bench.copper("GET", f"/leads/{lead['id']}")).json()["name"] == "Ann Lee"


async def test_a_status_is_set_by_name_or_id_and_answered_as_both() -> None:
    bench = Bench()
    statuses = {status["name"]: status["id"] for status in (await bench.copper("GET", "/lead_statuses")).json()}
    by_name = (await bench.copper("POST", "/leads", {"name": "A", "status": "contacted"})).json()
    by_id = (await bench.copper("POST", "/leads", {"name": "A", "status_id": statuses["Qualified"]})).json()

    assert (by_name["status"], by_name["status_id"]) == ("Contacted", statuses["Contacted"])
    assert (by_id["status"], by_id["status_id"]) == ("Qualified", statuses["Qualified"])


async def test_a_cleared_status_is_the_accounts_default() -> None:
    bench = Bench()
    lead = (await bench.copper("POST", "/leads", {"name": "A", "status": "Contacted"})).json()

    assert (await bench.copper("PUT", f"/leads/{lead['id']}", {"status": None})).json()["status"] == "New"


async def test_a_country_is_answered_in_two_letters_where_it_is_known() -> None:
    bench = Bench()
    known = await bench.copper("POST", "/leads", {"name": "A", "address": {"country": "United States"}})
    unknown = await bench.copper("POST", "/leads", {"name": "A", "address": {"country": "Atlantis"}})

    assert known.json()["address"] == dict.fromkeys(("street", "city", "state", "postal_code")) | {"country": "US"}
    assert unknown.json()["address"]["country"] == "Atlantis"
