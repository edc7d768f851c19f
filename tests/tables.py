"""The tables of README.md and docs/, made from the registries and the command line."""

from pydantic import TypeAdapter
from typer.main import get_command
from typer.testing import CliRunner

from leadbridge.cli import app
from leadbridge.crm.registry import CRMS
from leadbridge.metrics.families import FAMILIES
from leadbridge.schemes import Scheme
from leadbridge.sources.registry import PRESETS

_SCHEMES = {
    "body": "secret in the body",
    "digest": "hash with the secret",
    "ed25519": "ed25519 signature",
    "hmac": "HMAC signature",
    "jws": "JSON Web Signature",
    "rsa": "RSA signature",
    "standard-webhooks": "Standard Webhooks signature",
    "url": "secret in the URL",
}
_ANY = ", ".join(TypeAdapter(Scheme).json_schema()["discriminator"]["mapping"])


def sources() -> str:
    """The presets: how each proves itself, and where its page is."""
    lines = ["| preset | sender | proof | more |", "|---|---|---|---|"]
    for name, preset in PRESETS.items():
        scheme = str(preset.scheme["scheme"]) if preset.scheme else ""
        proof = _SCHEMES.get(scheme, scheme) or f"as the source says: {_ANY}"
        lines.append(f"| `{name}` | {preset.title} | {proof} | [doc]({_page(name)}) |")
    return "\n".join(lines)


def fetch_tokens() -> str:
    """What the tokens are like with which leads are fetched."""
    lines = ["| vendor | its tokens |", "|---|---|"]
    for name, preset in PRESETS.items():
        if preset.fetch is not None:
            said = f"{preset.fetch.renewal[:1].upper()}{preset.fetch.renewal[1:]}"
            lines.append(f"| [{preset.title}](../{_page(name)}) | {said} |")
    return "\n".join(lines)


def _page(name: str) -> str:
    return f"service/leadbridge/sources/{name.replace('-', '_')}/doc.md"


def crms() -> str:
    """The CRMs: what is written, by what a record is found, the quota, and where the page is."""
    lines = ["| `crm` | CRM | writes | finds it by | official quota | more |", "|---|---|---|---|---|---|"]
    for name, kind in CRMS.items():
        adapter = kind.adapter
        match_keys = dict.fromkeys(key for record in adapter.records for key in adapter.match_keys_of(record))
        keys = ", ".join("a custom field" if key == "custom" else key for key in match_keys)
        official = adapter.official_quota
        quota = f"{official.limit} calls in {official.window:g} s"
        quota += "" if official.daily is None else f", {official.daily:,} in a day"
        page = f"service/leadbridge/crm/{name}/doc.md"
        lines.append(f"| `{name}` | {kind.title} | {', '.join(adapter.records)} | {keys} | {quota} | [doc]({page}) |")
    return "\n".join(lines)


def metrics() -> str:
    """The families of numbers on /metrics."""
    lines = ["| name | type | labels | what it says |", "|---|---|---|---|"]
    for family in FAMILIES:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        lines.append(f"| `{family.name}` | {family.kind} | {labels} | {family.about} |")
    return "\n".join(lines)


def commands() -> str:
    """The page of all commands: what each answers to `--help`."""
    names = list(getattr(get_command(app), "commands", {}))
    parts = [
        "# Commands",
        "",
        "What `leadbridge` and each of its commands answer to `--help`. The exit codes of each are in",
        "[operations](operations.md#exit-codes).",
        "",
        *_help(),
    ]
    for name in names:
        parts += ["", f"## {name}", "", *_help(name)]
    return "\n".join(parts) + "\n"


def _help(*command: str) -> list[str]:
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "80", "NO_COLOR": "1"}).stdout
    return ["```text", *(line.rstrip() for line in shown.strip("\n").splitlines()), "```"]
