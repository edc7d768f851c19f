"""The harnesses themselves: they pass what is good, they fail on what is broken, and past findings stay mended."""

import sys
from pathlib import Path

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz import bodies, configuration, leads, verifier
from tests.fuzz.harness import BrokenPromise, Harness, promise
from tests.fuzz.registry import HARNESSES
from tests.support.walked import walked

FINDINGS = [(harness, path) for harness in HARNESSES.values() for path in harness.findings()]


@pytest.mark.whole
@pytest.mark.parametrize("harness", HARNESSES.values(), ids=HARNESSES)
def test_every_seed_keeps_the_promises(harness: Harness) -> None:
    seeds = list(harness.seeds())
    assert len(seeds) > 20
    for seed in seeds:
        harness.check(seed)
        assert len(seed) <= harness.most


@walked("harness", HARNESSES.values(), ids=HARNESSES)
@walked("data", [b"", b"\n", b"\0" * 50, bytes(range(256)), b"\xff\xfe\n\xff", b"{{\n}}", b": \n\n"])
def test_any_bytes_are_an_input(harness: Harness, data: bytes) -> None:
    harness.check(data)


@pytest.mark.parametrize(("harness", "path"), FINDINGS, ids=lambda value: getattr(value, "name", None))
def test_a_past_finding_stays_mended(harness: Harness, path: Path) -> None:
    harness.check(path.read_bytes())


def test_a_forged_request_that_is_let_in_is_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmac.compare_digest", lambda _given, _known: True)
    seed = next(seed for seed in verifier.seeds() if b"x-signature" in seed and b"x-time" not in seed)
    with pytest.raises(BrokenPromise, match="let in"):
        verifier.check(seed + b"and more")


def test_a_body_whose_text_cannot_be_stored_is_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadbridge.bodies.text.without_nul", lambda text: text)
    monkeypatch.setattr("leadbridge.bodies.form.form_text", lambda raw, _codec: raw.decode("latin-1"))
    with pytest.raises(BrokenPromise, match="NUL"):
        bodies.check(b"application/x-www-form-urlencoded\na=%00")


def test_a_phone_number_that_is_none_is_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leads, "is_e164", lambda _text: False)
    with pytest.raises(BrokenPromise, match="is no E"):
        leads.check(b"{{ fields.x }}\n+1 214 555 0100")


def test_a_printed_secret_is_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "PLANTED", "version")
    with pytest.raises(BrokenPromise, match="secret"):
        configuration.check(b"{}")


def slow_or_broken(data: bytes) -> None:
    promise(data != b"bad", "bad")


def test_a_finding_is_kept_once_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = Harness(name="planted", check=slow_or_broken, seeds=lambda: [b"good"])
    engine = (
        "import sys, pathlib\n"
        "prefix = next(one.split('=', 1)[1] for one in sys.argv if one.startswith('-artifact_prefix'))\n"
        "pathlib.Path(prefix, 'crash-1').write_bytes(b'bad')\n"
        "print('#9 NEW cov: 12 ft: 3\\nstat::number_of_executed_units: 9')\n"
        "sys.exit(77)\n"
    )
    (tmp_path / "engine.py").write_text(engine)
    monkeypatch.setattr(command, "HARNESSES", {"planted": planted})
    monkeypatch.setattr(command, "FINDINGS", tmp_path / "findings")
    monkeypatch.setattr(command, "ENGINE", (sys.executable, str(tmp_path / "engine.py")))
    assert command.main(["--seconds", "1", "--corpus", str(tmp_path / "corpus")]) == 1
    assert (tmp_path / "findings" / "planted" / "crash-1").read_bytes() == b"bad"
    assert [path.read_bytes() for path in (tmp_path / "corpus" / "planted").iterdir()] == [b"good"]
    told = capsys.readouterr()
    assert told.out == "planted: 9 inputs in 1 s, 12 branches, 1 findings\n"
    assert "crash-1" in told.err


@pytest.mark.whole
def test_the_engine_runs_a_harness(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="the engine has wheels for Linux on x86_64 alone")
    outcome = command.fuzz(HARNESSES["verifier"], seconds=1, corpus=tmp_path)
    assert (outcome.code, outcome.found) == (0, ()), outcome.said
    assert outcome.executed > 30
    assert outcome.covered > 10
