"""Plans and answers made up by hypothesis, for every CRM alike."""

import json
from functools import cache
from typing import Any

from hypothesis import strategies as st

from leadbridge.crm.adapter import Answer
from leadbridge.events import Json
from leadbridge.plan import Plan

TEXT = st.text(max_size=20) | st.sampled_from(["", " ", "Ann Lee", "Website", "vip", "+14155550123", "a@example.test"])
OPTIONAL = st.none() | TEXT
EMAIL = st.none() | st.sampled_from(["a@example.test", "b@example.test", "not one", ""])
PHONE = st.none() | st.sampled_from(["+14155550123", "020 7946 0018", "call me", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
FIELD_NAMES = st.sampled_from(["External ID", "budget", "Plan", "Interests", "Newsletter", "Move-in date", "Nobody's"])


def _lists(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(of.filter(lambda value: value is not None), max_size=3)


_ADDRESS = st.fixed_dictionaries(
    {},
    optional={
        "street": OPTIONAL,
        "city": OPTIONAL,
        "state": OPTIONAL,
        "postal_code": OPTIONAL,
        "country": st.sampled_from(["DE", "us", "XX", "Germany", None]),
    },
)
_LEAD = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["name", "first_name", "last_name", "middle_name", "prefix", "suffix"], OPTIONAL),
        **dict.fromkeys(["company", "title", "website", "message", "source", "owner", "status"], OPTIONAL),
        **dict.fromkeys(["gender", "timezone", "date_of_birth"], OPTIONAL),
        "email": EMAIL,
        "emails": _lists(EMAIL),
        "phone": PHONE,
        "phones": _lists(PHONE),
        "websites": _lists(OPTIONAL),
        "tags": _lists(OPTIONAL),
        "address": st.none() | _ADDRESS,
        "value": st.none() | st.integers() | st.floats(),
        "consent": st.none() | st.booleans() | TEXT,
        "dnd": st.none() | st.booleans(),
        "utm": st.none() | st.fixed_dictionaries({}, optional={"source": OPTIONAL}),
        "other": st.dictionaries(TEXT, JSON, max_size=2),
    },
)
_MATCH = st.none() | st.one_of(
    st.fixed_dictionaries({"by": st.just("email"), "value": st.just("a@example.test")}),
    st.fixed_dictionaries({"by": st.sampled_from(["phone", "name"]), "value": TEXT | st.integers()}),
    st.fixed_dictionaries({"by": st.just("custom"), "value": TEXT | st.integers(), "field": st.none() | FIELD_NAMES}),
)
_TAGS = st.fixed_dictionaries(
    {}, optional={"add": _lists(OPTIONAL), "remove": _lists(OPTIONAL), "replace": st.none() | _lists(OPTIONAL)}
)


@cache
def plans(record: str) -> st.SearchStrategy[Plan]:
    """Any plan for this kind of record."""
    return st.fixed_dictionaries(
        {
            "record": st.just(record),
            "lead": _LEAD,
            "match": _MATCH,
            "on_many": st.sampled_from(["hold", "oldest", "newest"]),
            "custom_fields": st.dictionaries(FIELD_NAMES, JSON, max_size=4),
            "tags": _TAGS,
        }
    ).map(Plan.model_validate)


def answer(status: int, body: Json, *, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status=status, headers=headers or {}, body=body, text=json.dumps(body))


def answers(bodies: st.SearchStrategy[Json]) -> st.SearchStrategy[Answer]:
    """Any answer: mostly of the statuses that lead on, with bodies from `bodies` or anything else."""
    headers = st.dictionaries(
        st.sampled_from(
            ["retry-after", "date", "x-ratelimit-daily-remaining", "x-ratelimit-daily-reset", "x-request-id"]
        ),
        TEXT | st.integers().map(str) | st.just("Tue, 03 Nov 2026 10:00:00 GMT"),
        max_size=3,
    )
    return st.builds(
        lambda status, body, named, raw: Answer(
            status=status, headers=named, body=body, text=raw if body is None else json.dumps(body)
        ),
        st.sampled_from([200, 200, 200, 201, 422, 404]) | st.integers(100, 599),
        bodies | JSON | st.dictionaries(st.sampled_from(["id", "ids", "message", "status", "success"]), JSON),
        headers,
        TEXT,
    )
