"""The sandbox's control for a program: tests and the demo use it over HTTP, in-process or across the network."""

from typing import Any

import httpx

from leadbridge.clock import Millis
from leadbridge.errors import RequestRefused
from leadbridge.events import Json
from leadbridge.sandbox.emulator import CrmName, VendorName
from leadbridge.sandbox.faults import Fault
from leadbridge.sandbox.seeds import CopperSeed, LeadConnectorSeed


class SandboxControl:
    """Asks a running sandbox. Every method raises `RequestRefused` with the sandbox's words when it will not."""

    def __init__(self, base_url: str, client: httpx.AsyncClient) -> None:
        self._base = f"{base_url.rstrip('/')}/sandbox"
        self._client = client

    async def seed(self, seed: CopperSeed | LeadConnectorSeed) -> list[str]:
        """Put records beforehand; answers their ids."""
        answer: dict[str, list[str]] = await self._ask("POST", "/seed", json=seed.model_dump(mode="json"))
        return answer["ids"]

    async def fault(self, fault: Fault) -> str:
        """Put a fault in force; answers its id."""
        answer: dict[str, str] = await self._ask("POST", "/faults", json=fault.model_dump(mode="json"))
        return answer["id"]

    async def faults(self) -> list[dict[str, Json]]:
        """The faults in force, each with how often it `struck`."""
        answer: list[dict[str, Json]] = await self._ask("GET", "/faults")
        return answer

    async def lift(self, fault_id: str | None = None) -> None:
        """Lift the fault of this id; all of them without one."""
        await self._ask("DELETE", f"/faults/{fault_id}" if fault_id else "/faults")

    async def state(self, crm: CrmName | None = None, *, account: str | None = None) -> dict[str, Json]:
        """`{crm: {account: {"leads" or "contacts" or another kind: [...]}}}`; of one CRM or account when given."""
        answer: dict[str, Json] = await self._ask("GET", "/state", params=_given(crm=crm, account=account))
        return answer

    async def documents(self, vendor: VendorName | None = None) -> dict[str, Json]:
        """What the vendors answer: `{vendor: {kind: {id: document}}}`; of one vendor when given."""
        answer: dict[str, Json] = await self._ask("GET", "/documents", params=_given(vendor=vendor))
        return answer

    async def put_documents(self, documents: Json) -> None:
        """Lay documents over those of the vendors, in the form of `documents`; None takes one away."""
        await self._ask("POST", "/documents", json=documents)

    async def history(
        self,
        crm: CrmName | None = None,
        account: str | None = None,
        *,
        vendor: VendorName | None = None,
        record_id: str | None = None,
        since: Millis | None = None,
        limit: int | None = None,
        bodies: bool = False,
    ) -> list[dict[str, Json]]:
        """The last calls, oldest first, that fit what is given; with `bodies`, what was sent and answered."""
        params = _given(
            crm=crm,
            vendor=vendor,
            account=account,
            record_id=record_id,
            since=since,
            limit=limit,
            bodies="true" if bodies else None,
        )
        answer: list[dict[str, Json]] = await self._ask("GET", "/history", params=params)
        return answer

    async def quotas(self) -> dict[str, Json]:
        """How full each account's quotas are, per CRM and vendor: `{crm: {account: [{"window", "limit", "used"}]}}`."""
        answer: dict[str, Json] = await self._ask("GET", "/quotas")
        return answer

    async def options(self, **changes: Json) -> dict[str, Json]:
        """The options of the moment, after laying `changes` over them."""
        answer: dict[str, Json] = await self._ask("POST", "/options", json=changes)
        return answer

    async def reset(self) -> None:
        """Bring the sandbox back to its start."""
        await self._ask("POST", "/reset")

    async def _ask(self, method: str, path: str, **given: Any) -> Any:
        response = await self._client.request(method, self._base + path, **given)
        if response.is_success:
            return response.json() if response.content else None
        problem = response.headers.get("content-type", "").startswith("application/problem+json")
        raise RequestRefused(response.json()["detail"] if problem else f"{method} {path}: HTTP {response.status_code}")


def _given(**params: str | int | None) -> dict[str, str | int]:
    return {name: value for name, value in params.items() if value is not None}
