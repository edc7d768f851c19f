"""A language's table: what is wrong with it is said all at once, in words that help."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from leadbridge.recognise.meaning import CONTEXTS
from leadbridge.recognise.tables import compiled
from leadbridge.recognise.vetting import gaps, mistakes

WHOLE: Final[Mapping[str, Any]] = {
    "language": "Esperanto",
    "targets": {
        key: {"labels": [key]}
        for key in (
            "name", "first_name", "last_name", "email", "phone", "company", "title", "website", "street", "city",
            "state", "postal_code", "country", "message", "consent",
        )
    },
    "contexts": {
        key: [key] for key in ("someone_else", "not_a_name", "not_a_phone", "nothing", "honeypot")
    },
    "answers": {"yes": ["jes"], "no": ["ne"]},
}  # fmt: skip


def test_a_whole_table_has_nothing_wrong() -> None:
    assert (mistakes("eo", WHOLE, contexts=CONTEXTS), gaps("eo", WHOLE)) == ([], [])


def test_an_unknown_key_is_told_with_its_place_and_a_guess() -> None:
    table = {"targets": {"mesage": {"labels": ["x"]}, "name": {"label": ["x"]}}, "contexts": {"honypot": ["x"]}}
    said = mistakes("lt", table, contexts=CONTEXTS)
    assert [each.partition("; one of")[0].partition("? one of")[0] for each in said] == [
        "lt.toml: unknown key `mesage` in `targets`; did you mean `message`",
        "lt.toml: unknown key `label` in `targets.name`; did you mean `labels`",
        "lt.toml: unknown key `honypot` in `contexts`; did you mean `honeypot`",
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"own": "mano"}, "lt.toml: `own` is a list of texts"),
        ({"noise": [1]}, "lt.toml: `noise` is a list of texts"),
        ({"language": 1}, "lt.toml: `language` is the English name, a text"),
        ({"targets": ["x"]}, "lt.toml: `targets` is a table: `[targets]`"),
        (
            {"targets": {"email": ["x"]}},
            "lt.toml: `targets.email` is a table: `[targets.email]` with `labels` and `words`",
        ),
        ({"targets": {"email": {"words": "x"}}}, "lt.toml: `targets.email.words` is a list of texts"),
        ({"answers": {"yes": "taip"}}, "lt.toml: `answers.yes` is a list of texts"),
    ],
)
def test_a_value_of_another_kind_is_told(table: dict[str, object], said: str) -> None:
    assert mistakes("lt", table, contexts=CONTEXTS) == [said]


def test_what_is_missing_is_told_in_one_go() -> None:
    assert gaps("lt", {"targets": {**WHOLE["targets"], "title": {"words": ["x"]}}, "answers": {"yes": ["taip"]}}) == [
        'lt.toml: `language` is missing: its English name, such as `language = "Lithuanian"`',
        "lt.toml: no labels for `title`: each is `[targets.KEY]` with `labels`",
        "lt.toml: nothing in `[contexts]` for `someone_else`, `not_a_name`, `not_a_phone`, `nothing`, `honeypot`",
        "lt.toml: nothing in `[answers]` for `no`",
    ]


def test_a_table_with_mistakes_is_refused_with_all_of_them() -> None:
    with pytest.raises(ValueError, match=r"(?s)eo\.toml: unknown key `emial`.*lv\.toml: unknown key `kontext`"):
        compiled(
            {
                "eo": {"language": "Esperanto", "targets": {"emial": {"labels": ["x"]}}},
                "lv": {"language": "Latvian", "kontext": {}},
            }
        )
