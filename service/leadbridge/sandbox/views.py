"""What the page's templates are given: texts alone, each in one line and without power over a screen."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from leadbridge.events import Json
from leadbridge.masking import harmless
from leadbridge.sandbox.emulator import CrmName, Emulator
from leadbridge.sandbox.faults import Fault
from leadbridge.sandbox.records import Summary, custom_fields_of, summary
from leadbridge.sandbox.vendor_views import home_of

MOST_RECORDS: Final = 100  # of each kind, the newest
MOST_CALLS: Final = 50  # the last
_CHOOSING: Final = {name: field.default for name, field in Fault.model_fields.items() if name != "action"}
_KEPT: Final = ("query", "request_body", "response_body")


def account_view(
    emulator: Emulator, account: str, *, records: Mapping[str, Json], uses: Sequence[Mapping[str, Json]], find: str
) -> dict[str, Json]:
    """An account: its records by kind, newest first, those that speak of `find`; and how full its quotas are."""
    fields = custom_fields_of(emulator, account)
    kinds, words = [], []
    for kind, listed in records.items():
        if not isinstance(listed, list) or not listed:
            continue
        if any(not isinstance(record, Mapping) for record in listed):
            words.append({"name": _title(kind), "values": [harmless(str(one)) for one in listed[:MOST_RECORDS]]})
            continue
        wanted = listed if find else listed[-MOST_RECORDS:]
        lines = [summary(record, emulator.crm, fields) for record in reversed(wanted)]
        found = [line for line in lines if line.speaks_of(find)]
        kinds.append(
            {
                "name": _title(kind),
                "total": len(listed),
                "found": len(found) if find else len(listed),
                "records": [_line(line, crm=emulator.crm, account=account, kind=kind) for line in found[:MOST_RECORDS]],
            }
        )
    return {
        "crm": emulator.crm,
        "name": harmless(account),
        "url": "?" + urlencode({"crm": emulator.crm, "account": account}),
        "kinds": kinds,
        "words": words,
        "uses": [{**use, "window": f"{use['window']:g}"} for use in uses],
    }


def record_view(record: Mapping[str, Json], emulator: Emulator, account: str) -> dict[str, Json]:
    """A record in one line, and each of its attributes as the API answers it."""
    line = summary(record, emulator.crm, custom_fields_of(emulator, account))
    return {**_texts_of(line), "attributes": attributes_of(record)}


def attributes_of(record: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Each attribute as the API answers it."""
    return [{"name": harmless(name), "value": _written(value)} for name, value in record.items()]


def call_views(
    calls: Sequence[Mapping[str, Any]], state: Mapping[str, Json], documents: Mapping[str, Json]
) -> list[dict[str, Json]]:
    """Calls, the last first, each with a link to what it was about while that is in `state` or in `documents`."""
    wanted = {call["record_id"] for call in calls}
    homes = {
        (crm, account, str(record["id"])): kind
        for crm, accounts in state.items()
        for account, kinds in accounts.items()
        for kind, records in kinds.items()
        if isinstance(records, list)
        for record in records
        if isinstance(record, Mapping) and str(record.get("id")) in wanted
    }
    return [
        _call(call, homes.get((call["crm"], call["account"], call["record_id"])), document=home_of(call, documents))
        for call in reversed(calls)
    ]


def fault_views(faults: Sequence[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """Faults: what each does, to which calls, and how often it did; what it leaves at its default is left out."""
    return [
        {
            "id": fault["id"],
            "kind": fault["action"]["kind"],
            "action": _pairs(
                {
                    name: value
                    for name, value in fault["action"].items()
                    if name != "kind" and value is not False and value not in (None, {})
                }
            ),
            "calls": _pairs(
                {name: fault[name] for name in _CHOOSING if fault.get(name) not in (None, _CHOOSING[name])}
            ),
            "fitted": fault["fitted"],
            "struck": fault["struck"],
        }
        for fault in faults
    ]


def _call(call: Mapping[str, Any], kind: str | None, *, document: str | None) -> dict[str, Json]:
    at = datetime.fromtimestamp(call["at"] / 1000, UTC)
    status = call["status"]
    return {
        "at": at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "called": call["crm"] or call["vendor"],
        "account": harmless(call["account"] or "refused"),
        "call": harmless(f"{call['method']} {call['path']}"),
        "status": "dropped" if status is None else f"{status} {_phrase(status)}".strip(),
        "good": status is not None and status < 400,
        "record_id": harmless(call["record_id"] or ""),
        "record_url": (
            _record_url(call["crm"], call["account"], kind=kind, record_id=call["record_id"]) if kind else document
        ),
        "crm_trace_id": call["crm_trace_id"] or "",
        "faults": ", ".join(call["faults"]),
        "bodies": [{"name": name, "value": _written(call[name])} for name in _KEPT if call.get(name)],
    }


def _title(kind: str) -> str:
    return harmless(kind).replace("_", " ")


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in {one.value for one in HTTPStatus} else ""


def _line(line: Summary, *, crm: CrmName, account: str, kind: str) -> dict[str, Json]:
    return {**_texts_of(line), "url": _record_url(crm, account, kind=kind, record_id=line.id)}


def _texts_of(line: Summary) -> dict[str, Json]:
    return {
        "id": harmless(line.id),
        "name": harmless(line.name),
        "emails": [harmless(one) for one in line.emails],
        "phones": [harmless(one) for one in line.phones],
        "tags": [harmless(one) for one in line.tags],
        "custom_fields": [{"name": harmless(name), "value": harmless(value)} for name, value in line.custom_fields],
        "created": harmless(line.created),
        "updated": harmless(line.updated),
    }


def _record_url(crm: str, account: str, *, kind: str, record_id: str) -> str:
    return "record?" + urlencode({"crm": crm, "account": account, "kind": kind, "id": record_id})


def _pairs(values: Mapping[str, Json]) -> str:
    return harmless(", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()))


def _written(value: Json) -> str:
    """A value as JSON over several lines; a text as it is."""
    if isinstance(value, str):
        return harmless(value)
    written = json.dumps(value, ensure_ascii=False, indent=2)
    return "\n".join(harmless(line) for line in written.split("\n"))
