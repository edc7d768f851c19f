"""Whatever a stranger asks, the answer is short and harmless, or a refusal."""

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.errors import RequestRefused, SignatureError
from leadbridge.events import Received
from leadbridge.handshake import answer
from leadbridge.schemes import SCHEME
from leadbridge.sources.handshakes import HANDSHAKES, LONGEST_CHALLENGE, Body, InHeader, Query, Spot
from leadbridge.verify import verify

NOW = 1_796_000_000_000
ALL = tuple(HANDSHAKES.values())
SIGNED = SCHEME.validate_python({"scheme": "hmac", "header": "x-signature", "secrets": "a-secret-of-the-tests"})
IN_URL = SCHEME.validate_python({"scheme": "url", "secrets": "a-secret-of-the-tests"})
SPOTS: tuple[Spot, ...] = tuple(
    spot for one in ALL for spot in (*one.when, one.challenge, one.token) if spot is not None
)
SAFE = re.compile(r"[ -~]*")
TEXT = st.one_of(
    st.text(max_size=20),
    st.text("a<>&\"'\\\r\n\0é☃", max_size=2_000),
    st.from_regex(r"[a-z0-9._=-]{1,300}", fullmatch=True),
)


@st.composite
def requests(draw: st.DrawFn) -> Received:
    """A request with any texts where handshakes look."""
    query, headers, body = [], {"content-type": "application/json"}, dict[str, Any]()
    for spot in draw(st.lists(st.sampled_from(SPOTS), max_size=4)):
        text = draw(st.one_of(TEXT, st.sampled_from(["subscribe", "endpoint.url_validation", "old-token"])))
        match spot:
            case Query(name):
                query.append(f"{name}={quote(text, safe='') if draw(st.booleans()) else text}")
            case InHeader(name):
                headers[name] = text
            case Body(path):
                first, _, second = path.partition(".")
                body[first] = {second: text} if second else text
    return Received(
        source="any",
        method=draw(st.sampled_from(["GET", "HEAD", "POST"])),
        url=f"https://leads.example.com/hooks/any?{'&'.join(query)}",
        headers=headers,
        body=draw(st.one_of(st.just(json.dumps(body).encode()), st.binary(max_size=50))),
        received_at=NOW,
    )


@given(requests())
def test_an_answer_is_short_and_harmless_or_a_refusal(request: Received) -> None:
    try:
        answered = answer(ALL, request, scheme=SIGNED, tokens=(b"old-token", b"new-token"))
    except RequestRefused:
        return
    if answered is None:
        return
    reply = answered.reply
    said = reply.body.decode("ascii") if answered.handshake.signs else reply.body.decode()
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert len(said) <= LONGEST_CHALLENGE + 200
    for text in (said, *reply.headers.values()):
        assert SAFE.fullmatch(text)
        assert not set(text) & set("<>&'\\" if reply.content_type == "application/json" else "<>&'\"\\")


@given(requests())
def test_a_url_is_proved_by_its_secret_alone_whatever_else_it_holds(request: Received) -> None:
    with pytest.raises(SignatureError) as refused:
        verify(IN_URL, request, now=NOW)
    assert refused.value.reason in {"missing_secret", "malformed_secret", "wrong_secret"}
    proved = replace(request, url=request.url.replace("?", "?token=a-secret-of-the-tests&", 1))
    assert verify(IN_URL, proved, now=NOW).verified
