"""Requests with shared secrets in bodies and URLs, and the ways in which such a secret may be written."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from leadbridge.errors import SignatureError
from leadbridge.events import Received, Verified
from leadbridge.schemes import SCHEME, Scheme
from leadbridge.verify import verify

NOW = 1_796_000_000_000
URL = "https://leads.example.com/hooks/website"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SECRET = 'pl4nted/s3cret "key"+\\&=%?'
BODY_SCHEME: dict[str, Any] = {"scheme": "body", "field": "account.key", "secrets": ["first-s3cret", SECRET]}
URL_SCHEME: dict[str, Any] = {"scheme": "url", "secrets": ["first-s3cret", SECRET]}


def scheme_of(options: dict[str, Any], **more: Any) -> Scheme:
    return SCHEME.validate_python({**options, **more})


def request(body: bytes = b"{}", *, content_type: str = JSON, url: str = URL, **headers: str) -> Received:
    given = {"content-type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Received(source="website", method="POST", url=url, headers=given, body=body, received_at=NOW)


def reason(scheme: Scheme, sent: Received) -> str:
    with pytest.raises(SignatureError) as refused:
        verify(scheme, sent, now=NOW)
    assert "secret" not in refused.value.reason or refused.value.reason not in refused.value.detail
    return refused.value.reason


def in_json(value: Any) -> Received:
    return request(json.dumps({"account": {"key": value}, "email": "zoe@example.com"}).encode())


def in_query(query: str) -> Received:
    return request(url=f"{URL}?{query}")


def everything(verified: Verified) -> str:
    kept = verified.request
    return " ".join([kept.url, *kept.headers.values(), repr(kept.body), repr(verified.payload)])


WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "percent": lambda text: quote(text, safe=""),
    "percent in small letters": lambda text: re.sub("%..", lambda code: code[0].lower(), quote(text, safe="")),
    "percent of everything": lambda text: "".join(f"%{ord(letter):02X}" for letter in text),
    "form": lambda text: quote(text, safe="").replace("%20", "+"),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON as PHP has it": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "JSON of code points": lambda text: "".join(f"\\u{ord(letter):04X}" for letter in text),
    "JSON in a form": lambda text: quote(json.dumps(text)[1:-1], safe=""),
    "a URL in JSON": lambda text: json.dumps(quote(text, safe=""))[1:-1],
}
