"""What every CRM's folder has to hold, checked the same way for all: ours, and those of other packages.

Beside its adapter a CRM keeps `doc.md` and `exchanges/`: one file per case with a plan, the exact calls and the CRM's
answers, and the outcome; `exchanges/settings.json` holds the settings that they were written for. A package of one's
own needs no test code but `assert complaints(KIND) == []`.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, get_args

from pydantic import BaseModel

from leadbridge.crm.adapter import Adapter, Answer, Call, Done
from leadbridge.crm.registry import CrmKind
from leadbridge.events import Json
from leadbridge.lead import LEAD_KEYS
from leadbridge.outcome import Hold, Outcome, Retry
from leadbridge.plan import MatchKey, Plan

_SETTINGS: Final = "settings.json"
_KINDS_OF_OUTCOME: Final = ("Delivered", "Retry", "Hold", "Fail")
_MATCH_KEYS: Final = get_args(MatchKey.model_fields["by"].annotation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One recorded case: for this plan, these calls with these answers, and what came of it."""

    name: str
    title: str
    plan: Plan
    calls: tuple[Json, ...]
    answers: tuple[Answer, ...]
    outcome: Json


def folder_of(kind: CrmKind) -> Traversable:
    """The folder of this CRM's adapter."""
    return files(kind.adapter.__module__.rpartition(".")[0])


def example_adapter(kind: CrmKind) -> Adapter:
    """The adapter that the recorded exchanges belong to."""
    text = (folder_of(kind) / "exchanges" / _SETTINGS).read_text(encoding="utf-8")
    return kind.adapter(kind.settings.model_validate_json(text))


def exchanges(kind: CrmKind) -> tuple[Exchange, ...]:
    """The recorded exchanges, by name."""
    folder = folder_of(kind) / "exchanges"
    named = sorted(file.name for file in folder.iterdir() if file.name.endswith(".json") and file.name != _SETTINGS)
    return tuple(_read(folder / name) for name in named)


def _read(file: Traversable) -> Exchange:
    stored = json.loads(file.read_text(encoding="utf-8"))
    return Exchange(
        name=file.name.removesuffix(".json"),
        title=stored["title"],
        plan=Plan.model_validate_json(json.dumps(stored["plan"])),
        calls=tuple(step["call"] for step in stored["exchange"]),
        answers=tuple(_answer(step["answer"]) for step in stored["exchange"]),
        outcome=stored["outcome"],
    )


def _answer(stored: Json) -> Answer:
    body = stored.get("body")
    text = stored.get("text", "" if body is None else json.dumps(body))
    return Answer(status=stored["status"], headers=stored.get("headers", {}), body=body, text=text)


def walk(exchange: Exchange, adapter: Adapter) -> str | None:
    """Where the adapter leaves the recorded exchange; None when it keeps to it."""
    answers: dict[str, Answer] = {}
    for recorded, answer in zip(exchange.calls, exchange.answers, strict=True):
        step = adapter.next(exchange.plan, dict(answers))
        if isinstance(step, Done):
            return f"{exchange.name}: done before `{recorded['purpose']}`, with {step.outcome}"
        if call_json(step) != recorded:
            return f"{exchange.name}: the call is {json.dumps(call_json(step))} where another is recorded"
        if step.purpose in answers:
            return f"{exchange.name}: the purpose `{step.purpose}` stands for two calls"
        answers[step.purpose] = answer
    step = adapter.next(exchange.plan, dict(answers))
    if not isinstance(step, Done):
        return f"{exchange.name}: one more call than recorded, {json.dumps(call_json(step))}"
    outcome = outcome_json(step.outcome)
    return None if outcome == exchange.outcome else f"{exchange.name}: the outcome is {json.dumps(outcome)}"


def call_json(call: Call) -> Json:
    """A call as exchanges record it: what is as usual is left out."""
    stored: dict[str, Json] = {"purpose": call.purpose, "method": call.method, "path": call.path}
    if call.query:
        stored["query"] = dict(call.query)
    if call.body is not None:
        stored["body"] = call.body
    if not call.safe_to_repeat:
        stored["safe_to_repeat"] = False
    if call.shared:
        stored["shared"] = True
    return stored


def outcome_json(outcome: Outcome) -> Json:
    """An outcome as exchanges record it: when to try again only where the answer or a look for it says so."""
    values = asdict(outcome)
    if values.get("at_least") == 0:
        del values["at_least"]
    for key, value in values.items():
        if isinstance(value, tuple):
            values[key] = [item.model_dump(mode="json") if isinstance(item, BaseModel) else item for item in value]
    return {"kind": type(outcome).__name__, **values}


def complaints(kind: CrmKind) -> list[str]:
    """Everything that this CRM's folder lacks, each with what to do about it."""
    folder = folder_of(kind)
    missing = [
        f"{kind.name}: `{name}` is missing; {what}"
        for name, what in (
            ("doc.md", "say where the credentials come from, the quota, what is written where, and the odd facts"),
            (f"exchanges/{_SETTINGS}", "write the settings that the recorded exchanges belong to"),
        )
        if not folder.joinpath(*name.split("/")).is_file()
    ]
    if missing:
        return missing
    return [*_declaration_complaints(kind), *_probe_complaints(kind), *_exchange_complaints(kind)]


def _declaration_complaints(kind: CrmKind) -> Iterator[str]:
    adapter = kind.adapter
    if adapter.crm != kind.name or get_args(kind.settings.model_fields["crm"].annotation) != (kind.name,):
        yield f"{kind.name}: `crm` must be the same in the registry line, the settings and the adapter"
    tables = {f"lead_keys_of({record!r})": adapter.lead_keys_of(record) for record in adapter.records}
    own = {name: keys for name, keys in tables.items() if keys is not adapter.lead_keys}
    for name, keys in {"lead_keys": adapter.lead_keys, **own}.items():
        for key in sorted(set(LEAD_KEYS) ^ set(keys)):
            yield f"{kind.name}: `{name}` and the lead differ by `{key}`; say which attribute takes it, or why none"
        for key, lead_key in keys.items():
            if not lead_key.how:
                yield f"{kind.name}: `{name}[{key!r}]` says neither how it is written nor why it is not"
    for key in {key for record in adapter.records for key in adapter.match_keys_of(record)} - set(_MATCH_KEYS):
        yield f"{kind.name}: a plan cannot match by `{key}`; it can by {', '.join(_MATCH_KEYS)}"
    for name, field in kind.settings.model_fields.items():
        if name != "crm" and not field.description:
            yield f"{kind.name}: the setting `{name}` has no description; the reference is made from it"
    if not adapter.official_base_url.startswith("https://") or adapter.official_base_url.endswith("/"):
        yield f"{kind.name}: `official_base_url` must be https and end without a slash"


def _probe_complaints(kind: CrmKind) -> Iterator[str]:
    adapter = example_adapter(kind)
    probe: object = adapter.probe()
    if not isinstance(probe, Call):
        yield f"{kind.name}: `probe` gives no Call; name one that changes nothing and needs the credentials"
    elif not probe.safe_to_repeat or probe.shared:
        yield f"{kind.name}: the probe is made again and again; it must be safe to repeat, and not `shared`"
    for status, wanted in ((401, Hold), (503, Retry)):
        said = adapter.probed(Answer(status=status, headers={}, body={}, text="{}"))
        if not isinstance(said, wanted):
            yield f"{kind.name}: `probed` must answer {status} with {wanted.__name__}; `Reading.refusal` does"


def _exchange_complaints(kind: CrmKind) -> Iterator[str]:
    adapter = example_adapter(kind)
    recorded = exchanges(kind)
    for exchange in recorded:
        problem = walk(exchange, adapter)
        if problem is not None:
            yield f"{kind.name}: {problem}"
    seen = {exchange.outcome["kind"] for exchange in recorded}
    for outcome in _KINDS_OF_OUTCOME:
        if outcome not in seen:
            yield f"{kind.name}: no exchange ends in {outcome}; record one in `exchanges/`"
