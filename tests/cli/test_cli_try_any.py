"""Whatever a form holds, a trial comes to an end, and every call that it shows can be printed."""

import asyncio
import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadbridge.clock import SystemClock
from leadbridge.settings.loading import load_text
from leadbridge.settings.positions import read_document
from leadbridge.trial import Outcome, Sample, Wish, try_sample
from tests.cli.trying import CONFIG, ENVIRON
from tests.support.examples import examples

LOADED = load_text(CONFIG, "site.yaml", ENVIRON)
DOCUMENT = read_document(CONFIG, file="site.yaml")
NAMES = ("name", "email", "phone", "id", "budget", "likes", "plan", "job", "interest", "form_id", "Company name")
LIKELY = (
    "Ann Lee",
    "ann@example.com",
    "+14155550177",
    "ann@exämple.de",
    "a@b",
    "1e400",
    "<id of the lead>",
    " ",
    "0",
    "é",
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20), st.sampled_from(LIKELY)
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.text(max_size=5), SCALARS, max_size=2))


@settings(max_examples=examples(25))
@given(
    body=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8),
    source=st.sampled_from(("website", "open")),
    existing=st.booleans(),
)
@example(body={"email": "ann@example.com", "id": 10**30}, source="website", existing=True)
@example(body={"email": "ann@example.com", "id": True, "likes": [True, 1, ""]}, source="website", existing=True)
@example(body={"email": "ann@example.com", "plan": ["Gold", ""]}, source="open", existing=True)
@example(body={"phone": 1000}, source="open", existing=True)  # too short for the CRM, though a number can be
def test_any_form_ends_in_an_outcome(body: dict[str, object], source: str, existing: bool) -> None:
    sample = Sample(body=json.dumps(body).encode(), headers={"content-type": "application/json"})
    wish = Wish(source=source, existing=existing)
    trial = asyncio.run(try_sample(LOADED, DOCUMENT, sample, wish=wish, clock=SystemClock()))
    assert (trial.event is None) == bool(trial.ignored or trial.unparseable)
    for route in trial.routes:
        assert route.outcome in Outcome
        assert json.loads(json.dumps([call.body for call in route.calls])) == [call.body for call in route.calls]
        assert route.outcome is not Outcome.FAILED, route.detail
