"""What the emulated LeadConnector keeps of a contact's properties, and what it says of those it refuses."""

from leadbridge.events import Json
from tests.support.walked import walked

from .support import EMAIL, LEADCONNECTOR_HEADERS, Bench, contacts, switched, upsert


@walked(
    ("values", "messages"),
    [
        ({"phone": ""}, ["phone must be a valid phone number"]),
        ({"phone": "888-888-8888"}, ["phone must be a valid phone number"]),
        ({"phone": 5}, ["phone must be a string"]),
        ({"country": "United States"}, ["country must be a valid enum value"]),
        ({"country": ["US"]}, ["country must be a valid enum value"]),
        ({"customFields": {"a": 1}}, ["customFields must be an array"]),
        ({"customFields": [5]}, ["customFields.0 must be an object"]),
        ({"customFields": [{"id": "F", "value": 1}]}, ["customFields.0.property value should not exist"]),
        ({"customFields": [{"id": "F", "fieldValue": 1}]}, ["customFields.0.property fieldValue should not exist"]),
        ({"tags": "web"}, ["tags must be an array"]),
        ({"tags": [1]}, ["each value in tags must be a string"]),
        ({"email": 5}, ["email must be an email"]),
        ({"city": 5}, ["city must be a string"]),
        ({"dndSettings": "off"}, ["dndSettings must be an object"]),
        ({"dnd": "yes"}, ["dnd must be a boolean value"]),
        ({"dateOfBirth": "1990-13-01"}, ["dateOfBirth must be a valid date in one of the supported formats"]),
        ({"dndSettings": {"Fax": {"status": "active"}}}, ["dndSettings.property Fax should not exist"]),
        ({"gender": None}, ["gender must be a string"]),
        ({"x": 1, "email": "nobody"}, ["property x should not exist", "email must be an email"]),
    ],
)
async def test_a_property_that_is_wrong_is_named_and_nothing_is_written(
    values: dict[str, Json], messages: list[str]
) -> None:
    bench = Bench()
    answer = await bench.leadconnector("POST", "/contacts/upsert", {**EMAIL, **values})

    got = answer.json()["message"]
    assert answer.status_code == 422
    assert [text for text in got if "must be one of" not in text] == messages
    assert await contacts(bench) == []


@walked(
    "text",
    [
        "1990/09/25", "09/25/1990", "1990-09-25", "09-25-1990",
        "1990.09.25", "09.25.1990", "1990_09_25", "09_25_1990",
    ],
)  # fmt: skip
async def test_a_date_of_birth_is_read_in_eight_formats(text: str) -> None:
    assert (await upsert(Bench(), dateOfBirth=text))["contact"]["dateOfBirth"] == "1990-09-25"


async def test_a_country_of_its_list_is_kept_and_stays() -> None:
    bench = Bench()
    await upsert(bench, country="XK")

    assert (await upsert(bench))["contact"]["country"] == "XK"


async def test_a_bad_phone_can_be_dropped_instead() -> None:
    bench = switched(bad_phone="drop")

    assert "phone" not in (await upsert(bench, phone="888-888-8888"))["contact"]


@walked(
    ("entry", "kept"),
    [
        ({"id": "extId0Sandbox0Field1", "field_value": "k"}, [{"id": "extId0Sandbox0Field1", "value": "k"}]),
        ({"key": "external_id", "field_value": "k"}, [{"id": "extId0Sandbox0Field1", "value": "k"}]),
        ({"key": "contact.external_id", "field_value": "k"}, [{"id": "extId0Sandbox0Field1", "value": "k"}]),
        ({"id": "extId0Sandbox0Field1", "key": "plan", "field_value": "k"}, []),
        ({"id": "budget0Sandbox0Fld02", "field_value": 12.5}, [{"id": "budget0Sandbox0Fld02", "value": 12.5}]),
        ({"id": "budget0Sandbox0Fld02", "field_value": "a lot"}, []),
        ({"id": "plan0Sandbox0Field04", "field_value": "Growth"}, [{"id": "plan0Sandbox0Field04", "value": "Growth"}]),
        ({"id": "plan0Sandbox0Field04", "field_value": "Gold"}, []),
        (
            {"id": "intrsts0Sandbox0Fld3", "field_value": ["Buying"]},
            [{"id": "intrsts0Sandbox0Fld3", "value": ["Buying"]}],
        ),
        ({"id": "intrsts0Sandbox0Fld3", "field_value": "Buying"}, []),
        ({"id": "intrsts0Sandbox0Fld3", "field_value": []}, []),
    ],
)  # fmt: skip
async def test_a_custom_field_takes_its_own_type_and_drops_the_rest(entry: Json, kept: Json) -> None:
    assert (await upsert(Bench(), customFields=[entry]))["contact"]["customFields"] == kept


async def test_an_unknown_custom_field_can_be_refused_instead() -> None:
    bench = switched(unknown_custom_field="refuse")
    body = {**EMAIL, "customFields": [{"id": "NOPE", "field_value": "v"}]}
    answer = await bench.leadconnector("POST", "/contacts/upsert", body)

    assert (answer.status_code, len(answer.json()["message"])) == (422, 1)


async def test_custom_fields_that_are_not_sent_keep_their_value_and_null_clears() -> None:
    bench = Bench()
    first = {"id": "extId0Sandbox0Field1", "field_value": "k"}
    second = {"id": "plan0Sandbox0Field04", "field_value": "Growth"}
    await upsert(bench, customFields=[first, second])
    body = await upsert(bench, customFields=[{**second, "field_value": None}])

    assert body["contact"]["customFields"] == [{"id": "extId0Sandbox0Field1", "value": "k"}]


async def test_an_inbound_do_not_disturb_has_one_switch() -> None:
    bench = Bench()
    setting = {"all": {"status": "active", "message": "m"}}

    assert (await upsert(bench, inboundDndSettings=setting))["contact"]["inboundDndSettings"] == setting
    body = {**EMAIL, "inboundDndSettings": {"all": {"status": "permanent"}}}
    assert (await bench.leadconnector("POST", "/contacts/upsert", body)).status_code == 422


async def test_a_permanent_do_not_disturb_cannot_be_overwritten() -> None:
    bench = Bench()
    await upsert(bench, dndSettings={"SMS": {"status": "permanent"}, "Email": {"status": "active"}})
    body = await upsert(bench, dndSettings={"SMS": {"status": "inactive"}, "Email": {"status": "inactive"}})

    assert body["contact"]["dndSettings"] == {"SMS": {"status": "permanent"}, "Email": {"status": "inactive"}}


async def test_a_full_name_is_read_into_first_and_last_name() -> None:
    contact = (await upsert(Bench(), name="Ann Maria Lee"))["contact"]

    assert (contact["firstName"], contact["lastName"], contact["fullNameLowerCase"]) == (
        "Ann",
        "Maria Lee",
        "ann maria lee",
    )


async def test_an_empty_text_is_passed_over() -> None:
    bench = Bench()
    await upsert(bench, city="X")

    assert (await upsert(bench, city=""))["contact"]["city"] == "X"


async def test_a_version_3_call_names_channels_and_values_its_own_way() -> None:
    bench = Bench()
    body = {**EMAIL, "dndSettings": {"sms": {"status": "active"}}}
    headers = {**LEADCONNECTOR_HEADERS, "Version": "v3"}
    answer = await bench.leadconnector("POST", "/contacts/upsert", body, headers=headers)

    assert answer.status_code == 200
    assert (await contacts(bench))[0]["dndSettings"] == {"SMS": {"status": "active"}}
