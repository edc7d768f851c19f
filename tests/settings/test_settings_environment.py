"""What `${NAME}` stands for, and what the environment cannot do."""

import pytest

from leadbridge.settings.environment import has_variable, substitute
from leadbridge.settings.loading import load_text
from leadbridge.settings.positions import read_document
from leadbridge.settings.problem import ConfigProblems
from tests.support.walked import walked


def filled(text: str, **environ: str) -> tuple[object, list[str]]:
    document = read_document(text, file="f")
    substituted = substitute(document, environ)
    return substituted.data, [str(problem) for problem in substituted.problems]


@walked(
    ("written", "meant"),
    [
        ("${A}", "x y"),
        ("a${A}b${A}c", "ax ybx yc"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$A {A}", "$A {A}"),
        ("${YAML}", "[1, {a: *b}]"),
        ("${NUMBER}", "012"),
        ("${NESTED}", "${A} $${A}"),
    ],
)
def test_a_value_from_the_environment_is_text_and_is_not_read_again(written: str, meant: str) -> None:
    environ = {"A": "x y", "YAML": "[1, {a: *b}]", "NUMBER": "012", "NESTED": "${A} $${A}"}
    assert filled(f"key: '{written}'", **environ) == ({"key": meant}, [])


def test_a_secret_that_is_part_of_another_leaves_nothing_of_it_in_a_problem() -> None:
    text = 'version: 1\nsources: {a: {preset: "${A}", verify: none}, b: {preset: "${B}", verify: none}}\n'
    with pytest.raises(ConfigProblems) as caught:
        load_text(text, "f", {"A": "short-secret", "B": "short-secret-and-more"})
    said = [problem.problem for problem in caught.value.problems]
    assert said == ["unknown preset `${A}`", "unknown preset `${B}`"]


def test_keys_and_what_is_no_text_are_left_alone() -> None:
    assert filled('{"${A}": 1, b: true, c: null}', A="x") == ({"${A}": 1, "b": True, "c": None}, [])


@pytest.mark.parametrize("written", ["${}", "${1A}", "${A.B}", "${ A }", "${A"])
def test_what_looks_like_a_variable_must_be_one(written: str) -> None:
    hint = "after `${` comes a variable's name and `}`; write `$${` for a literal `${`"
    assert filled(f"a:\n  - '{written}'", A="x")[1] == [f"f:2:5: a[0]: {hint}"]


@pytest.mark.parametrize("written", ["${A-b}", "${A:-b}", "${A:?must be set}", "${A=b}"])
def test_a_variable_has_no_default(written: str) -> None:
    (said,) = filled(f"a: '{written}'", A="x")[1]
    assert said.endswith("; there are no defaults here: write `${NAME}` alone")


@pytest.mark.parametrize(
    ("environ", "state"),
    [({}, "is not set; set it before the start"), ({"A": ""}, "is empty; set it before the start")],
)
def test_an_unset_and_an_empty_variable_are_problems(environ: dict[str, str], state: str) -> None:
    assert filled("key: |\n  several\n  lines ${A}\n", **environ)[1] == [
        f"f:1:6: key: environment variable `A` {state}"
    ]


@pytest.mark.parametrize("value", ["caf\udce9", "a\0b"])
def test_a_variable_that_is_no_text_is_a_problem(value: str) -> None:
    assert filled("key: ${A}", A=value)[1] == [
        "f:1:6: key: environment variable `A` is not UTF-8 text; set it again, in a UTF-8 locale"
    ]


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ('routes: ["${A}"]', {"A": "{{ fields.x }}"}),
        ('routes: ["{${A}"]', {"A": "{ fields.x }}"}),
        ("routes: [\"{{ x | default('${A}') }}\"]", {"A": "') ~ ('"}),
        ('sources: {x: {dedupe: "{% ${A} %}"}}', {"A": "x"}),
    ],
)
def test_the_environment_cannot_become_an_expression(text: str, environ: dict[str, str]) -> None:
    assert len(filled(text, **environ)[1]) == 1


def test_braces_in_a_secret_are_no_expression() -> None:
    assert filled("destinations: {c: {token: '${A}'}}", A="{{x}}") == ({"destinations": {"c": {"token": "{{x}}"}}}, [])


def test_a_variable_beside_an_expression_is_filled_in() -> None:
    assert filled("routes: ['https://${A}/{{ fields.id }}']", A="x") == ({"routes": ["https://x/{{ fields.id }}"]}, [])


def test_an_escaped_variable_takes_nothing_from_the_environment() -> None:
    assert [has_variable(text) for text in ("${A}", "a ${A}", "$${A}", "plain", 5)] == [True, True, False, False, False]
