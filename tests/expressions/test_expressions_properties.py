"""What holds for any input."""

from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadbridge.events import Json
from leadbridge.expressions import ABSENT, FILTERS, ExpressionError, Template, TemplateError
from tests.expressions.evaluating import context_of, filtered

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
ARGUMENTS = {"default": "('x')", "replace": "('a', 'b')", "regex": "('(.)')", "regex_replace": "('.', 'x')"}
TEMPLATES = {name: Template.compile(f"{{{{ fields.value | {name}{ARGUMENTS.get(name, '')} }}}}") for name in FILTERS}
TAKING = {
    name: Template.compile(f"{{{{ fields.value | {name}(fields.argument) }}}}")
    for name, each in FILTERS.items()
    if len(each.parameters) >= 1 and name not in ("replace", "regex_replace")
}


@given(name=st.sampled_from(sorted(FILTERS)), value=VALUES)
def test_no_value_makes_a_filter_raise_anything_unexpected(name: str, value: Json) -> None:
    with suppress(ExpressionError):
        TEMPLATES[name].evaluate(context_of({"value": value}, region="US"))


@given(name=st.sampled_from(sorted(TAKING)), value=VALUES, argument=VALUES)
def test_no_argument_makes_a_filter_raise_anything_unexpected(name: str, value: Json, argument: Json) -> None:
    with suppress(ExpressionError):
        TAKING[name].evaluate(context_of({"value": value, "argument": argument}, region="US"))


PIECES = """
    fields raw .a .b ['a'] | lower e164 ( ) [ ] { } 'x' 1 2.5 + - * ** / ~ == < and or not in is defined if else none
    , : {{ }} {# #} é \\ "
"""
WORDS = st.sampled_from(PIECES.split())


def compiled(source: str) -> Template | TemplateError:
    try:
        return Template.compile(source)
    except TemplateError as error:
        return error


@given(text=st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=40), value=VALUES)
def test_any_text_is_a_template_or_refused_with_a_place_in_it(text: str, value: Json) -> None:
    for source in (text, f"{{{{ {text} }}}}"):
        template = compiled(source)
        if isinstance(template, TemplateError):
            lines = source.split("\n")
            assert 1 <= template.line <= len(lines)
            assert 1 <= template.column <= len(lines[template.line - 1]) + 1
            continue
        with suppress(ExpressionError):
            result = template.evaluate(context_of({"a": value}, raw={"a": value}))
            assert result is ABSENT or result is None or isinstance(result, str | int | float | bool | list | dict)


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_text_comes_out_as_it_went_in(text: str) -> None:
    result = Template.compile("{{ fields.value }}").evaluate(context_of({"value": text}))
    assert result == (text if text.strip() else ABSENT)


@given(number=st.integers())
def test_integers_come_out_as_they_went_in(number: int) -> None:
    assert Template.compile("{{ fields.value }}").evaluate(context_of({"value": number})) == number


@example(text="0A a")
@given(text=st.text(max_size=40))
def test_title_is_idempotent(text: str) -> None:
    once, _ = filtered(text, "title")
    if once is not ABSENT:
        assert filtered(once, "title")[0] == once


@example(text="+200000000000", region="US")
@given(
    text=st.from_regex(r"\+?[0-9()\-. ]{7,16}", fullmatch=True), region=st.sampled_from(["US", "DE", "GB", "BR", "JP"])
)
@settings(deadline=None)
def test_e164_is_idempotent(text: str, region: str) -> None:
    once, problems = filtered(text, "e164", region=region)
    if once is not ABSENT and not problems:
        assert filtered(once, "e164", region="FR") == (once, [])
