"""The stage `verify` on a sample, which may have come without its proof, or long after it was signed."""

from leadbridge.clock import Millis
from leadbridge.errors import SignatureError
from leadbridge.events import Received, Verified
from leadbridge.schemes import Basic, Digest, Hmac, Scheme, StandardWebhooks, Token, Unsigned
from leadbridge.trial.findings import Proof
from leadbridge.verify import verify


def prove(scheme: Scheme, received: Received, *, now: Millis) -> tuple[Proof, Verified]:
    """What verifying says, and the request as the next stages get it, whatever was said."""
    try:
        verified = verify(scheme, received, now=now)
    except SignatureError as error:
        return _without_proof(scheme, error), _unproved(received)
    if isinstance(scheme, Unsigned):
        return Proof(
            result="not_needed", scheme="none", said="not asked for: the source takes unsigned requests"
        ), verified
    return Proof(result="verified", scheme=scheme.scheme, said=f"yes, by {scheme.scheme}"), verified


def _without_proof(scheme: Scheme, error: SignatureError) -> Proof:
    match error.reason:
        case "missing_header":
            said = f"not verified: the sample has no whole proof in `{_header(scheme)}`; the service would answer 401"
            return Proof(result="not_verified", scheme=scheme.scheme, said=said, reason=error.reason)
        case "timestamp_too_old":
            said = "the signature is right, and too old to be taken again, as in any sample that was kept"
            return Proof(result="not_verified", scheme=scheme.scheme, said=said, reason=error.reason)
    said = f"refused: {error.reason}; the service would answer 401. The other stages are shown as if it were verified"
    return Proof(result="refused", scheme=scheme.scheme, said=said, reason=error.reason)


def _unproved(received: Received) -> Verified:
    """Its credentials are taken away all the same."""
    return verify(Unsigned(), received, now=received.received_at)


def _header(scheme: Scheme) -> str:
    match scheme:
        case Token() | Hmac() | Digest():
            return scheme.header
        case StandardWebhooks():
            return scheme.layout({}).header
        case Basic() | Unsigned():
            return "authorization"
