"""`send`: sign a sample as its source's sender would, and post it."""

import asyncio
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import orjson

from leadbridge.clock import SystemClock
from leadbridge.commands.format import Format
from leadbridge.commands.output import facts, say, show, show_json, text
from leadbridge.errors import LeadbridgeError, UsageError
from leadbridge.events import Json
from leadbridge.expressions.checks import did_you_mean
from leadbridge.ids import new_id
from leadbridge.schemes import Layout, Scheme, StandardWebhooks
from leadbridge.settings.loading import Loaded
from leadbridge.signing import sign_request

TYPES: Final = {".json": "application/json", ".form": "application/x-www-form-urlencoded"}
TIMEOUT: Final = 30.0  # seconds


def send(
    loaded: Loaded, *, source: str, file: Path, url: str, headers: Sequence[str], message_id: str | None, output: Format
) -> bool:
    """Post one sample; true when it was taken.

    Raises `UsageError` for what cannot be sent, `LeadbridgeError` when nothing answers.
    """
    configured = loaded.settings.sources.get(source)
    if configured is None:
        raise UsageError(f"the configuration has no source `{source}`; {did_you_mean(source, loaded.settings.sources)}")
    scheme = configured.scheme
    if message_id is not None and not _signs_an_id(scheme):
        raise UsageError(f"--id has no effect: the source {source} is verified by {scheme.scheme}, which signs no id")
    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    target = url if "/hooks/" in url else f"{url.rstrip('/')}/hooks/{source}"
    public = loaded.settings.server.public_url
    called = f"{str(public).rstrip('/')}/hooks/{source}" if public else target  # as `serve` will believe it was
    signed = sign_request(
        scheme,
        method="POST",
        url=called,
        body=body,
        message_id=message_id or new_id(),
        now=SystemClock().now(),
    )
    response = asyncio.run(
        _post(
            target if signed.url == called else urlsplit(target)._replace(query=urlsplit(signed.url).query).geturl(),
            signed.body,
            {"content-type": content_type(file, body), **_headers(headers), **signed.headers},
        )
    )
    _show(response, output)
    return response.is_success


def content_type(file: Path, body: bytes) -> str:
    """What a sender would say of this body, by the file's name and, for multipart, its first line."""
    if body.startswith(b"--"):
        boundary = body.split(b"\r\n", 1)[0].split(b"\n", 1)[0][2:].decode("latin-1")
        return f'multipart/form-data; boundary="{boundary}"'
    guessed = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    if guessed not in (None, "text/plain"):
        return guessed
    return TYPES[".json"] if body.lstrip()[:1] in (b"{", b"[") else TYPES[".form"]


async def _post(target: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
    shown, _, _ = target.partition("?")  # the secret may be in the query
    as_bytes = [(name.encode(), value.encode()) for name, value in headers.items()]  # a secret may hold more than ASCII
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
            return await client.post(target, content=body, headers=as_bytes)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise UsageError(f"--url {shown} cannot be called: {error}") from error
    except httpx.HTTPError as error:
        why = str(error) or type(error).__name__
        raise LeadbridgeError(f"nothing answers at {shown} ({why}); is `leadbridge serve` running there?") from error


def _signs_an_id(scheme: Scheme) -> bool:
    return isinstance(scheme, StandardWebhooks) or (isinstance(scheme, Layout) and scheme.id_header is not None)


def _headers(given: Sequence[str]) -> Mapping[str, str]:
    headers = {}
    for one in given:
        name, colon, value = one.partition(":")
        if not colon or not name.strip():
            raise UsageError(f"--header {one!r} must look like 'Name: value'")
        headers[name.strip().lower()] = value.strip()
    return headers


def _show(response: httpx.Response, output: Format) -> None:
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        answer = response.text
    if output is Format.JSON:
        show_json({"status": response.status_code, "answer": answer})
        return
    say((f"{response.status_code} {response.reason_phrase}", "green" if response.is_success else "red"))
    shown = facts(indent=2)
    for name, value in answer.items() if isinstance(answer, dict) else [("answer", answer)]:
        several = value if isinstance(value, list) and value else [value]
        for place, one in enumerate(several):  # the submissions of a list: each has a line of its own
            shown.add_row(text("" if place else str(name)), text(_in_a_line(one)))
    show(shown)


def _in_a_line(value: Json) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_in_a_line(one)}" for name, one in value.items())
    return value if isinstance(value, str) else orjson.dumps(value).decode()
