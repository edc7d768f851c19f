"""The end of a trial where no configuration brings it: a CRM that refuses, a CRM that another package brings."""

from dataclasses import replace
from typing import ClassVar

from pydantic import BaseModel, SecretStr

from leadbridge.crm.adapter import MOST_CALLS, Answers, Call, Done, Step
from leadbridge.crm.answers import words
from leadbridge.crm.copper.adapter import Copper
from leadbridge.crm.copper.settings import CopperSettings
from leadbridge.crm.settings import DestinationSettings
from leadbridge.lead import Lead
from leadbridge.mapping import SourceContext
from leadbridge.outcome import Fail, Hold, Retry
from leadbridge.plan import MatchKey, Plan
from leadbridge.settings.positions import read_document
from leadbridge.trial import Outcome, RouteTrial
from leadbridge.trial.credentials import without_credentials
from leadbridge.trial.places import RuleBook
from leadbridge.trial.routes import MappedRoute, Stand, deliver_route
from tests.support.clock import ManualClock
from tests.support.crm import PlainAdapter
from tests.support.walked import walked

SETTINGS = CopperSettings(crm="copper", access_token=SecretStr("planted-token"), user_email="ops@example.com")
PLAN = Plan(record="lead", lead=Lead(name="Ann"), match=MatchKey(by="email", value="ann@example.com"))


class Foreign(PlainAdapter):
    """A CRM that another package brings."""

    crm: ClassVar[str] = "elsewhere"


class Undecided(Copper):
    """Never ends."""

    def next(self, plan: Plan, answers: Answers) -> Step:
        return Call(purpose=f"call {len(answers)}", method="GET", path="/nowhere")


class Careless(Copper):
    """Sends what Copper does not know."""

    def next(self, plan: Plan, answers: Answers) -> Step:
        if answers:
            return Done(outcome=Fail(detail=words(answers["create lead"])))
        return Call(purpose="create lead", method="POST", path="/leads", body={"name": "Ann", "nickname": "A"})


class Reluctant(Copper):
    """Puts it off."""

    def next(self, plan: Plan, answers: Answers) -> Step:
        return Done(outcome=Retry(detail="not now"))


class Closed(Foreign):
    """Knows at once that it cannot."""

    def next(self, plan: Plan, answers: Answers) -> Step:
        return Done(outcome=Hold(reason="bad_credentials", detail="no token"))


async def delivered(adapter: Copper | PlainAdapter, clock: ManualClock) -> RouteTrial:
    settings: DestinationSettings = SETTINGS
    stand = Stand(
        source=SourceContext(name="website"),
        destinations={"crm": settings},
        adapters={"crm": adapter},
        book=RuleBook(read_document("version: 1\n", file="site.yaml")),
        clock=clock,
        existing=False,
    )
    shown = RouteTrial(route="one", destination="crm", outcome=Outcome.FAILED)
    return await deliver_route(MappedRoute(shown=shown, destination="crm", plan=PLAN), stand)


async def test_what_the_crm_refuses_fails_in_its_words(clock: ManualClock) -> None:
    route = await delivered(Careless(SETTINGS), clock)
    assert (route.outcome, route.reason) == (Outcome.FAILED, "refused")
    assert "Unrecognized attributes specified: nickname" in str(route.detail)
    assert not route.outcome.is_good


async def test_of_a_crm_that_is_not_emulated_the_first_call_is_shown(clock: ManualClock) -> None:
    route = await delivered(Foreign(), clock)
    assert route.outcome is Outcome.NOT_EMULATED
    assert route.outcome.is_good
    assert [(call.method, call.url, call.body) for call in route.calls] == [
        ("PUT", "http://localhost/upsert", "ann@example.com")
    ]
    assert "no emulated CRM" in str(route.detail)


async def test_what_needs_no_call_is_known_of_any_crm(clock: ManualClock) -> None:
    route = await delivered(Closed(), clock)
    assert (route.outcome, route.reason, route.calls) == (Outcome.HELD, "bad_credentials", ())


async def test_an_adapter_that_never_ends_is_stopped_as_the_service_would(clock: ManualClock) -> None:
    route = await delivered(Undecided(SETTINGS), clock)
    assert (route.outcome, route.detail, len(route.calls)) == (
        Outcome.FAILED,
        f"more than {MOST_CALLS} calls were needed",
        MOST_CALLS,
    )


async def test_an_adapter_that_puts_it_off_is_told(clock: ManualClock) -> None:
    route = await delivered(Reluctant(SETTINGS), clock)
    assert (route.outcome, route.detail) == (Outcome.RETRYING, "not now")


def test_what_the_file_does_not_say_has_no_place() -> None:
    assert RuleBook(read_document("version: 1\n", file="site.yaml")).find(0, "lead.name") is None


class Nested(BaseModel):
    pair: tuple[SecretStr, SecretStr] = (SecretStr("planted"), SecretStr("planted-longer"))
    by_name: dict[str, SecretStr] = {"x": SecretStr("planted-in-a-mapping")}


@walked(
    ("name", "value", "shown"),
    [
        ("accept", "application/json", "application/json"),
        ("authorization", "Bearer planted", "Bearer •••"),
        ("x-any", "planted-longer", "•••"),
        ("x-any", "a planted-in-a-mapping z", "a ••• z"),
        ("authorization", "Basic cGxhbnRlZA==", "•••"),
        ("X-API-Key", "cGxhbnRlZA==", "•••"),
    ],
)
def test_every_credential_of_a_header_is_dots(name: str, value: str, shown: str) -> None:
    assert without_credentials({name: value}, Nested()) == {name: shown}


async def test_the_calls_carry_nothing_of_the_settings_secrets(clock: ManualClock) -> None:
    route = await delivered(Copper(SETTINGS), clock)
    assert route.calls
    assert "planted-token" not in str([replace(call, body=None) for call in route.calls])
