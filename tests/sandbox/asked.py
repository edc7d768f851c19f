"""An emulated CRM asked without a server: a call as an adapter makes it, and the answer as a transport reads it."""

import json
from collections.abc import Mapping

import orjson

from leadbridge.crm.adapter import Answer, Call
from leadbridge.sandbox.copper.api import Copper
from leadbridge.sandbox.exchange import ApiRequest
from leadbridge.sandbox.leadconnector.api import LeadConnector


def asked(emulated: Copper | LeadConnector, call: Call, *, headers: Mapping[str, str]) -> Answer:
    """What it does and answers."""
    request = ApiRequest(
        method=call.method,
        path=call.path,
        query=dict(call.query),
        headers=headers,
        body=b"" if call.body is None else orjson.dumps(call.body),
        payload=call.body,
        trace_id="t",
    )
    admitted = emulated.admit(request)
    reply = emulated.answer(request, admitted) if isinstance(admitted, str) else admitted
    return Answer(status=reply.status, headers={}, body=json.loads(reply.body), text=reply.body.decode())
