"""How long a start takes."""

from typing import Final

from benchmarks.ground import Ground
from benchmarks.rows import Row, Target, median_row

AT_MOST: Final = Target(limit="at most", value=1)


async def measure(ground: Ground) -> list[Row]:
    """From the start of the process to the first 200 of `/readyz`; every start but the first finds a database."""
    site = ground.site()
    taken = []
    for _ in range(ground.effort.starts):
        async with site.serving() as service:
            taken.append(service.seconds_to_ready)
    return [
        median_row(
            "start",
            "start to ready",
            samples=taken,
            unit="s",
            target=AT_MOST,
            about={"least": min(taken), "most": max(taken)},
        )
    ]
