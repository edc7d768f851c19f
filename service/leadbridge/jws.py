"""JSON Web Signatures (RFC 7515), read strictly: the configured algorithm, and nothing that a signature asks for.

Written here and not taken from PyJWT: what is needed is two algorithms over the bytes that travelled and five claims,
each with a reason for its refusal. The rest of such a library is what has been attacked in others: the algorithm as the
signature names it, keys that it brings (`jwk`, `jku`), checks that are options.
"""

import hashlib
import hmac
import json
from typing import Final

from leadbridge.bodies.json_body import read_json
from leadbridge.clock import Millis
from leadbridge.errors import SignatureReason, Unparseable
from leadbridge.events import Json, Received
from leadbridge.schemes import Jws
from leadbridge.signatures import any_equal, bytes_of, header_of, refuse, unbase64url

_PARTS: Final = 3  # protected header, claims, signature


def verify_jws(scheme: Jws, request: Received, *, now: Millis) -> bytes:
    """What is to be read: the body, or of a body that is a signature what its claims hold.

    Raises `SignatureError` unless the signature, the body's hash, the issuer and the times are right.
    """
    malformed: SignatureReason = "malformed_body" if scheme.header is None else "malformed_header"
    text = request.body.strip() if scheme.header is None else bytes_of(header_of(request.headers, scheme.header))
    parts = text.split(b".")
    if len(parts) != _PARTS:
        refuse(malformed)
    head, claims, signature = (_decoded(part, malformed) for part in parts)
    protected = _object(head, malformed)
    if protected.get("alg") != scheme.algorithm:
        refuse("wrong_algorithm")
    if "crit" in protected:  # asks for what is not understood here, so it must be refused (RFC 7515, 4.1.11)
        refuse(malformed)
    if not _is_signed(scheme, b".".join(parts[:2]), signature):
        refuse("wrong_signature")
    said = _object(claims, malformed)
    if scheme.issuer is not None and said.get("iss") != scheme.issuer:
        refuse("wrong_issuer")
    if scheme.body_hash is not None:
        _check_hash(said.get(scheme.body_hash), hashlib.new(scheme.body_hash, request.body).hexdigest())
    _check_times(scheme, said, now, malformed)
    return request.body if scheme.header is not None else _payload(scheme, claims, said)


def payload_of(scheme: Jws, body: bytes) -> bytes:
    """What is to be read of a stored body, which was proved when it came; the body itself when it is no such one."""
    parts = body.strip().split(b".")
    claims = unbase64url(parts[1].decode("latin-1")) if len(parts) == _PARTS else None
    if scheme.header is not None or claims is None:
        return body
    try:
        said = read_json(claims, "utf-8")
    except Unparseable:
        return body
    return _payload(scheme, claims, said) if isinstance(said, dict) else body


def _is_signed(scheme: Jws, message: bytes, signature: bytes) -> bool:
    if scheme.algorithm == "HS256":
        return any_equal(signature, [hmac.digest(key, message, "sha256") for key in scheme.keys])
    from leadbridge.schemes.pem import is_signed_by  # noqa: PLC0415  # there since the keys were read: see there

    return any(is_signed_by(key, signature, message) for key in scheme.public_keys)


def _check_hash(said: Json, expected: str) -> None:
    if not (isinstance(said, str) and hmac.compare_digest(said.lower().encode("utf-8", "replace"), expected.encode())):
        refuse("wrong_body_hash")


def _check_times(scheme: Jws, said: dict[str, Json], now: Millis, malformed: SignatureReason) -> None:
    """Claims in seconds since 1970, each of which may be missing (RFC 7519, 4.1)."""
    times: dict[str, float] = {}
    for name in ("exp", "nbf", "iat"):
        time = said.get(name)
        if isinstance(time, bool) or not isinstance(time, int | float | None):
            refuse(malformed)
        if time is not None:
            times[name] = time
    seconds = now / 1000
    if "exp" in times and seconds > times["exp"] + scheme.tolerance:
        refuse("timestamp_too_old")
    if any(times[name] > seconds + scheme.tolerance for name in ("nbf", "iat") if name in times):
        refuse("timestamp_in_future")


def _payload(scheme: Jws, claims: bytes, said: dict[str, Json]) -> bytes:
    if scheme.payload is None:
        return claims
    held = said.get(scheme.payload)
    if held is None:
        return b""  # which parsing tells of
    # Vendors put JSON into JSON as text (Wix).
    return (held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)).encode()


def _decoded(part: bytes, malformed: SignatureReason) -> bytes:
    found = None if b"=" in part else unbase64url(part.decode("latin-1"))
    return refuse(malformed) if found is None else found


def _object(text: bytes, malformed: SignatureReason) -> dict[str, Json]:
    try:
        found = read_json(text, "utf-8")
    except Unparseable:
        refuse(malformed)
    return found if isinstance(found, dict) else refuse(malformed)
