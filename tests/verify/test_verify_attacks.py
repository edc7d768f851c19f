"""Every scheme against the same attacks: a table of senders, and a table of what is done to what they send."""

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from leadbridge.errors import SignatureError, UsageError
from leadbridge.events import Received
from leadbridge.schemes import SCHEME, StandardWebhooks
from leadbridge.signing import sign, sign_request
from leadbridge.verify import verify
from tests.support.keys import key_for, public_pem
from tests.support.walked import walked

NOW = 1_796_000_000_000
URL = "https://leads.example.com/hooks/website"
BODY = b'{"name": "Zo\xc3\xab", "raw": "\xff\x00\r\n"}'  # bytes, whatever a reader will say of them
PRIVATE = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2)]
PUBLIC = [key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) for key in PRIVATE]
WHPK = [f"whpk_{base64.b64encode(key).decode()}" for key in PUBLIC]
WHSEC = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2Vjb25kIHNlY3JldA"]
PLAIN = {"scheme": "hmac", "header": "x-signature", "secrets": ["old-sécret", "new-sécret"]}
TIMED = {**PLAIN, "signs": "{timestamp}.{body}", "timestamp_header": "x-time"}
JWS = {"scheme": "jws", "header": "x-signature", "algorithm": "HS256", "body_hash": "sha256", "issuer": "acme"}
PEMS = {kind: [public_pem(key_for(kind, number)) for number in (0, 1)] for kind in ("rsa", "ed25519")}


@dataclass(frozen=True)
class Sender:
    """A scheme with two secrets, how its proof is written, and what it has beside it."""

    options: Mapping[str, Any]
    proof: str = "x-signature"
    encoding: str = "hex"
    signs: bool = True
    timed: bool = False
    several: str | None = None  # what stands between several signatures in one header
    ed25519: bool = False
    keys: str | None = None  # the scheme of its private keys

    def sends(self, *, secret: int = 0, at: int = NOW, body: bytes = BODY) -> Received:
        """What the sender posts at a time."""
        if self.keys:
            scheme = SCHEME.validate_python({**self.options, "secrets": self.options["secrets"][secret]})
            headers = sign_request(
                scheme, method="POST", url=URL, body=body, message_id="msg_1", now=at,
                private_key=key_for(self.keys, secret),
            ).headers  # fmt: skip
        elif self.ed25519:
            message = f"msg_1.{at // 1000}.".encode() + body
            signature = base64.b64encode(PRIVATE[secret].sign(message)).decode()
            headers = {"webhook-id": "msg_1", "webhook-timestamp": str(at // 1000)}
            headers["webhook-signature"] = f"v1a,{signature}"
        else:
            scheme = SCHEME.validate_python({**self.options, "secrets": self.options["secrets"][secret]})
            headers = sign(scheme, method="POST", url=URL, body=body, message_id="msg_1", now=at)
        return Received(source="website", method="POST", url=URL, headers=headers, body=body, received_at=at)


SENDERS = {
    "token": Sender({"scheme": "token", "secrets": ["old-token", "new-token"]}, proof="x-webhook-token", signs=False),
    "bearer": Sender(
        {"scheme": "token", "header": "authorization", "prefix": "Bearer ", "secrets": ["old-token", "new-token"]},
        proof="authorization", signs=False,
    ),
    "basic": Sender(
        {"scheme": "basic", "username": "form", "secrets": ["old", "néw"]},
        proof="authorization", encoding="base64", signs=False,
    ),
    "hmac": Sender(PLAIN),
    "hmac base64": Sender({**PLAIN, "encoding": "base64", "prefix": "sha256="}, encoding="base64"),
    "hmac base64url": Sender({**PLAIN, "encoding": "base64url", "hash": "sha512"}, encoding="base64"),
    "hmac list": Sender({**PLAIN, "separator": ","}, several=","),
    "hmac time": Sender(TIMED, timed=True),
    "hmac ms": Sender({**TIMED, "timestamp_unit": "ms", "hash": "sha1"}, timed=True),
    "hmac parts": Sender(
        {**PLAIN, "signs": "{timestamp}.{body}", "fields": {"timestamp": "t", "signature": "v1"}}, timed=True
    ),
    "digest": Sender({**PLAIN, "scheme": "digest"}),
    "digest of the URL": Sender({**PLAIN, "scheme": "digest", "signs": "{secret}{method}{url}{body}"}),
    "standard": Sender(
        {"scheme": "standard-webhooks", "secrets": WHSEC},
        proof="webhook-signature", encoding="base64", timed=True, several=" ",
    ),
    "standard ed25519": Sender(
        {"scheme": "standard-webhooks", "secrets": WHPK},
        proof="webhook-signature", encoding="base64", timed=True, several=" ", ed25519=True,
    ),
    "rsa": Sender({**PLAIN, "scheme": "rsa", "secrets": PEMS["rsa"]}, encoding="base64", keys="rsa"),
    "rsa time": Sender(
        {**TIMED, "scheme": "rsa", "hash": "sha512", "encoding": "hex", "secrets": PEMS["rsa"]}, keys="rsa", timed=True
    ),
    "ed25519": Sender(
        {**TIMED, "scheme": "ed25519", "secrets": PEMS["ed25519"]}, encoding="base64", keys="ed25519", timed=True
    ),
    "jws": Sender({**JWS, "secrets": ["old-sécret", "new-sécret"]}, encoding="jws"),
    "jws rsa": Sender({**JWS, "algorithm": "RS256", "secrets": PEMS["rsa"]}, encoding="jws", keys="rsa"),
}  # fmt: skip
SIGNING = [name for name, sender in SENDERS.items() if sender.signs]
TIMES = [name for name, sender in SENDERS.items() if sender.timed]
LISTS = [name for name, sender in SENDERS.items() if sender.several]


def takes(sender: Sender, received: Received, *, now: int = NOW, secrets: Any = None) -> bool:
    scheme = SCHEME.validate_python({**sender.options, **({"secrets": secrets} if secrets else {})})
    return verify(scheme, received, now=now).verified


def reason(sender: Sender, received: Received, *, now: int = NOW, secrets: Any = None) -> str:
    with pytest.raises(SignatureError) as refused:
        takes(sender, received, now=now, secrets=secrets)
    assert refused.value.http_status == 401
    assert refused.value.reason not in refused.value.detail
    return refused.value.reason


def with_proof(sender: Sender, change: Callable[[str], str]) -> Received:
    good = sender.sends()
    return replace(good, headers={**good.headers, sender.proof: change(good.headers[sender.proof])})


def other_encoding(sender: Sender) -> Callable[[str], str]:
    """The same signature, written as the sender never writes it."""

    def change(proof: str) -> str:
        start = next((mark for mark in ("v1a,", "v1,", "sha256=", "v1=") if mark in proof), "")
        before, _, written = proof.rpartition(start) if start else ("", "", proof)
        if sender.encoding == "hex":
            return before + start + base64.b64encode(bytes.fromhex(written)).decode()
        return before + start + base64.urlsafe_b64decode(written.replace("+", "-").replace("/", "_") + "==").hex()

    return change


@walked("secret", [0, 1])
@walked("name", SENDERS)
def test_either_secret_proves_while_both_are_known_and_none_that_is_gone(name: str, secret: int) -> None:
    sender = SENDERS[name]
    assert takes(sender, sender.sends(secret=secret))
    gone = reason(sender, sender.sends(secret=secret), secrets=[sender.options["secrets"][1 - secret]])
    assert gone in ("wrong_signature", "wrong_token", "wrong_password")


@walked("body", [b"", BODY + b" ", BODY[:-1], BODY[::-1], BODY.replace(b"\r\n", b"\n")])
@walked("name", SIGNING)
def test_a_tampered_body_is_refused(name: str, body: bytes) -> None:
    sender = SENDERS[name]
    expected = "wrong_body_hash" if sender.encoding == "jws" else "wrong_signature"
    assert reason(sender, replace(sender.sends(), body=body)) == expected


@walked("proof", [None, "", "  "])
@walked("name", SENDERS)
def test_an_unsigned_request_is_refused(name: str, proof: str | None) -> None:
    sender = SENDERS[name]
    good = sender.sends()
    headers = {header: value for header, value in good.headers.items() if header != sender.proof}
    if proof is not None:
        headers[sender.proof] = proof
    assert reason(sender, replace(good, headers=headers)) == "missing_header"


CHANGES: dict[str, Callable[[str], str]] = {
    "one character less": lambda proof: proof[:-4],
    "half of it": lambda proof: proof[: len(proof) // 2],
    "its beginning cut off": lambda proof: proof[3:],
    "a letter that is not ASCII": lambda proof: proof[:-1] + "é",
    "a letter that is not Latin-1": lambda proof: proof[:-1] + "☃",
    "NUL at its end": lambda proof: proof + "\0",
    "NUL alone": lambda _: "\0",
    "full-width letters": lambda proof: "".join(chr(ord(letter) + 0xFEE0) for letter in proof if letter > " "),
    "too long": lambda proof: proof * 200,
    "one letter": lambda _: "x",
    "signs alone": lambda _: ",,==;; ,",
}


@walked("change", CHANGES)
@walked("name", SENDERS)
def test_a_proof_that_is_cut_off_or_odd_is_refused(name: str, change: str) -> None:
    sender = SENDERS[name]
    assert reason(sender, with_proof(sender, CHANGES[change])) in (
        "malformed_header", "wrong_signature", "wrong_token", "wrong_password", "wrong_algorithm",
    )  # fmt: skip


@walked("name", [name for name in SIGNING if SENDERS[name].encoding != "jws"])
def test_a_signature_in_the_wrong_encoding_is_refused(name: str) -> None:
    sender = SENDERS[name]
    assert reason(sender, with_proof(sender, other_encoding(sender))) == "malformed_header"


@walked("name", [name for name, sender in SENDERS.items() if sender.encoding == "base64"])
def test_base64_has_case(name: str) -> None:
    sender = SENDERS[name]
    refused = reason(sender, with_proof(sender, lambda proof: proof[:8] + proof[8:].swapcase()))
    assert refused in ("wrong_signature", "wrong_password", "malformed_header")


@walked("name", TIMES)
@walked(
    ("off_ms", "expected"),
    [(300_000, None), (301_000, "timestamp_too_old"), (-300_000, None), (-301_000, "timestamp_in_future")],
)
def test_an_aged_and_a_future_request_are_refused(name: str, off_ms: int, expected: str | None) -> None:
    sender = SENDERS[name]
    if expected is None:
        assert takes(sender, sender.sends(), now=NOW + off_ms)
    else:
        assert reason(sender, sender.sends(), now=NOW + off_ms) == expected


@walked("name", TIMES)
def test_a_fresh_time_on_an_old_signature_is_refused(name: str) -> None:
    sender = SENDERS[name]
    old, fresh = sender.sends(at=NOW - 3_600_000), sender.sends()
    headers = {header: value for header, value in fresh.headers.items() if header != sender.proof}
    proof = old.headers[sender.proof].replace(str((NOW - 3_600_000) // 1000), str(NOW // 1000))
    assert reason(sender, replace(old, headers={**headers, sender.proof: proof})) == "wrong_signature"


@walked("name", LISTS)
def test_one_good_signature_among_several_is_enough_and_sixteen_are_the_most(name: str) -> None:
    sender = SENDERS[name]
    between = sender.several or ""
    bad = sender.sends(body=b"other").headers[sender.proof]
    assert takes(sender, with_proof(sender, lambda good: between.join([bad, "v9,x", good])))
    assert takes(sender, with_proof(sender, lambda good: between.join([bad] * 15 + [good])))
    assert reason(sender, with_proof(sender, lambda _: between.join([bad] * 16))) == "wrong_signature"
    assert reason(sender, with_proof(sender, lambda good: between.join([bad] * 16 + [good]))) == "malformed_header"


@walked("name", SENDERS)
def test_a_header_that_is_sent_twice_is_never_better_than_once(name: str) -> None:
    """Receiving joins them with a comma (RFC 9110, 5.3)."""
    sender = SENDERS[name]
    bad = sender.sends(body=b"other").headers[sender.proof] if sender.signs else "other"
    assert reason(sender, with_proof(sender, lambda _: f"{bad}, {bad}")) != "missing_header"
    if not sender.several:
        for both in (lambda good: f"{good}, {bad}", lambda good: f"{bad}, {good}", lambda good: f"{good}, {good}"):
            assert reason(sender, with_proof(sender, both)) in ("malformed_header", "wrong_token", "wrong_password")


@walked("name", TIMES)
def test_a_timestamp_that_is_sent_twice_is_refused(name: str) -> None:
    sender = SENDERS[name]
    good = sender.sends()
    twice = {
        header: f"{value}, {value}" if header.endswith(("time", "timestamp")) else value
        for header, value in good.headers.items()
    }
    if twice != good.headers:
        assert reason(sender, replace(good, headers=twice)) == "malformed_header"


@walked("secrets", ["", " ", [], ["good-secret", ""], [" \t"], None])
@walked("name", SENDERS)
def test_an_empty_secret_cannot_be_configured(name: str, secrets: Any) -> None:
    with pytest.raises(ValidationError):
        SCHEME.validate_python({**SENDERS[name].options, "secrets": secrets})


@walked("name", SENDERS)
def test_no_scheme_shows_its_secrets(name: str) -> None:
    scheme = SCHEME.validate_python(SENDERS[name].options)
    shown = f"{scheme!r} {scheme} {scheme.model_dump()} {scheme.model_dump_json()}"
    assert not any(secret in shown for secret in ("'old", "old-", WHSEC[0][6:], WHPK[0][5:]))


def standard(*secrets: str) -> Sender:
    return replace(SENDERS["standard"], options={"scheme": "standard-webhooks", "secrets": list(secrets)})


def test_a_public_key_is_never_an_hmac_key() -> None:
    """Everybody knows it, so a signature made with it would prove nobody."""
    message = f"msg_1.{NOW // 1000}.".encode() + BODY
    for key in (PUBLIC[0], WHPK[0].encode(), base64.b64encode(PUBLIC[0])):
        signature = base64.b64encode(hmac.digest(key, message, "sha256")).decode()
        forged = with_proof(SENDERS["standard"], lambda _, signature=signature: f"v1,{signature}")  # type: ignore[misc]
        assert reason(standard(WHPK[0]), forged) == "malformed_header"
        assert reason(standard(WHPK[0], WHSEC[0]), forged) == "wrong_signature"


def test_a_shared_secret_proves_no_ed25519_signature_and_both_kinds_may_be_known_during_a_change() -> None:
    asymmetric, shared = SENDERS["standard ed25519"].sends(), SENDERS["standard"].sends()
    assert reason(standard(WHSEC[0]), asymmetric) == "malformed_header"
    assert reason(standard(WHPK[0]), shared) == "malformed_header"
    for sent in (asymmetric, shared):
        assert takes(standard(WHPK[0], WHSEC[0]), sent)
        assert takes(standard(WHSEC[0], WHPK[0]), sent)


def test_ed25519_is_taken_with_svix_headers_too() -> None:
    sent = SENDERS["standard ed25519"].sends()
    headers = {name.replace("webhook-", "svix-"): value for name, value in sent.headers.items()}
    assert takes(SENDERS["standard ed25519"], replace(sent, headers=headers))


def test_a_public_key_cannot_sign_what_is_sent_as_a_sample() -> None:
    only_public = SCHEME.validate_python({"scheme": "standard-webhooks", "secrets": WHPK})
    with pytest.raises(UsageError, match="only the sender can sign"):
        sign(only_public, method="POST", url=URL, body=BODY, message_id="msg_1", now=NOW)
    both = SCHEME.validate_python({"scheme": "standard-webhooks", "secrets": [WHPK[0], WHSEC[0]]})
    headers = sign(both, method="POST", url=URL, body=BODY, message_id="msg_1", now=NOW)
    assert headers["webhook-signature"].startswith("v1,")


@walked(
    ("options", "message"),
    [
        ({"scheme": "standard-webhooks", "secrets": "whpk_planted!"}, "32 bytes in base64"),
        ({"scheme": "standard-webhooks", "secrets": "whpk_cGxhbnRlZA=="}, "32 bytes in base64"),
        ({"scheme": "standard-webhooks", "secrets": "whpk_"}, "32 bytes in base64"),
        ({"scheme": "standard-webhooks", "secrets": "whsk_cGxhbnRlZA=="}, "stays with the sender"),
        ({**PLAIN, "scheme": "digest", "signs": "{body}"}, "signs must hold {secret}"),
        ({**PLAIN, "scheme": "digest", "signs": "{secret}"}, "signs must hold {body}"),
        ({**PLAIN, "scheme": "digest", "key_prefix": "x"}, "Extra inputs"),
        ({**PLAIN, "signs": "{secret}{body}"}, "not {secret}"),
    ],
)
def test_what_cannot_prove_a_sender_cannot_be_configured(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SCHEME.validate_python(options)
    assert message in str(refused.value)
    assert "planted" not in str(refused.value)
    assert "cGxhbnRlZA" not in str(refused.value)


def test_a_header_of_many_signatures_costs_no_more_than_a_few() -> None:
    """Each ed25519 check hashes the body; without a bound one request could ask for ninety."""
    sender = SENDERS["standard ed25519"]
    scheme = SCHEME.validate_python(sender.options)
    assert isinstance(scheme, StandardWebhooks)
    many = with_proof(sender, lambda good: " ".join([good] * 80))
    assert reason(sender, many) == "malformed_header"


@walked(
    ("kept", "tolerance", "why"),
    [
        (0, 300, "malformed_header"),
        (0, "none", "malformed_header"),
        *((n, 300, "timestamp_too_old") for n in range(1, 10)),
    ],
)
def test_a_timestamp_cannot_move_into_the_body(kept: int, tolerance: int | str, why: str) -> None:
    """Where nothing stands between the two, what is signed stays the same: an old request would be new for ever."""
    parts = {"timestamp": "t", "signature": "v1"}
    sender = Sender({**PLAIN, "signs": "{timestamp}{body}", "fields": parts, "tolerance": tolerance}, timed=True)
    good, stamp = sender.sends(), str(NOW // 1000)
    assert takes(sender, good)
    header = good.headers["x-signature"].replace(f"t={stamp}", f"t={stamp[:kept]}")
    moved = replace(good, headers={"x-signature": header}, body=stamp[kept:].encode() + good.body)
    assert reason(sender, moved, now=NOW + 86_400_000) == why
