"""What a vendor's answer means for the lead that was asked for."""

import pytest

from leadbridge.fetch.verdict import Document, Refused, read
from leadbridge.outgoing.client import Answered
from leadbridge.sources.fetching import Fetch, Part, Step, Trouble
from tests.fetch.vendor import answered

KNOWN = Fetch(
    base_url="https://api.vendor.test",
    version="v1",
    steps=(Step(name="lead", path="/{version}/{id}", parts={"id": Part("id")}),),
    complete=lambda event, _answers: event,
    limit=10,
    window=60,
    troubles=(
        Trouble(kind="credentials", path="error.code", values=(190,)),
        Trouble(kind="quota", path="error.code", values=(4, 613)),
        Trouble(kind="down", path="error.code", values=(1,)),
        Trouble(kind="missing", path="status", values=("deleted",)),
    ),
)


def kind_of(reply: Answered) -> str:
    verdict = read(KNOWN, reply)
    return "fetched" if isinstance(verdict, Document) else verdict.kind


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        pytest.param(answered(200, {"id": 1}), "fetched", id="a document"),
        pytest.param(answered(200, []), "fetched", id="an empty list is a document"),
        pytest.param(Answered(status=200, headers={}, content=b"<html>", whole=True), "down", id="no JSON"),
        pytest.param(Answered(status=204, headers={}, content=b"", whole=True), "down", id="nothing"),
        pytest.param(Answered(status=200, headers={}, content=b'{"a": "', whole=False), "missing", id="too large"),
        pytest.param(answered(302, None, location="https://elsewhere.test"), "down", id="a redirect"),
        pytest.param(answered(400, {"error": {"code": 190}}), "credentials", id="declared credentials"),
        pytest.param(answered(400, {"error": {"code": 613}}), "quota", id="declared quota"),
        pytest.param(answered(500, {"error": {"code": 4}}), "quota", id="declared, whatever the status"),
        pytest.param(answered(200, {"status": "deleted"}), "missing", id="declared in a good answer"),
        pytest.param(answered(400, {"error": {"code": True}}), "missing", id="true is not the code 1"),
        pytest.param(answered(400, {"error": {"code": 1}}), "down", id="declared down"),
        pytest.param(answered(401, {}), "credentials", id="401"),
        pytest.param(answered(403, {}), "forbidden", id="403"),
        pytest.param(answered(429, {}), "quota", id="429"),
        pytest.param(answered(404, {}), "missing", id="404"),
        pytest.param(answered(400, {}), "missing", id="400"),
        pytest.param(answered(408, {}), "down", id="408"),
        pytest.param(answered(503, {}), "down", id="503"),
    ],
)
def test_an_answer_is_told_by_what_the_preset_declares_and_then_by_its_status(reply: Answered, kind: str) -> None:
    assert kind_of(reply) == kind


def test_the_document_comes_as_it_is_with_integers_of_any_size() -> None:
    assert read(KNOWN, answered(200, {"id": 2**63 + 1})) == Document({"id": 2**63 + 1})


def test_a_refusal_has_the_vendors_words_and_how_long_it_asks_to_wait() -> None:
    verdict = read(KNOWN, answered(429, {"message": "Too many calls"}, retry_after="90"))
    assert verdict == Refused(kind="quota", detail="the vendor answered 429: Too many calls", after=90.0)


def test_a_refusal_repeats_no_e_mail_address() -> None:
    verdict = read(KNOWN, answered(404, {"message": "no lead of ann@example.com"}))
    assert isinstance(verdict, Refused)
    assert "ann@" not in verdict.detail


def test_what_is_no_json_is_the_vendors_trouble_twice_and_the_leads_own_then() -> None:
    html = Answered(status=200, headers={}, content=b"<html>", whole=True)
    kinds = [read(KNOWN, html, tries=tries) for tries in range(4)]
    assert [one.kind for one in kinds if isinstance(one, Refused)] == ["down", "down", "missing", "missing"]


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": "\\ud83d!"}', {"a": "\ufffd!"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": "\\u0000"}', {"a": "\ufffd"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    ],
)
def test_odd_characters_keep_no_document_back(content: bytes, value: object) -> None:
    assert read(KNOWN, Answered(status=200, headers={}, content=content, whole=True)) == Document(value)


@pytest.mark.parametrize("content", [b'{"a": 1e400}', b'{"a": [-1e999]}', b'{"a": NaN}', b"[" * 3_000 + b"]" * 3_000])
def test_what_cannot_be_written_as_json_again_is_none(content: bytes) -> None:
    verdict = read(KNOWN, Answered(status=200, headers={}, content=content, whole=True))
    assert isinstance(verdict, Refused)
    assert verdict.detail == "the vendor answered 200 with what is no JSON document"
