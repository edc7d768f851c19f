"""What a configured value comes to."""

import copy
import gc
import pickle
from concurrent.futures import ThreadPoolExecutor
from weakref import ref

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from leadbridge.events import Json
from leadbridge.expressions import ABSENT, ExpressionError, Template, TemplateError
from tests.expressions.evaluating import context_of, evaluated
from tests.support.walked import walked

FIELDS: dict[str, Json] = {
    "email": "ann@example.com",
    "contact.email": "ann@work.example",
    "contact.address.city": "Dallas",
    "Full name": "Ann Lee",
    "zip": "02134",
    "count": 3,
    "price": 2.5,
    "agreed": True,
    "tags": ["a", "b"],
    "blank": "  ",
    "empty": [],
    "nothing": None,
    "copy": "a field named like a method",
    "größe": "XL",
}


@walked(
    ("text", "value"),
    [
        ("Website", "Website"),
        (5, 5),
        (True, True),
        ("{{ fields.email }}", "ann@example.com"),
        ("{{fields.email}}", "ann@example.com"),
        ("  {{ fields.count }}\n", 3),
        ("{{- fields.count -}}", 3),
        ("{{ fields.contact.email }}", "ann@work.example"),
        ('{{ fields["contact.email"] }}', "ann@work.example"),
        ("{{ fields.contact.address.city }}", "Dallas"),
        ('{{ fields["Full name"] }}', "Ann Lee"),
        ("{{ fields.größe }}", "XL"),
        ("{{ fields.zip }}", "02134"),
        ("{{ fields.count }}", 3),
        ("{{ fields.price }}", 2.5),
        ("{{ fields.agreed }}", True),
        ("{{ fields.tags }}", ["a", "b"]),
        ("{{ fields.tags[1] }}", "b"),
        ("{{ fields.contact }}", {"email": "ann@work.example", "address": {"city": "Dallas"}}),
        ("{{ fields.copy }}", "a field named like a method"),
        ("{{ meta.form_name }}", "Contact us"),
        ("{{ source.name }}", "website"),
        ("{{ raw.answers[0].text }}", "hi"),
        ("{{ fields.count * 2 + 1 }}", 7),
        ("{{ fields.zip | number * 2 }}", 4268),
        ("{{ -fields.count + 10 - 2 }}", 5),
        ("{{ 'big' if fields.count > 2 else 'small' }}", "big"),
        ("{{ fields.interest != 'support' }}", True),
        ("{{ fields.missing is not defined and 'a' in fields.tags }}", True),
        ("{{ 'contact' in fields and 'nothing' not in fields and 'z' not in fields }}", True),
        ("{{ 'known' if fields.contact else 'unknown' }}", "known"),
        ("{{ fields.contact is iterable and fields.tags is sequence and fields.zip is string }}", True),
        ("in {{ fields.contact.address }}", 'in {"city":"Dallas"}'),
        ("{{ 'at ' ~ fields.contact.address }}", 'at {"city":"Dallas"}'),
        ("{{ fields.count < 5 and fields.price >= 2.5 }}", True),
        ("{{ 2 * -fields.count }}", -6),
        ("{{ (fields.count + 1) ** 2 // 3 % 4 }}", 1),
        ("{{ fields.tags[0] ~ fields.count * 2 }}", "a6"),
        ("{{ fields.tags | length * 2 }}", 4),
        ("{{ fields.missing or fields.email }}", "ann@example.com"),
        ("Hello {{ fields['Full name'] }}, {{ fields.count }} of {{ fields.tags }}", "Hello Ann Lee, 3 of a, b"),
        ("{{ fields.agreed }} {{ fields.price }}", "true 2.5"),
        ("a {{- 1 -}} b", "a1b"),
        ("{# a remark #}x", "x"),
        ("curly } braces { and }} are text", "curly } braces { and }} are text"),
        ("{{ {'a': {'b': 1}} }}", {"a": {"b": 1}}),
        ("{{ '}} inside a text' }}", "}} inside a text"),
    ],
)
def test_a_value_keeps_its_type_when_alone_and_is_text_otherwise(text: Json, value: Json) -> None:
    result = evaluated(text, FIELDS, raw={"answers": [{"text": "hi"}]})
    assert (result, type(result)) == (value, type(value))


@walked(
    "text",
    [
        None,
        "",
        "   ",
        "{{ fields.missing }}",
        "{{ fields.missing.deeper.still }}",
        "{{ fields.nothing }}",
        "{{ fields.blank }}",
        "{{ fields.empty }}",
        "{{ fields.missing }} {{ fields.nothing }}",
        "{{ 'x' if fields.missing }}",
        "{{ fields.missing | lower }}",
        "{{ fields.missing | e164('US') }}",
        "{{ fields.missing | number * 12 }}",
        "{{ fields.keys }}",
        "{{ fields.tags.append }}",
        "{# only a remark #}",
    ],
)
def test_blank_undefined_and_empty_results_are_absent(text: Json) -> None:
    assert evaluated(text, FIELDS) is ABSENT


def test_null_is_sent_only_where_the_mapping_writes_it() -> None:
    assert evaluated("{{ none }}") is None
    assert evaluated("{{ none if fields.nothing is not defined else 1 }}", {"nothing": None}) is None
    assert evaluated("{{ fields.nothing }}", {"nothing": None}) is ABSENT
    assert evaluated("{{ raw.nothing }}", raw={"nothing": None}) is ABSENT


@walked("number", [2**53 + 1, 2**63, 2**64 + 1, -(2**100), 2**127, 10**60])
def test_integers_of_any_size_stay_exact(number: int) -> None:
    assert evaluated("{{ fields.n }}", {"n": number}) == number
    assert evaluated("no. {{ fields.n }}", {"n": number}) == f"no. {number}"
    assert evaluated("{{ 'no. ' ~ fields.n }}", {"n": number}) == f"no. {number}"
    assert evaluated("{{ fields.n | string | tojson }}", {"n": number}) == f'"{number}"'


def test_a_name_that_is_both_a_value_and_the_beginning_of_others_is_the_value() -> None:
    fields: dict[str, Json] = {"contact": "Ann", "contact.email": "ann@example.com"}
    assert evaluated("{{ fields.contact }}", fields) == "Ann"
    assert evaluated('{{ fields["contact.email"] }}', fields) == "ann@example.com"
    deeper: dict[str, Json] = {"a.b": 1, "a.b.c": 2}
    assert evaluated("{{ fields.a.b }}", deeper) == 1
    assert evaluated("{{ fields['a.b.c'] }}", deeper) == 2


@walked(
    ("text", "problem", "line", "column"),
    [
        ("{{ fields.phone | e146 }}", "unknown filter `e146`; did you mean `e164`?", 1, 19),
        ("{{ feilds.phone }}", "unknown name `feilds`; did you mean `fields`?", 1, 4),
        ("Hello\n  {{ fields.a is defned }}", "unknown test `defned`; did you mean `defined`?", 2, 18),
        ("{{ fields.a | e164('Atlantis') }}", "filter `e164`: cannot be read as a country", 1, 20),
        ("{{ fields.a | date('dym') }}", "filter `date`: the order must be one of dmy, mdy, ymd", 1, 20),
        ("{{ fields.a | number(';') }}", "filter `number`: the decimal sign must be `.` or `,`", 1, 22),
        ("{{ fields.a | regex }}", "filter `regex` takes `pattern` and `group` (optional)", 1, 15),
        ("{{ fields.a | trim(1) }}", "filter `trim` takes nothing in brackets", 1, 15),
        ("{{ fields.a | join(seperator='/') }}", "filter `join` takes `sep` (optional)", 1, 15),
        ("{{ fields.a", "the expression is not closed with `}}`", 1, 1),
        ("{{ fields['a }}", "the text is not closed", 1, 11),
        ("{{ (fields.a }}", "unexpected `}`", 1, 14),
        ("{{ fields.a ) }}", "unexpected `)`", 1, 13),
        ("{{ [1, 2", "`[` is not closed", 1, 4),
        ("{{ }}", "the expression is empty", 1, 3),
        ("{{ fields.a ? 1 }}", "unexpected `?`", 1, 13),
        ("{# remark", "the comment is not closed with `#}`", 1, 1),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, problem: str, line: int, column: int) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.compile(text)
    assert (str(caught.value), caught.value.line, caught.value.column) == (problem, line, column)


@walked(
    ("text", "words"),
    [
        ("{{ fields.a + }}", "unexpected end"),
        ("{{ fields.größe fields.b }}", "unexpected"),
        ("{{ fields.a | regex('(') }}", "missing )"),
        ([], "must be text"),
        ({"a": 1}, "must be text"),
        (float("nan"), "finite"),
        ("x" * 20_001, "at most 20,000"),
    ],
)
def test_whatever_cannot_be_a_template_is_refused(text: Json, words: str) -> None:
    with pytest.raises(TemplateError, match="(?i)" + words.replace(")", r"\)")):
        Template.compile(text)


@walked(
    ("text", "problem"),
    [
        ("{{ 1 / 0 }}", "unable to calculate 1 / 0"),
        ("{{ 'two' * 3 }}", "only numbers can be calculated with"),
        ("{{ 1e308 * 1e308 }}", "finite"),
        ("{{ 'a' | round('x') }}", None),
        ("{{ 2 | round('x') }}", "number of digits"),
        ("{{ 'a' | split('') }}", "separator"),
        ("{{ 'abc' | regex('b', group=3) }}", "no such group"),
        ("{{ 'abc' | regex(5) }}", "must be text"),
        ("{{ 'abc' | regex(fields.pattern) }}", "no regular expression"),
        ("{{ 'a' | e164(fields.where) }}", "region"),
        ("{{ 'a' | regex(fields.where) }}", None),
        ("{{ 'a' | date(fields.where) }}", "order"),
        ("{{ 'a' | number(fields.where) }}", "decimal sign"),
    ],
)
def test_what_cannot_be_evaluated_is_said_in_plain_words(text: str, problem: str | None) -> None:
    if problem is None:
        assert evaluated(text, {"where": "nowhere"}) in ("a", ABSENT)
        return
    with pytest.raises(ExpressionError, match=problem):
        evaluated(text, {"where": "nowhere", "pattern": "("})


def test_a_template_is_an_option_of_a_model() -> None:
    class Options(BaseModel):
        when: Template | None = None

    options = Options.model_validate({"when": "{{ fields.a }}"})
    assert options.when == Template.compile("{{ fields.a }}")
    assert Options().when is None
    assert options.model_dump() == {"when": "{{ fields.a }}"}
    assert TypeAdapter(Template).json_schema() == {"type": ["string", "number", "boolean", "null"]}
    with pytest.raises(ValidationError) as caught:
        Options.model_validate({"when": "{{ fields.a | lowr }}"})
    (error,) = caught.value.errors()
    assert error["loc"] == ("when",)
    assert isinstance(error["ctx"]["error"], TemplateError)


def test_templates_are_equal_when_written_alike_and_can_be_copied() -> None:
    template = Template.compile("{{ fields.a | lower }}")
    assert template == Template.compile("{{ fields.a | lower }}")
    assert hash(template) == hash(Template.compile("{{ fields.a | lower }}"))
    assert Template.compile(1) != Template.compile(True)
    for again in (copy.deepcopy(template), pickle.loads(pickle.dumps(template))):
        assert again.evaluate(context_of({"a": "X"})) == "x"


def test_a_template_and_an_absent_value_show_what_they_are() -> None:
    assert repr(Template.compile("{{ fields.a }}")) == "Template('{{ fields.a }}')"
    assert repr(evaluated("{{ fields.a }}")) == "ABSENT"
    assert not evaluated("{{ fields.a }}")


def test_threads_may_share_a_template() -> None:
    template = Template.compile("{{ fields.n | string | e164 }}")

    def read(number: int) -> object:
        return template.evaluate(context_of({"n": f"214555{number:04}"}, region="US"))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, range(200))) == [f"+1214555{number:04}" for number in range(200)]


def test_texts_that_are_written_alike_share_one_template_while_it_is_used() -> None:
    text = "{{ fields.shared_by_many | upper }}"
    first, second = Template.compile(text), Template.compile(text)
    assert second is first
    assert Template.compile(f"{text}!") is not first
    gone = ref(first)
    del first, second
    gc.collect()
    assert gone() is None, "it goes away with its configuration"
