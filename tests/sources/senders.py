"""Vendors as the tests play them: each preset's samples, sent with the proof that its scheme asks for."""

from dataclasses import dataclass, replace
from typing import Final

from leadbridge.events import Received
from leadbridge.schemes import SCHEME, Scheme
from leadbridge.signing import Signed, sign_request
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN
from leadbridge.sources.samples import Sample, folder_of, samples_in
from leadbridge.testing import scheme_complaint
from tests.support.keys import PrivateKey, key_for, public_pem

NOW: Final = 1_796_000_000_000  # 2026-11-30, after every sample
URL: Final = "https://leads.example.com/hooks/sample"
# Of those whose scheme is no scheme `complaints` says so, once.
SOUND: Final = [preset for preset in BUILT_IN if scheme_complaint(preset) is None]
SAMPLES: Final = [(preset, sample) for preset in SOUND for sample in samples_in(folder_of(preset.name))]
_TEXTS: Final = ("whsec_YSBzZWNyZXQgb2YgYSBzZW5kZXI=", "whsec_YW5vdGhlciBzZWNyZXQgZm9yIHRlc3Rz")
_HEX: Final = ("6f6e6520736563726574", "616e6f74686572206f6e65")
_PUBLIC: Final = ("rsa", "ed25519")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One that has the first of its source's secrets, or a key that the source does not know."""

    preset: Preset
    scheme: Scheme
    key: PrivateKey | None

    def sends(self, sample: Sample, *, url: str = URL, at: int = NOW) -> Received:
        """The sample as it would be posted; its own id is the one that is signed."""
        message_id = sample.headers.get("webhook-id") or sample.headers.get("svix-id") or "msg_1"
        signed = sign_request(
            self.scheme, method="POST", url=url, body=sample.body, message_id=message_id, now=at, private_key=self.key
        )
        return as_received(sample, replace(signed, headers=_as_svix(signed.headers, sample)), at=at)


def sender_of(preset: Preset, number: int = 0) -> Sender:
    """The sender with the first key or another one, and the scheme with that key alone."""
    secret, key = secret_of(preset, number)
    return Sender(preset=preset, scheme=scheme_of(preset, secret), key=key)


def secret_of(preset: Preset, number: int = 0) -> tuple[str, PrivateKey | None]:
    """What stands under `secrets` for the sender of this number, and its private key where it has one."""
    options = preset.scheme or {}
    kind = "rsa" if options.get("algorithm") == "RS256" else str(options.get("scheme"))
    if kind in _PUBLIC:
        key = key_for(kind, number)
        return public_pem(key), key
    return (_HEX if options.get("key_encoding") == "hex" else _TEXTS)[number], None


def scheme_of(preset: Preset, *secrets: str) -> Scheme:
    """The preset's scheme with these secrets; a token for one that leaves it to the source."""
    return SCHEME.validate_python({**(preset.scheme or {"scheme": "token"}), "secrets": secrets})


def as_received(sample: Sample, signed: Signed, *, at: int = NOW) -> Received:
    """A request of the sample's headers with that proof."""
    return Received(
        source="sample",
        method="POST",
        url=signed.url,
        headers={**sample.headers, **signed.headers},
        body=signed.body,
        received_at=at,
    )


def _as_svix(proof: dict[str, str], sample: Sample) -> dict[str, str]:
    if "svix-id" not in sample.headers:
        return proof
    return {name.replace("webhook-", "svix-"): value for name, value in proof.items()}
