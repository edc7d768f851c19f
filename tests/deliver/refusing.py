"""A CRM that refuses what a test says, and leads for it."""

from leadbridge.store.base import Store
from leadbridge.store.values import NewDelivery
from tests.deliver.lanes import row
from tests.support.crm import ScriptedTransport, answer
from tests.support.stored import add, new_delivery


class Crm:
    """Refuses the token, or only some leads, as the test says."""

    def __init__(self, transport: ScriptedTransport) -> None:
        self.transport = transport
        self.account = 200  # what a probe is answered
        self.leads = 200  # what an upsert is answered
        transport.respond = lambda call: answer(self.account if call.purpose == "probe" else self.leads)

    @property
    def calls(self) -> list[str]:
        return [call.purpose for call in self.transport.calls]


async def some(store: Store, count: int, *, prefix: str = "") -> list[NewDelivery]:
    made = [new_delivery(f"email:{prefix}{number}") for number in range(count)]
    await add(store, *made)
    return made


async def states(store: Store, deliveries: list[NewDelivery]) -> list[str]:
    return [(await row(store, one)).state for one in deliveries]
