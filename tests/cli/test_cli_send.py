"""`send` signs and posts as a source's sender does; a running service takes every sample that we ship."""

import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from leadbridge.cli import app
from leadbridge.sources.preset import Preset
from leadbridge.sources.registry import BUILT_IN
from leadbridge.sources.samples import Sample, folder_of, samples_in
from tests.sources.senders import secret_of
from tests.support.command import started
from tests.support.patience import PATIENCE
from tests.support.ports import reserved_port

CONFIG = """
version: 1
server: {public_url: "https://leads.example.com"}
sources:
PRESETS
  relay: {preset: generic, verify: {scheme: basic, username: relay, secrets: ["${TOKEN}"]}}
  signed:
    preset: generic
    dedupe: "{{ fields.id }}"
    verify:
      scheme: hmac
      header: x-signature
      signs: "{method} {url} {id} {timestamp} {body}"
      id_header: x-id
      timestamp_header: x-time
      secrets: ["${SECRET}"]
destinations:
  copper: {crm: copper, access_token: "${TOKEN}", user_email: ops@example.com}
routes:
  - {from: standard-webhooks, to: copper, when: "{{ false }}", lead: {email: "{{ fields.email }}"}}
"""
TYPES = {"application/json": "body.json", "application/x-www-form-urlencoded": "body.form"}
# With a public key alone nobody can sign.
SIGNING = [preset for preset in BUILT_IN if secret_of(preset)[1] is None]
SAMPLES = [(preset, sample) for preset in SIGNING for sample in samples_in(folder_of(preset.name))]
SOURCES = {
    preset.name: f"  {preset.name}: {{preset: {preset.name}, verify: {{{'' if preset.scheme else 'scheme: token, '}"
    f'secrets: ["${{{preset.name.upper().replace("-", "_")}}}"]}}}}'
    for preset in SIGNING
}
ENVIRON = {
    "TOKEN": "a-token-of-the-tests",
    "SECRET": "sécret of the tests",
    **{preset.name.upper().replace("-", "_"): secret_of(preset)[0] for preset in SIGNING},
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A service that sends nothing on: its configuration and its address."""
    folder = tmp_path_factory.mktemp("send")
    (folder / "site.yaml").write_text(CONFIG.replace("PRESETS", "\n".join(SOURCES.values())))
    for name, source in SOURCES.items():  # a sender needs no more than its own: that is read in a tenth of the time
        (folder / f"{name}.yaml").write_text(f"{CONFIG.partition('PRESETS')[0]}{source}\n")
    with started("serve", "--config", "site.yaml", "--port", "0", cwd=folder, environ=ENVIRON) as running:
        running.events("service.started")
        yield folder / "site.yaml", running.events("service.listening")[0]["url"]


def send(service: tuple[Path, str], source: str, file: Path, *options: str) -> Result:
    config, url = service
    arguments = ["send", source, str(file), "--config", str(config), "--url", url, *options]
    return CliRunner().invoke(app, arguments, env=ENVIRON)


def answer(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.fixture
def lead(tmp_path: Path) -> Path:
    (tmp_path / "lead.json").write_text('{"name": "Ann", "id": 7}')
    return tmp_path / "lead.json"


@pytest.mark.parametrize(("preset", "sample"), SAMPLES, ids=lambda one: getattr(one, "name", one))
def test_every_sample_is_taken(service: tuple[Path, str], tmp_path: Path, preset: Preset, sample: Sample) -> None:
    file = tmp_path / TYPES.get(sample.headers["content-type"].partition(";")[0], "body")
    file.write_bytes(sample.body)
    said = (f"--header={name}: {value}" for name, value in sample.headers.items() if name != "content-type")
    own = service[0].with_name(f"{preset.name}.yaml"), service[1]
    sent = answer(send(own, preset.name, file, *said, "--format", "json"))
    if "unparseable" in sample.expected and preset.on_unparseable == "reject":
        assert sent["status"] == 400
    elif preset.reply is not None:
        assert (sent["status"], sent["answer"]) == (preset.reply.status, _said(preset.reply.body))
    elif sent["status"] == 200:
        assert preset.handshakes
    else:
        assert sent["status"] == 202
        assert sent["answer"]["status"] in _becomes(sample)


def _said(body: bytes) -> Any:
    return json.loads(body) if body else ""


def _becomes(sample: Sample) -> tuple[str, ...]:
    """A sample may say what one before it said, word for word, and then it is a duplicate where there is no id."""
    if sample.fetched is not None:  # what the answers say is known later
        return ("accepted", "duplicate")
    if "ignored" in sample.expected or all("ignored" in one for one in sample.expected.get("events", [{}])):
        return ("ignored",)
    return ("accepted", "duplicate")


@pytest.mark.parametrize("source", ["relay", "signed"])
def test_other_schemes_are_signed_right_also_where_the_public_url_counts(
    service: tuple[Path, str], lead: Path, source: str
) -> None:
    result = send(service, source, lead)
    assert result.exit_code == 0, result.output
    first, *facts = result.stdout.splitlines()
    assert first == "202 Accepted"
    assert [line.split()[0] for line in facts] == ["id", "trace_id", "status"]


def test_the_same_id_twice_is_a_duplicate(service: tuple[Path, str], lead: Path) -> None:
    options = ("--id", "msg_same", "--format", "json")
    first, second = (answer(send(service, "standard-webhooks", lead, *options))["answer"] for _ in range(2))
    assert (first["status"], second["status"]) == ("accepted", "duplicate")
    assert first["id"] == second["id"]
    assert answer(send(service, "standard-webhooks", lead, "--format", "json"))["answer"]["status"] == "accepted"


def test_an_id_that_nothing_signs_is_wrong_usage(service: tuple[Path, str], lead: Path) -> None:
    result = send(service, "generic", lead, "--id", "msg_1")
    assert result.exit_code == 2
    assert "--id has no effect: the source generic is verified by token" in result.stderr


def test_where_nothing_answers_the_address_is_said_without_the_secret(lead: Path, tmp_path: Path) -> None:
    source = "jotform"
    (tmp_path / "site.yaml").write_text(f"{CONFIG.partition('PRESETS')[0]}{SOURCES[source]}\n")
    with reserved_port() as port:  # nobody listens there
        url = f"http://127.0.0.1:{port}"
        result = send((tmp_path / "site.yaml", url), source, lead)
    assert result.exit_code == 1
    assert f"nothing answers at {url}/hooks/{source} (" in result.stderr
    assert secret_of(next(preset for preset in SIGNING if preset.name == source))[0] not in result.output


def test_a_header_is_added_or_takes_the_place_of_one(service: tuple[Path, str], lead: Path) -> None:
    for header, said in (
        ("Content-Encoding: gzip", "415"),
        ("content-TYPE: multipart/form-data", "400"),
    ):
        result = send(service, "generic", lead, "--header", header)
        assert result.exit_code == 1
        assert result.stdout.startswith(said)
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    result = send(service, "generic", lead, "--header", f"traceparent: 00-{trace_id}-00f067aa0ba902b7-01")
    assert trace_id in result.stdout


def test_each_submission_of_a_list_has_a_line(service: tuple[Path, str], lead: Path) -> None:
    lead.write_text('[{"name": "Ann"}, {"name": "Bea"}]')
    lines = send(service, "generic", lead).stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.split()[:1] == ["submissions"])
    first, second = (line.removeprefix("  submissions").strip() for line in lines[at : at + 2])
    for line in (first, second):
        assert re.fullmatch(r"id [0-9a-f-]{36}, status accepted", line)
    assert first != second


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"source": "nobody"}, 2, "no source `nobody`; there are activecampaign, "),
        ({"file": "gone.json"}, 2, "cannot read gone.json: No such file or directory"),
        ({"header": "no colon"}, 2, "--header 'no colon' must look like 'Name: value'"),
        ({"url": "leads.example.com"}, 2, "cannot be called"),
        ({"url": "http://[::1"}, 2, "cannot be called"),
        ({"url": "http://127.0.0.1:1"}, 1, "is `leadbridge serve` running there?"),
    ],
)
def test_what_cannot_be_sent_is_said_with_what_to_do(
    service: tuple[Path, str], lead: Path, change: dict[str, str], code: int, said: str
) -> None:
    given = {"source": "generic", "file": str(lead), "url": service[1], "header": "x-a: b", **change}
    options = ["--config", str(service[0]), "--url", given["url"], "--header", given["header"]]
    result = CliRunner().invoke(app, ["send", given["source"], given["file"], *options], env=ENVIRON)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_ctrl_c_ends_it_quietly(service: tuple[Path, str], lead: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        arguments = ("send", "generic", str(lead), "--config", str(service[0]), "--url", url)
        with started(*arguments, cwd=lead.parent, environ=ENVIRON) as command:
            sender, _ = silent.accept()
            with sender:
                sender.settimeout(PATIENCE)
                assert sender.recv(1000).startswith(b"POST /hooks/generic")
                assert command.stop(signal.SIGINT) == 130
            assert command.printed == command.logged == []
