"""The page for people: what the CRMs hold, what was called, which faults are in force."""

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
from leadbridge.sandbox.emulator import CrmName
from leadbridge.sandbox.refusals import refused
from leadbridge.sandbox.views import MOST_CALLS, account_view, call_views, fault_views, record_view

if TYPE_CHECKING:
    from leadbridge.sandbox.app import Sandbox

MOST_ACCOUNTS: Final = 20  # of each CRM on one page
CRM_TITLES: Final[Mapping[CrmName, str]] = {"copper": "Copper", "leadconnector": "LeadConnector"}
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
        """Accounts with their records, the last calls, the faults in force."""
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
        calls = self._sandbox.history.listed(crm=crm, account=account, limit=MOST_CALLS)
        return self._html(
            "overview.html",
            accounts=shown,
            more_accounts=sum(max(0, len(accounts) - MOST_ACCOUNTS) for accounts in state.values()),
            calls=call_views(calls, state),
            faults=fault_views(self._sandbox.faults.listed()),
            find=find or "",
            crm=crm,
            account=account,
            crm_titles=CRM_TITLES,
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
            crm=crm,
            crm_titles=CRM_TITLES,
            account=harmless(account),
            kind=harmless(kind),
            record=record_view(found, self._sandbox.emulator(crm), account),
            calls=call_views(calls, state),
            **_refreshing(request, refresh),
        )

    async def style(self, _: Request) -> Response:
        """How the pages look."""
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
