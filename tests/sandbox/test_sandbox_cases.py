"""Every case of `cases_*.json`, walked by one test.

In an expectation, objects need only hold what is named, and lists are compared item by item. `$int`, `$text`, `$uuid`
and `$code` (20 letters and digits) stand for any such value, `$absent` for none or null, `$seed:0` for the first seeded
record's id, `$all seeds` for a text that names every seeded id, `$later than N` for a greater number, `$same` for one
value in all answers, `{"$has": [...]}` for a list that holds these items among others.

Beneath `given`: `options`, `seeds`, `faults`, `calls` made before, seconds to `advance`, `headers` to set and
`drop_headers` to leave out, how often the same request is made before (`repeat`) or at once (`together`). A request has
a `body`, which is JSON, or a `form`. `as_before` in an expectation is the very answer of the last of the `calls`.
"""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from leadbridge.events import Json
from leadbridge.sandbox import LEADCONNECTOR_PATH, Fault, SandboxOptions, Seed
from tests.openapi.contract import check_answer, check_request, documented
from tests.support.walked import walked

from .support import COPPER_HEADERS, LEADCONNECTOR_HEADERS, Bench

_FOLDER = Path(__file__).parent
_SEEDS: TypeAdapter[list[Seed]] = TypeAdapter(list[Seed])
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CODE = re.compile(r"[A-Za-z0-9]{20}")


def _cases() -> list[Any]:
    listed = []
    for crm in ("copper", "leadconnector"):
        document = json.loads((_FOLDER / f"cases_{crm}.json").read_text())
        listed += [pytest.param(crm, case, id=f"{case['id']} {case['title']}") for case in document["cases"]]
    return listed


def _differences(expected: Json, got: Json, seeds: list[str], place: str = "body") -> list[str]:
    if isinstance(expected, dict) and "$has" in expected:
        return [f"{place} lacks {item}" for item in expected["$has"] if item not in got]
    if isinstance(expected, dict) and isinstance(got, dict):
        found = []
        for key, value in expected.items():
            found += _differences(value, got.get(key), seeds, f"{place}.{key}")
        return found
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        found = []
        for number, value in enumerate(expected):
            found += _differences(value, got[number], seeds, f"{place}[{number}]")
        return found
    fits = _fits(expected, got, seeds) if isinstance(expected, str) and expected[:1] == "$" else expected == got
    return [] if fits else [f"{place}: wanted {expected!r}, got {got!r}"]


def _fits(mark: str, got: Json, seeds: list[str]) -> bool:
    name, _, argument = mark.partition(":") if mark.startswith("$seed") else mark.partition(" than ")
    match name:
        case "$int":
            return type(got) is int
        case "$text":
            return isinstance(got, str) and got != ""
        case "$uuid":
            return _UUID.fullmatch(got) is not None
        case "$code":
            return _CODE.fullmatch(got) is not None
        case "$absent":
            return got is None
        case "$seed":
            return str(got) == seeds[int(argument)]
        case "$all seeds":
            return set(re.findall(r"\d+", got)) == set(seeds)
        case "$later":
            return int(got) > int(argument)
        case "$same":
            return got is not None
    raise ValueError(f"no such mark: {mark}")


@walked(("crm", "case"), _cases())
async def test_a_case_is_answered_as_recorded(crm: str, case: dict[str, Any]) -> None:
    given, request, expect = case.get("given", {}), case["request"], case["expect"]
    bench = Bench(SandboxOptions.model_validate(given.get("options", {})))
    seeds = [
        seeded for seed in _SEEDS.validate_python(given.get("seeds", [])) for seeded in await bench.control.seed(seed)
    ]
    for fault in given.get("faults", []):
        await bench.control.fault(Fault.model_validate(fault))
    headers = dict(COPPER_HEADERS if crm == "copper" else LEADCONNECTOR_HEADERS) | given.get("headers", {})
    for name in given.get("drop_headers", []):
        del headers[name]
    path = request["path"].replace("{id}", seeds[0] if seeds else "")

    async def ask(asked: dict[str, Any] = request, at: str = path) -> httpx.Response:
        if "form" in asked:
            url = LEADCONNECTOR_PATH + at
            return await bench.client.request(asked["method"], url, data=asked["form"], headers=headers)
        call = bench.copper if crm == "copper" else bench.leadconnector
        return await call(asked["method"], at, asked.get("body"), headers=headers)

    earlier = [await ask(before, before["path"]) for before in given.get("calls", [])]
    assert all(before.status_code < 300 for before in earlier)
    bench.clock.elapsed += given.get("advance", 0)
    for _ in range(given.get("repeat", 0)):
        assert (await ask()).status_code < 300
    answers = await asyncio.gather(*(ask() for _ in range(given.get("together", 1))))

    for answer in answers:
        _compare(expect, answer, seeds)
    assert len({answer.text for answer in answers}) == 1
    assert not expect.get("as_before") or answers[0].text == earlier[-1].text
    if crm == "leadconnector" and "text" not in expect:
        _compare_with_document(request, path, answers[0], version=headers.get("Version", "2021-07-28"))
    assert _records(await bench.control.state()) == expect["records"]


def _compare(expect: dict[str, Any], answer: httpx.Response, seeds: list[str]) -> None:
    assert answer.status_code == expect["status"], answer.text
    if "body" in expect:
        assert _differences(expect["body"], answer.json(), seeds) == []
    if "length" in expect:
        assert len(answer.json()) == expect["length"]
    assert expect.get("text", "") in answer.text
    assert {name: answer.headers.get(name) for name in expect.get("headers", {})} == expect.get("headers", {})
    assert not [name for name in expect.get("absent_headers", []) if name in answer.headers]


def _compare_with_document(request: dict[str, Any], path: str, answer: httpx.Response, *, version: str) -> None:
    assert documented(request["method"], path.partition("?")[0], version=version)
    if answer.is_success:
        check_request(request["method"], path, request.get("body", request.get("form")), version=version)
    check_answer(request["method"], path, status=answer.status_code, body=answer.json(), version=version)


def _records(state: dict[str, Json]) -> int:
    return sum(
        len(records)
        for accounts in state.values()
        for account in accounts.values()
        for kind, records in account.items()
        if kind in ("leads", "people", "contacts")
    )


@pytest.mark.parametrize("crm", ["copper", "leadconnector"])
def test_every_case_left_out_says_why(crm: str) -> None:
    document = json.loads((_FOLDER / f"cases_{crm}.json").read_text())
    walked = {case["id"] for case in document["cases"]}
    assert all(reason.strip() for reason in document["not_emulated"].values())
    assert not walked & document["not_emulated"].keys()
