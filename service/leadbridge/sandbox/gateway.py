"""The rim of one emulated CRM: reads a request, lets quota and faults have their say, and writes the answer."""

import logging
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

import httpx
import orjson
from starlette.types import Receive, Scope, Send

from leadbridge.sandbox.emulator import Emulator
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, payload_of
from leadbridge.sandbox.faults import Drop, Ending, FaultBook, Html, Malformed, Status
from leadbridge.sandbox.history import Entry, History
from leadbridge.sandbox.quota import Quota
from leadbridge.sandbox.world import World

_PAGE: Final = b"<!DOCTYPE html><html><head><title>%d</title></head><body><h1>%d</h1></body></html>"


class ConnectionDropped(httpx.RemoteProtocolError):
    """Ends a connection without a complete answer.

    A server that sees it closes the connection, since the answer was begun. A client that calls the application in its
    own process gets it as it is, which is what httpx raises for a connection that a server closed.
    """


class HideDrops(logging.Filter):
    """For a server's error log: leaves out the connections that were dropped as asked."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is about something else."""
        return not (record.exc_info and isinstance(record.exc_info[1], ConnectionDropped))


class Gateway:
    """An ASGI application that is one CRM."""

    def __init__(self, emulator: Emulator, *, quota: Quota, world: World, faults: FaultBook, history: History) -> None:
        self._emulator = emulator
        self._quota = quota
        self._world = world
        self._faults = faults
        self._history = history

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; raises `ConnectionDropped` where a fault asks for it."""
        at = self._world.clock.now()
        request = await self._read(scope, receive)
        if request is None:
            return
        admitted = self._emulator.admit(request)
        account = None if isinstance(admitted, ApiReply) else admitted
        reply = admitted if isinstance(admitted, ApiReply) else await self._counted(request, admitted)
        self._history.add(
            Entry(
                at=at,
                crm=self._emulator.crm,
                account=account,
                method=request.method,
                path=request.path,
                status=reply.status if reply else None,
                record_id=reply.record_id if reply else None,
                crm_trace_id=request.trace_id if reply and reply.traced else None,
            )
        )
        if reply is None:
            await send(_start(500, {"content-length": "1"}))
            raise ConnectionDropped("the sandbox dropped the connection, as a fault asked")
        headers = {"content-type": reply.content_type, "content-length": str(len(reply.body)), **reply.headers}
        if reply.traced:
            headers.update(self._emulator.trace_headers(request))
        await send(_start(reply.status, headers))
        await send({"type": "http.response.body", "body": reply.body})

    async def _read(self, scope: Scope, receive: Receive) -> ApiRequest | None:
        chunks: list[bytes] = []
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        body = b"".join(chunks)
        return ApiRequest(
            method=scope["method"],
            path=scope["path"].removeprefix(scope.get("root_path", "")),
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
            payload=payload_of(body),
            trace_id=self._world.ids.trace(),
        )

    async def _counted(self, request: ApiRequest, account: str) -> ApiReply | None:
        taken = self._quota.take(account)
        if not taken.allowed:
            reply: ApiReply | None = self._emulator.error(request, 429)
        else:
            reply = await self._troubled(request, account)
        return replace(reply, headers={**taken.headers, **reply.headers}) if reply and taken.headers else reply

    async def _troubled(self, request: ApiRequest, account: str) -> ApiReply | None:
        emails = partial(self._emulator.emails_of, request, account)
        trouble = self._faults.trouble(request, crm=self._emulator.crm, account=account, emails=emails)
        request = replace(request, lost_fields=trouble.lost_fields) if trouble.lost_fields else request
        for delay in trouble.delays:
            if not delay.commit:
                await self._world.clock.pause(delay.seconds)
        reply = self._ended(request, account, trouble.ending)
        for delay in trouble.delays:
            if delay.commit:
                await self._world.clock.pause(delay.seconds)
        return reply

    def _ended(self, request: ApiRequest, account: str, ending: Ending | None) -> ApiReply | None:
        if ending is None:
            return self._emulator.answer(request, account)
        if isinstance(ending, Malformed):
            whole = self._emulator.answer(request, account)
            return replace(whole, body=whole.body[: len(whole.body) // 2])
        done = self._emulator.answer(request, account) if ending.commit else None
        match ending:
            case Drop():
                return None
            case Html(status=status):
                page = _PAGE % (status, status)
                reply = ApiReply(status=status, body=page, content_type="text/html; charset=utf-8", traced=False)
            case Status(status=status, body=None, headers=headers):
                reply = replace(self._emulator.error(request, status), headers=headers)
            case Status(status=status, body=body, headers=headers):
                reply = ApiReply(status=status, body=orjson.dumps(body), headers=headers)
        return replace(reply, record_id=done.record_id) if done is not None else reply


def _start(status: int, headers: dict[str, str]) -> dict[str, object]:
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}
