"""Every token that was issued: access tokens with their end, and refresh tokens that are good for one exchange.

https://github.com/GoHighLevel/highlevel-api-docs, docs/oauth/Authorization.md: an access token lasts about a day, a
refresh token a year or until it is used. The vendor's changelog (https://ideas.gohighlevel.com/changelog): the same
client with the same refresh token gets the same answer for 30 seconds.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from leadbridge.sandbox.leadconnector.apps import Grant, Holder, OAuthApp, UserType, granted
from leadbridge.sandbox.leadconnector.directory import Directory
from leadbridge.sandbox.leadconnector.problems import Refused
from leadbridge.sandbox.world import World

# The texts are those of https://github.com/GoHighLevel/highlevel-api-docs, apps/v3/oauth-v3.json; that of a wrong
# secret and of a spent code are not in it.
_BAD_REFRESH: Final = "Invalid grant: refresh token is invalid"
_BAD_CODE: Final = "Invalid grant: authorization code is invalid"
_BAD_CLIENT: Final = "Invalid client: client credentials are invalid"
_INACTIVE: Final = "Location is not active"
_ACCESS: Final = "access-"
_REFRESH: Final = "refresh-"
_CODE: Final = "code-"
_BAD: Final = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What one exchange gave; `expires_in` in whole seconds of the sandbox's time."""

    grant: Grant
    access_token: str
    refresh_token: str | None
    expires_in: int


@dataclass(frozen=True, slots=True)
class _Until:
    grant: Grant
    ends: float  # monotonic seconds


@dataclass(frozen=True, slots=True)
class _Spent:
    issue: Issue
    at: float  # monotonic seconds


class Grants:
    """The tokens of all locations and companies.

    Of each app in each location or company, one refresh token is usable: every exchange ends the one before.
    """

    def __init__(self, world: World, directory: Directory) -> None:
        self._world = world
        self._directory = directory
        self.clear()

    def clear(self) -> None:
        """Forget every app and token."""
        self._secrets: dict[str, str] = {}
        self._private: dict[str, Grant] = {}
        self._access: dict[str, _Until] = {}
        self._refresh: dict[str, _Until] = {}
        self._current: dict[Hashable, str] = {}  # app and holder to their usable refresh token
        self._spent: dict[Hashable, _Spent] = {}  # app and refresh token to what they were answered
        self._installed: dict[str, list[Holder]] = {}  # by app, in the order of the seeds
        self._codes: dict[Hashable, Grant] = {}
        self._spent_codes: set[Hashable] = set()
        self._ways_back: dict[Hashable, str] = {}  # app and code to where the browser was sent with it

    def install(self, app: OAuthApp, *, location_id: str) -> None:
        """An app is installed beforehand, by the location or by its company."""
        company = self._directory.location(location_id).company
        holder = Holder("Location", location_id) if app.user_type == "Location" else Holder("Company", company)
        grant = granted(holder, app.client_id, app.scopes)
        self._secrets[app.client_id] = app.client_secret
        holders = self._installed.setdefault(app.client_id, [])
        if holder not in holders:
            holders.append(holder)
        if app.code is not None:
            self._codes[app.client_id, app.code] = grant
        if app.refresh_token is not None:
            self._put(app.refresh_token, grant)

    def add_private(self, token: str, *, location_id: str, scopes: tuple[str, ...] | None = None) -> None:
        """A Private Integration token of a location, with every scope unless some are given."""
        self._private[token] = granted(Holder("Location", location_id), "", scopes)

    def knows(self, client_id: str) -> bool:
        """Whether there is such an app."""
        return client_id in self._secrets or (self._takes_unknown and not client_id.startswith(_BAD))

    def installed(self, client_id: str) -> list[Holder]:
        """Who has installed the app beforehand."""
        return list(self._installed.get(client_id, ()))

    def consent(self, client_id: str, holder: Holder, *, redirect_uri: str, scopes: tuple[str, ...] | None) -> str:
        """A person lets an app in: the code for its first tokens, with no more scopes than there are."""
        every = granted(holder, client_id)
        wanted = None if scopes is None else tuple(scope for scope in every.scopes if scope in scopes)
        code = self._made(_CODE)
        self._codes[client_id, code] = granted(holder, client_id, wanted)
        self._ways_back[client_id, code] = redirect_uri
        return code

    def authenticate(self, client_id: str, client_secret: str) -> None:
        """Refuse an app's wrong secret; the secret of an app that nobody installed is what it says it is."""
        wrong = self._secrets.get(client_id, client_secret) != client_secret or client_secret.startswith(_BAD)
        if wrong or (client_id not in self._secrets and not self._takes_unknown):
            raise Refused(401, _BAD_CLIENT)

    def exchange(self, client_id: str, code: str, user_type: UserType, *, redirect_uri: str | None = None) -> Issue:
        """The first tokens for a code, once; for one that came with an address, only to whoever names no other."""
        key = (client_id, code)
        if redirect_uri is not None and self._ways_back.get(key, redirect_uri) != redirect_uri:
            raise Refused(400, _BAD_CODE)
        grant = self._codes.get(key) or self._started(client_id, code, user_type)
        if grant is None or key in self._spent_codes:
            raise Refused(400, _BAD_CODE)
        self._require_active(grant.holder)
        self._spent_codes.add(key)
        return self._issue(grant)

    def refresh(self, client_id: str, refresh_token: str, user_type: UserType) -> Issue:
        """The next tokens for a refresh token, once; within the grace, what the first exchange gave."""
        now = self._world.clock.monotonic()
        spent = self._spent.get((client_id, refresh_token))
        if spent is not None:
            if now < spent.at + self._world.scaled(self._world.options.leadconnector.refresh_grace):
                return spent.issue
            raise Refused(400, _BAD_REFRESH)
        grant = self._usable(client_id, refresh_token, user_type)
        if grant is None:
            raise Refused(400, _BAD_REFRESH)
        # Once the location is active again, the same refresh token does (apps/v3/oauth-v3.json).
        self._require_active(grant.holder)
        issue = self._issue(grant)
        self._spent[client_id, refresh_token] = _Spent(issue, now)
        return issue

    def of_client(self, client_id: str, company: str) -> Issue:
        """A company's access token for the app itself, without a refresh token."""
        return self._issue(granted(Holder("Company", company), client_id), refreshable=False)

    def delegate(self, client_id: str, location_id: str) -> Issue:
        """A location's tokens for a company's app; one that is not known gets no refresh token."""
        self._require_active(Holder("Location", location_id))
        return self._issue(granted(Holder("Location", location_id), client_id), refreshable=bool(client_id))

    def of(self, token: str) -> Grant | None:
        """What an access token or private token allows; None for one that is not known, or no longer good."""
        kept = self._access.get(token)
        if kept is None:
            return self._private.get(token)
        return kept.grant if self._world.clock.monotonic() < kept.ends else None

    def takes(self, token: str) -> bool:
        """Whether a token that is not known, and was not issued here, is taken for one that reaches every location."""
        return self._takes_unknown and not token.startswith(_ACCESS)

    @property
    def _takes_unknown(self) -> bool:
        return self._world.options.leadconnector.unknown_tokens == "accept"

    def _usable(self, client_id: str, refresh_token: str, user_type: UserType) -> Grant | None:
        kept = self._refresh.get(refresh_token)
        if kept is None:
            return self._started(client_id, refresh_token, user_type)
        grant, now = kept.grant, self._world.clock.monotonic()
        is_current = self._current[grant.client_id, grant.holder] == refresh_token
        return grant if grant.client_id == client_id and is_current and now < kept.ends else None

    def _started(self, client_id: str, text: str, user_type: UserType) -> Grant | None:
        # `first:LOC1` stands for an installation that nobody seeded: what follows the colon is who installed the app.
        _, _, holder = text.partition(":")
        if not holder or text.startswith(_BAD) or not self._takes_unknown:
            return None
        return granted(Holder(user_type, holder), client_id)

    def _require_active(self, holder: Holder) -> None:
        if holder.kind == "Location" and not self._directory.location(holder.id).active:
            raise Refused(400, _INACTIVE)

    def _issue(self, grant: Grant, *, refreshable: bool = True) -> Issue:
        life = self._world.scaled(self._world.options.leadconnector.access_token_life)
        access = self._made(_ACCESS)
        self._access[access] = _Until(grant, self._world.clock.monotonic() + life)
        refresh = self._made(_REFRESH) if refreshable else None
        if refresh is not None:
            self._put(refresh, grant)
        return Issue(grant=grant, access_token=access, refresh_token=refresh, expires_in=int(life))

    def _put(self, refresh_token: str, grant: Grant) -> None:
        life = self._world.scaled(self._world.options.leadconnector.refresh_token_life)
        key = (grant.client_id, grant.holder)
        self._current[key] = refresh_token
        self._refresh[refresh_token] = _Until(grant, self._world.clock.monotonic() + life)

    def _made(self, beginning: str) -> str:
        return f"{beginning}{self._world.ids.code()}{self._world.ids.code()}"
