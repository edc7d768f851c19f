"""Tokens are encrypted under keys of the environment, which change without anything being lost."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from leadbridge.errors import ConfigError
from leadbridge.store.tokens import TokenRow
from leadbridge.tokens import Sealing, TokenUnavailable, Vault
from leadbridge.tokens.sealing import WrongKey
from leadbridge.tokens.vault import Tokens
from tests.docs.shell import printed
from tests.sandbox.support import StillClock

from .memory import MemoryTokens
from .vendors import KEY, NAME, Ring, grant

NEW = Fernet.generate_key().decode()
OTHER = Fernet.generate_key().decode()


def test_what_one_key_sealed_the_same_key_opens() -> None:
    sealed = Sealing([KEY]).seal(b"content")
    assert b"content" not in sealed
    assert Sealing([KEY]).opened(sealed) == b"content"
    with pytest.raises(WrongKey):
        Sealing([OTHER]).opened(sealed)


@pytest.mark.parametrize("between", [",", " , ", "\n", " "])
def test_the_first_key_seals_and_every_key_opens(between: str) -> None:
    before = Sealing([KEY]).seal(b"content")
    both = Sealing.from_environ({"LEADBRIDGE_SECRET_KEY": f" {NEW}{between}{KEY}\n"})
    assert both.opened(before) == b"content"
    assert not both.is_newest(before)
    after = both.seal(b"content")
    assert both.is_newest(after)
    assert Sealing([NEW]).opened(after) == b"content"


@pytest.mark.parametrize("value", [None, "", "  ", ","])
def test_without_a_key_it_says_how_to_make_one_that_works(value: str | None, tmp_path: Path) -> None:
    environ = {} if value is None else {"LEADBRIDGE_SECRET_KEY": value}
    with pytest.raises(ConfigError, match=r"LEADBRIDGE_SECRET_KEY is not set.* or make a first one: ") as raised:
        Sealing.from_environ(environ)
    command = str(raised.value).partition("make a first one: ")[2]
    for _ in range(5):
        Sealing.from_environ({"LEADBRIDGE_SECRET_KEY": printed(command, tmp_path)})


@pytest.mark.parametrize(
    "value",
    ["short", "é" * 43, f"{KEY},short", KEY[:-2]],
    ids=["short", "no letters of a key", "one of two", "cut off"],
)
def test_a_key_of_another_form_is_not_repeated(value: str) -> None:
    with pytest.raises(ConfigError, match="LEADBRIDGE_SECRET_KEY must be 32 bytes in URL-safe base64") as raised:
        Sealing.from_environ({"LEADBRIDGE_SECRET_KEY": value})
    assert value not in str(raised.value)
    assert raised.value.__cause__ is None


def test_the_keys_are_in_no_representation() -> None:
    assert KEY not in repr(Sealing([KEY]))


async def test_the_key_is_changed_in_two_starts_without_a_refresh(crm: Ring) -> None:
    token = await crm.keeper(KEY).token(grant())
    both = crm.vault(NEW, KEY)
    assert await both.locked() == ()
    assert await both.reseal() == 1
    assert await both.reseal() == 0
    await both.close()

    assert await crm.keeper(NEW).token(grant()) == token
    assert crm.wire.paths == ["/oauth/token"]


async def test_the_wrong_key_says_which_variable_and_loses_nothing(crm: Ring) -> None:
    token = await crm.keeper(KEY).token(grant())
    wrong = crm.vault(OTHER)
    assert await wrong.locked() == (NAME,)
    assert await wrong.reseal() == 0
    await wrong.close()
    with pytest.raises(TokenUnavailable, match="LEADBRIDGE_SECRET_KEY does not open the stored tokens of " + NAME):
        await crm.keeper(OTHER).token(grant(seed="R-new"))

    assert await crm.keeper(KEY).token(grant()) == token
    assert crm.wire.paths == ["/oauth/token"]


async def test_the_tokens_of_one_grant_do_not_stand_for_anothers() -> None:
    rows: dict[str, TokenRow] = {}
    vault = Vault(MemoryTokens(rows), Sealing([KEY]), StillClock())
    await vault.put("one", Tokens(access_token="a"), version=0)
    await vault.put("other", Tokens(access_token="b"), version=0)
    await MemoryTokens(rows).reseal_token("one", rows["other"].sealed, version=1)

    with pytest.raises(WrongKey):
        await vault.kept("one")
    assert await vault.locked() == ("one",)
