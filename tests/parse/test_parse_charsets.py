"""Which names of charsets are known: those that were chosen, by every name that Python has for them, and no other."""

import codecs
import encodings
from encodings.aliases import aliases

from leadbridge.bodies.text import form_charset, known_charset
from tests.support.walked import walked

KNOWN = {
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
    *(f"iso8859-{part}" for part in range(1, 17) if part != 12),
    *(f"cp{page}" for page in (*range(1250, 1259), 437, 850, 852, 866, 932, 949, 950)),
    "koi8-r", "koi8-u", "shift_jis", "euc_jp", "euc_kr", "iso2022_jp", "gb2312", "gbk", "gb18030", "big5", "big5hkscs",
    "mac-roman", "tis-620",
}  # fmt: skip
NAMES = sorted({*aliases, *aliases.values(), *KNOWN})


def of_python(name: str) -> str | None:
    try:
        return codecs.lookup(name).name
    except LookupError:  # for another system
        return None


@walked("name", NAMES)
def test_a_name_means_what_it_means_to_python_when_its_charset_was_chosen(name: str) -> None:
    expected = of_python(name)
    assert known_charset(name) == (expected if expected in KNOWN else None)


@walked("name", sorted(KNOWN))
def test_a_charset_is_known_however_its_name_is_written(name: str) -> None:
    written = [name.upper(), name.replace("-", "_"), name.replace("_", "-"), name.replace("-", " "), f'"{name}"']
    assert {known_charset(one) for one in written} == {name}
    assert form_charset(name) == (None if name.startswith(("utf-16", "utf-32")) else name)


def test_every_chosen_charset_is_one_of_pythons() -> None:
    assert {of_python(name) for name in KNOWN} == KNOWN


@walked(
    "name",
    [None, "", " ", '""', "-", ".", "x" * 41, "utf-8" + "-" * 40, "utf\x008", "utf-8é", "\ud800", "K\u212a", "../utf_8",
     "base64", "rot13", "idna", "utf-7", "us-ascii", "unicode_escape", "mbcs", "undefined"],
)  # fmt: skip
def test_what_is_no_charset_of_text_is_not_known(name: str | None) -> None:
    assert known_charset(name) is None


def test_names_that_strangers_make_up_are_not_kept() -> None:
    """Python keeps every name that it does not know, for as long as the process lives."""
    known_charset("utf-8")
    kept = vars(encodings)["_cache"]
    before = len(kept)
    for number in range(1_000):
        for name in (f"x-{number}", f"utf-8-{number}", f"{number}" * 500, f"é{number}"):
            assert known_charset(name) is None
    assert len(kept) == before
