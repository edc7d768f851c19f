"""What the tests of the emulated Copper share."""

from leadbridge.events import Json
from leadbridge.sandbox import CopperOptions, SandboxOptions

from .support import Bench

INVALID = "Invalid input: Validation errors: "


def switched(**switches: Json) -> Bench:
    return Bench(SandboxOptions(copper=CopperOptions.model_validate(switches)))


def work(*emails: str) -> list[dict[str, Json]]:
    """Addresses as a person has them."""
    return [{"email": email, "category": "work"} for email in emails]


async def person(bench: Bench, *emails: str, **attributes: Json) -> dict[str, Json]:
    """A new person."""
    answer = await bench.copper("POST", "/people", {"name": "Ann Lee", "emails": work(*emails), **attributes})
    assert answer.status_code == 200, answer.text
    made: dict[str, Json] = answer.json()
    return made


async def state(bench: Bench) -> dict[str, list[dict[str, Json]]]:
    """What the account holds."""
    held: dict[str, list[dict[str, Json]]] = (await bench.control.state("copper"))["copper"]["acme"]
    return held
