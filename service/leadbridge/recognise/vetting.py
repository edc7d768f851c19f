"""What is wrong with the table of a language, said so that whoever wrote it can mend it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

TARGETS: Final = (
    "name", "first_name", "last_name_prefix", "last_name", "second_last_name", "middle_name", "email", "phone",
    "company", "title", "website", "street", "city", "state", "postal_code", "country", "message", "consent",
    "utm.source", "utm.medium", "utm.campaign", "utm.term", "utm.content",
)  # fmt: skip
TEXT: Final = "text"
"""No key of the lead: what is the message where nothing else is."""
_LISTS: Final = ("own", "roles", "noise", "courtesy")
_SECTIONS: Final = ("targets", "contexts", "answers")
_NEEDED_TARGETS: Final = (
    "name", "first_name", "last_name", "email", "phone", "company", "title", "website", "street", "city", "state",
    "postal_code", "country", "message", "consent",
)  # fmt: skip
_NEEDED_CONTEXTS: Final = ("someone_else", "not_a_name", "not_a_phone", "nothing", "honeypot")
_ANSWERS: Final = ("yes", "no")


def mistakes(code: str, table: Mapping[str, Any], *, contexts: Collection[str]) -> list[str]:
    """What no table may have: unknown keys, and values that are no lists of texts. `contexts` are the known ones."""
    return [f"{code}.toml: {each}" for each in _mistakes(table, contexts)]


def gaps(code: str, table: Mapping[str, Any]) -> list[str]:
    """What a table that is shipped needs and this one has not."""
    return [f"{code}.toml: {each}" for each in _gaps(table)]


def _mistakes(table: Mapping[str, Any], contexts: Collection[str]) -> Iterator[str]:
    yield from _unknown(table, ("language", *_LISTS, *_SECTIONS))
    if not isinstance(table.get("language", ""), str):
        yield "`language` is the English name, a text"
    for key in _LISTS:
        yield from _no_list(key, table.get(key, []))
    for section, known in (("targets", (*TARGETS, TEXT)), ("contexts", contexts), ("answers", _ANSWERS)):
        inner = table.get(section, {})
        if not isinstance(inner, Mapping):
            yield f"`{section}` is a table: `[{section}]`"
            continue
        yield from _unknown(inner, known, section)
        for key, entries in inner.items():
            if section != "targets":
                yield from _no_list(f"{section}.{key}", entries)
            elif not isinstance(entries, Mapping):
                yield f"`targets.{key}` is a table: `[targets.{key}]` with `labels` and `words`"
            else:
                yield from _unknown(entries, ("labels", "words"), f"targets.{key}")
                for kind, texts in entries.items():
                    yield from _no_list(f"targets.{key}.{kind}", texts)


def _unknown(table: Mapping[str, Any], known: Collection[str], within: str = "") -> Iterator[str]:
    place = f" in `{within}`" if within else ""
    for key in (each for each in table if each not in known):
        near = get_close_matches(key, known, n=1)
        guess = f"did you mean `{near[0]}`? " if near else ""
        yield f"unknown key `{key}`{place}; {guess}one of {', '.join(known)}"


def _no_list(key: str, entries: object) -> Iterator[str]:
    if isinstance(entries, str) or not isinstance(entries, Sequence) or not all(isinstance(e, str) for e in entries):
        yield f"`{key}` is a list of texts"


def _gaps(table: Mapping[str, Any]) -> Iterator[str]:
    if not table.get("language"):
        yield '`language` is missing: its English name, such as `language = "Lithuanian"`'
    targets, contexts, answers = (table.get(section, {}) for section in _SECTIONS)
    if without := [f"`{key}`" for key in _NEEDED_TARGETS if not targets.get(key, {}).get("labels")]:
        yield f"no labels for {', '.join(without)}: each is `[targets.KEY]` with `labels`"
    if without := [f"`{key}`" for key in _NEEDED_CONTEXTS if not contexts.get(key)]:
        yield f"nothing in `[contexts]` for {', '.join(without)}"
    if without := [f"`{key}`" for key in _ANSWERS if not answers.get(key)]:
        yield f"nothing in `[answers]` for {', '.join(without)}"
