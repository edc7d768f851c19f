"""`try` on a route that recognises: which field filled what, by which rule, how surely, and what is left over."""

from pathlib import Path

from tests.cli.trying import CONFIG, origin, run, tried

ROUTE = "  - {name: open to dallas, from: open, to: dallas, recognise: true, lead: {phone: '{{ fields.Tel }}'}}\n"
RECOGNISING = (
    CONFIG[: CONFIG.index("  - name: open to dallas")] + ROUTE + CONFIG[CONFIG.index("  - {name: broken one") :]
)
FORM = {"Your name": "Ann Lee", "E-mail": "Ann@Example.com", "Tel": "(415) 555-2671", "Budget": "5000"}


def test_a_recognised_value_is_shown_with_its_field_its_rule_and_how_sure(folder: Path) -> None:
    (route,) = tried(folder, FORM, source="open", config=RECOGNISING)["routes"]
    assert route["recognised"] == [
        {"field": "Your name", "target": "name", "rule": "its label says `name`", "sure": 0.95},
        {"field": "E-mail", "target": "email", "rule": "its label says `email`", "sure": 0.95},
    ]
    assert origin(route, "email") == {
        "key": "email",
        "value": "ann@example.com",
        "rules": [],
        "note": "recognised in `E-mail`, 95 % sure: its label says `email`",
        "write": None,
    }
    assert origin(route, "first_name")["note"] == "made of `name`"
    assert origin(route, "phone")["rules"][0]["rule"] == "{{ fields.Tel }}"


def test_what_is_left_over_is_in_other_and_named_as_unused(folder: Path) -> None:
    shown = tried(folder, FORM, source="open", config=RECOGNISING)
    assert shown["lead"]["other"] == {"Budget": "5000"}
    assert shown["routes"][0]["unused"] == ["Budget"]
    assert shown["routes"][0]["warnings"] == []


def test_another_name_of_a_used_answer_is_not_unused(folder: Path) -> None:
    answers = [
        ("Your name", "visitor", "Ann Lee"),
        ("E-mail", "mail_1", "ann@example.com"),
        ("Budget", "money", "5000"),
    ]
    form = {"fields": [{"label": label, "key": key, "value": value} for label, key, value in answers]}
    (route,) = tried(folder, form, source="open", config=RECOGNISING)["routes"]
    assert {"Budget", "money"} <= set(route["unused"])
    assert {"Your name", "visitor", "E-mail", "mail_1"}.isdisjoint(route["unused"])


def test_people_see_the_same(folder: Path) -> None:
    said = run(folder, FORM, source="open", config=RECOGNISING).stdout
    assert "recognised in `E-mail`, 95 % sure: its label says `email`" in said
    assert 'other       {"Budget": "5000"}' in said
    assert "the fields that nothing else uses" in said


def test_a_filled_trap_is_ignored_with_its_reason(folder: Path) -> None:
    form = {**FORM, "_gotcha": "x"}
    shown = tried(folder, form, source="open", config=RECOGNISING)
    reason = "spam: the field `_gotcha`, a trap that people do not see, was filled"
    assert (shown["ignored"], shown["lead"], shown["routes"]) == (reason, None, [])
    said = run(folder, form, source="open", config=RECOGNISING).stdout
    assert f"ignored   {reason}" in said
    assert "fields._gotcha" in said
