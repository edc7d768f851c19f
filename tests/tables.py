"""The README's tables, made from the registries."""

from leadbridge.crm.registry import CRMS
from leadbridge.sources.registry import PRESETS

_SCHEMES = {"hmac": "HMAC signature", "standard-webhooks": "Standard Webhooks signature"}


def sources() -> str:
    """The presets: how each proves itself, and where its page is."""
    lines = ["| preset | sender | proof | more |", "|---|---|---|---|"]
    for name, preset in PRESETS.items():
        scheme = str(preset.scheme["scheme"]) if preset.scheme else ""
        proof = _SCHEMES.get(scheme, scheme) or "as the source says: token, basic, hmac, none"
        page = f"service/leadbridge/sources/{name.replace('-', '_')}/doc.md"
        lines.append(f"| `{name}` | {preset.title} | {proof} | [doc]({page}) |")
    return "\n".join(lines)


def crms() -> str:
    """The CRMs: what is written, by what a record is found, the quota, and where the page is."""
    lines = ["| `crm` | CRM | writes | finds it by | official quota | more |", "|---|---|---|---|---|---|"]
    for name, kind in CRMS.items():
        adapter = kind.adapter
        keys = ", ".join("a custom field" if key == "custom" else key for key in adapter.match_keys)
        quota = f"{adapter.official_quota.limit} calls in {adapter.official_quota.window:g} s"
        page = f"service/leadbridge/crm/{name}/doc.md"
        lines.append(f"| `{name}` | {kind.title} | {', '.join(adapter.records)} | {keys} | {quota} | [doc]({page}) |")
    return "\n".join(lines)
