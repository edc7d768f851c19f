"""The apps that may ask for tokens, what a token allows, and the private tokens that need no app."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

UserType: TypeAlias = Literal["Location", "Company"]
PRIVATE: Final = "pit-"  # what a Private Integration token begins with
PrivateToken = Annotated[str, StringConstraints(pattern=rf"^{PRIVATE}.+")]

# https://github.com/GoHighLevel/highlevel-api-docs, docs/oauth/Scopes.md
LOCATION_SCOPES: Final = (
    "contacts.readonly",
    "contacts.write",
    "locations.readonly",
    "locations/customFields.readonly",
    "locations/tags.readonly",
)
COMPANY_SCOPES: Final = ("locations.readonly", "oauth.readonly", "oauth.write")


class OAuthApp(BaseModel):
    """An app that the location, or its company, has installed.

    `code` and `refresh_token` are what the app holds after the installation; each is good for one exchange.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1)
    code: str | None = Field(default=None, min_length=1)
    refresh_token: str | None = Field(default=None, min_length=1)
    user_type: UserType = Field(default="Location", description="Who installed it: the location, or its company.")
    scopes: tuple[str, ...] | None = Field(default=None, description="Every scope that the sandbox knows unless given.")


class ScopedToken(BaseModel):
    """A Private Integration token that has only some scopes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: PrivateToken
    scopes: tuple[str, ...] | None = Field(default=None, description="Every scope that the sandbox knows unless given.")


@dataclass(frozen=True, slots=True)
class Holder:
    """The location or company that a token speaks for."""

    kind: UserType
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token allows: for whom, to which app, within which scopes."""

    holder: Holder
    client_id: str
    scopes: tuple[str, ...]


def granted(holder: Holder, client_id: str, scopes: tuple[str, ...] | None = None) -> Grant:
    """A grant with the scopes given, or with all that are of use to such a holder."""
    every = LOCATION_SCOPES if holder.kind == "Location" else COMPANY_SCOPES
    return Grant(holder=holder, client_id=client_id, scopes=every if scopes is None else scopes)


def is_private(token: str) -> bool:
    """Whether a token has the form of a Private Integration token."""
    return token.startswith(PRIVATE)


def scope_of(method: str, path: str) -> str:
    """The scope that a call needs, as the vendor's document names it beneath each operation."""
    collection, *rest = path.strip("/").split("/")
    if collection == "oauth":
        return "oauth.write"
    if collection == "locations":
        return f"locations/{rest[1]}.readonly" if len(rest) > 1 else "locations.readonly"
    reads = method == "GET" or path == "/contacts/search"
    return "contacts.readonly" if reads else "contacts.write"
