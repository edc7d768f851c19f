"""`try`, the end: the exact calls, with what only the account knows marked as such, and what would come of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from leadbridge import __version__
from leadbridge.settings.loading import load_text
from leadbridge.settings.positions import read_document
from leadbridge.trial import Sample, Wish, try_sample
from tests.cli.trying import ANN, CONFIG, ENVIRON, place, run, tried
from tests.support.clock import ManualClock

PHONE = '"{{ fields.phone }}"'
BO = {"email": "bo@example.com", "phone": "030 901820"}


def made(route: dict[str, Any]) -> list[tuple[str, str]]:
    return [(call["method"], call["url"]) for call in route["calls"]]


def test_copper_is_asked_for_what_the_plan_names_and_then_written_to(folder: Path) -> None:
    (route,) = tried(folder, ANN)["routes"]
    api = "https://api.copper.com/developer_api/v1"
    assert made(route) == [
        ("GET", f"{api}/custom_field_definitions"),
        ("GET", f"{api}/customer_sources"),
        ("POST", f"{api}/users/search"),
        ("PUT", f"{api}/leads/upsert"),
        ("PUT", f"{api}/leads/<id of the lead>"),
    ]
    assert [call["shared"] for call in route["calls"]] == [True, True, True, False, False]
    assert route["outcome"] == "delivered"


def test_ids_that_only_the_account_knows_are_marked(folder: Path) -> None:
    (route,) = tried(folder, {**ANN, "budget": "1200", "likes": ["dogs"]})["routes"]
    upsert = route["calls"][3]["body"]
    assert upsert["properties"]["assignee_id"] == "<id of user 'sales@example.com'>"
    assert upsert["properties"]["customer_source_id"] == "<id of customer source 'Spring fair'>"
    assert upsert["properties"]["custom_fields"] == [
        {"custom_field_definition_id": "<id of custom field 'Budget'>", "value": 1200},
        {
            "custom_field_definition_id": "<id of custom field 'Interests'>",
            "value": [f"<id of option '{option}' of custom field 'Interests'>" for option in ("dogs", "news")],
        },
        {"custom_field_definition_id": "<id of custom field 'External ID'>", "value": "A-1"},
    ]
    assert upsert["match"] == {
        "field_name": "custom",
        "field_value": {"custom_field_definition_id": "<id of custom field 'External ID'>", "value": "A-1"},
    }
    assert "the account has the custom field `Budget`, and it takes a number (Float)" in route["assumed"]
    assert "the account has the user `sales@example.com`" in route["assumed"]


def test_a_field_with_a_name_that_the_sandbox_has_is_no_less_unknown(folder: Path) -> None:
    config = CONFIG.replace("${CAMPAIGN}", "Website").replace("owner: sales@example.com", "status: New")
    (route,) = tried(folder, ANN, config=config)["routes"]
    properties = route["calls"][-2]["body"]["properties"]
    assert properties["customer_source_id"] == "<id of customer source 'Website'>"
    assert properties["status_id"] == "<id of lead status 'New'>"


def test_an_id_that_the_configuration_gives_is_sent_as_it_is(folder: Path) -> None:
    config = CONFIG.replace("owner: sales@example.com", "owner: 4711")
    (route,) = tried(folder, ANN, config=config)["routes"]
    assert route["calls"][3]["body"]["properties"]["assignee_id"] == 4711
    assert not any("user" in assumed for assumed in route["assumed"])


def test_headers_are_shown_without_credentials(folder: Path) -> None:
    (copper,) = tried(folder, ANN)["routes"]
    (dallas,) = tried(folder, BO, source="open")["routes"]
    assert copper["calls"][0]["headers"] == {
        "x-pw-accesstoken": "•••",
        "x-pw-application": "developer_api",
        "x-pw-useremail": "ops@example.com",
        "content-type": "application/json",
        "accept": "application/json",
        "user-agent": f"leadbridge/{__version__}",
        "traceparent": "00-<trace ID of the submission>-<new for each call>-01",
    }
    assert dallas["calls"][0]["headers"]["authorization"] == "Bearer •••"


def test_leadconnector_is_written_to_and_tagged(folder: Path) -> None:
    (route,) = tried(folder, {**BO, "plan": "Gold", "job": "Cook"}, source="open")["routes"]
    api = "https://services.leadconnectorhq.com"
    assert made(route) == [
        ("GET", f"{api}/locations/LOC1/customFields?model=contact"),
        ("POST", f"{api}/contacts/upsert"),
        ("POST", f"{api}/contacts/<id of the contact>/tags"),
    ]
    assert route["calls"][1]["body"] == {
        "locationId": "LOC1",
        "email": "bo@example.com",
        "phone": "+4930901820",
        "customFields": [{"id": "<id of custom field 'contact.plan'>", "field_value": "Gold"}],
    }
    assert route["calls"][2]["body"] == {"tags": ["open"]}


def test_what_the_crm_has_no_room_for_is_a_warning(folder: Path) -> None:
    (route,) = tried(folder, {**BO, "job": "Cook"}, source="open")["routes"]
    assert route["outcome"] == "delivered_with_warnings"
    (warning,) = route["warnings"]
    assert (warning["stage"], warning["field"], warning["sent"]) == ("deliver", "title", "Cook")


def test_a_value_that_mapping_could_not_read_and_that_is_not_sent_leaves_warnings(folder: Path) -> None:
    config = CONFIG.replace('title: "{{ fields.job }}"', 'dnd: "{{ fields.job }}"')
    (route,) = tried(folder, {**BO, "job": "Cook"}, source="open", config=config)["routes"]
    assert (route["outcome"], route["warnings"][0]["field"]) == ("delivered_with_warnings", "dnd")


def test_an_existing_record_keeps_what_stands_in_its_lists(folder: Path) -> None:
    new, existing = (tried(folder, ANN, *options)["routes"][0] for options in ((), ("--existing",)))
    assert [call["body"] for call in new["calls"][:-1]] == [call["body"] for call in existing["calls"][:-1]]
    assert new["calls"][-1]["body"]["tags"] == ["website"]
    assert existing["calls"][-1]["body"]["tags"] == ["<tags that are there already>", "website"]
    assert existing["calls"][-1]["body"]["phone_numbers"] == [
        {"number": "<phone numbers that are there already>", "category": "mobile"},
        {"number": "+14155550177", "category": "mobile"},
    ]


def test_an_existing_contact_is_written_to_alike(folder: Path) -> None:
    new, existing = (tried(folder, BO, *options, source="open")["routes"][0] for options in ((), ("--existing",)))
    assert existing["calls"] == new["calls"]
    assert existing["outcome"] == "delivered"


def test_a_new_lead_without_a_name_is_upserted_twice_and_an_existing_one_once(folder: Path) -> None:
    nameless = {"email": "ann@example.com", "id": "A-1"}
    new, existing = (tried(folder, nameless, *options)["routes"][0] for options in ((), ("--existing",)))
    upserts = [call["purpose"] for call in new["calls"] if call["url"].endswith("/upsert")]
    assert upserts == ["upsert lead", "upsert new lead"]
    assert [call["purpose"] for call in existing["calls"]][3:] == ["upsert lead", "add to lists"]


@pytest.mark.parametrize(
    ("source", "body", "reason"),
    [
        ("website", {"name": "Nobody"}, "no_match_key"),
        ("open", {"email": "no address"}, "no_match_key"),
    ],
    ids=["by the route", "by the CRM"],
)
def test_what_would_wait_for_a_person_is_held_with_the_reason(
    folder: Path, source: str, body: dict[str, str], reason: str
) -> None:
    (route,) = tried(folder, body, source=source, code=1)["routes"]
    assert (route["outcome"], route["reason"], route["calls"]) == ("held", reason, [])
    (because,) = [line for line in run(folder, body, source=source).stdout.splitlines() if "because" in line]
    assert because.split()[:2] == ["because", f"{reason}:"]


async def test_a_value_of_a_form_is_never_taken_for_an_id(clock: ManualClock) -> None:
    budget = clock.now() // 1000 + 1  # the id that the emulated Copper gives to its first record
    body = json.dumps({**ANN, "budget": budget}).encode()
    trial = await try_sample(
        load_text(CONFIG, "site.yaml", ENVIRON),
        read_document(CONFIG, file="site.yaml"),
        Sample(body=body, headers={"content-type": "application/json"}),
        wish=Wish(source="website"),
        clock=clock,
    )
    upsert, lists = trial.routes[0].calls[-2:]
    assert upsert.body["properties"]["custom_fields"][0]["value"] == budget
    assert lists.url.endswith("/leads/<id of the lead>")


def test_people_see_the_whole_way_in_lines_that_can_be_copied(folder: Path) -> None:
    result = run(folder, ANN)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "receive",
        "verify",
        "parse",
        "map  website to copper → copper",
        "deliver  website to copper → copper: delivered",
        "This sample would go through, once it carries its proof. Nothing was sent or stored.",
    ]
    assert not any(line.endswith(" ") for line in lines)
    phone = next(number for number, line in enumerate(lines) if line.split()[:1] == ["phone"])
    assert [line.strip() for line in lines[phone : phone + 3]] == [
        "phone                      +14155550177",
        f'← {{{{ fields.phone }}}}  {place(PHONE)}  fields.phone "(415) 555-0177"',
        '"(415) 555-0177" → "+14155550177", read as a US number',
    ]
    assert "  1. GET https://api.copper.com/developer_api/v1/custom_field_definitions (read custom fields; " in (
        result.stdout
    )
    assert '           "custom_field_definition_id": "<id of custom field \'External ID\'>",' in result.stdout
    assert result.stdout == run(folder, ANN).stdout


def test_a_hostile_sample_has_no_power_over_the_terminal(folder: Path) -> None:
    shown = run(folder, {**ANN, "name": "Zoë [red]Li[/red]\x1b[31m\u202e", "x\x1b[1m": "y"}).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[red]Li[/red]" in shown


def test_a_list_of_websites_grows_and_a_yes_is_a_checkbox(folder: Path) -> None:
    config = CONFIG.replace('company: "{{', 'website: acme.example\n      company: "{{').replace(" | number }}", " }}")
    (route,) = tried(folder, {**ANN, "budget": True}, "--existing", config=config)["routes"]
    assert "the account has the custom field `Budget`, and it takes yes or no (Checkbox)" in route["assumed"]
    assert [each["url"] for each in route["calls"][-1]["body"]["websites"]] == [
        "<websites that are there already>",
        "acme.example",
    ]


def test_a_field_that_is_named_by_its_id_keeps_it(folder: Path) -> None:
    own = "3sv6UEo51C9Bmpo1cKTq"
    config = CONFIG.replace("contact.plan:", f"{own}: 7, Limit:")
    (route,) = tried(folder, {**BO, "plan": "Gold"}, source="open", config=config)["routes"]
    assert route["calls"][1]["body"]["customFields"] == [
        {"id": own, "field_value": 7},
        {"id": "<id of custom field 'Limit'>", "field_value": "Gold"},
    ]


def test_without_a_way_to_find_a_contact_there_is_none_that_exists(folder: Path) -> None:
    (route,) = tried(folder, {"job": "Cook"}, "--existing", source="open", code=1)["routes"]
    assert (route["outcome"], route["reason"], route["match"]) == ("held", "no_match_key", None)
    assert route["match_why"] == "the lead has none of `match: [email]`, and `on_no_match_key` is create"


def test_people_see_warnings_of_both_stages(folder: Path) -> None:
    shown = run(folder, {**BO, "phone": "call me", "job": "Cook"}, source="open").stdout
    assert "phone: cannot be read as a phone number (got call me)" in shown
    assert "title: Cook: LeadConnector contacts have no job title; map it under `custom_fields`." in shown
    nobody = run(folder, {"job": "Cook"}, source="open").stdout
    assert "none: the lead has none of `match: [email]`" in nobody


PERSON = CONFIG.replace("    to: copper\n    when:", "    to: copper\n    upsert: person\n    note: true\n    when:")


@pytest.mark.parametrize(
    ("match", "new", "there"),
    [
        ("email", ["look up person", "create person"], ["look up person", "update person"]),
        (
            "phone",
            ["find matching people", "find people by the last digits"] * 2 + ["create person"],
            ["find matching people", "update person", "add to lists"],
        ),
        (
            '"custom:External ID"',
            ["find matching people", "find matching people", "create person"],
            ["find matching people", "update person", "add to lists"],
        ),
    ],
)
def test_a_copper_person_is_looked_up_and_then_made_or_updated(
    folder: Path, match: str, new: list[str], there: list[str]
) -> None:
    config = PERSON.replace('match: ["custom:External ID", email]', f"match: [{match}]")
    for options, purposes in (((), new), (("--existing",), there)):
        (route,) = tried(folder, ANN, *options, config=config)["routes"]
        own = [call for call in route["calls"] if not call["shared"]]
        assert [call["purpose"] for call in own] == [*purposes, "add note"]
        assert route["outcome"] == "delivered_with_warnings"  # it has no source, and the company is no text
        assert own[-1]["body"]["parent"] == {"type": "person", "id": "<id of the person>"}
        assert "the account has the customer source `Spring fair`" not in route["assumed"]
