"""A day in the life of a service: a submission for every state that a real run leaves behind."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from tests.cli.site import SECRETS, Site

HOSTILE = "Zoë [red]Li[/red] \x1b[31m\x1b]0;owned\x07 \u202egnp.exe"
BIG = 2**70 + 1
PAT = {"name": "Pat", "email": "pat@example.com"}
SHARED_PHONE = "+14155550199"


@dataclass
class Life:
    """The replies, by what became of their submissions."""

    site: Site
    replies: dict[str, dict[str, Any]]

    def __getitem__(self, what: str) -> dict[str, Any]:
        return self.replies[what]


def live(site: Site) -> Life:
    """Send them all; every delivery rests at the end."""
    site.sandbox("seed", {"crm": "copper", "account": SECRETS["COPPER_TOKEN"], "leads": [
        {"name": name, "email": {"email": "sam@example.com", "category": "work"}} for name in ("Sam R", "Sam Rivera")
    ]})  # fmt: skip
    site.sandbox("seed", {"crm": "leadconnector", "account": "LOC1", "contacts": [
        {"firstName": "Lena", "email": "lena@example.com"}, {"firstName": "Desk", "phone": SHARED_PHONE},
    ]})  # fmt: skip
    refused = {"kind": "status", "status": 422, "body": {"success": False, "message": "Invalid input: [bold]no"}}
    busy = {"kind": "status", "status": 503, "headers": {"Retry-After": "3600"}}
    for action, email in ((refused, "fay@example.com"), (busy, "rita@example.com")):
        site.sandbox("faults", {"action": action, "crm": "copper", "method": "PUT", "email": email})
    replies = {
        "delivered": site.lead({"name": HOSTILE, "email": "zoe@example.com", "budget": "1,500.50", "big": BIG}),
        "warned": site.lead(
            {"name": "Lena", "email": "lena@example.com", "phone": SHARED_PHONE}, source="relay", deliveries=2
        ),
        "held": site.lead({"name": "Sam", "email": "sam@example.com"}),
        "failed": site.lead({"name": "Fay", "email": "fay@example.com"}),
        "retrying": site.lead({"name": "Rita", "email": "rita@example.com"}),
        "mapping": site.lead({"name": "Mo", "email": "mo@example.com", "phone": "call me", "budget": "a lot"}),
        "first": site.lead(PAT, source="partner"),
        "duplicate": site.post("partner", PAT),
        "revised": site.lead({**PAT, "name": "Patricia"}, source="partner"),
        "filtered": site.post("website", {"name": "Skip", "email": "skip@example.com", "kind": "skip"}),
        "unrouted": site.post("open", {"name": "Una"}),
        "ignored": site.post("typeform", _ping()),
        "unmappable": site.post("broken", {"name": "Nina Planted", "email": "nina@example.com"}),
        "unparseable": site.post("website", b'{"name": "Uma Planted", "email": "uma@example.com", '),
    }
    site.service.events("submission.unrouted", submission=replies["unrouted"]["id"])
    site.service.events("submission.failed", submission=replies["unmappable"]["id"])
    return Life(site, replies)


def _ping() -> bytes:
    sample = files("leadbridge.sources") / "typeform" / "samples" / "other_event" / "body.json"
    return sample.read_bytes()
