"""How many calls a lead costs, counted where they arrive."""

from collections import Counter
from typing import Final

from benchmarks.ground import Ground, drained, requests
from benchmarks.load import load
from benchmarks.processes import Running
from benchmarks.rows import Row, Target
from leadbridge.store.sqlite.reader import SqliteReader

# Source, what it stands for, and the calls it should cost. Where the same people come twice, the second time what is to
# be added is there already.
_KINDS: Final = (
    ("scalars", "calls_scalars", "calls per lead: scalars", 1),
    ("lists", "calls_lists_to_add", "calls per lead: lists to add", 2),
    ("lists", "calls_lists_there", "calls per lead: lists already there", 1),
    ("conditions", "calls_conditions_to_write", "calls per lead: `if_empty` and `on_create` values to write", 2),
    (
        "conditions",
        "calls_conditions_met",
        "calls per lead: `if_empty` and `on_create` values with nothing to write",
        1,
    ),
)


async def measure(ground: Ground) -> list[Row]:
    """Each lead goes to both CRMs; the figure is that of the one which needs more."""
    people = ground.effort.people
    groups = list(dict.fromkeys(source for source, *_ in _KINDS))
    await ground.empty_sandbox(history=40 * people)
    site = ground.site()
    rows = []
    async with site.serving() as service:
        reader = SqliteReader(site.database)
        # A look at the account (its sources of leads, its fields) is made once for all leads, and belongs to none.
        for source in groups:
            await _send(service, source, people=range(len(groups) * people, len(groups) * people + 1))
        await drained(reader)
        before = await _counted(ground)
        for source, key, what, wanted in _KINDS:
            first = groups.index(source) * people  # no record of theirs may stand there before
            await _send(service, source, people=range(first, first + people))
            await drained(reader)
            now = await _counted(ground)
            each = {crm: (now[crm] - before[crm]) / people for crm in ("copper", "leadconnector")}
            target = Target(limit="exactly", value=wanted)
            rows.append(Row(key=key, what=what, value=max(each.values()), unit="calls", target=target, about=each))
            before = now
        await reader.close()
    return rows


async def _counted(ground: Ground) -> Counter[str]:
    return Counter(call["crm"] for call in await ground.control.history())


async def _send(service: Running, source: str, *, people: range) -> None:
    await load(requests(source, iter(people)), port=service.port, connections=1)
