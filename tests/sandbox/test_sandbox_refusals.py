"""Whatever is sent to the sandbox's control is taken, or refused in words that say everything that is wrong."""

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from leadbridge.errors import RequestRefused
from leadbridge.events import Json
from leadbridge.sandbox import CopperSeed, Fault, SandboxOptions, Seed
from leadbridge.sandbox.refusals import ControlRefused, validated
from tests.support.walked import walked

from .support import Bench

ADAPTERS: tuple[TypeAdapter[Any], ...] = (TypeAdapter(Fault), TypeAdapter(Seed), TypeAdapter(SandboxOptions))
names = st.sampled_from(
    [
        *Fault.model_fields, *SandboxOptions.model_fields, "kind", "status", "headers", "limit", "window", "id",
        "leads", "contacts", "custom_fields", "lead_statuses", "settings", "tokens", "apps", "name", "timezone", "nope",
    ]
)  # fmt: skip
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["copper", "leadconnector", "delay", "status", "drop", "drip", "huge", "malformed", "html", "acme"]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(names, values, max_size=5)


@given(anything=values, body=bodies, action=bodies, kind=scalars)
def test_any_body_is_taken_or_refused_in_words(
    anything: Json, body: dict[str, Json], action: dict[str, Json], kind: Json
) -> None:
    for adapter in ADAPTERS:
        for sent in (anything, body, {**body, "action": {**action, "kind": kind}, "crm": kind}):
            with contextlib.suppress(ControlRefused):
                validated(adapter, sent)


@given(body=bodies)
def test_a_refusal_is_a_short_document_with_every_problem_in_its_detail(body: dict[str, Json]) -> None:
    try:
        validated(TypeAdapter(Fault), {**body, "nope": 1})
    except ControlRefused as refusal:
        document = orjson.loads(orjson.dumps(refusal.document()))
        assert document["status"] == 400
        assert {problem["path"] for problem in document["problems"]} >= {"nope"}
        assert all(problem["problem"] in document["detail"] for problem in document["problems"])
        assert len(document["detail"]) < 400 * len(document["problems"])
    else:
        raise AssertionError("an unknown option was taken")


REFUSED: tuple[tuple[str, Json, dict[str, str]], ...] = (  # what is sent, and what is said of which place in it
    ("faults", {}, {"action": "must be given"}),
    ("faults", [], {"": "must be an object, not []"}),
    ("faults", {"action": {}}, {"action.kind": "must be given"}),
    ("faults", {"action": {"kind": "dorp"}}, {"action.kind": "'dorp' is not known; did you mean `drop`?"}),
    (
        "faults",
        {"action": {"kind": "status", "status": 99, "comit": True}, "time": 3, "crm": "x", "times": 0},
        {
            "action.status": "must be greater than or equal to 200, not 99",
            "action.comit": "unknown; did you mean `commit`?",
            "crm": "'x' is not allowed; use 'copper' or 'leadconnector'",
            "times": "must be greater than 0, not 0",
            "time": "unknown; did you mean `times`?",
        },
    ),
    (
        "faults",
        {"action": {"kind": "huge", "size": 2**40}},
        {"action.size": "must be less than or equal to 1073741824"},
    ),
    (
        "faults",
        {"action": {"kind": "status", "status": 500, "headers": {"x y": "1"}}},
        {"action.headers": "no header can be called 'x y' here"},
    ),
    (
        "faults",
        {"action": {"kind": "status", "status": 500, "headers": {"Content-Length": "1"}}},
        {"action.headers": "no header can be called 'Content-Length' here"},
    ),
    (
        "faults",
        {"action": {"kind": "status", "status": 500, "headers": {"x": "a\r\nb: c"}}},
        {"action.headers": "the value of x must be printable ASCII"},
    ),
    ("faults", {"recipe": "outag"}, {"recipe": "'outag' is not known; did you mean `outage`?"}),
    ("faults", {"recipe": 5}, {"recipe": "5 is not known; known: outage, "}),
    ("faults", {"recipe": "outage", "crn": "copper"}, {"crn": "unknown; did you mean `crm`?"}),
    ("seed", {"account": "acme"}, {"crm": "must be given"}),
    ("seed", {"crm": "coper", "account": "acme"}, {"crm": "'coper' is not known; did you mean `copper`?"}),
    (
        "seed",
        {"crm": "copper", "lead": [], "lead_statuses": [{"id": 1, "name": "A"}, {"id": 0, "nme": "B"}]},
        {
            "account": "must be given",
            "lead_statuses[1].id": "must be greater than 0, not 0",
            "lead_statuses[1].name": "must be given",
            "lead_statuses[1].nme": "unknown; did you mean `name`?",
            "lead": "unknown; did you mean `leads`?",
        },
    ),
    (
        "seed",
        {"crm": "copper", "account": "acme", "leads": [{"name": "A"}, {"shoe": 5}, {"name": "B", "sock": 1}]},
        {
            "leads[1]": "cannot be kept: Base: Unrecognized attributes specified: shoe; Name: can't be blank",
            "leads[2]": "cannot be kept: Base: Unrecognized attributes specified: sock",
        },
    ),
    (
        "seed",
        {"crm": "leadconnector", "account": "LOC1", "contacts": [{"email": "nobody"}, {"id": 5}]},
        {"contacts[0]": "cannot be kept: email must be an email", "contacts[1]": "cannot be kept: id must be a string"},
    ),
    (
        "options",
        {"copper": {"quota": {"limit": 0, "windo": 3}, "date_echo": "x", "timezone": "Mars"}, "quota": 1},
        {
            "copper.quota.limit": "must be greater than 0, not 0",
            "copper.quota.window": "must be given",
            "copper.quota.windo": "unknown; did you mean `window`?",
            "copper.date_echo": "'x' is not allowed; use 'epoch' or 'text'",
            "copper.timezone": "no time zone is named 'Mars'",
            "quota": "unknown; did you mean `quotas`?",
        },
    ),
    ("options", {"seeds": []}, {"seeds": "cannot be changed later; POST them to /sandbox/seed, one by one"}),
    ("options", [1], {"": "the body must be an object of options; for example"}),
)


@pytest.mark.parametrize(("path", "body", "said"), REFUSED, ids=[str(body)[:60] for _, body, _ in REFUSED])
async def test_control_says_everything_that_is_wrong_at_once_where_and_what_to_do(
    path: str, body: Json, said: dict[str, str]
) -> None:
    answer = await Bench().client.post(f"/sandbox/{path}", json=body)
    document = answer.json()

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert {"type": "about:blank", "title": "Bad Request", "status": 400}.items() <= document.items()
    found = {
        problem["path"]: f"{problem['problem']}; {problem['hint']}" if problem["hint"] else problem["problem"]
        for problem in document["problems"]
    }
    assert list(found) == list(said)
    for place, words in said.items():
        assert found[place].startswith(words)
        assert f"{place}: {words}".removeprefix(": ") in document["detail"]


async def test_a_long_wrong_value_is_not_repeated_whole() -> None:
    answer = await Bench().client.post("/sandbox/faults", json={"action": {"kind": "x" * 10_000}})
    assert len(answer.text) < 1_000


@pytest.mark.parametrize(("depth", "status"), [(98, 201), (99, 400), (900, 400)])
async def test_what_could_not_be_listed_again_is_not_taken(depth: int, status: int) -> None:
    bench = Bench()
    nested = "[" * depth + "]" * depth
    content = f'{{"action": {{"kind": "status", "status": 500, "body": {nested}}}}}'
    answer = await bench.client.post("/sandbox/faults", content=content)

    assert (answer.status_code, "nested too deeply" in answer.text) == (status, status == 400)
    assert len(await bench.control.faults()) == int(status == 201)
    assert (await bench.client.get("/sandbox/")).status_code == 200


async def test_a_wrong_secret_is_not_repeated() -> None:
    apps = [{"client_id": "c1", "client_secret": ["planted"], "refresh_token": {"x": "planted"}}]
    seed = {"crm": "leadconnector", "account": "LOC1", "apps": apps, "tokens": "planted"}
    answer = await Bench().client.post("/sandbox/seed", json=seed)

    assert {problem["path"] for problem in answer.json()["problems"]} >= {"apps[0].client_secret", "tokens"}
    assert "planted" not in answer.text


async def test_a_seed_that_fails_with_what_came_before_is_judged_with_it() -> None:
    bench = Bench()
    field = {"id": 5, "name": "Shoe", "data_type": "Float"}
    await bench.control.seed(CopperSeed.model_validate({"account": "acme", "custom_field_definitions": [field]}))
    value = {"custom_field_definition_id": 5, "value": 44}
    leads: list[dict[str, Json]] = [{"name": "A", "custom_fields": [value]}, {"shoe": 1}]
    with pytest.raises(RequestRefused, match=r"^leads\[1\]: cannot be kept"):
        await bench.control.seed(CopperSeed(account="acme", leads=tuple(leads)))


@walked(
    ("method", "path", "status", "said"),
    [
        ("GET", "/stat", 404, "nothing answers GET /sandbox/stat; there are: GET /sandbox/, "),
        ("PUT", "/state", 404, "nothing answers PUT /sandbox/state; there are: GET /sandbox/, "),
        ("DELETE", "/faults/7", 404, "No fault has the id 7; in force are: none"),
        ("GET", "/state?crm=hubspot&acount=x", 400, "acount: unknown; did you mean `account`?; crm: 'hubspot' is not"),
        ("GET", "/history?since=now&limit=0&bodies=yes", 400, "since: 'now' is not allowed; use a whole number from 1"),
        ("GET", "/history?bodies=yes", 400, "bodies: 'yes' is not allowed; use true or false"),
    ],
)
async def test_control_says_what_is_wrong_with_an_address(method: str, path: str, status: int, said: str) -> None:
    answer = await Bench().client.request(method, f"/sandbox{path}")

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"].startswith(said)


async def test_a_body_that_is_no_json_is_said_to_be_none() -> None:
    answer = await Bench().client.post("/sandbox/faults", content=b"{")
    assert answer.json()["detail"].startswith("the body is not JSON: ")
