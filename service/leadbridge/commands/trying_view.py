"""A trial, printed: what each stage made of the sample, with the rule and the input behind every value."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from rich.text import Text

from leadbridge.commands.output import Words, counted, facts, say, show, state, text
from leadbridge.events import Event, Json
from leadbridge.plan import WriteRule
from leadbridge.trial import FetchTrial, MadeCall, Outcome, Proof, RouteTrial, Rule, Trial, Used

_LONGEST: Final = 200  # characters of a value that are shown; `--format json` has all of them
_WHEN: Final[Mapping[WriteRule, str]] = {
    "always": "whatever stands there",
    "merge": "beside what stands there",
    "if_empty": "only where nothing stands",
    "on_create": "only to a new record",
    "never": "never: it is here to find the record by",
}


def print_trial(trial: Trial) -> None:
    """Print every stage that the sample reached."""
    _print("receive", _receive(trial))
    if trial.proof is not None:
        good = trial.proof.result in ("verified", "not_needed")
        style = "" if good else "red" if trial.proof.result == "refused" else "yellow"
        _print("verify", [("proof", text((trial.proof.said, style)))])
    if trial.unparseable is not None:
        _print("parse", [("unparseable", text((trial.unparseable, "red")))])
    event = trial.announced or trial.event
    if event is not None:
        _print("parse", _parse(trial, event))
    if trial.fetch is not None:
        _print_fetch(trial, trial.fetch)
    if trial.ignored is not None and (trial.announced is None or trial.event is not None):
        _print("parse" if trial.event is None else "map", [_ignored(trial.ignored)])
    if trial.unrouted is not None:
        _print("map", [("unrouted", text((f"{trial.unrouted}: the submission is kept, and goes nowhere", "red")))])
    for route in trial.routes:
        _print_route(route)
    _print_end(trial)


def _print(stage: str, rows: Iterable[tuple[str, Text]], *, of: str = "") -> None:
    say((stage, "bold"), f"  {of}" if of else "")
    shown = facts(indent=2)
    for name, said in rows:
        shown.add_row(text(name), said)
    show(shown)
    say()


def _ignored(why: str) -> tuple[str, Text]:
    return "ignored", text(f"{why}; it is kept, and nothing is delivered")


def _receive(trial: Trial) -> Iterator[tuple[str, Text]]:
    receipt = trial.receipt
    yield "request", text(f"{receipt.method} {receipt.url}, {counted(receipt.size, 'byte')}")
    guessed = " (guessed; `--headers FILE` says what the sender does)" if receipt.content_type_guessed else ""
    yield "body", text(f"{receipt.content_type or 'no content type'}{guessed}")
    if receipt.refused is not None:
        yield "refused", text((receipt.refused, "red"))


def _parse(trial: Trial, event: Event) -> Iterator[tuple[str, Text]]:
    if trial.items > 1:
        yield "item", text(f"{trial.item} of {trial.items}; `--item N` shows another")
    for name, value in event.fields.items():
        yield f"fields.{name}", text(_short(value))
    for name, value in event.meta.items():
        yield f"meta.{name}", text(_short(value))
    yield "dedupe id", text(event.dedupe_id or f"none: {_without_an_id(trial)}")
    if event.event_at is not None:
        yield "event time", text(datetime.fromtimestamp(event.event_at / 1000, UTC).isoformat())


def _without_an_id(trial: Trial) -> str:
    if not trial.dedupe_window:
        return "every request counts as a new submission"
    return f"the same answers count as a repetition for {trial.dedupe_window // 1_000} s"


def _print_fetch(trial: Trial, fetch: FetchTrial) -> None:
    """The calls for the answers, and what came of them."""
    say(("fetch", "bold"))
    for number, call in enumerate(fetch.calls, start=1):
        about = f" ({call.step}; kept for {call.kept_for} s)" if call.kept_for else f" ({call.step})"
        say(f"  {number}. ", (f"GET {call.url}", "bold"), (about, "dim"))
        for name, value in call.headers.items():
            say((f"     {name}: {value}", "dim"))
    shown = facts(indent=2)
    for name, said in _fetched(trial, fetch):
        shown.add_row(text(name), said)
    show(shown)
    say()


def _fetched(trial: Trial, fetch: FetchTrial) -> Iterator[tuple[str, Text]]:
    if fetch.answered_by is not None:
        yield "answered by", text(fetch.answered_by)
    elif fetch.problem is None:
        yield "answers", text(("not known here; `--fetched FILE` gives them", "yellow"))
    if fetch.problem is not None:
        yield "problem", text((fetch.problem, "red"))
    if trial.event is None and trial.announced is not None and trial.ignored is not None:
        yield _ignored(trial.ignored)
    if trial.event is not None and trial.announced is not None:
        for place, had, has in (
            ("fields", trial.announced.fields, trial.event.fields),
            ("meta", trial.announced.meta, trial.event.meta),
        ):
            for name in (one for one in has if one not in had or had[one] != has[one]):
                yield f"{place}.{name}", text(_short(has[name]))


def _print_route(route: RouteTrial) -> None:
    _print("map", _map(route), of=f"{route.route} → {route.destination}")
    say(("deliver", "bold"), f"  {route.route} → {route.destination}: ", state(route.outcome))
    shown = facts(indent=2)
    if route.detail:
        shown.add_row("because", text(": ".join(part for part in (route.reason, route.detail) if part)))
    for warning in route.warnings:
        if warning.stage == "deliver":
            shown.add_row("not kept", text((f"{warning.field}: {_short(warning.sent)}: {warning.problem}", "yellow")))
    for assumed in route.assumed:
        shown.add_row("assumed", text(assumed))
    if shown.row_count:
        show(shown)
    told: Mapping[str, str] = {}
    for number, call in enumerate(route.calls, start=1):
        _print_call(number, call, told=told)
        told = call.headers
    say()


def _map(route: RouteTrial) -> Iterator[tuple[str, Text]]:
    if route.when is not None:
        yield "when", text(("true" if route.passes else "false", "bold"))
        yield from _rules([route.when])
    for origin in route.origins:
        yield origin.key, text((_short(origin.value), "bold"))
        yield from _rules(origin.rules)
        if origin.note:
            yield "", text(origin.note)
        if origin.write is not None:
            yield "", text(f"written {_WHEN[origin.write]} (`{origin.write}`)")
    for warning in route.warnings:
        if warning.stage == "map":
            said = f"{warning.field}: {warning.problem} (got {_short(warning.got)})"
            yield "warning", text((said, "yellow"))
    for each in route.unset:
        yield "unset", text((each.key, "yellow"))
        yield from _rules(each.rules)
    if route.unused:
        yield "unused", text(", ".join(f"fields.{name}" for name in route.unused))
    if route.match is not None:
        yield "match key", text(f"{route.match.field or route.match.by} {_short(route.match.value)}: {route.match_why}")
    elif route.match_why is not None:
        yield "match key", text(("none", "yellow"), f": {route.match_why}")


def _rules(rules: Sequence[Rule]) -> Iterator[tuple[str, Text]]:
    """`← {{ fields.email }}  site.yaml:12:14  fields.email "A@B.C"`, for each rule."""
    for rule in rules:
        read = ", ".join(_read(used) for used in rule.inputs)
        yield "", text(f"← {_short(rule.rule)}  ", (rule.place, "dim"), f"  {read}" if read else "")


def _read(used: Used) -> str:
    if not used.there:
        return f"{used.input} (not there, or blank)"
    return used.input if used.value is None else f"{used.input} {_quoted(used.value)}"


def _print_call(number: int, call: MadeCall, *, told: Mapping[str, str]) -> None:
    about = f" ({call.purpose}; asked once in ten minutes for the account)" if call.shared else f" ({call.purpose})"
    say(f"  {number}. ", (f"{call.method} {call.url}", "bold"), (about, "dim"))
    if call.headers == told:
        say(("     (the same headers)", "dim"))
    else:
        for name, value in call.headers.items():
            say((f"     {name}: {value}", "dim"))
    if call.body is not None:
        for line in json.dumps(call.body, indent=2, ensure_ascii=False).split("\n"):
            say(f"     {line}")


def _print_end(trial: Trial) -> None:
    end: Words = ("This sample would not go through.", "red")
    proved = _once_proved(trial.proof)
    if trial.waits:
        end = (f"This sample would be taken{proved}, and mapped with the answers that are fetched.", "green")
    elif trial.is_good and any(route.outcome is not Outcome.FILTERED for route in trial.routes):
        end = (f"This sample would go through{proved}.", "green")
    elif trial.is_good:
        end = (f"This sample would be taken{proved}, and go nowhere.", "green")
    say(end, " Nothing was sent or stored.")


def _once_proved(proof: Proof | None) -> str:
    """What the sample lacks before the service takes it, where `verify` said that it would not as it is."""
    if proof is None or proof.result != "not_verified":
        return ""
    return ", once it is signed anew" if proof.reason == "timestamp_too_old" else ", once it carries its proof"


def _short(value: Json) -> str:
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{said[: _LONGEST - 1]}…" if len(said) > _LONGEST else said


def _quoted(value: Json) -> str:
    return f'"{_short(value)}"' if isinstance(value, str) else _short(value)
