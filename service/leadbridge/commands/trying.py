"""`try`: one sample through every stage, ending in the exact calls, with nothing stored and nothing sent."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from leadbridge.clock import SystemClock
from leadbridge.commands.format import Format
from leadbridge.commands.output import show_json
from leadbridge.commands.sending import content_type
from leadbridge.commands.trying_view import print_trial
from leadbridge.errors import UsageError
from leadbridge.events import Event, Json
from leadbridge.settings.loading import Loaded
from leadbridge.settings.positions import read_document
from leadbridge.trial import Given, RouteTrial, Sample, Trial, Wish, try_sample

_BESIDE: Final = "fetched.json"  # how a preset's own samples call it


def try_(
    loaded: Loaded,
    *,
    config: Path,
    wish: Wish,
    body: Path,
    headers: Path | None,
    fetched: Path | None = None,
    output: Format,
) -> bool:
    """Show what would become of a sample; true when it would be taken and no delivery would fail or wait.

    `fetched` has the answers to what is fetched for it; a `fetched.json` beside the body is taken without being named.
    Raises `UsageError` for a file that cannot be read, and for a source or an item that there is not.
    """
    beside = body.with_name(_BESIDE)
    if fetched is not None:
        wish = replace(wish, given=_given(fetched))
    elif beside.is_file():
        wish = replace(wish, given=_given(beside), by_chance=True)
    document = read_document(_read(config).decode("utf-8-sig", "replace"), file=str(config))
    content = _read(body)
    if headers is None:
        sample = Sample(body=content, headers={"content-type": content_type(body, content)}, content_type_guessed=True)
    else:
        sample = Sample(body=content, headers=read_headers(headers))
    trial = asyncio.run(try_sample(loaded, document, sample, wish=wish, clock=SystemClock()))
    if output is Format.JSON:
        show_json(_document(trial))
    else:
        print_trial(trial)
    return trial.is_good


def _given(file: Path) -> Given:
    try:
        documents = json.loads(_read(file))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: must be a JSON object of the vendor's documents: {error}") from error
    if not isinstance(documents, dict):
        raise UsageError(f"{file}: must be a JSON object: the vendor's documents by the names of their steps")
    return Given(documents=documents, file=str(file))


def read_headers(file: Path) -> Mapping[str, str]:
    """A sample's headers by lower-cased name: one `Name: value` a line, or a JSON object; repeated ones are joined.

    Raises `UsageError` that names the line which is neither.
    """
    text = _read(file).decode("utf-8-sig", "surrogateescape")
    if text.lstrip().startswith("{"):
        return _json_headers(text, file)
    headers: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not name.strip() or " " in name.strip():
            raise UsageError(f"{file}:{number}: must look like `Name: value`, one header a line, or be a JSON object")
        _add(headers, name, value)
    return headers


def _json_headers(text: str, file: Path) -> Mapping[str, str]:
    try:
        named = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: begins like a JSON object and is none: {error}") from error
    headers: dict[str, str] = {}
    for name, value in named.items():
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str):
                raise UsageError(f"{file}: the header `{name}` must be text or a list of texts")
            _add(headers, name, one)
    return headers


def _add(headers: dict[str, str], name: str, value: str) -> None:
    name, value = name.strip().lower(), value.strip()
    headers[name] = f"{headers[name]}, {value}" if name in headers else value


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error


def _document(trial: Trial) -> dict[str, Any]:
    """The shape that programs rely on: `event`, `lead`, `ignored`, `routes`; the rest explains it."""
    return {
        "event": None if trial.event is None else _event(trial.event),
        "lead": trial.lead,
        "ignored": trial.ignored,
        "routes": [_route(route) for route in trial.routes],
        "good": trial.is_good,
        "source": trial.source,
        "item": trial.item,
        "items": trial.items,
        "receive": trial.receipt,
        "verify": trial.proof,
        "unparseable": trial.unparseable,
        "fetch": None if trial.fetch is None else asdict(trial.fetch),
        "unrouted": trial.unrouted,
    }


def _event(event: Event) -> dict[str, Json]:
    return {
        "fields": dict(event.fields),
        "meta": dict(event.meta),
        "files": event.files,
        "dedupe_id": event.dedupe_id,
        "event_at": event.event_at,
        "raw": event.raw,
    }


def _route(route: RouteTrial) -> dict[str, Json]:
    called = ("route", "destination", "outcome", "calls", "warnings")
    whole = asdict(route) | {"match": route.match}
    return {name: whole[name] for name in called} | {name: value for name, value in whole.items() if name not in called}
