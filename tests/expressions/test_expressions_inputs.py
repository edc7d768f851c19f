"""Which inputs a template reads, known from its text alone."""

import pytest

from leadbridge.events import Event
from leadbridge.expressions import Context, Input, Template
from tests.support.walked import walked

READS = [
    ("a constant", []),
    ("{{ 'fields.email' }}", []),
    ("{{ fields.email }}", ["fields.email"]),
    ("{{ fields.contact.email | lower }}", ["fields.contact.email"]),
    ("{{ fields['Work email'] }}", ["fields['Work email']"]),
    ("{{ raw.items[0].sku }}", ["raw.items[0].sku"]),
    ("Hi {{ fields.first }} {{- fields.last }}, {{ fields.first }}", ["fields.first", "fields.last"]),
    ("{{ fields.a if fields.b is defined else meta.c }}", ["fields.a", "fields.b", "meta.c"]),
    ("{{ fields.phone | e164(region=fields.country) }}", ["fields.phone", "fields.country"]),
    ("{{ fields.source ~ source.name }}", ["fields.source", "source.name"]),
    ("{{ fields | length }}", ["fields"]),
    ("{{ fields[meta.key].name }}", ["fields", "meta.key"]),
    ("{{ [fields.a, {'b': fields.b}] }}", ["fields.a", "fields.b"]),
]


@walked(("text", "read"), READS)
def test_the_inputs_are_the_paths_that_are_written(text: str, read: list[str]) -> None:
    assert [each.written for each in Template.compile(text).inputs] == read


@pytest.mark.parametrize(
    ("written", "root", "steps", "exact"),
    [
        ("fields.contact.email", "fields", ("contact", "email"), True),
        ("fields['a.b'][0]", "fields", ("a.b", "0"), True),
        (r"fields['it\'s']", "fields", ("it's",), True),
        ("raw", "raw", (), True),
    ],
)
def test_an_input_is_taken_apart(written: str, root: str, steps: tuple[str, ...], exact: bool) -> None:
    (found,) = Template.compile(f"{{{{ {written} }}}}").inputs
    assert found == Input(written=written, root=root, steps=steps, exact=exact)


def test_a_computed_step_ends_what_is_known() -> None:
    found, _ = Template.compile("{{ fields.answers[meta.key] }}").inputs
    assert (found.written, found.steps, found.exact) == ("fields.answers", ("answers",), False)


@walked(
    ("text", "field", "covered"),
    [
        ("{{ fields.contact.email }}", "contact.email", True),
        ("{{ fields.contact.email }}", "contact.emails", False),
        ("{{ fields.contact }}", "contact.email", True),
        ("{{ fields.contact }}", "contacts", False),
        ("{{ fields.interests[0] }}", "interests", True),
        ("{{ fields | length }}", "anything", True),
        ("{{ raw.contact.email }}", "contact.email", True),
        ("{{ meta.form_id }}", "form_id", True),
        ("{{ source.name }}", "name", False),
    ],
)
def test_an_input_covers_the_fields_it_reads(text: str, field: str, covered: bool) -> None:
    (found,) = Template.compile(text).inputs
    assert found.covers(field) is covered


@walked("text", [text for text, _ in READS])
def test_each_exact_input_is_an_expression_of_its_own(text: str) -> None:
    context = Context.of(Event(fields={"email": "a@example.com"}, raw={}), source={"name": "website"})
    for each in Template.compile(text).inputs:
        if each.exact:
            Template.compile(f"{{{{ {each.written} }}}}").evaluate(context)
