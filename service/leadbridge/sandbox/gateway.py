"""The rim of one emulated API: reads a request, lets quota and faults have their say, and writes the answer."""

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from leadbridge.sandbox.emulator import Emulated
from leadbridge.sandbox.exchange import ApiReply, ApiRequest, payload_of
from leadbridge.sandbox.faultbook import NO_TROUBLE, FaultBook, Trouble
from leadbridge.sandbox.faults import Drip, Drop, Ending, Html, Huge, Malformed, Status, Target
from leadbridge.sandbox.history import Entry, History
from leadbridge.sandbox.quota import Quota
from leadbridge.sandbox.wire import ConnectionDropped, Wire
from leadbridge.sandbox.world import World

_PAGE: Final = b"<!DOCTYPE html><html><head><title>%d</title></head><body><h1>%d</h1></body></html>"
_UNDONE: Final = ApiReply(status=500, body=b"", traced=False)  # what a dropped call that did nothing would answer


class HideDrops(logging.Filter):
    """For a server's error log: leaves out the connections that were dropped as asked."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is about something else."""
        return not (record.exc_info and isinstance(record.exc_info[1], ConnectionDropped))


@dataclass(frozen=True, slots=True)
class _Answered:
    reply: ApiReply
    trouble: Trouble = NO_TROUBLE


class Gateway:
    """An ASGI application that is one CRM or vendor."""

    def __init__(self, emulator: Emulated, *, quota: Quota, world: World, faults: FaultBook, history: History) -> None:
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
        answered = _Answered(admitted) if isinstance(admitted, ApiReply) else await self._counted(request, admitted)
        wire = Wire(receive, send, self._world.clock)
        for delay in answered.trouble.delays:
            if delay.commit:
                await wire.hold(delay.seconds)
        reply, ending = answered.reply, answered.trouble.ending
        if reply.traced:
            reply = replace(reply, headers={**reply.headers, **self._emulator.trace_headers(request)})
        dropped = isinstance(ending, Drop)
        entry = Entry(
            at=at,
            ended_at=self._world.clock.now(),
            crm=self._emulator.crm,
            vendor=self._emulator.vendor,
            account=account,
            method=request.method,
            path=request.path,
            status=None if dropped else reply.status,
            record_id=reply.record_id,
            crm_trace_id=request.trace_id if reply.traced and not dropped else None,
            faults=answered.trouble.faults,
        )
        self._history.add(entry, request=request, reply=reply)
        await wire.put(reply, ending)

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

    async def _counted(self, request: ApiRequest, account: str) -> _Answered:
        taken = self._quota.take(account, request.path)
        if taken.allowed:
            answered = await self._troubled(request, account)
        else:
            answered = _Answered(self._emulator.error(request, 429))
        if not taken.headers:
            return answered
        reply = answered.reply
        return replace(answered, reply=replace(reply, headers={**taken.headers, **reply.headers}))

    async def _troubled(self, request: ApiRequest, account: str) -> _Answered:
        emulator = self._emulator
        emails = partial(emulator.emails_of, request, account)
        target = Target(crm=emulator.crm, vendor=emulator.vendor, account=account, emails=emails)
        trouble = self._faults.trouble(request, target)
        request = replace(request, lost_fields=trouble.lost_fields) if trouble.lost_fields else request
        for delay in trouble.delays:
            if not delay.commit:
                await self._world.clock.pause(delay.seconds)
        return _Answered(self._ended(request, account, trouble.ending), trouble)

    def _ended(self, request: ApiRequest, account: str, ending: Ending | None) -> ApiReply:
        match ending:
            case None | Drip() | Huge():
                return self._emulator.answer(request, account)
            case Malformed():
                return _malformed(self._emulator.answer(request, account), ending)
        done = self._emulator.answer(request, account) if ending.commit else None
        match ending:
            case Drop():
                return done or _UNDONE
            case Status(status=204 | 304 as status, headers=headers):  # HTTP has no body with these
                reply = ApiReply(status=status, body=b"", headers=headers)
            case Html(status=status):
                page = _PAGE % (status, status)
                reply = ApiReply(status=status, body=page, content_type="text/html; charset=utf-8", traced=False)
            case Status(status=status, body=None, headers=headers):
                reply = replace(self._emulator.error(request, status), headers=headers)
            case Status(status=status, body=body, headers=headers):
                reply = ApiReply(status=status, body=orjson.dumps(body), headers=headers)
        return replace(reply, record_id=done.record_id) if done is not None else reply


def _malformed(whole: ApiReply, malformed: Malformed) -> ApiReply:
    match malformed.shape:
        case "half":
            return replace(whole, body=whole.body[: len(whole.body) // 2])
        case "empty":
            return replace(whole, body=b"")
        case "null":
            return replace(whole, body=b"null")
        case "text":
            return replace(whole, body=b"OK", content_type="text/plain; charset=utf-8")
        case "not_gzip":
            return replace(whole, headers={**whole.headers, "content-encoding": "gzip"})
