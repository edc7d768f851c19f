"""What vendors ask of a URL before, and while, they send to it: declared here, answered by `handshake`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

LONGEST_CHALLENGE: Final = 1_024  # characters
# What may come back to a stranger: printable ASCII that is harmless wherever it ends.
HARMLESS: Final = re.compile(r"[A-Za-z0-9 _.~:;,@!?*()\[\]{}/+=-]+")
# What may be signed with a source's secret: the same key signs submissions, so it must not say anything as one. With a
# `=` it would be a form with an answer.
SIGNABLE: Final = re.compile(r"[A-Za-z0-9_.-]{1,256}")
# A body of no more than that, or of nothing: a stranger may have had it signed, perhaps behind an id or a time.
MAY_BE_SIGNED: Final = re.compile(rb"[A-Za-z0-9_.-]{0,256}")

# The scheme whose secret signs challenges. A word such as `header.claims` may be all that a JWS signs, a public key is
# no secret, and a token, which need not be strong, could be tried out at home against a digest.
SIGNS: Final = "hmac"


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the URL's query."""

    name: str


@dataclass(frozen=True, slots=True)
class InHeader:
    """A header; `name` is lower-cased."""

    name: str


@dataclass(frozen=True, slots=True)
class Body:
    """A value in the body, JSON or a form, at keys with dots between."""

    path: str


Spot: TypeAlias = Query | InHeader | Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """One kind of question, and its answer (200).

    It is this one when the method fits, each of `when` says what it should, the `challenge` is there, and, with `only`,
    when the body has no other keys. `token` is where the vendor puts the verify token that the source knows.

    The answer holds `{challenge}`, or its HMAC-SHA256 by the source's first secret, `{hex}` or `{base64}`: as plain
    text, as an object in JSON, or in headers; without any of these it is empty. What is `kept` is stored as an ignored
    submission, for a person to read.
    """

    kind: str
    about: str
    method: Literal["GET", "HEAD", "POST"]
    when: Mapping[Spot, str] = field(default_factory=dict)
    challenge: Spot | None = None
    pattern: re.Pattern[str] = HARMLESS
    only: frozenset[str] = frozenset()
    token: Query | None = None
    reply: str | Mapping[str, str] | None = None
    reply_headers: Mapping[str, str] = field(default_factory=dict)
    kept: str | None = None  # why

    @property
    def signs(self) -> bool:
        """Whether the answer needs a secret."""
        said = self.reply.values() if isinstance(self.reply, Mapping) else [self.reply or ""]
        return any("{hex}" in one or "{base64}" in one for one in said)


META: Final = Handshake(
    kind="meta",
    about="Meta asks for the challenge and the verify token when the webhook is saved.",
    method="GET",
    when={Query("hub.mode"): "subscribe"},
    challenge=Query("hub.challenge"),
    token=Query("hub.verify_token"),
    reply="{challenge}",
)
LINKEDIN: Final = Handshake(
    kind="linkedin",
    about="LinkedIn asks for a signed challenge when the webhook is saved, and every two hours from then on.",
    method="GET",
    challenge=Query("challengeCode"),
    pattern=SIGNABLE,
    reply={"challengeCode": "{challenge}", "challengeResponse": "{hex}"},
)
TWITTER: Final = Handshake(
    kind="twitter",
    about="X (Twitter) asks for a signed token when the webhook is saved, and every hour from then on.",
    method="GET",
    challenge=Query("crc_token"),
    pattern=SIGNABLE,
    reply={"response_token": "sha256={base64}"},
)
ZOOM: Final = Handshake(
    kind="zoom",
    about="Zoom posts a token to be signed when the webhook is saved.",
    method="POST",
    when={Body("event"): "endpoint.url_validation"},
    challenge=Body("payload.plainToken"),
    pattern=SIGNABLE,
    reply={"plainToken": "{challenge}", "encryptedToken": "{hex}"},
)
CHALLENGE: Final = Handshake(
    kind="challenge",
    about="Slack, monday and others post a challenge and want it back.",
    method="POST",
    challenge=Body("challenge"),
    only=frozenset({"challenge", "token", "type"}),
    reply={"challenge": "{challenge}"},
)
ASANA: Final = Handshake(
    kind="asana",
    about="Asana sends the secret in a header when the webhook is made, and wants it back.",
    method="POST",
    challenge=InHeader("x-hook-secret"),
    reply_headers={"x-hook-secret": "{challenge}"},
)
NOTION: Final = Handshake(
    kind="notion",
    about="Notion posts a token that a person has to copy into Notion: `leadbridge list` shows it as ignored.",
    method="POST",
    challenge=Body("verification_token"),
    only=frozenset({"verification_token"}),
    kept="the sender's verification token is in the body: copy it to where the sender asks for it",
)
MICROSOFT_GRAPH: Final = Handshake(
    kind="microsoft-graph",
    about="Microsoft Graph wants the token of the query back, as plain text, when a subscription is made.",
    method="POST",
    challenge=Query("validationToken"),
    reply="{challenge}",
)
WOOCOMMERCE: Final = Handshake(
    kind="woocommerce",
    about="WooCommerce posts the webhook's number, unsigned, when the webhook is saved.",
    method="POST",
    challenge=Body("webhook_id"),
    pattern=re.compile(r"[0-9]{1,12}"),
    only=frozenset({"webhook_id"}),
)
ANY_GET: Final = Handshake(
    kind="get", about="The URL is asked for with GET when it is saved, as Mailchimp does.", method="GET"
)
ANY_HEAD: Final = Handshake(kind="head", about="The URL is asked for with HEAD, as SurveyMonkey does.", method="HEAD")

HANDSHAKES: Final[Mapping[str, Handshake]] = {
    one.kind: one
    for one in (
        ANY_GET,
        ANY_HEAD,
        ASANA,
        CHALLENGE,
        LINKEDIN,
        META,
        MICROSOFT_GRAPH,
        NOTION,
        TWITTER,
        WOOCOMMERCE,
        ZOOM,
    )
}
