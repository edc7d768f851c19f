"""The transport in an environment that has proxies, or a netrc."""

from typing import Any

import pytest

from leadbridge.deliver.transport import HttpTransport
from leadbridge.errors import UsageError
from tests.support.wire import TRACE_ID, UPSERT, Account, account, crm, http, unanswered, writing


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


async def test_a_proxy_of_the_environment_is_used_for_all_but_this_machine(environment: pytest.MonkeyPatch) -> None:
    async with crm(writing(http())) as proxy, crm(writing(http())) as local:
        environment.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        environment.setenv("NO_PROXY", "direct.test")
        transport = HttpTransport()
        await transport.send(Account("http://crm.test/api"), UPSERT, trace_id=TRACE_ID)
        await transport.send(account(local), UPSERT, trace_id=TRACE_ID)
        assert not (await unanswered(transport, Account("http://direct.test:1/api"))).sent
        await transport.close()
        (request,) = proxy.requests
        assert request.line == "PUT http://crm.test/api/leads/upsert HTTP/1.1"
        assert len(local.requests) == 1


async def test_a_proxy_that_refuses_the_tunnel_keeps_the_call_from_the_crm(environment: pytest.MonkeyPatch) -> None:
    async with crm(writing(http(status="407 Proxy Authentication Required"))) as proxy:
        environment.setenv("HTTPS_PROXY", f"user:p%40ss@127.0.0.1:{proxy.port}")
        transport = HttpTransport()
        missing = await unanswered(transport, Account("https://crm.test"))
        await transport.close()
        assert not missing.sent
        (request,) = proxy.requests
        assert request.line == "CONNECT crm.test:443 HTTP/1.1"
        assert request.headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"  # user:p@ss


async def test_a_netrc_does_not_take_the_place_of_the_token(environment: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    environment.setenv("NETRC", str(tmp_path / "netrc"))
    transport = HttpTransport()
    async with crm(writing(http())) as server:
        await transport.send(account(server), UPSERT, trace_id=TRACE_ID)
        assert server.requests[0].headers["authorization"] == "Bearer t0ken"
    await transport.close()


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "HTTP_PROXY"])
@pytest.mark.parametrize("address", ["ftp://me:hunter2@a.b", "socks5://hunter2@a.b", "http://a.b:port", "http://"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    environment: pytest.MonkeyPatch, variable: str, address: str
) -> None:
    environment.setenv(variable, address)
    with pytest.raises(UsageError) as raised:
        HttpTransport()
    said = f"{variable} cannot be used: write it as HOST:PORT, or begin it with http:// or https://"
    assert str(raised.value) == said
