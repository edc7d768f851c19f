"""The stage `verify` on a sample, which may have come without its proof, or long after it was signed."""

from leadbridge.clock import Millis
from leadbridge.desk import Desk
from leadbridge.errors import SignatureError
from leadbridge.events import Received, Verified
from leadbridge.schemes import Basic, BodySecret, Jws, Scheme, StandardWebhooks, Unsigned, UrlSecret
from leadbridge.trial.findings import Proof
from leadbridge.verify import unproved, verify


def prove(desk: Desk, received: Received, *, now: Millis) -> tuple[Proof, Verified]:
    """What verifying says, and the request as the next stages get it, whatever was said."""
    scheme, secrets_at = desk.scheme, desk.secrets_at
    try:
        verified = verify(scheme, received, now=now, secrets_at=secrets_at)
    except SignatureError as error:
        return _without_proof(scheme, error), unproved(scheme, received, secrets_at=secrets_at)
    if isinstance(scheme, Unsigned):
        return Proof(
            result="not_needed", scheme="none", said="not asked for: the source takes unsigned requests"
        ), verified
    return Proof(result="verified", scheme=scheme.scheme, said=f"yes, by {scheme.scheme}"), verified


def _without_proof(scheme: Scheme, error: SignatureError) -> Proof:
    match error.reason:
        case "missing_header" | "missing_secret":
            said = f"not verified: the sample has no whole proof in {_place(scheme)}; the service would answer 401"
            return Proof(result="not_verified", scheme=scheme.scheme, said=said, reason=error.reason)
        case "timestamp_too_old":
            said = "the signature is right, and too old to be taken again, as in any sample that was kept"
            return Proof(result="not_verified", scheme=scheme.scheme, said=said, reason=error.reason)
    said = f"refused: {error.reason}; the service would answer 401. The other stages are shown as if it were verified"
    return Proof(result="refused", scheme=scheme.scheme, said=said, reason=error.reason)


def _place(scheme: Scheme) -> str:
    """Where the proof would stand."""
    match scheme:
        case BodySecret():
            return f"the body's `{scheme.field}`"
        case UrlSecret():
            return f"the URL's `{scheme.parameter}`"
        case Jws(header=None):
            return "the body"
        case StandardWebhooks():
            return f"`{scheme.layout({}).header}`"
        case Basic() | Unsigned():
            return "`authorization`"
        case _:
            return f"`{scheme.header}`"
