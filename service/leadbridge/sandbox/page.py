"""The page for people: what the CRMs and vendors hold, what was called, which faults are in force."""

from collections.abc import Mapping
from http import HTTPStatus
from importlib import resources
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import minijinja
from starlette.requests import Request
from starlette.responses import Response

from leadbridge.events import Json
from leadbridge.masking import harmless
from leadbridge.sandbox.asked import CRMS, Asked
from leadbridge.sandbox.refusals import refused
from leadbridge.sandbox.vendor_views import vendor_view
from leadbridge.sandbox.vendors import VENDORS
from leadbridge.sandbox.views import MOST_CALLS, account_view, attributes_of, call_views, fault_views, record_view

if TYPE_CHECKING:
    from leadbridge.sandbox.app import Sandbox

MOST_ACCOUNTS: Final = 20  # of each CRM on one page
TITLES: Final[Mapping[str, str]] = {
    "copper": "Copper",
    "leadconnector": "LeadConnector",
    **{vendor.name: vendor.title for vendor in VENDORS},
}
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Page:
    """HTML that needs no script and nothing from elsewhere. Every value is escaped: a lead's name is hostile input."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._templates = minijinja.Environment(
            loader=_read, undefined_behavior="strict", debug=False, trim_blocks=True
        )

    async def overview(self, request: Request) -> Response:
        """Accounts with their records, what the vendors hold, the last calls, the faults in force."""
        asked = Asked(request, "crm", "account", "find", "refresh")
        crm, account, find = asked.crm("crm"), asked.text("account"), asked.text("find")
        refresh = asked.number("refresh")
        asked.check()
        state = self._sandbox.state(crm, account=account)
        quotas = self._sandbox.quotas()
        shown = [
            account_view(
                self._sandbox.emulator(name),
                one,
                records=state[name][one],
                uses=quotas[name].get(one, []),
                find=find or "",
            )
            for name in CRMS
            for one in list(state.get(name, {}))[-MOST_ACCOUNTS:]
        ]
        documents = self._sandbox.documents()
        vendors = [
            vendor_view(vendor, documents[vendor.name], uses=quotas.get(vendor.name, {}), find=find or "")
            for vendor in (() if crm or account else VENDORS)
        ]
        calls = self._sandbox.history.listed(crm=crm, account=account, limit=MOST_CALLS)
        return self._html(
            "overview.html",
            accounts=shown,
            more_accounts=sum(max(0, len(accounts) - MOST_ACCOUNTS) for accounts in state.values()),
            vendors=[vendor for vendor in vendors if vendor["found"] or vendor["uses"]],
            calls=call_views(calls, state, documents),
            faults=fault_views(self._sandbox.faults.listed()),
            find=find or "",
            crm=crm,
            account=account,
            titles=TITLES,
            **_refreshing(request, refresh),
        )

    async def record(self, request: Request) -> Response:
        """One record with all of its attributes, and the calls about it."""
        asked = Asked(request, "crm", "account", "kind", "id", "refresh")
        crm, account, kind = asked.crm("crm"), asked.needed("account"), asked.needed("kind")
        record_id, refresh = asked.needed("id"), asked.number("refresh")
        asked.needed("crm")
        asked.check()
        state = self._sandbox.state(crm, account=account)
        records = state.get(crm or "", {}).get(account, {}).get(kind, [])
        found = next((one for one in records if isinstance(one, Mapping) and str(one.get("id")) == record_id), None)
        if crm is None or found is None:
            raise refused("there is no such record", hint="it may be deleted: /sandbox/", status=HTTPStatus.NOT_FOUND)
        calls = self._sandbox.history.listed(
            crm=crm, account=account, record_id=record_id, bodies=True, limit=MOST_CALLS
        )
        return self._html(
            "record.html",
            where=f"{TITLES[crm]}, account {harmless(account)}, {harmless(kind)}, id {harmless(record_id)}",
            record=record_view(found, self._sandbox.emulator(crm), account),
            titles=TITLES,
            calls=call_views(calls, state, {}),
            **_refreshing(request, refresh),
        )

    async def document(self, request: Request) -> Response:
        """One document of a vendor, and the calls about it."""
        asked = Asked(request, "vendor", "kind", "id", "refresh")
        vendor, kind, document_id = asked.vendor("vendor"), asked.needed("kind"), asked.needed("id")
        refresh = asked.number("refresh")
        asked.needed("vendor")
        asked.check()
        documents = self._sandbox.documents(vendor)
        found = documents.get(vendor or "", {}).get(kind, {}).get(document_id)
        if vendor is None or found is None:
            raise refused("there is no such document", hint="those there are: /sandbox/", status=HTTPStatus.NOT_FOUND)
        calls = self._sandbox.history.listed(vendor=vendor, record_id=document_id, bodies=True, limit=MOST_CALLS)
        return self._html(
            "record.html",
            where=f"{TITLES[vendor]}, {harmless(kind)}, id {harmless(document_id)}",
            record={
                "id": harmless(document_id),
                "name": "",
                "custom_fields": [],
                "attributes": attributes_of(found),
            },
            titles=TITLES,
            calls=call_views(calls, {}, documents),
            **_refreshing(request, refresh),
        )

    async def style(self, _: Request) -> Response:
        """The style sheet of the pages."""
        return Response(_read("style.css"), headers=_HEADERS, media_type="text/css")

    def _html(self, template: str, **values: Any) -> Response:
        body = self._templates.render_template(template, **values)
        return Response(body, headers=_HEADERS, media_type="text/html")


def _read(name: str) -> str:
    return (resources.files("leadbridge.sandbox") / "pages" / name).read_text("utf-8")


def _refreshing(request: Request, refresh: int | None) -> dict[str, Json]:
    """The page's own address with and without refreshing: a choice that is a link."""
    others = [(name, value) for name, value in request.query_params.multi_items() if name != "refresh"]
    without = urlencode(others)
    return {
        "refresh": refresh,
        "still_url": f"?{without}" if without else "?",
        "refresh_url": "?" + urlencode([*others, ("refresh", "5")]),
    }
