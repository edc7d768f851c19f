"""The emulated Copper's conversion of a lead into a person."""

from typing import Any

from leadbridge.events import Json
from leadbridge.sandbox import CopperSeed
from tests.support.walked import walked

from .copper_support import INVALID, person, state, work
from .support import NOW, Bench, upsert_by_email

LEAD: dict[str, Json] = {
    "id": 1,
    "name": "Ann Lee",
    "email": work("ann@b.test")[0],
    "phone_numbers": [{"number": "415-123-4567", "category": "mobile"}],
    "tags": ["web"],
    "title": "CTO",
    "company_name": "Acme Inc.",
    "status": "Contacted",
    "date_created": 1_400_000_000,
    "custom_fields": [{"custom_field_definition_id": 100764, "value": "k1"}],
}


async def planted(**more: Json) -> Bench:
    bench = Bench()
    await bench.control.seed(CopperSeed.model_validate({"account": "acme", "leads": [LEAD], **more}))
    return bench


async def convert(bench: Bench, **details: Json) -> dict[str, Any]:
    answer = await bench.copper("POST", "/leads/1/convert", {"details": details})
    assert answer.status_code == 200, answer.text
    converted: dict[str, Any] = answer.json()
    return converted


async def test_a_person_takes_over_what_leads_and_people_share() -> None:
    bench = await planted()
    made = (await convert(bench))["person"]

    assert made == (await bench.copper("GET", f"/people/{made['id']}")).json()
    assert {key: made[key] for key in ("name", "title", "tags", "phone_numbers", "emails")} == {
        **{key: LEAD[key] for key in ("name", "title", "tags", "phone_numbers")},
        "emails": work("ann@b.test"),
    }
    assert LEAD["custom_fields"][0] in made["custom_fields"]
    assert (made["leads_converted_from"], made["date_lead_created"]) == ([1], 1_400_000_000)
    assert made["date_created"] == NOW // 1000


async def test_a_converted_lead_is_shown_only_by_a_search_that_asks_for_it() -> None:
    bench = await planted()
    made = (await convert(bench, opportunity={"name": "Deal"}))["opportunity"]
    bench.clock.elapsed += 60
    searched = [
        (await bench.copper("POST", "/leads/search", {"include_converted_leads": wanted})).json()
        for wanted in (False, True)
    ]

    assert [(await bench.copper(method, "/leads/1", body)).status_code for method, body in (
        ("GET", None), ("PUT", {"title": "T"}), ("DELETE", None),
    )] == [404, 404, 404]  # fmt: skip
    assert (searched[0], [lead["id"] for lead in searched[1]]) == ([], [1])
    assert searched[1][0]["converted_at"] == NOW // 1000
    assert searched[1][0]["converted_contact_id"] == made["primary_contact_id"]
    assert searched[1][0]["converted_opportunity_id"] == made["id"]
    assert {kind: len(records) for kind, records in (await state(bench)).items()} == {
        "leads": 0, "people": 1, "converted_leads": 1, "companies": 1, "opportunities": 1, "activities": 0,
    }  # fmt: skip


async def test_a_search_is_told_about_converted_leads_by_true_or_false_alone() -> None:
    answer = await Bench().copper("POST", "/leads/search", {"include_converted_leads": "yes"})

    assert answer.json()["message"] == f"{INVALID}Include Converted Leads: must be true or false"


async def test_an_upsert_makes_a_new_lead_where_the_old_one_was_converted() -> None:
    bench = await planted()
    await convert(bench)

    assert (await bench.copper("PUT", "/leads/upsert", upsert_by_email("ann@b.test"))).json()["id"] != 1


async def test_a_person_with_the_leads_email_is_found_and_keeps_what_is_known() -> None:
    bench = await planted()
    known = await person(bench, "Ann@b.test", title="CEO")
    found = (await convert(bench, person={"name": "Other Name"}))["person"]

    assert (found["id"], found["name"], found["title"]) == (known["id"], "Ann Lee", "CEO")
    assert (found["leads_converted_from"], found["company_name"]) == ([1], "Acme Inc.")
    assert len((await state(bench))["people"]) == 1


async def test_a_person_who_is_found_stays_with_their_own_company() -> None:
    bench = await planted(
        companies=[{"id": 77, "name": "Acme Inc."}, {"id": 78, "name": "Bolt"}],
        people=[{"name": "Ann Lee", "emails": work("ann@b.test"), "company_id": 78}],
    )

    assert (await convert(bench))["person"]["company_name"] == "Bolt"


async def test_a_blank_name_in_the_call_leaves_the_leads_own() -> None:
    bench = await planted()

    assert (await convert(bench, person={"name": " ", "assignee_id": None}))["person"]["name"] == "Ann Lee"


async def test_a_custom_field_that_people_do_not_have_is_not_taken_over() -> None:
    field = {"custom_field_definition_id": 55, "value": "k1"}
    definition = {"id": 55, "name": "Of leads", "data_type": "String", "available_on": ["lead"]}
    bench = await planted(leads=[{**LEAD, "custom_fields": [field]}], custom_field_definitions=[definition])
    made = (await convert(bench))["person"]
    everywhere = {"account": "acme", "custom_field_definitions": [{**definition, "available_on": ["lead", "person"]}]}
    await bench.control.seed(CopperSeed.model_validate(everywhere))

    held = (await bench.copper("GET", f"/people/{made['id']}")).json()
    assert {**field, "value": None} in held["custom_fields"]


async def test_the_call_says_what_the_person_is_called_and_whose_it_is() -> None:
    bench = await planted()
    made = (await convert(bench, person={"name": "Anna Maria Li", "contact_type_id": 451491, "assignee_id": 159258}))[
        "person"
    ]

    assert (made["first_name"], made["last_name"], made["name"]) == ("Anna", "Li", "Anna Maria Li")
    assert (made["contact_type_id"], made["assignee_id"]) == (451491, 159258)


@walked(
    ("company", "name", "found"),
    [
        (None, "Acme Inc.", True),
        ({"name": "ACME, inc"}, "Acme Inc.", True),
        ({"name": "Acme"}, "Acme Inc.", True),
        ({"name": "Acme", "exact_match": True}, "Acme", False),
        ({"name": "Acme Inc.", "exact_match": True}, "Acme Inc.", True),
        ({"name": "Bolt GmbH"}, "Bolt GmbH", False),
        ({"id": 77}, "Acme Inc.", True),
        ({"name": ""}, None, False),
        ({"name": " "}, None, False),
        ({"name": "***"}, "***", False),
        ({"name": "Inc."}, "Inc.", False),
    ],
)
async def test_a_company_is_found_or_made_or_left_out(company: Json, name: str | None, found: bool) -> None:
    bench = await planted(companies=[{"id": 77, "name": "Acme Inc."}, {"id": 78, "name": "---"}])
    converted = await convert(bench, **({"company": company} if company else {}))

    assert (converted["company"] or {}).get("name") == converted["person"]["company_name"] == name
    assert (converted["person"]["company_id"] == 77) is found
    assert len((await state(bench))["companies"]) == (2 if found or name is None else 3)


async def test_an_opportunity_begins_in_the_first_stage_unless_the_call_says_another() -> None:
    bench = await planted()
    pipeline = (await bench.copper("GET", "/pipelines")).json()[0]
    first = (await convert(bench, opportunity={"name": "Deal", "monetary_value": 1000}))["opportunity"]
    await bench.control.seed(CopperSeed(account="acme", leads=(LEAD,)))
    stage = pipeline["stages"][1]["id"]
    second = (await convert(bench, opportunity={"name": "Deal", "pipeline_stage_id": stage}))["opportunity"]

    assert (first["pipeline_id"], first["pipeline_stage_id"]) == (pipeline["id"], pipeline["stages"][0]["id"])
    assert (first["monetary_value"], first["company_name"]) == (1000, "Acme Inc.")
    assert (second["pipeline_stage_id"], second["monetary_value"]) == (stage, None)
    assert (await state(bench))["opportunities"] == [first, second]


@walked(
    ("details", "problem"),
    [
        ({"account": {}}, "Base: Unrecognized attributes specified: account"),
        ({"person": {"title": "CTO"}}, "Base: Unrecognized attributes specified: title"),
        ({"person": {"contact_type_id": 5}}, "Contact Type Id: Invalid value for Contact Type Id: 5"),
        ({"company": {"id": 5, "name": "A"}}, "Company: id and name are mutually exclusive"),
        ({"company": {"id": 5}}, "Company Id: Invalid value for Company Id: 5"),
        ({"company": {"name": 5}}, "Company: name must be a string and exact_match true or false"),
        ({"opportunity": {"monetary_value": 5}}, "Opportunity Name: can't be blank"),
        ({"opportunity": {"name": "D", "pipeline_id": 5}}, "Pipeline Id: Invalid value for Pipeline Id: 5"),
        (
            {"company": {"name": "New"}, "opportunity": {"name": "D", "pipeline_id": 9, "pipeline_stage_id": 987790}},
            "Pipeline Stage Id: Invalid value for Pipeline Stage Id: 987790",
        ),
    ],
)
async def test_a_conversion_that_is_refused_changes_nothing(details: Json, problem: str) -> None:
    bench = await planted(pipelines=[{"id": 9, "name": "Other", "stages": [{"id": 91, "name": "First"}]}])
    before = await state(bench)
    answer = await bench.copper("POST", "/leads/1/convert", {"details": details})

    assert (answer.status_code, answer.json()["message"]) == (422, INVALID + problem)
    assert await state(bench) == before


async def test_a_lead_is_converted_once_and_without_a_body_too() -> None:
    bench = await planted()

    assert [(await bench.copper("POST", "/leads/1/convert")).status_code for _ in range(2)] == [200, 404]
