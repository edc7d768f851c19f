"""Addresses as a person writes them: where a socket listens (`127.0.0.1:8081`), and where an API is."""

import re
from typing import Annotated, Final, NamedTuple, TypeAlias

from pydantic import AnyHttpUrl, PlainSerializer, PlainValidator

from leadbridge.events import Json
from leadbridge.settings.choices import refusal

# A host is a name or an IPv4 address, or an IPv6 address in brackets.
_ADDRESS: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\]|([A-Za-z0-9][A-Za-z0-9.-]*)):([0-9]{1,5})")
_HINT: Final = "write address and port, such as 127.0.0.1:8081 or [::1]:8081"


class HostPort(NamedTuple):
    """An address and a port; port 0 takes any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it is written."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_address(value: Json) -> HostPort:
    """An address and a port, both of them: a port alone would leave open who can reach it."""
    found = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[3]) > 65535:
        raise refusal("must be an address with a port", _HINT)
    return HostPort(found[1] or found[2], int(found[3]))


def bare_url(url: AnyHttpUrl) -> AnyHttpUrl:
    """The address of a service, with nothing in it but where it is."""
    if url.query is not None or url.fragment is not None or url.username or url.password:
        raise refusal("must be an address alone", "leave out what follows `?` or `#`, and any user name")
    return url


Address: TypeAlias = Annotated[HostPort, PlainValidator(read_address, json_schema_input_type=str), PlainSerializer(str)]
