"""Filters: what each is for, in tables."""

import pytest

from leadbridge.events import Json
from leadbridge.expressions import ABSENT, FILTERS, Template, TemplateError
from tests.expressions.evaluating import evaluated, filtered
from tests.support.walked import walked

EXAMPLES = [
    pytest.param(expression, result, id=f"{each.name}: {expression}")
    for each in FILTERS.values()
    for expression, result in each.examples
]


@walked(("expression", "result"), EXAMPLES)
def test_the_documented_examples_are_true(expression: str, result: Json) -> None:
    value = evaluated(f"{{{{ {expression} }}}}")
    assert (value, type(value)) == (result, type(result))


@walked("name", FILTERS)
def test_every_filter_is_documented_by_a_line_and_an_example_that_uses_it(name: str) -> None:
    assert FILTERS[name].summary.endswith(".")
    assert any(f"| {name}" in expression for expression, _ in FILTERS[name].examples)


@walked("name", sorted(set(FILTERS) - {"default", "replace", "regex", "regex_replace", "tojson", "length"}))
@walked("value", [None, "", "   ", []])
def test_absent_values_stay_absent_whatever_the_filter(name: str, value: Json) -> None:
    assert filtered(value, name) == (ABSENT, [])


@walked(
    ("value", "call", "result"),
    [
        ([" Ann ", "Bob"], "trim", ["Ann", "Bob"]),
        (["(214) 555-0100", "214 555 0101"], "e164('US')", ["+12145550100", "+12145550101"]),
        (12, "string", "12"),
        (True, "string", "true"),
        ({"a": [1, None]}, "tojson", '{"a":[1,""]}'),
        ("Größe", "upper", "GRÖSSE"),
        ("a, b,, c ", "split", ["a", "b", "c"]),
        ("a|b", "split('|')", ["a", "b"]),
        (["x", "", "y"], "split", ["x", "y"]),
        (["a", "b"], "join(' and ')", "a and b"),
        ("alone", "join", "alone"),
        (["a", "A", "b"], "unique", ["a", "b"]),
        (["a", "b"], "last", "b"),
        ("none of your business", "default('x')", "none of your business"),
        ("", "default('x')", "x"),
        (False, "default(true)", False),
        (0, "default(5)", 0),
        ("Ref: AB-12", "regex('[A-Z]{2}-[0-9]+')", "AB-12"),
        ("Ref: AB-12", "regex('([A-Z]+)-([0-9]+)', group=2)", "12"),
        ("nothing here", "regex('[0-9]+')", ABSENT),
        ("ünïcödé 5", "regex('ü(.*)é')", "nïcöd"),
        ("a.b", "replace('.', '')", "ab"),
        ("(214) 555", "regex_replace('[^0-9]', '')", "214555"),
        (2.5, "round", 2),
        (1234.5678, "round(2)", 1234.57),
        ({"a": 1, "b": None}, "length", 1),
    ],
)
def test_text_and_list_filters(value: Json, call: str, result: Json) -> None:
    assert filtered(value, call) == (result, [])


PHONES = [
    ("(214) 555-0100", "US", "+12145550100"),
    ("214.555.0100", "US", "+12145550100"),
    ("12145550100", "US", "+12145550100"),
    ("+1 214 555 0100", None, "+12145550100"),
    ("tel:+1-214-555-0100", None, "+12145550100"),
    ("1-800-FLOWERS", "US", "+18003569377"),
    ("0044 20 7946 0958", "US", "+442079460958"),
    ("011 44 20 7946 0958", "US", "+442079460958"),
    ("+44 (0)20 7946 0958", "US", "+442079460958"),
    ("020 7946 0958", "GB", "+442079460958"),
    ("0151/12345678", "DE", "+4915112345678"),
    ("4915112345678", "US", "+4915112345678"),
    ("06 12 34 56 78", "FR", "+33612345678"),
    ("55 1234 5678", "MX", "+525512345678"),
    ("090-1234-5678", "JP", "+819012345678"),
    ("+٤٤٢٠٧٩٤٦٠٩٥٨", None, "+442079460958"),
    ("＋１ ２１４ ５５５ ０１００", None, "+12145550100"),
    (2145550100, "US", "+12145550100"),
]


@walked(("value", "region", "number"), PHONES)
def test_phone_numbers_become_e164(value: Json, region: str | None, number: str) -> None:
    assert filtered(value, "e164", region=region) == (number, [])


@walked(
    ("value", "region", "result", "problem"),
    [
        ("call me", "US", "call me", "cannot be read as a phone number"),
        ("555-0100", "US", "555-0100", "cannot be read as a phone number"),
        ("214 555 0100", None, "214 555 0100", "cannot be read as a phone number; a national number needs a region"),
        ("1" * 201, "US", "1" * 201, "is too long for a phone number"),
        ("214 555 0100 x12", "US", "+12145550100", "has an extension, which E.164 cannot say"),
        (
            "214 555 0100 or 972 555 0101",
            "US",
            "+12145550100",
            "holds several phone numbers; the first is used",
        ),
        (
            "214 555 0100; after six",
            "US",
            "+12145550100",
            "holds something beside the phone number that cannot be read as one",
        ),
        ({"a": 1}, "US", {"a": 1}, "is a group of values and not one"),
    ],
)
def test_what_is_no_whole_phone_number_is_reported(value: Json, region: str | None, result: Json, problem: str) -> None:
    assert filtered(value, "e164", region=region) == (result, [problem])


def test_a_written_region_wins_over_the_context() -> None:
    assert filtered("020 7946 0958", "e164('UK')", region="US") == ("+442079460958", [])
    assert filtered("020 7946 0958", "e164(region='United Kingdom')", region="US") == ("+442079460958", [])


@walked(
    ("name", "code"),
    [
        ("us", "US"),
        ("U.S.A.", "US"),
        ("Estados Unidos", "US"),
        ("UK", "GB"),
        ("England", "GB"),
        ("the Netherlands", "NL"),
        ("Holland", "NL"),
        ("Deutschland", "DE"),
        ("Allemagne", "DE"),
        ("España", "ES"),
        ("ESPANA", "ES"),
        ("Suisse", "CH"),
        ("Österreich", "AT"),
        ("Brasil", "BR"),
        ("Méjico", "Méjico"),
        ("日本", "JP"),
        ("中国", "CN"),
        ("대한민국", "KR"),
        ("South Korea", "KR"),
        ("Россия", "RU"),
        ("Ελλάδα", "GR"),
        ("Türkiye", "TR"),
        ("Côte d’Ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("DEU", "DE"),
        ("Kosovo", "XK"),
        ("Niger", "NE"),
        ("Georgia", "GE"),
        ("Atlantis", "Atlantis"),
    ],
)
def test_countries_become_their_codes(name: str, code: str) -> None:
    problems = [] if len(code) == 2 else ["cannot be read as a country"]
    assert filtered(name, "country") == (code, problems)


@walked(
    ("text", "date"),
    [
        ("2024-03-05", "2024-03-05"),
        ("2024-3-5", "2024-03-05"),
        ("2024/03/05", "2024-03-05"),
        ("20240305", "2024-03-05"),
        ("2024-03-05T23:59:59.123Z", "2024-03-05"),
        ("2024-03-05 08:15:00 +02:00", "2024-03-05"),
        ("31/12/2024", "2024-12-31"),
        ("12/31/2024", "2024-12-31"),
        ("12/31/2024 4:05 PM", "2024-12-31"),
        ("03.03.2024", "2024-03-03"),
        ("March 5, 2024", "2024-03-05"),
        ("Tuesday, March 5, 2024", "2024-03-05"),
        ("5 Mar 2024", "2024-03-05"),
        ("5th of March 2024", "2024-03-05"),
        ("5. März 2024", "2024-03-05"),
        ("5 de mayo de 2024", "2024-05-05"),
        ("1er janvier 2024", "2024-01-01"),
        ("15 août 2024", "2024-08-15"),
        ("1 września 2024", "2024-09-01"),
        ("2024年3月5日", "2024-03-05"),
        ("2024년 3월 5일", "2024-03-05"),
        (1_709_634_000, "2024-03-05"),
        (1_709_634_000_000, "2024-03-05"),
        (20240305, "2024-03-05"),
    ],
)
def test_dates_that_can_be_read_in_one_way_become_iso(text: Json, date: str) -> None:
    assert filtered(text, "date") == (date, [])


@pytest.mark.parametrize(
    ("text", "order", "date"),
    [("03/05/2024", "dmy", "2024-05-03"), ("03/05/2024", "mdy", "2024-03-05"), ("3.5.2024", "dmy", "2024-05-03")],
)
def test_a_declared_order_decides_between_day_and_month(text: str, order: str, date: str) -> None:
    assert filtered(text, f"date('{order}')") == (date, [])
    assert filtered(text, "date") == (text, ["can be read as two dates; say the order: `date('dmy')` or `date('mdy')`"])


@walked(
    ("text", "problem"),
    [
        ("30/02/2024", "is no date of the calendar"),
        ("2023-02-29", "is no date of the calendar"),
        ("5/3/85", "cannot be read as a date"),
        ("May 2024", "cannot be read as a date"),
        ("4 ju 2024", "cannot be read as a date"),
        ("soon", "cannot be read as a date"),
        ("1" * 81, "is too long for a date"),
    ],
)
def test_what_is_no_date_is_kept_and_reported(text: str, problem: str) -> None:
    assert filtered(text, "date") == (text, [problem])


@walked(
    ("text", "number"),
    [
        ("1,234.50", 1234.5),
        ("1.234,50", 1234.5),
        ("$ 5 000", 5000),
        ("5 000 000,75 kr", 5000000.75),
        ("€1.000.000", 1000000),
        ("R$ 1.234,56", 1234.56),
        ("US$ 1,000,000", 1000000),
        ("12 000 zł", 12000),
        ("CHF 1’000.–", 1000),
        ("1,5", 1.5),
        ("0,500", 0.5),
        ("1234,567", 1234.567),
        ("12,34,567", 1234567),
        ("- $5", -5),
        ("$-5", -5),
        ("−5", -5),
        ("50 %", 50),
        ("١٢٣٤", 1234),
        ("１２３", 123),
        ("00012", 12),
        (".5", 0.5),
        ("12345678901234567890", 12345678901234567890),
        (7, 7),
        (2.5, 2.5),
    ],
)
def test_numbers_are_read_whatever_they_are_dressed_in(text: Json, number: float) -> None:
    value, problems = filtered(text, "number")
    assert (value, type(value), problems) == (number, type(number), [])


@pytest.mark.parametrize(
    ("text", "sign", "number"),
    [("1,234", ".", 1234), ("1,234", ",", 1.234), ("1.234", ",", 1234), ("$1.234", ".", 1.234)],
)
def test_a_declared_decimal_sign_decides(text: str, sign: str, number: float) -> None:
    assert filtered(text, f"number('{sign}')") == (number, [])
    kept, (problem,) = filtered(text, "number")
    assert (kept, problem.partition(";")[0]) == (text, "can be read as two numbers")


@walked("text", ["abc", "5k", "1.2.3", "12-5", "1 2 3", "12345678901234567.89", "9" * 31, "5k-10k"])
def test_what_is_no_number_is_kept_and_reported(text: str) -> None:
    value, problems = filtered(text, "number")
    assert (value, len(problems)) == (text, 1)


@walked(
    ("text", "value"),
    [
        ("Yes", True),
        ("TRUE", True),
        ("on", True),
        ("1", True),
        (1, True),
        ("Sí", True),
        ("ja", True),
        ("да", True),
        ("はい", True),
        ("no", False),
        ("off", False),
        ("0", False),
        (0, False),
        ("nein", False),
        ("Não", False),
        ("아니요", False),
        (False, False),
    ],
)
def test_yes_and_no_in_the_common_languages(text: Json, value: bool) -> None:
    assert filtered(text, "bool") == (value, [])


@pytest.mark.parametrize("text", ["maybe", 2, "yes please"])
def test_what_is_neither_is_kept_and_reported(text: Json) -> None:
    assert filtered(text, "bool") == (text, ["cannot be read as yes or no"])


@walked(
    ("text", "region", "first", "last"),
    [
        ("Ann Lee", None, "Ann", "Lee"),
        ("Doe, John", None, "John", "Doe"),
        ("Dr. Ann Smith PhD", None, "Ann", "Smith"),
        ("Mr. Smith", None, ABSENT, "Smith"),
        ("Madonna", None, "Madonna", ABSENT),
        ("Jean-Luc Picard", None, "Jean-Luc", "Picard"),
        ("Jan van der Berg", None, "Jan", "van der Berg"),
        ("van der Berg", None, ABSENT, "van der Berg"),
        ("Van Morrison", None, "Van", "Morrison"),
        ("María José García López", None, "María José", "García López"),
        ("maria garcia lopez", "US", "maria", "garcia lopez"),
        ("Gabriel Ugarte Olaizola", "ES", "Gabriel", "Ugarte Olaizola"),
        ("Juan Carlos Ugarte", "MX", "Juan Carlos", "Ugarte"),
        ("Иван Петров", None, "Иван", "Петров"),
        ("Сидоров Иван Петрович", None, "Иван", "Сидоров"),
        ("김민준", None, "민준", "김"),
        ("高橋 みなみ", None, "みなみ", "高橋"),
        ("毛泽东", "CN", "泽东", "毛"),
        ("毛泽东", None, ABSENT, "毛泽东"),
        ("Jack Ma", None, "Jack", "Ma"),
        ("ann@example.com", None, "ann@example.com", ABSENT),
        ("12345", None, "12345", ABSENT),
        ("Dr.", None, "Dr.", ABSENT),
        ("x" * 301, None, "x" * 301, ABSENT),
    ],
)
def test_names_are_taken_apart_with_care(text: str, region: str | None, first: Json, last: Json) -> None:
    assert filtered(text, "first_name", region=region) == (first, [])
    assert filtered(text, "last_name", region=region) == (last, [])


@walked(
    ("text", "titled"),
    [
        ("ann lee", "Ann Lee"),
        ("ANN LEE", "Ann Lee"),
        ("mc donald", "Mc Donald"),
        ("ronald MCDONALD", "Ronald MCDONALD"),
        ("MCDONALD", "McDonald"),
        ("McDonald", "McDonald"),
        ("sean o'neil", "Sean O'Neil"),
        ("SEAN O’NEIL", "Sean O’Neil"),
        ("jean-luc", "Jean-Luc"),
        ("mary-jane o'hara", "Mary-Jane O'Hara"),
        ("LUDWIG VAN BEETHOVEN", "Ludwig van Beethoven"),
        ("maria de la cruz", "Maria de la Cruz"),
        ("van der berg", "Van der Berg"),
        ("JD Vance", "JD Vance"),
        ("john smith iii", "John Smith III"),
        ("josé ñandú", "José Ñandú"),
        ("иван петров", "Иван Петров"),
        ("山田", "山田"),
        ("jean--luc", "Jean--Luc"),
        ("ann & bob", "Ann & Bob"),
    ],
)
def test_titles_give_names_their_capitals(text: str, titled: str) -> None:
    assert filtered(text, "title") == (titled, [])


@walked(
    ("call", "problem"),
    [
        ("country", "cannot be read as a country"),
        ("number", "cannot be read as a number"),
        ("bool", "cannot be read as yes or no"),
        ("date", "is too long for a date"),
        ("e164", "is too long for a phone number"),
        ("title", "is too long for a name"),
    ],
)
def test_a_text_far_too_long_is_not_even_looked_at(call: str, problem: str) -> None:
    text = "1" * 900_000
    assert filtered(text, call, region="US") == (text, [problem])


def test_a_fraction_must_fit_the_declared_sign() -> None:
    assert filtered("1,234.5", "number(',')") == ("1,234.5", ["does not fit the declared decimal sign"])


def test_a_territory_without_phone_numbers_is_no_region() -> None:
    with pytest.raises(TemplateError, match="has no phone numbers of its own"):
        Template.compile("{{ fields.a | e164('Antarctica') }}")
