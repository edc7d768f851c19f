"""Behind a reverse proxy: its word about the sender counts only from the networks that the configuration trusts."""

from ipaddress import ip_network

import httpx
import pytest

from leadbridge.http.server import server_config
from leadbridge.store.base import Store
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import ENVIRON, running


@pytest.mark.parametrize(("trusted", "scheme"), [(["10.0.0.0/8"], "https"), (["192.168.0.0/16"], "http"), ([], "http")])
async def test_the_scheme_that_a_proxy_tells_is_believed_from_trusted_networks_alone(
    store: Store, clock: ManualClock, journal: Journal, trusted: list[str], scheme: str
) -> None:
    async with running(store, clock, journal) as service:
        config = server_config(service.service.asgi, trusted_proxies=[ip_network(one) for one in trusted])
        config.load()
        behind = httpx.ASGITransport(config.loaded_app, client=("10.1.2.3", 5000))
        async with httpx.AsyncClient(transport=behind, base_url="http://leads.test") as client:
            headers = {"x-webhook-token": ENVIRON["TOKEN"], "x-forwarded-proto": "https"}
            reply = (await client.post("/hooks/website", json={"email": "ann@example.com"}, headers=headers)).json()
        row = await store.submission(reply["id"])
        assert row is not None
        request = await store.request(row.request_id)
        assert request is not None
        assert request.url == f"{scheme}://leads.test/hooks/website"
