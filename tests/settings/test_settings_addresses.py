"""Addresses to listen on, as people write them."""

import pytest
from pydantic_core import PydanticCustomError

from leadbridge.settings.addresses import HostPort, read_address
from tests.support.walked import walked


@walked(
    ("written", "meant"),
    [
        ("127.0.0.1:8081", HostPort("127.0.0.1", 8081)),
        ("localhost:0", HostPort("localhost", 0)),
        ("0.0.0.0:65535", HostPort("0.0.0.0", 65535)),
        ("[::1]:8081", HostPort("::1", 8081)),
        ("[fe80::1%eth0]:8081", HostPort("fe80::1%eth0", 8081)),
        ("admin.internal-1:80", HostPort("admin.internal-1", 80)),
    ],
)
def test_an_address_with_a_port_is_read_and_written_as_it_was(written: str, meant: HostPort) -> None:
    assert read_address(written) == meant
    assert str(meant) == written


@walked(
    "written",
    [
        "", ":8081", "8081", 8081, None, True, "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:8081",
        "[::1]", "[]:1", "[localhost]:1", "http://127.0.0.1:8081", "127.0.0.1:8081/metrics", "a b:1", "*:8081",
        "127.0.0.1:8081\n", "-:1", ["127.0.0.1:8081"], "127.0.0.1:١",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(written: object) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        read_address(written)
    assert refused.value.context is not None
    assert "127.0.0.1:8081" in refused.value.context["hint"]
