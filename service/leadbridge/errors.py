"""Every error of leadbridge, typed by who must act.

LeadbridgeError
├── ConfigError                  the operator: the configuration has problems, all of them listed
│   └── ConfigProblems           ... each with its place in the file (`settings`)
├── UsageError                   the person at the command line; exit code 2
├── RequestRefused               the sender: an HTTP problem document (RFC 9457) says what to do
│   ├── SignatureError           ... the reason goes to log and metric, not to the sender
│   ├── Unparseable              ... names the place
│   └── ControlRefused           ... whoever steers the sandbox: the wish is not understood
├── StorageUnavailable           the operator: nothing can be made durable now; senders get 503 and try again
│   └── StorageInDoubt           ... and whether the last change was stored nobody knows
├── MappingError                 the operator: a route's expression fails on this submission; replayable after a fix
├── GrantLost                    a person: the CRM gives no more tokens until the command in the message was run
├── TokenUnavailable             nobody: no token can be had now, and nothing is lost; it is asked for again
├── ProcessFailed                who runs `prove`: a process of the proof did not start, or did not end in order
└── HistoryOutran                who runs `prove`: fewer senders, or a faster machine

What a CRM answers is no exception: see `outcome`. Nor is a signal of one room an error: it does not say who must act,
and its caller makes something else of it before anybody hears of it.

deliver      GivenUp             as `Unanswered`, and nothing is said of the CRM
expressions  TemplateError       a problem of the configuration
expressions  ExpressionError     a `MappingError`
expressions  Unreadable          a warning about the field
outgoing     Unanswered          a `Retry`, or a look for what the call may have done
outgoing     NotOurs             a `Retry`: nothing was sent
outgoing     Refused             a `NotOurs`
sandbox      Invalid             the emulated CRM's refusal
sandbox      Refused             the emulated CRM's refusal
sandbox      Ignored             a property that is left out
sandbox      ConnectionDropped   a connection that ends, as a fault asks for
settings     NotYaml             a problem of the configuration
sources      NothingToAskFor     a submission that fails: its announcement has no id to ask for
tokens       WrongKey            a `GrantLost` that says which variable is wrong
"""

from http import HTTPStatus
from typing import ClassVar, Literal, TypeAlias

SignatureReason: TypeAlias = Literal[
    "missing_header",
    "malformed_header",
    "wrong_signature",
    "timestamp_too_old",
    "timestamp_in_future",
    "wrong_token",
    "wrong_password",
    "wrong_algorithm",
    "wrong_issuer",
    "wrong_body_hash",
    "missing_secret",
    "malformed_secret",
    "wrong_secret",
    "malformed_body",
    "not_configured",
]


class LeadbridgeError(Exception):
    """The root."""


class ConfigError(LeadbridgeError):
    """The configuration cannot be used; the message lists every problem, a line each."""


class UsageError(LeadbridgeError):
    """The command was called in a way that cannot work; the message says how to call it."""


class RequestRefused(LeadbridgeError):
    """The request is not taken. `detail` tells the sender what is wrong and what to do; it never holds a secret."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init__(self, detail: str, *, status: HTTPStatus | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.http_status = status or self.status
        self.headers = headers or {}


class SignatureError(RequestRefused):
    """The sender is not proved. `reason` is for log and metric only."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, reason: SignatureReason) -> None:
        super().__init__("The request could not be verified; check the secret on both sides.")
        self.reason = reason


class Unparseable(RequestRefused):
    """The body cannot be read. `place` is where in it: `line 1, column 17`, `fields.email`."""

    def __init__(self, problem: str, *, place: str | None = None, status: HTTPStatus | None = None) -> None:
        super().__init__(f"{place}: {problem}" if place else problem, status=status)
        self.problem = problem
        self.place = place


class StorageUnavailable(LeadbridgeError):
    """The disk or the database cannot take a commit now."""


class StorageInDoubt(StorageUnavailable):
    """The connection to the database broke: the last change may be stored all the same."""


class MappingError(LeadbridgeError):
    """A route cannot be applied to a submission: `path` is the config's, `problem` says why."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class GrantLost(LeadbridgeError):
    """A grant gives no more tokens until a person acts: `detail` says why, and what to do."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class TokenUnavailable(LeadbridgeError):
    """A grant gives no token now; it is still good. `after` is how many seconds to wait, where that is known."""

    def __init__(self, detail: str, *, after: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.after = after
