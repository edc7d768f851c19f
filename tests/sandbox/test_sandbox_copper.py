"""The emulated Copper beyond the recorded cases."""

import pytest

from leadbridge.events import Json
from leadbridge.sandbox import CopperSeed
from tests.support.walked import walked

from .copper_support import INVALID, switched
from .support import COPPER_HEADERS, NOW, Bench, upsert_by_email


async def test_more_than_thirty_matches_are_not_named() -> None:
    bench = Bench()
    leads = tuple({"name": "L", "email": {"email": "a@b.test", "category": "work"}} for _ in range(31))
    await bench.control.seed(CopperSeed(account="acme", leads=leads))

    answer = await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))

    assert answer.status_code == 422
    assert not any(letter.isdigit() for letter in answer.json()["message"])


async def test_an_ambiguous_upsert_can_name_the_leads_in_a_list_of_its_own() -> None:
    bench = switched(ambiguous_ids="ids")
    leads = tuple({"name": "L", "email": {"email": "a@b.test", "category": "work"}} for _ in range(2))
    ids = await bench.control.seed(CopperSeed(account="acme", leads=leads))

    body = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))).json()

    assert body["ids"] == [int(lead_id) for lead_id in ids]
    assert not any(letter.isdigit() for letter in body["message"])


async def test_an_upsert_finds_an_email_in_any_case_of_letters() -> None:
    bench = Bench()
    first = await bench.copper("PUT", "/leads/upsert", upsert_by_email("Ann@B.test"))
    second = await bench.copper("PUT", "/leads/upsert", upsert_by_email("ann@b.TEST"))

    assert first.json()["id"] == second.json()["id"]
    assert second.json()["email"]["email"] == "ann@b.TEST"


async def test_an_upsert_finds_a_lead_by_what_it_holds_now_and_not_by_what_it_held() -> None:
    bench = Bench()
    lead = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("old@b.test"))).json()
    await bench.copper("PUT", f"/leads/{lead['id']}", {"email": {"email": "new@b.test", "category": "work"}})

    by_new = await bench.copper("PUT", "/leads/upsert", upsert_by_email("new@b.test"))
    by_old = await bench.copper("PUT", "/leads/upsert", upsert_by_email("old@b.test"))

    assert by_new.json()["id"] == lead["id"]
    assert by_old.json()["id"] != lead["id"]


async def test_a_deleted_lead_is_found_no_more() -> None:
    bench = Bench()
    lead = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))).json()
    await bench.copper("DELETE", f"/leads/{lead['id']}")

    assert (await bench.copper("GET", f"/leads/{lead['id']}")).status_code == 404
    assert (await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))).json()["id"] != lead["id"]


@pytest.mark.parametrize(("writes", "kept"), [(True, "k1"), (False, None)])
async def test_a_custom_value_matched_by_is_stored_on_creation_only_when_switched_on(writes: bool, kept: str) -> None:
    bench = switched(writes_custom_match=writes)
    match = {"field_name": "custom", "field_value": {"custom_field_definition_id": 100764, "value": "k1"}}
    answer = await bench.copper("PUT", "/leads/upsert", {"properties": {"name": "A"}, "match": match})

    assert {"custom_field_definition_id": 100764, "value": kept} in answer.json()["custom_fields"]


async def test_a_custom_value_that_is_given_goes_before_the_one_matched_by() -> None:
    bench = switched(writes_custom_match=True)
    match = {"field_name": "custom", "field_value": {"custom_field_definition_id": 100764, "value": "k1"}}
    own = {"custom_field_definition_id": 100764, "value": "k2"}
    body = {"properties": {"name": "A", "custom_fields": [own]}, "match": match}

    assert own in (await bench.copper("PUT", "/leads/upsert", body)).json()["custom_fields"]


@walked(
    "match",
    [
        None,
        {"field_name": "phone", "field_value": "1"},
        {"field_name": "email", "field_value": ""},
        ["email", "a@b.test"],
        {"field_name": "email", "field_value": {"email": "a@b.test"}},
        {"field_name": "email", "field_value": "a@b.test", "exact": True},
        {"field_name": "custom", "field_value": "k1"},
        {"field_name": "custom", "field_value": {"custom_field_definition_id": 999, "value": "k1"}},
        {"field_name": "custom", "field_value": {"custom_field_definition_id": 100764, "value": None}},
        {"field_name": "custom", "field_value": {"custom_field_definition_id": 100766, "value": [2082400]}},
    ],
)
async def test_a_match_that_the_api_does_not_take_is_refused(match: Json) -> None:
    answer = await Bench().copper("PUT", "/leads/upsert", {"properties": {"name": "A"}, "match": match})

    assert answer.status_code == 422
    assert answer.json()["message"].startswith(INVALID)


@pytest.mark.parametrize("properties", [None, [], "name"])
async def test_properties_that_are_no_object_are_refused(properties: Json) -> None:
    body = {"properties": properties, "match": {"field_name": "name", "field_value": "A"}}
    answer = await Bench().copper("PUT", "/leads/upsert", body)

    assert (answer.status_code, answer.json()["message"]) == (422, f"{INVALID}Properties: must be an object")


@walked(("method", "body"), [("GET", None), ("PUT", {"title": "T"}), ("DELETE", None)])
@walked("lead_id", ["999", "abc", "9" * 5000])
async def test_a_lead_that_nobody_has_is_404(method: str, lead_id: str, body: Json) -> None:
    answer = await Bench().copper(method, f"/leads/{lead_id}", body)

    assert (answer.status_code, answer.json()["message"]) == (404, "Resource not found")


async def test_only_a_write_that_changes_something_moves_the_date() -> None:
    bench = Bench()
    lead = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))).json()
    bench.clock.elapsed += 60
    same = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test"))).json()
    changed = (await bench.copper("PUT", "/leads/upsert", upsert_by_email("a@b.test", title="CTO"))).json()

    assert lead["date_created"] == lead["date_modified"] == NOW // 1000
    assert same["date_modified"] == NOW // 1000
    assert (changed["date_created"], changed["date_modified"]) == (NOW // 1000, NOW // 1000 + 60)


async def test_a_record_is_never_changed_before_it_was_created() -> None:
    bench = Bench()
    created = NOW // 1000 + 3600
    await bench.control.seed(CopperSeed(account="acme", leads=({"id": 1, "name": "A", "date_created": created},)))

    assert (await bench.copper("PUT", "/leads/1", {"title": "T"})).json()["date_modified"] == created


async def test_every_account_has_its_own_leads() -> None:
    bench = Bench()
    lead = (await bench.copper("POST", "/leads", {"name": "A"})).json()
    other = COPPER_HEADERS | {"X-PW-AccessToken": "other"}

    assert (await bench.copper("GET", f"/leads/{lead['id']}", headers=other)).status_code == 404


async def test_a_key_that_may_be_real_is_not_shown() -> None:
    bench = Bench()
    key = "0123456789abcdef0123456789abcdef"
    await bench.copper("POST", "/leads", {"name": "A"}, headers=COPPER_HEADERS | {"X-PW-AccessToken": key})

    assert key not in str(await bench.control.state()) + str(await bench.control.history())
    assert [len(account["leads"]) for account in (await bench.control.state())["copper"].values()] == [1]


@pytest.mark.parametrize("without", ["X-PW-AccessToken", "X-PW-Application", "X-PW-UserEmail"])
async def test_every_credential_header_is_needed(without: str) -> None:
    headers = {name: value for name, value in COPPER_HEADERS.items() if name != without}

    assert (await Bench().copper("GET", "/account", headers=headers)).status_code == 401


async def test_an_oauth_token_needs_no_other_header() -> None:
    bench = Bench()
    await bench.copper("POST", "/leads", {"name": "A"}, headers={"Authorization": "Bearer acme"})

    assert len((await bench.control.state("copper"))["copper"]["acme"]["leads"]) == 1


async def test_an_unknown_address_and_a_get_with_a_body_have_shapes_of_their_own() -> None:
    bench = Bench()
    unknown = await bench.copper("GET", "/leeds")
    with_body = await bench.copper("GET", "/account", {})

    assert (unknown.status_code, unknown.json()) == (404, {"error": "not_found"})
    assert (with_body.status_code, with_body.headers["content-type"]) == (400, "text/html; charset=UTF-8")
    assert "x-request-id" not in with_body.headers


@pytest.mark.parametrize("body", [b"{", b"[]", b"5", b""])
async def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    bench = Bench()
    url = "/copper/developer_api/v1/leads"
    answer = await bench.client.post(url, content=body, headers=COPPER_HEADERS)

    assert answer.status_code == (400 if body == b"{" else 422)
    assert answer.json()["success"] is False


async def test_every_answer_has_a_request_id_of_its_own() -> None:
    bench = Bench()
    answers = [await bench.copper("GET", "/account") for _ in range(2)]

    assert len({answer.headers["x-request-id"] for answer in answers}) == 2


async def test_the_account_says_how_it_is_set_up() -> None:
    bench = Bench()
    definitions = {entry["name"]: entry for entry in (await bench.copper("GET", "/custom_field_definitions")).json()}
    users = (await bench.copper("POST", "/users/search", {"page_size": 200})).json()
    me = (await bench.copper("GET", "/users/me")).json()

    assert {name: entry["data_type"] for name, entry in definitions.items()} == {
        "External ID": "String",
        "Budget": "Currency",
        "Interests": "MultiSelect",
        "Plan": "Dropdown",
        "Newsletter": "Checkbox",
        "Move-in date": "Date",
    }
    assert definitions["External ID"]["is_filterable"] is True
    assert [option["name"] for option in definitions["Plan"]["options"]] == ["Starter", "Growth", "Enterprise"]
    assert {"id", "name", "email"} == users[0].keys()
    assert me["email"] == "owner@example.test"
    assert "Website" in [source["name"] for source in (await bench.copper("GET", "/customer_sources")).json()]
    assert (await bench.copper("GET", "/account")).json()["id"] > 0
