"""`try` shows by which rule a value is written, and the note, as they will reach the CRM."""

from pathlib import Path

from tests.cli.trying import ANN, CONFIG, origin, run, tried

OPTIONS = "    tags: [website, "
WITH_RULES = CONFIG.replace(
    OPTIONS,
    "    write: {name: if_empty, source: on_create, custom:Budget: never, tags: always}\n    note: true\n" + OPTIONS,
)


def test_the_rule_of_a_value_is_shown_beside_it(folder: Path) -> None:
    (route,) = tried(folder, {**ANN, "budget": "100"}, config=WITH_RULES)["routes"]

    rules = {key: origin(route, key)["write"] for key in ("name", "first_name", "source", "email", "tags.add")}
    assert rules == {
        "name": "if_empty",
        "first_name": "if_empty",
        "source": "on_create",
        "email": None,
        "tags.add": "always",
    }
    assert origin(route, "custom_fields.Budget")["write"] == "never"
    said = run(folder, ANN, config=WITH_RULES).stdout
    assert "written only where nothing stands (`if_empty`)" in said
    assert "written only to a new record (`on_create`)" in said


def test_the_note_is_shown_with_its_rule_and_among_the_calls(folder: Path) -> None:
    (route,) = tried(folder, ANN, config=WITH_RULES)["routes"]

    note = origin(route, "note")
    assert note["value"].startswith("name: Ann Lee\nemail: ANN@Example.com\n")
    assert [rule["rule"] for rule in note["rules"]] == [True]
    assert route["unused"] == []
    assert [call["purpose"] for call in route["calls"]][-1] == "add note"
    assert note["value"] in route["calls"][-1]["body"].values()


def test_a_note_that_comes_to_nothing_is_named_as_unset(folder: Path) -> None:
    config = CONFIG.replace(OPTIONS, '    note: "{{ fields.remarks }}"\n' + OPTIONS)
    (route,) = tried(folder, ANN, config=config)["routes"]

    assert "note" in [each["key"] for each in route["unset"]]
