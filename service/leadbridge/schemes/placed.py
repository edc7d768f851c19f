"""Shared secrets that a sender puts into the body or the URL: compared, and masked before anything is stored."""

from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from leadbridge.redactions import LONGEST_SECRET, SHORTEST_SECRET
from leadbridge.schemes.layout import Strict
from leadbridge.schemes.secrets import PlacedSecrets

FieldPath: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^.]+(\.[^.]+)*$")]
Parameter: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\s&=#?%+]+$")]


class _Placed(Strict):
    secrets: PlacedSecrets = Field(
        description=f"The shared secret, {SHORTEST_SECRET} to {LONGEST_SECRET} printable ASCII characters (from "
        "`openssl rand -hex 24`), or several of them while it is being changed; any may match."
    )

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The secrets as they are written; all of them are masked, whichever came."""
        return tuple(secret.get_secret_value() for secret in self.secrets)

    @cached_property
    def keys(self) -> list[bytes]:
        """The secrets as they are compared."""
        return [text.encode() for text in self.texts]


class BodySecret(_Placed):
    """The sender puts a shared secret into a field of the body (Google Ads' `google_key`, Wufoo's `HandshakeKey`).

    It is masked before anything is stored, wherever else in the request it stands.
    """

    scheme: Literal["body"] = Field(
        default="body", description="A shared secret stands in the body; it is masked before anything is stored."
    )
    field: FieldPath = Field(description="The field that holds the secret: a name, or names with dots between.")


class UrlSecret(_Placed):
    """The URL that the sender was given holds a shared secret in its query, for senders that can do nothing else.

    It is masked before anything is stored, wherever else in the request it stands.
    """

    scheme: Literal["url"] = Field(
        default="url",
        description="A shared secret stands in the URL's query; it is masked before anything is stored. Weaker than "
        "the others: URLs end in logs and histories.",
    )
    parameter: Parameter = Field(default="token", description="The query's parameter that holds the secret.")
