"""Leads from before their source fetched: they get their answers when they are let go again."""

from leadbridge.fetch.fetcher import EVERY
from leadbridge.store.values import Selection
from tests.fetch.test_fetch_stage import Site, site, vendor
from tests.fetch.vendor import CONFIG, NO_SUCH_LEAD, announce, answered, email_of, lead, until

__all__ = ["site", "vendor"]
WITHOUT = CONFIG.replace('    fetch: {token: "${META_TOKEN}", quota: {limit: 200, window: 1h}}\n', "")
UNROUTED = WITHOUT.partition("routes:")[0] + "routes: []\n"


async def awaits(site: Site) -> bool:
    return await site.states() == ["awaiting_fetch"]


async def test_a_lead_of_before_is_fetched_when_it_is_replayed(site: Site) -> None:
    async with site.running(UNROUTED) as service:
        await announce(service, 7)
        await site.journal.seen("submission.unrouted")
    assert site.vendor.calls == []
    (row,) = await site.store.submissions(limit=10)
    assert (await site.store.replay(Selection(ids=(row.id,)), now=site.clock.now())).submissions == 1
    async with site.running() as service:
        await until(lambda: awaits(site))
        site.clock.advance(EVERY + 1)
        await site.journal.seen("delivery.attempted", outcome="delivered")
    assert site.vendor.calls == ["7"]
    (call,) = service.transport.calls
    assert email_of(7) in str(call.body)


async def test_leads_that_may_not_be_read_keep_none_back_that_comes_later(site: Site) -> None:
    """A page whose leads access was taken away, and another page's lead."""
    forbidden = {"error": {"code": 200, "message": "no permission"}}
    site.vendor.respond = lambda one: answered(403, forbidden) if int(one) <= 8 else lead(one)
    async with site.running() as service:
        await announce(service, *range(1, 9))
        await site.journal.seen("fetch.paused", reason="forbidden")
        await announce(service, 999)
        site.clock.advance(61)
        await site.journal.seen("fetch.resumed")
        await site.journal.seen("delivery.attempted", outcome="delivered")
    assert "999" in site.vendor.calls


async def test_a_clock_that_was_set_back_stops_nothing(site: Site) -> None:
    site.vendor.respond = lambda _one: answered(404, NO_SUCH_LEAD)
    async with site.running() as service:
        await announce(service, 7)
        await site.journal.seen("fetch.attempted")
    site.vendor.respond = lead
    site.clock.wall -= 86_400_000
    async with site.running():
        await site.journal.seen("delivery.attempted", outcome="delivered")
