"""Names of fields as words, and tables as an index."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.events import Event
from leadbridge.recognise import default_tables, recognise
from leadbridge.recognise.tables import compiled
from leadbridge.recognise.words import words_of
from tests.support.walked import walked

ROOT = Path(__file__).parents[2]


@walked(
    ("name", "words"),
    [
        ("q3_fullName.first", "q full name first"),
        ("Your E-Mail *", "your e mail"),
        ("EMAIL", "email"),
        ("Téléphone portable :", "telephone portable"),
        ("Straße", "strasse"),
        ("Имя и фамилия", "имя и фамилия"),
        ("ім'я", "імя"),
        ('דוא"ל', "דואל"),
        ("Ф.И.О.", "фио"),
        ("friend's e-mail", "friend e mail"),
        ("l'adresse", "l adresse"),
        ("İSİM SOYİSİM", "isim soyisim"),
        ("お名前（必須）", "お名前 必須"),
        ("field_8a2c41f0", "field"),
        ("नाम", "नाम"),
    ],
)
def test_a_name_becomes_words(name: str, words: str) -> None:
    assert " ".join(words_of(name)) == " ".join(words_of(words))
    assert len(words_of(name)) == len(words.split())


@given(st.text(max_size=80))
def test_words_are_stable_and_no_text_is_too_odd(name: str) -> None:
    words = words_of(name)
    assert words_of(" ".join(words)) == words


@given(
    st.dictionaries(st.text(max_size=40), st.none() | st.booleans() | st.integers() | st.text(max_size=60), max_size=8)
)
def test_every_field_with_a_value_is_used_or_left_over(fields: dict[str, object]) -> None:
    result = recognise(Event(fields=fields, raw=fields), region="US")
    filled = {name for name, value in fields.items() if value is not None and str(value).strip()}
    used = {finding.field for finding in result.used}
    assert used | set(result.other) == filled
    assert all(0 < finding.sure <= 1 for finding in result.used)


def test_a_language_is_data() -> None:
    tables = compiled(
        {
            "eo": {
                "language": "Esperanto",
                "own": ["via"],
                "targets": {"email": {"labels": ["retpoŝto"], "words": ["poŝt*"]}},
            }
        }
    )
    event = Event(fields={"Via retpoŝto": "ann@example.com"}, raw={})
    assert recognise(event, region=None, tables=tables).lead == {"email": "ann@example.com"}


def test_the_page_names_every_language() -> None:
    page = (ROOT / "docs" / "recognising.md").read_text(encoding="utf-8")
    listed = " ".join(page.partition("## Languages")[2].partition(". A form may")[0].split()).replace(" and ", ", ")
    assert sorted(listed.split(", ")) == sorted(default_tables().languages.values())


def test_the_promised_languages_are_there() -> None:
    promised = {
        "en", "de", "fr", "es", "pt", "it", "nl", "pl", "cs", "sv", "tr", "ru", "uk", "el", "ar", "he", "hi", "zh",
        "ja", "ko",
    }  # fmt: skip
    assert promised <= default_tables().languages.keys()
