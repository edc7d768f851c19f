"""The exact calls of one delivery: the adapter is walked with the emulated CRM answering, in this process."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from leadbridge.clock import Clock
from leadbridge.crm.adapter import MOST_CALLS, Adapter, Answer, Call, Done, Step
from leadbridge.errors import RequestRefused
from leadbridge.outcome import Fail, Retry
from leadbridge.outcome import Outcome as AdapterOutcome
from leadbridge.plan import Plan
from leadbridge.sandbox import CopperOptions, Sandbox, SandboxOptions
from leadbridge.trial.account import Emulated, Imagined
from leadbridge.trial.copper import COPPER
from leadbridge.trial.credentials import without_credentials
from leadbridge.trial.findings import MadeCall
from leadbridge.trial.leadconnector import LEADCONNECTOR

EMULATED: Final[Mapping[str, Emulated]] = MappingProxyType({"copper": COPPER, "leadconnector": LEADCONNECTOR})
TOKEN: Final = "token-of-the-trial"  # noqa: S105  # opens the emulated CRMs, and nothing else
TRACEPARENT: Final = "00-<trace ID of the submission>-<new for each call>-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The calls that were made, and what came of them; None when no emulated CRM could answer the first one."""

    calls: tuple[MadeCall, ...]
    outcome: AdapterOutcome | None
    imagined: Imagined


async def walk(plan: Plan, adapter: Adapter, settings: BaseModel, *, clock: Clock, existing: bool) -> Walk:
    """Make the calls of a plan against an imagined account, one that has what the plan names.

    With `existing` it also has a record that the match key finds. Nothing leaves the process, and no credential of
    `settings` leaves the adapter.
    """
    imagined = Imagined()
    emulated = EMULATED.get(adapter.crm)
    if emulated is None:
        step = adapter.next(plan, {})
        if isinstance(step, Done):
            return Walk(calls=(), outcome=step.outcome, imagined=imagined)
        return Walk(calls=(_made(step, adapter, settings, imagined),), outcome=None, imagined=imagined)
    account = TOKEN if emulated.named_by_token else adapter.account
    sandbox = Sandbox(SandboxOptions(quotas=False, copper=CopperOptions(search_lag=0)), clock)
    try:
        sandbox.seed(emulated.seed(plan, imagined, account=account, existing=existing))
    except RequestRefused:  # the CRM would keep no record with such an address or number, so nobody has one
        imagined = Imagined()
        sandbox.seed(emulated.seed(plan, imagined, account=account, existing=False))
    made: list[Call] = []
    answers: dict[str, Answer] = {}
    step = adapter.next(plan, answers)
    base_url = f"http://sandbox{emulated.path}"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.app)) as client:
        while isinstance(step, Call) and len(made) < MOST_CALLS:
            made.append(step)
            headers = without_credentials(adapter.headers(), settings, instead=TOKEN)
            answers[step.purpose] = await _answered(client, f"{base_url}{step.path}", step, headers)
            step = adapter.next(plan, answers)
            progress = adapter.progress(plan, answers)
            if isinstance(step, Done) and isinstance(step.outcome, Retry) and progress != plan.progress:
                plan = plan.model_copy(update={"progress": progress})  # the next try knows more, and goes on
                answers = {call.purpose: answers[call.purpose] for call in made if call.shared}
                step = adapter.next(plan, answers)
    for record in sandbox.state()[adapter.crm].get(account, {}).get(emulated.records.get(plan.record, ""), ()):
        imagined.records[record["id"]] = f"<id of the {plan.record}>"
    return Walk(
        calls=tuple(_made(call, adapter, settings, imagined) for call in made),
        outcome=_outcome(step),
        imagined=imagined,
    )


def _outcome(step: Step) -> AdapterOutcome:
    return step.outcome if isinstance(step, Done) else Fail(detail=f"more than {MOST_CALLS} calls were needed")


async def _answered(client: httpx.AsyncClient, url: str, call: Call, headers: Mapping[str, str]) -> Answer:
    response = await client.request(
        call.method,
        url,
        params=dict(call.query) or None,
        headers=dict(headers),
        content=None if call.body is None else to_json(call.body),
    )
    try:
        body = from_json(response.content, allow_inf_nan=False)
    except ValueError:
        body = None
    answered = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status_code, headers=answered, body=body, text=response.text)


def _made(call: Call, adapter: Adapter, settings: BaseModel, imagined: Imagined) -> MadeCall:
    """The call as it would go to the real account."""
    headers = {**adapter.headers(), "traceparent": TRACEPARENT}
    if call.body is not None:
        headers["content-type"] = "application/json"
    query = f"?{urlencode(call.query)}" if call.query else ""
    return MadeCall(
        purpose=call.purpose,
        method=call.method,
        url=f"{adapter.base_url}{imagined.shown_path(call.path)}{query}",
        headers=without_credentials(headers, settings),
        body=None if call.body is None else imagined.shown(from_json(to_json(call.body))),
        shared=call.shared,
    )
