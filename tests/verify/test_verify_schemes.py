"""What `verify:` may say, and what it answers to what cannot work."""

from typing import Any

import pytest
from pydantic import ValidationError

from leadbridge.schemes import SCHEME, Basic, Hmac, StandardWebhooks, Token, Unsigned
from tests.support.walked import walked

HMAC = {"scheme": "hmac", "header": "X-Signature", "secrets": ["planted-secret"]}
STANDARD = {"scheme": "standard-webhooks"}
WHPK = "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g="
WHSK = "whsk_cGxhbnRlZC1zZWNyZXQtcHJpdmF0ZS1rZXk="


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"scheme": "none"}, Unsigned),
        ({"scheme": "token", "secrets": "one"}, Token),
        ({"scheme": "basic", "username": "form", "secrets": ["one", "two"]}, Basic),
        (HMAC, Hmac),
        ({**STANDARD, "secrets": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, StandardWebhooks),
    ],
)
def test_the_scheme_names_the_kind(options: dict[str, Any], kind: type) -> None:
    assert type(SCHEME.validate_python(options)) is kind


def test_a_single_secret_may_stand_alone_and_header_names_have_no_case() -> None:
    scheme = SCHEME.validate_python({"scheme": "token", "header": "X-Webhook-Token", "secrets": "one"})
    assert isinstance(scheme, Token)
    assert [secret.get_secret_value() for secret in scheme.secrets] == ["one"]
    assert scheme.header == "x-webhook-token"


@walked(
    ("options", "message"),
    [
        ({"scheme": "token"}, "Field required"),
        ({"scheme": "token", "secrets": []}, "at least 1 item"),
        ({"scheme": "token", "secrets": ["good", " "]}, "a secret must not be empty"),
        ({"scheme": "token", "secrets": ""}, "a secret must not be empty"),
        ({"scheme": "token", "secrets": "planted-secret\n"}, "no space at either end"),
        ({"scheme": "token", "secrets": "planted-señor"}, "printable ASCII"),
        ({"scheme": "token", "header": "X Token", "secrets": "x"}, "pattern"),
        ({"scheme": "basic", "username": "a:b", "secrets": "x"}, "pattern"),
        ({"scheme": "none", "secrets": "x"}, "Extra inputs"),
        ({**HMAC, "header": None}, "valid string"),
        ({**HMAC, "hash": "md5"}, "'sha1', 'sha256' or 'sha512'"),
        ({**HMAC, "signs": "{timestamp}"}, "signs must hold {body}"),
        ({**HMAC, "signs": "{timestamp}.{body}"}, "say where it is: `timestamp_header`"),
        ({**HMAC, "timestamp_header": "x-time"}, "put {timestamp} into signs"),
        (
            {
                **HMAC,
                "signs": "{timestamp}{body}",
                "timestamp_header": "x-time",
                "fields": {"timestamp": "t", "signature": "v1"},
            },
            "not in both",
        ),
        ({**HMAC, "signs": "{id}.{body}"}, "say its header: `id_header`"),
        ({**HMAC, "id_header": "x-id"}, "no effect unless signs holds {id}"),
        ({**HMAC, "tolerance": 60}, "tolerance and timestamp_unit need a timestamp"),
        ({**HMAC, "timestamp_unit": "ms"}, "tolerance and timestamp_unit need a timestamp"),
        ({**HMAC, "tolerance": 0}, "greater than 0"),
        ({**HMAC, "separator": " ", "fields": {"signature": "v1"}}, "not both"),
        ({**HMAC, "signs": "{payload}{body}"}, "not {payload}"),
        ({**HMAC, "signs": "{body!r}"}, "not {body}"),
        ({**HMAC, "signs": "{body"}, "write {{ and }} for braces"),
        ({**HMAC, "key_encoding": "base64"}, "a secret is not base64"),
        ({**HMAC, "key_encoding": "hex"}, "a secret is not hex"),
        ({**HMAC, "key_prefix": "planted-secret"}, "a secret must not be empty"),
        ({**STANDARD, "secrets": "whsec_planted-secret"}, "a secret is not base64"),
        ({**STANDARD, "secrets": "whsec_"}, "a secret must not be empty"),
        ({**STANDARD, "secrets": WHSK}, "a private key, `whsk_…`, stays with the sender"),
        ({**STANDARD, "secrets": [WHPK, WHSK]}, "a private key, `whsk_…`, stays with the sender"),
        ({**STANDARD, "secrets": [WHSK, "whsec_c2VjcmV0"]}, "a private key, `whsk_…`, stays with the sender"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_write(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SCHEME.validate_python(options)
    assert message in str(refused.value)
    assert "planted" not in str(refused.value)


def test_several_problems_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        SCHEME.validate_python({**HMAC, "signs": "{timestamp}", "id_header": "x-id"})
    for part in ("{body}", "timestamp_header", "id_header"):
        assert part in str(refused.value)


def test_no_secret_is_shown() -> None:
    scheme = SCHEME.validate_python(HMAC)
    assert isinstance(scheme, Hmac)
    assert scheme.keys == (b"planted-secret",)
    assert "planted" not in f"{scheme!r} {scheme} {scheme.model_dump()} {scheme.model_dump_json()}"


def test_every_option_is_described_in_the_schema() -> None:
    models = SCHEME.json_schema()["$defs"]
    undescribed = [
        f"{model}.{name}"
        for model, schema in models.items()
        for name, option in schema["properties"].items()
        if not option.get("description")
    ]
    assert undescribed == []
    assert models["Hmac"]["properties"]["secrets"]["anyOf"] == [
        {"type": "string"},
        {"items": {"type": "string"}, "type": "array"},
    ]
