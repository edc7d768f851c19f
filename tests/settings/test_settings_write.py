"""What a route's choices say of a CRM of another package, which may follow none of them."""

from leadbridge.settings.positions import read_document
from leadbridge.settings.route import Route
from leadbridge.settings.write import write_problems
from tests.support.crm import PlainAdapter

ROUTE = """\
routes:
  - name: all
    from: website
    to: plain
    on_many: oldest
    lead: {email: "{{ fields.email }}"}
    write: {email: if_empty}
    note: true
    allow_duplicates: true
"""


def test_what_a_plain_adapter_does_not_follow_is_told_where_it_stands() -> None:
    document = read_document(ROUTE, file="site.yaml")
    route = Route.model_validate(document.data["routes"][0])

    told = list(write_problems(document, ("routes", 0), route, PlainAdapter, title="Plain CRM"))

    assert [(one.severity, one.line, one.problem, one.hint) for one in told] == [
        ("error", 7, "Plain CRM knows no write rules: every value is written as it comes", "leave it out"),
        ("error", 8, "Plain CRM has no notes that leadbridge could write", "leave it out"),
        ("error", 9, "Plain CRM has no rules of its own against duplicates", "leave it out"),
        ("warning", 5, "Plain CRM decides itself which record it updates", "leave it out"),
    ]


def test_what_is_not_asked_for_needs_no_support() -> None:
    text = ROUTE.replace("note: true", "note: false").replace("write: {email: if_empty}", "write: {}")
    document = read_document(text.replace("    on_many: oldest\n", "").replace("true", "false"), file="site.yaml")
    route = Route.model_validate(document.data["routes"][0])

    assert list(write_problems(document, ("routes", 0), route, PlainAdapter, title="Plain CRM")) == []
