"""`try`, up to the lead: what was read, each value with its input and its rule, and what is left over."""

from pathlib import Path

import pytest

from tests.cli.trying import ANN, CONFIG, origin, place, run, tried

BROKEN = '"{{ 1 //'


def test_the_promised_keys_come_first(folder: Path) -> None:
    shown = tried(folder, ANN)
    assert list(shown)[:4] == ["event", "lead", "ignored", "routes"]
    assert list(shown["routes"][0])[:5] == ["route", "destination", "outcome", "calls", "warnings"]
    assert set(shown["routes"][0]["calls"][0]) >= {"method", "url", "headers", "body"}
    assert shown["lead"]["email"] == "ann@example.com"
    assert shown["event"]["fields"] == ANN


def test_a_value_is_shown_with_its_input_its_rule_and_what_was_done_to_it(folder: Path) -> None:
    (route,) = tried(folder, ANN)["routes"]
    assert origin(route, "phone") == {
        "key": "phone",
        "value": "+14155550177",
        "rules": [
            {
                "rule": "{{ fields.phone }}",
                "place": place('"{{ fields.phone }}"'),
                "inputs": [{"input": "fields.phone", "value": "(415) 555-0177", "there": True}],
            }
        ],
        "note": '"(415) 555-0177" → "+14155550177", read as a US number',
        "write": None,
    }
    assert origin(route, "email")["note"] == '" ANN@Example.com" → "ann@example.com", trimmed and lower-cased'
    assert origin(route, "first_name")["note"] == "made of `name`"
    assert [rule["place"] for rule in origin(route, "tags.add")["rules"]] == [place('website, "{{ meta')]


def test_a_number_is_said_to_be_read_where_the_rule_says(folder: Path) -> None:
    (route,) = tried(folder, {"email": "bo@example.com", "phone": "030 901820"}, source="open")["routes"]
    assert origin(route, "phone")["note"] == '"030 901820" → "+4930901820", read as a DE number'


def test_a_variable_stands_in_its_rule_by_its_name(folder: Path) -> None:
    (route,) = tried(folder, ANN)["routes"]
    assert origin(route, "source")["value"] == "Spring fair"
    assert origin(route, "source")["rules"][0]["rule"] == "${CAMPAIGN}"


def test_what_no_rule_read_and_what_no_rule_filled_is_named(folder: Path) -> None:
    (route,) = tried(folder, ANN)["routes"]
    assert route["unused"] == ["zip"]
    assert [each["key"] for each in route["unset"]] == ["company", "custom_fields.Budget"]
    (rule,) = route["unset"][0]["rules"]
    assert rule["inputs"] == [{"input": "fields['Company name']", "value": None, "there": False}]
    assert rule["place"] == place("\"{{ fields['Company")


def test_each_value_of_a_list_has_its_rule(folder: Path) -> None:
    (route,) = tried(folder, {**ANN, "likes": ["dogs", "cats"], "form_id": "f7"})["routes"]
    likes = origin(route, "custom_fields.Interests")
    assert likes["value"] == ["dogs", "cats", "news"]
    assert [rule["rule"] for rule in likes["rules"]] == ["{{ fields.likes }}", "news"]
    assert origin(route, "tags.add")["value"] == ["website", "f7"]


def test_what_cannot_be_read_is_a_warning_with_what_came(folder: Path) -> None:
    (route,) = tried(folder, {**ANN, "phone": "call me"})["routes"]
    assert route["warnings"][0] == {
        "stage": "map",
        "field": "phone",
        "problem": "cannot be read as a phone number",
        "sent": None,
        "got": "call me",
    }


def test_the_match_key_is_shown_with_why_it_was_chosen(folder: Path) -> None:
    (route,) = tried(folder, ANN)["routes"]
    assert route["match"] == {"by": "custom", "value": "A-1", "field": "External ID"}
    assert route["match_why"] == "the first of `match: [custom:External ID, email]` that the lead has"


def test_a_filtered_route_is_good_and_says_what_decided(folder: Path) -> None:
    shown = tried(folder, {**ANN, "interest": "support"})
    (route,) = shown["routes"]
    assert (route["outcome"], route["calls"], shown["lead"]) == ("filtered", [], None)
    assert route["when"]["inputs"] == [{"input": "fields.interest", "value": "support", "there": True}]
    assert route["when"]["place"] == place('"{{ fields.interest')


def test_a_rule_that_fails_stops_every_route_and_names_its_place(folder: Path) -> None:
    shown = tried(folder, {"name": "0", "email": "a@example.com"}, source="broken", code=1)
    broken, sound = shown["routes"]
    assert [broken["outcome"], sound["outcome"]] == ["failed", "failed"]
    assert broken["detail"].startswith(f"{place(BROKEN)}: routes[broken one].lead.email: ")
    assert (sound["detail"].partition(":")[0], sound["calls"]) == ("another route cannot be mapped", [])


def test_a_source_that_no_route_begins_at_is_told(folder: Path) -> None:
    shown = tried(folder, ANN, source="lonely", code=1)
    assert (shown["unrouted"], shown["routes"]) == ("no route begins at this source", [])


def test_one_of_several_submissions_is_shown_and_the_others_are_told_of(folder: Path) -> None:
    several = [ANN, {"name": "Bo Day", "email": "bo@example.com"}]
    first, second = tried(folder, several), tried(folder, several, "--item", "2")
    assert (first["item"], first["items"], first["lead"]["name"]) == (1, 2, "Ann Lee")
    assert (second["item"], second["lead"]["name"]) == (2, "Bo Day")
    assert "1 of 2; `--item N` shows another" in run(folder, several).stdout
    result = run(folder, several, "--item", "3")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the sample has no item 3: it holds 2, counted from 1" in result.stderr


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"name": "Ann", ', "line 1, column 17"),
        (b"[[[", "not JSON"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem_with_its_place(folder: Path, body: bytes, said: str) -> None:
    shown = tried(folder, body, code=1)
    assert (shown["event"], shown["lead"], shown["routes"]) == (None, None, [])
    assert said in shown["unparseable"]
    assert said in run(folder, body).stdout


def test_what_is_no_lead_is_ignored_with_the_reason(folder: Path) -> None:
    shown = tried(folder, {})
    assert (shown["event"], shown["lead"], shown["ignored"]) == (None, None, "the body holds no fields")
    assert "ignored" in run(folder, {}).stdout


@pytest.mark.parametrize(
    ("rule", "given", "value", "note"),
    [
        ('email: "{{ fields.x }}"', "Ann <ANN@example.com>", "ann@example.com", "the address in it"),
        ('phone: "{{ fields.x }}"', "0044 20 7946 0958", "+442079460958", "in E.164"),
        ('phone: "{{ fields.x }}"', "020 7946 0958", "+442079460958", "read as a GB number"),
        ("phone: \"{{ fields.x | e164('US') }}\"", "214 555 0100", "+12145550100", "read as a US number"),
        ('phone: "{{ fields.x | upper }}"', "call me", "CALL ME", "by the rule"),
        ('message: "{{ fields.x }}"', " hello ", "hello", "trimmed"),
        ('message: "{{ fields.x | upper }}"', "hello", "HELLO", "by the rule"),
        ('message: "to {{ fields.x }}"', "Ann", "to Ann", "by the rule"),
        ('value: "{{ fields.x }}"', "£1,250.00", 1250, "read as a number"),
        ('dnd: "{{ fields.x }}"', "yes", True, "read as yes or no"),
        ('date_of_birth: "{{ fields.x }}"', "March 4, 1990", "1990-03-04", "as ISO 8601 has it"),
        ('address: {country: "{{ fields.x }}"}', "Germany", "DE", "by its ISO 3166-1 code"),
        ('company: "{{ fields.x }}"', "Acme", "Acme", None),
        ('consent: "{{ fields.x }}"', True, True, None),
        ('company: "{{ fields.x if fields.y else fields.z }}"', "Acme", None, None),
        ('emails: ["{{ fields.x }}"]', "a@example.com, b@example.com", ["a@example.com", "b@example.com"], None),
    ],
)
def test_what_was_done_to_a_value_is_said_in_words(
    folder: Path, rule: str, given: object, value: object, note: str | None
) -> None:
    config = CONFIG.replace("version: 1\n", "version: 1\ndefaults: {region: GB}\n")
    config = config.replace('lead: {email: "{{ fields.email }}"}}', f"on_no_match_key: create, lead: {{{rule}}}}}")
    config = config.replace(
        'lead: {email: "{{ 1 // (fields.name | number) }}"}}', "on_no_match_key: create, lead: {message: x}}"
    )
    route = tried(folder, {"x": given, "z": None}, source="broken", config=config)["routes"][1]
    key = rule.partition(":")[0].replace("address", "address.country")
    if value is None:
        assert [each["key"] for each in route["unset"]] == [key]
        return
    found = origin(route, key)
    assert found["value"] == value
    assert found["note"] == (note and f'"{given}" → "{str(value).lower() if value is True else value}", {note}')


@pytest.mark.parametrize(
    ("tags", "rules"),
    [
        ("tags: news", {"tags.add": ["news"]}),
        ("tags: [news, web]", {"tags.add": ["news", "web"]}),
        ("tags: {add: news, remove: [old]}", {"tags.add": ["news"], "tags.remove": ["old"]}),
        ("tags: {replace: [all]}", {"tags.replace": ["all"]}),
    ],
)
def test_every_way_to_write_tags_has_its_place(folder: Path, tags: str, rules: dict[str, list[str]]) -> None:
    config = CONFIG.replace('tags: [website, "{{ meta.form_id }}"]', tags)
    (route,) = tried(folder, ANN, config=config)["routes"]
    for key, written in rules.items():
        found = origin(route, key)
        assert found["value"] == written
        for rule, text in zip(found["rules"], written, strict=True):
            _, line, column = rule["place"].split(":")
            assert config.splitlines()[int(line) - 1][int(column) - 1 :].startswith(text)


def test_a_field_whose_name_ends_like_an_index_has_its_rule(folder: Path) -> None:
    config = CONFIG.replace("Budget:", "'Budget [2]':").replace("| number }}", "}}")
    (route,) = tried(folder, {**ANN, "budget": "7"}, config=config)["routes"]
    found = origin(route, "custom_fields.Budget [2]")
    assert (found["value"], [rule["rule"] for rule in found["rules"]]) == ("7", ["{{ fields.budget }}"])


def test_a_computed_input_is_named_without_a_value(folder: Path) -> None:
    config = CONFIG.replace("{{ fields.name }}", "{{ fields[meta.form_id] }}")
    (route,) = tried(folder, {**ANN, "form_id": "zip"}, config=config)["routes"]
    assert origin(route, "name")["rules"][0]["inputs"] == [
        {"input": "fields", "value": None, "there": True},
        {"input": "meta.form_id", "value": "zip", "there": True},
    ]
