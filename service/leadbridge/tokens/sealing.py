"""Tokens at rest: encrypted under `LEADBRIDGE_SECRET_KEY`."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from leadbridge.errors import ConfigError

VARIABLE: Final = "LEADBRIDGE_SECRET_KEY"
MAKE_ONE: Final = "head -c 32 /dev/urandom | base64 | tr '+/' '-_'"  # on any machine, also without leadbridge
_BETWEEN: Final = re.compile(r"[\s,]+")


class WrongKey(Exception):
    """None of the keys opens what is sealed."""


class Sealing:
    """Seals with the first key, opens with any: a new key is put before the old one, which goes a start later."""

    def __init__(self, keys: Sequence[str]) -> None:
        """From keys of 32 bytes in URL-safe base64, the newest first; raises `ConfigError`."""
        if not keys:
            raise ConfigError(
                f"{VARIABLE} is not set, and nothing secret is kept without it; set the key that is in use, or make "
                f"a first one: {MAKE_ONE}"
            )
        # Only grants and quarantines are sealed: cryptography is a part of every start otherwise.
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet  # noqa: PLC0415

        self._not_ours = InvalidToken
        try:
            self._newest, *_ = fernets = [Fernet(key) for key in keys]
        except ValueError:  # the text itself is a secret
            raise ConfigError(
                f"{VARIABLE} must be 32 bytes in URL-safe base64, or several such keys with commas between them, the "
                f"newest first; make one: {MAKE_ONE}"
            ) from None
        self._any = MultiFernet(fernets)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Sealing":
        """From `LEADBRIDGE_SECRET_KEY`; raises `ConfigError`, which says how to make one."""
        return cls([key for key in _BETWEEN.split(environ.get(VARIABLE, "")) if key])

    def __repr__(self) -> str:
        return "Sealing(…)"

    def seal(self, content: bytes) -> bytes:
        """`content` under the newest key."""
        return self._newest.encrypt(content)

    def opened(self, sealed: bytes) -> bytes:
        """What was sealed under any of the keys; raises `WrongKey`."""
        try:
            return self._any.decrypt(sealed)
        except self._not_ours:
            raise WrongKey from None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest key alone opens it, so that the others may go."""
        try:
            self._newest.decrypt(sealed)
        except self._not_ours:
            return False
        return True
