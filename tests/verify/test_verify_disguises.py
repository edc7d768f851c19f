"""A secret in what somebody sent: found in every disguise, and looked for in a time that no text can stretch."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.disguises import Disguised
from leadbridge.redactions import redacted, replaced, replaced_wide, written_instead
from tests.support.walked import walked
from tests.verify.placed import WRITTEN

TOKEN = "EAAGm0PX4ZCps8BA7kq2tYvLw9RjHdUfNs3xQeTbViKc"
SIZE = 60_000  # bytes of a flood
FLOODS = ["\\", "%", "%25", "%5c", "%2525255C", "\\\\\\\\\\\\\\\\u", "%u", "\\u00", "\\%", "<", " ", "\0", '"a":1,']
# How one character may be written, whatever the others are.
CODES = [name for name in WRITTEN if name not in ("form", "JSON as PHP has it")]


def flood(of: str, *, beginning: str = "") -> bytes:
    return (beginning + of * (SIZE // len(of))).encode()


@walked("of", FLOODS)
def test_a_search_stops_nowhere_in_a_flood_of_what_codes_begin_with(of: str) -> None:
    """Work is counted: a comparison begins where the search stops, and nowhere else."""
    assert Disguised(TOKEN, b"***").stops.findall(flood(of)) == []


def test_in_ordinary_text_a_search_stops_as_often_as_chance_has_a_character() -> None:
    text = json.dumps({f"field {number}": f"answer {number} by Zoë" for number in range(2_000)}).encode()
    assert len(Disguised(TOKEN, b"***").stops.findall(text)) < len(text) / 20


@walked("of", [*FLOODS, TOKEN[0], f"%{ord(TOKEN[0]):02x}", TOKEN[:20], f"{TOKEN[:-1]}."])
def test_where_one_of_its_characters_is_missing_nothing_is_compared(of: str) -> None:
    sought = Disguised(TOKEN, b"***")
    assert not sought.may_be_in(flood(of))
    assert sought.may_be_in(flood(of, beginning=TOKEN))


class Counted(bytes):
    """A text that counts how often all of it is gone through to replace something."""

    times = 0

    def replace(self, *given: Any) -> "Counted":
        replaced = Counted(super().replace(*given))
        replaced.times = self.times + 1
        return replaced


def times(text: bytes) -> int:
    assert isinstance(text, Counted)
    return text.times


def pairs_of(*secrets: str) -> Sequence[tuple[bytes, bytes]]:
    return [pair for secret in secrets for pair in written_instead(secret)]


def test_what_is_the_same_in_several_ways_is_looked_for_once() -> None:
    pairs = pairs_of(TOKEN, TOKEN, "anöther/secret")
    assert times(replaced(Counted(flood("a")), pairs)) == len(set(pairs)) < len(pairs)


def test_a_text_of_zeros_is_gone_through_for_no_secret_that_is_not_in_it() -> None:
    text = Counted(flood("\0a"))
    assert replaced_wide(text, pairs_of(TOKEN, "another/secret")) is text


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("secret", [TOKEN, "anöther/secret", "☃ of the 😀"])
def test_a_secret_is_masked_in_a_text_of_any_width(charset: str, secret: str) -> None:
    text = f"<{secret}> \0 <{secret}>".encode(charset)
    assert replaced_wide(text, pairs_of(secret)).decode(charset) == "<***> \0 <***>"


@given(st.data())
def test_a_secret_is_masked_with_each_character_in_a_code_of_its_own(data: st.DataObject) -> None:
    characters = st.characters(codec="ascii", categories=["L", "N", "P", "S"], exclude_characters="*\\")
    secret = data.draw(st.text(characters, min_size=11, max_size=20).map("k{}".format))
    codes = data.draw(st.lists(st.sampled_from(CODES), min_size=len(secret), max_size=len(secret)))
    written = "".join(WRITTEN[code](character) for code, character in zip(codes, secret, strict=True))
    assert redacted(f"<{written}>".encode(), (secret,)) == b"<***>"


@walked("first", ['"', "/", " ", "+", "%", "é", "☃", "😀", "\\", "0", "u", "3"])
@walked("code", WRITTEN)
def test_whatever_it_begins_with(code: str, first: str) -> None:
    secret = f"{first}pl4nted-long"
    if code in ("percent of everything", "JSON of code points") and not first.isascii():
        return  # it writes neither bytes nor halves of a pair
    assert redacted(f"<{WRITTEN[code](secret)}>".encode(), (secret,)) == b"<***>"


@walked("before", ["", "%", "\\u", "u00", "6"])
def test_digits_that_are_no_code_begin_nothing(before: str) -> None:
    """`6b` is how a code of `k` ends, and is a part of any number."""
    text = f"{before}6bpl4nted-long".encode()
    expected = {"%": b"***", "\\u": text, "u00": text, "6": text, "": text}[before]
    assert redacted(text, ("kpl4nted-long",)) == expected


def test_one_that_is_no_secret_hides_none_behind_it() -> None:
    assert redacted(b"6bpl4nted-long kpl4nted-long \\u006bpl4nted-long", ("kpl4nted-long",)) == (
        b"6bpl4nted-long *** ***"
    )
