"""The numbers on a page of metrics, as Prometheus reads them."""

import httpx
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import ASGIApp


def numbers(text: str) -> dict[str, float]:
    """Every sample by its name and its labels, in order: `name{a=x,b=y}`."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def kinds(text: str) -> dict[str, str]:
    """The families of a page, each with its type; counters with the `_total` of their samples."""
    lines = [line.split() for line in text.splitlines() if line.startswith("# TYPE ")]
    return {name: kind for _, _, name, kind in lines}


async def page(app: ASGIApp) -> str:
    """The metrics of an admin application in this process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://operators.test") as client:
        answer = await client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return answer.text


async def scrape(app: ASGIApp) -> dict[str, float]:
    """The numbers of that."""
    return numbers(await page(app))
