"""The emulated LeadConnector beyond the recorded cases."""

import pytest

from leadbridge.events import Json
from leadbridge.sandbox import LeadConnectorSeed

from .support import EMAIL, LEADCONNECTOR_HEADERS, LOC, Bench, contacts, switched, upsert


async def seeded(bench: Bench, *listed: dict[str, Json]) -> list[str]:
    return await bench.control.seed(LeadConnectorSeed(account="LOC1", contacts=listed))


async def test_an_upsert_without_email_and_phone_is_refused() -> None:
    for body in ({**LOC, "firstName": "A"}, {**LOC, "email": None, "phone": None}):
        answer = await Bench().leadconnector("POST", "/contacts/upsert", body)

        assert answer.status_code == 400
        assert answer.json() == {
            "statusCode": 400,
            "message": "Pass at least one of number, email query parameter",
            "error": "Bad Request",
            "traceId": answer.json()["traceId"],
        }


async def test_a_flag_creates_a_second_contact_where_the_location_allows_duplicates() -> None:
    bench = Bench()
    settings = LeadConnectorSeed.model_validate({"account": "LOC1", "settings": {"allow_duplicates": True}})
    await bench.control.seed(settings)
    first = await upsert(bench)
    second = await upsert(bench, createNewIfDuplicateAllowed=True)
    third = await upsert(bench, city="X")

    assert second["new"] is True
    assert len({first["contact"]["id"], second["contact"]["id"]}) == 2
    assert third["contact"]["id"] == first["contact"]["id"]


async def test_a_contact_found_by_phone_gets_the_new_email() -> None:
    bench = Bench()
    (contact_id,) = await seeded(bench, {"phone": "+15550000001"})
    body = await upsert(bench, phone="+1 555 000 0001")

    assert (body["new"], body["contact"]["id"], body["contact"]["email"]) == (False, contact_id, "a@b.test")


async def test_a_duplicate_is_not_created() -> None:
    bench = Bench()
    (contact_id,) = await seeded(bench, {"email": "A@b.test", "firstName": "Ann", "lastName": "Lee"})
    answer = await bench.leadconnector("POST", "/contacts/", EMAIL)

    assert answer.status_code == 400
    assert answer.json()["message"] == "This location does not allow duplicated contacts."
    assert answer.json()["meta"] == {"contactId": contact_id, "contactName": "Ann Lee", "matchingField": "email"}
    assert len(await contacts(bench)) == 1


@pytest.mark.parametrize("name", ["gender", "companyName", "createNewIfDuplicateAllowed"])
async def test_an_update_takes_fewer_properties(name: str) -> None:
    bench = Bench()
    (contact_id,) = await seeded(bench, {"email": "a@b.test"})
    answer = await bench.leadconnector("PUT", f"/contacts/{contact_id}", {name: "x"})

    assert (answer.status_code, answer.json()["message"]) == (422, [f"property {name} should not exist"])


async def test_an_update_cannot_take_another_contacts_email() -> None:
    bench = Bench()
    contact_id, _ = await seeded(bench, {"email": "a@b.test"}, {"email": "c@b.test"})
    taken = await bench.leadconnector("PUT", f"/contacts/{contact_id}", {"email": "c@b.test"})
    own = await bench.leadconnector("PUT", f"/contacts/{contact_id}", {"email": "a@b.test", "city": "X"})

    assert (taken.status_code, own.status_code) == (400, 200)
    assert [contact["email"] for contact in await contacts(bench)] == ["a@b.test", "c@b.test"]


async def test_a_deleted_contact_is_gone() -> None:
    bench = Bench()
    (contact_id,) = await seeded(bench, {"email": "a@b.test"})
    first = await bench.leadconnector("DELETE", f"/contacts/{contact_id}")
    again = await bench.leadconnector("DELETE", f"/contacts/{contact_id}")

    assert (first.status_code, first.json()["succeded"], again.status_code) == (200, True, 400)
    assert (await upsert(bench))["new"] is True


async def test_tags_are_added_once_and_removed_once() -> None:
    bench = Bench()
    (contact_id,) = await seeded(bench, {"email": "a@b.test", "tags": ["VIP"]})
    path = f"/contacts/{contact_id}/tags"
    added = [(await bench.leadconnector("POST", path, {"tags": ["Web"]})).json() for _ in range(2)]
    removed = [(await bench.leadconnector("DELETE", path, {"tags": ["vip"]})).json() for _ in range(2)]
    known = (await bench.leadconnector("GET", "/locations/LOC1/tags")).json()["tags"]

    assert [(answer["tags"], answer["tagsAdded"]) for answer in added] == [
        (["vip", "web"], ["web"]),
        (["vip", "web"], []),
    ]
    assert [(answer["tags"], answer["tagsRemoved"]) for answer in removed] == [(["web"], ["vip"]), (["web"], [])]
    assert [tag["name"] for tag in known] == ["vip", "web"]


@pytest.mark.parametrize("body", [{}, {"tags": "web"}, {"tags": ["a"], "x": 1}])
async def test_tags_need_a_list_and_nothing_else(body: dict[str, Json]) -> None:
    bench = Bench()
    (contact_id,) = await seeded(bench, {"email": "a@b.test"})

    assert (await bench.leadconnector("POST", f"/contacts/{contact_id}/tags", body)).status_code == 422


async def test_tags_can_be_answered_with_200() -> None:
    bench = switched(tags_status=200)
    (contact_id,) = await seeded(bench, {"email": "a@b.test"})

    assert (await bench.leadconnector("POST", f"/contacts/{contact_id}/tags", {"tags": ["a"]})).status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"email": "A@B.test"}, "email"),
        ({"number": "+15550000001"}, "phone"),
        ({"email": "no@b.test", "number": "+1 555 000 0001"}, "phone"),
        ({"email": "no@b.test"}, None),
    ],
)
async def test_a_duplicate_is_looked_up_by_email_then_phone(query: dict[str, str], field: str | None) -> None:
    bench = Bench()
    await seeded(bench, {"email": "a@b.test", "phone": "+15550000001"})
    url = "/leadconnector/contacts/search/duplicate"
    answer = await bench.client.get(url, params={**LOC, **query}, headers=LEADCONNECTOR_HEADERS)

    assert answer.status_code == 200
    assert answer.json().get("matchingField") == field
    assert (answer.json()["contact"] is None) == (field is None)


async def test_a_duplicate_is_not_looked_up_by_nothing() -> None:
    assert (await Bench().leadconnector("GET", "/contacts/search/duplicate?locationId=LOC1")).status_code == 400


async def test_the_location_says_how_it_is_set_up() -> None:
    bench = Bench()
    location = (await bench.leadconnector("GET", "/locations/LOC1")).json()["location"]
    fields = (await bench.leadconnector("GET", "/locations/LOC1/customFields?model=contact")).json()["customFields"]
    none = (await bench.leadconnector("GET", "/locations/LOC1/customFields?model=opportunity")).json()["customFields"]

    assert (location["id"], location["country"], location["settings"]) == (
        "LOC1",
        "US",
        {"allowDuplicateContact": False},
    )
    assert {field["name"]: (field["fieldKey"], field["dataType"]) for field in fields} == {
        "External ID": ("contact.external_id", "TEXT"),
        "Budget": ("contact.budget", "MONETORY"),
        "Interests": ("contact.interests", "MULTIPLE_OPTIONS"),
        "Plan": ("contact.plan", "SINGLE_OPTIONS"),
        "Newsletter": ("contact.newsletter", "RADIO"),
        "Move-in date": ("contact.movein_date", "DATE"),
    }
    assert none == []
    assert (await bench.leadconnector("GET", "/locations/LOC1/customFields?model=task")).status_code == 422


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"Version": "2020-01-01"}, 401, "version header is invalid"),
        ({"Authorization": ""}, 401, "Invalid JWT"),
        ({"Authorization": "Bearer pit-bad-1"}, 401, "Invalid Private Integration token"),
        ({"Authorization": "Bearer pit-other-location"}, 401, "This location is not accessible from this token!"),
    ],
)
async def test_credentials_that_will_not_do(headers: dict[str, str], status: int, message: str) -> None:
    answer = await Bench().leadconnector("GET", "/locations/LOC1", headers={**LEADCONNECTOR_HEADERS, **headers})

    assert (answer.status_code, answer.json()["message"]) == (status, message)


@pytest.mark.parametrize(("content", "status"), [(b"{", 400), (b"[]", 422), (b"", 422), (b'{"locationId": 5}', 422)])
async def test_a_body_that_is_no_contact_is_refused(content: bytes, status: int) -> None:
    bench = Bench()
    answer = await bench.client.post("/leadconnector/contacts/upsert", content=content, headers=LEADCONNECTOR_HEADERS)

    assert answer.status_code == status


async def test_an_unknown_address_is_404() -> None:
    assert (await Bench().leadconnector("GET", "/opportunities/")).json()["message"] == "Cannot GET /opportunities/"
