"""No expression and no input reaches into Python, runs away or grows without bound."""

import pytest

from leadbridge.events import Json
from leadbridge.expressions import ABSENT, ExpressionError, Template, TemplateError
from tests.expressions.evaluating import evaluated
from tests.support.walked import walked


@walked(
    ("text", "problem"),
    [
        ("{% for a in fields %}{% endfor %}", "statements"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "statements"),
        ("{% set a = [1] %}{{ a }}", "statements"),
        ("{% include '/etc/passwd' %}", "statements"),
        ("{{ range(10) }}", "functions cannot be called"),
        ("{{ dict(a=1) }}", "functions cannot be called"),
        ("{{ namespace() }}", "functions cannot be called"),
        ("{{ debug() }}", "functions cannot be called"),
        ("{{ fields.clear() }}", "methods cannot be called"),
        ("{{ fields.name.upper() }}", "use the filter `upper`"),
        ("{{ 'a'.join(fields.tags) }}", "use the filter `join`"),
        ("{{ (fields.name)() }}", "nothing can be called"),
        ("{{ fields['clear']() }}", "nothing can be called"),
        ("{{ ''.__class__ }}", "not available"),
        ("{{ fields.__class__.__mro__ }}", "not available"),
        ("{{ self }}", "unknown name"),
        ("{{ loop }}", "unknown name"),
        ("{{ fields | map('upper') }}", "unknown filter"),
        ("{{ 'x' | format(1) }}", "unknown filter"),
        ("{{ 'x' | _factor }}", "unknown filter"),
        ("{{ " + "1 + " * 300 + "1 }}", "too long"),
        ("{{ " + "fields.a ~ " * 60 + "1 }}", "too long"),
        ("{{ " + "-" * 300 + "1 }}", "too long"),
        ("{{ " + "(" * 95 + "1" + ")" * 95 + " }}", "recursion"),
        ("{{ " + "[" * 95 + "]" * 95 + " }}", "recursion"),
        ("{{ 'a' | regex('" + "(a{1,1000}){1,1000}" + "') }}", "regular expression"),
        ("{{ 'a' | regex('" + "a" * 1_001 + "') }}", "longer than"),
        (r"{{ 'a' | regex('(a)\\1') }}", "regular expression"),
        ("{{ 'a' | regex('(?=a)') }}", "regular expression"),
    ],
)
def test_hostile_expressions_are_refused_when_the_configuration_is_read(text: str, problem: str) -> None:
    with pytest.raises(TemplateError, match=problem):
        Template.compile(text)


LONG = "a" * 900_000


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 100000000 }}",
        "{{ 100000000 * 'a' }}",
        "{{ 1 + 100000000 * ('a' ~ 'b') }}",
        "{{ 'a' ** 9 }}",
        "{{ [1] * 100000000 }}",
        "{{ fields.tags * 100000000 }}",
        "{{ -1 * fields.long * 9 }}",
        "{{ 2 * 3 * fields.long[0] }}",
        "{{ fields.n | default(9 * 'a') }}",
        "{{ {'a': 9 * 'a'} }}",
        "{{ fields.long ~ fields.long }}",
        "{{ fields.long + fields.long }}",
        "{{ [fields.long, fields.long] }}",
        "{{ {'a': fields.long, 'b': fields.long} }}",
        "{{ [fields.long, fields.long] | join }}",
        "{{ [fields.long, fields.long] | tojson }}",
        "{{ [fields.long, fields.long] | string }}",
        "{{ fields.tags | join(fields.long) }}",
        "{{ fields.long | replace('a', 'bb') }}",
        "{{ fields.long | replace('', 'b') }}",
        "{{ fields.long | regex_replace('a', 'bb') }}",
        "{{ fields.long | regex_replace('', 'b') }}",
        "{{ fields.long }} {{ fields.long }}",
        "{{ 10 ** 10000 }}",
        "{{ 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 }}",
    ],
)
def test_much_is_not_made_out_of_little(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluated(text, {"long": LONG, "tags": ["a", "b", "c"]})


@walked(
    ("text", "value"),
    [
        ("{{ fields['__class__'] }}", ABSENT),
        ("{{ raw['_items'] }}", ABSENT),
        ("{{ raw._items }}", ABSENT),
        ("{{ fields.tags.append }}", ABSENT),
        ("{{ fields.pop }}", ABSENT),
        ("{{ raw.__len }}", ABSENT),
    ],
)
def test_nothing_of_python_is_found_by_a_name(text: str, value: Json) -> None:
    assert evaluated(text, {"tags": ["a"]}, raw={"a": 1}) is value


def test_a_pattern_that_would_backtrack_for_ever_is_linear() -> None:
    assert evaluated(r"{{ fields.a | regex('^(a+)+$') }}", {"a": "a" * 100_000 + "!"}) is ABSENT


def test_input_nested_without_end_is_not_followed() -> None:
    nested: Json = "deep"
    for _ in range(5_000):
        nested = {"a": nested}
    listed: Json = ["deep"]
    for _ in range(5_000):
        listed = [listed]
    assert evaluated("{{ raw.a.a.b }}", raw=nested) is ABSENT
    assert evaluated("{{ raw.b }}", raw={"a": listed}) is ABSENT
    assert str(evaluated("{{ raw }}", raw=nested)).count("a") < 100
    with pytest.raises(ExpressionError, match="nested"):
        evaluated("{{ [raw] }}", raw=nested)
    dots = ".".join("a" * 5_000)
    assert evaluated(f"{{{{ fields['{dots}'] }}}}", {dots: 1}) == 1


def test_input_is_never_changed() -> None:
    fields: dict[str, Json] = {"tags": ["b", "a", "b"], "n": None, "a.b": 1}
    before = str(fields)
    evaluated("{{ fields.tags | unique | join }}{{ fields }}", fields)
    assert str(fields) == before
