"""Expressions over any text, and what normalises names, phones, e-mails, dates, numbers and countries.

An input is a line with an expression, then the text that it sees as `fields.x`.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from leadbridge.events import Event
from leadbridge.expressions import (
    ABSENT,
    FILTERS,
    Context,
    ExpressionError,
    Report,
    Template,
    TemplateError,
    Unreadable,
)
from leadbridge.expressions.filters.countries import read_country
from leadbridge.expressions.filters.dates import ORDERS, read_date
from leadbridge.expressions.filters.emails import read_emails
from leadbridge.expressions.filters.names import read_name
from leadbridge.expressions.filters.numbers import read_bool, read_number
from leadbridge.expressions.filters.phones import is_e164, read_phones
from tests.fuzz.harness import Harness, first_line, promise

REGIONS: Final = (None, "US", "DE", "IT", "AR")
DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TEXTS: Final = (
    "Ann Lee", "Dr. Ana María de la Cruz García, Jr.", "李小龍", "van der Berg", "(214) 555-0100 ext. 7",
    "0044 20 7946 0958 / 020 7946 0959", "+49 (0) 30 901820; +1 214-555-0100", "Ann <ANN@Example.com>, b@ü.example",
    "mailto:a+b@example.co.uk.", "31.12.1999", "March 3rd, 2024 5:07 pm", "1700000000", "2024年3月5日", "$1,234.50",
    "1.234,50 €", "٣٤٥", "yes", "Côte d'Ivoire", "a,b;c|d", '{"a": [1]}',
)  # fmt: skip
EXPRESSIONS: Final = (
    "{{ fields.x }}", "a {{ fields.x | upper }} b", "{{ fields.x[:3] ~ '…' }}", "{{ fields.x if fields.y else none }}",
    "{{ (fields.x | length) * 2 + 1 }}", "{{ fields['x'] in ['a', 'b'] and not fields.z is defined }}",
    "{{ fields.x | regex('([a-z]+)@', 1) | default('?') }}", "{{ fields.x | split(';') | first | e164('GB') }}",
)  # fmt: skip


def check(data: bytes) -> None:
    """Every reader gives what it promises or `Unreadable`; every expression a value, or an error with words."""
    expression, rest = first_line(data)
    text = rest.decode("utf-8", "replace").replace("\0", "\ufffd")
    _check_readers(text)
    _check_expression(expression.encode("latin-1").decode("utf-8", "replace"), text)


def _check_readers(text: str) -> None:
    for region in REGIONS:
        for phone in _read(partial(read_phones, text, region=region)) or ():
            promise(is_e164(phone.number), f"{phone.number!r} from {text!r} is no E.164")
            again = read_phones(phone.number, region=None)
            promise([one.number for one in again] == [phone.number], f"{phone.number!r} is read as {again}")
        _storable(repr(read_name(text, region=region)))
    for order in (None, *ORDERS):
        date = _read(partial(read_date, text, order=order))
        promise(date is None or (DATE.fullmatch(date) and read_date(date) == date), f"date {date!r} from {text!r}")
    emails = _read(partial(read_emails, text)) or ()
    for email in emails:
        promise(email == email.lower() and read_emails(email) == (email,), f"e-mail {email!r} from {text!r}")
    for decimal in (None, ".", ","):
        number = _read(partial(read_number, text, decimal=decimal))
        promise(number is None or math.isfinite(number), f"number {number!r} from {text!r}")
    promise(_read(partial(read_bool, text)) in (None, True, False), "neither true nor false")
    country = _read(partial(read_country, text))
    promise(country is None or read_country(country) == country, f"country {country!r} from {text!r}")


def _read(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Unreadable as problem:
        promise(str(problem), "a refusal without words")
        return None


def _check_expression(source: str, text: str) -> None:
    try:
        template = Template.compile(source)
    except TemplateError as problem:
        promise(str(problem), "a refusal without words")
        return
    event = Event(fields={"x": text, "y": [text], "n": 7}, raw={"x": text, "deep": {"er": [text, None, 1.5]}})
    context = Context.of(event, source={"name": "any", "region": "US"}, region="US")
    reports: list[Report] = []
    try:
        value = template.evaluate(context, reports=reports)
    except ExpressionError as problem:
        promise(str(problem), "an error without words")
        return
    if value is not ABSENT:
        _storable(json.dumps(value, allow_nan=False, ensure_ascii=False))
    promise(all(report.problem for report in reports), "a report without words")
    promise(template.evaluate(context) == value, f"{source!r} gives two values")


def _storable(text: str) -> None:
    text.encode()


def seeds() -> Iterator[bytes]:
    """Each filter's own examples, the texts that readers know, and expressions of every kind."""
    for number, text in enumerate(TEXTS):
        yield f"{EXPRESSIONS[number % len(EXPRESSIONS)]}\n{text}".encode()
    for filter_ in FILTERS.values():
        for example, _ in filter_.examples:
            yield f"{{{{ {example} }}}}\nAnn Lee".encode()
        yield f"{{{{ fields.x | {filter_.name} }}}}\n{TEXTS[0]}".encode()
    for expression in EXPRESSIONS:
        yield f"{expression}\n(214) 555-0100".encode()


HARNESS: Final = Harness(name="leads", check=check, seeds=seeds, most=1_024)
