"""Every CRM keeps its contract; the tests walk the folders, so that a new one needs no test code."""

import dataclasses
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import ClassVar

import pytest

from leadbridge.crm import contract
from leadbridge.crm.adapter import Adapter, Answer, Call, LeadKey
from leadbridge.crm.contract import Exchange, complaints, example_adapter, exchanges, walk
from leadbridge.crm.copper.adapter import Copper
from leadbridge.crm.registry import CRMS, CrmKind
from leadbridge.outcome import Hold, Retry
from tests.support.walked import walked

KINDS = list(CRMS.values())
RECORDED = [(kind, exchange) for kind in KINDS for exchange in exchanges(kind)]


@walked(("kind", "exchange"), RECORDED, ids=[f"{kind.name}/{exchange.name}" for kind, exchange in RECORDED])
def test_an_adapter_makes_the_recorded_calls_and_comes_to_the_recorded_outcome(
    kind: CrmKind, exchange: Exchange
) -> None:
    assert walk(exchange, example_adapter(kind)) is None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_crm_has_everything_that_its_folder_must_hold(kind: CrmKind) -> None:
    assert complaints(kind) == []


@pytest.mark.parametrize(("name", "at_least"), [("copper", 18), ("leadconnector", 50)])
def test_enough_is_recorded(name: str, at_least: int) -> None:
    assert len(exchanges(CRMS[name])) >= at_least


def _must_be_registered(folder: Path) -> None:
    known = {kind.adapter.__module__.split(".")[-2] for kind in KINDS}
    for adapter in folder.glob("*/adapter.py"):
        assert adapter.parent.name in known, (
            f"service/leadbridge/crm/{adapter.parent.name} is not in the registry: add a CrmKind with its settings and "
            "adapter to BUILT_IN in service/leadbridge/crm/registry.py"
        )


def test_every_folder_of_a_crm_is_registered() -> None:
    _must_be_registered(Path(contract.__file__).parent)


def test_who_forgets_to_register_a_folder_is_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "forgotten").mkdir()
    (tmp_path / "forgotten" / "adapter.py").touch()
    told = "crm/forgotten is not in the registry: add a CrmKind with its settings and adapter to BUILT_IN"
    with pytest.raises(AssertionError, match=told):
        _must_be_registered(tmp_path)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_credentials_travel_in_headers_that_a_transport_can_merge(kind: CrmKind) -> None:
    headers = example_adapter(kind).headers()
    assert all(name == name.lower() for name in headers)
    assert headers["user-agent"].startswith("leadbridge/")


class Forgetful(Copper):
    """An adapter whose author forgot most of it."""

    crm: ClassVar[str] = "forgetful"
    match_keys: ClassVar[tuple[str, ...]] = ("email", "shoe size")
    lead_keys: ClassVar[Mapping[str, LeadKey]] = {"name": LeadKey(attribute="name", how="")}
    official_base_url: ClassVar[str] = "http://crm.example.test/"

    def probe(self) -> Call:
        return Call(purpose="probe", method="POST", path="/leads", safe_to_repeat=False)

    def probed(self, _: Answer) -> Retry | Hold | None:
        return None


def forgetful(folder: Traversable, monkeypatch: pytest.MonkeyPatch) -> CrmKind:
    monkeypatch.setattr(contract, "folder_of", lambda kind: folder)
    return CrmKind(name="forgetful", title="Forgetful", settings=CRMS["copper"].settings, adapter=Forgetful)


def test_a_forgotten_doc_and_settings_are_named_with_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = complaints(forgetful(tmp_path, monkeypatch))
    assert [line.split(";")[0] for line in said] == [
        "forgetful: `doc.md` is missing",
        "forgetful: `exchanges/settings.json` is missing",
    ]


def test_everything_else_that_is_forgotten_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "doc.md").write_text("# Forgetful")
    (tmp_path / "exchanges").mkdir()
    settings = '{"crm": "copper", "access_token": "x", "user_email": "a@example.test"}'
    (tmp_path / "exchanges" / "settings.json").write_text(settings)
    said = "\n".join(complaints(forgetful(tmp_path, monkeypatch)))
    for part in (
        "`crm` must be the same",
        "differ by `email`; say which attribute takes it",
        "`lead_keys['name']` says neither",
        "cannot match by `shoe size`",
        "must be https and end without a slash",
        "it must be safe to repeat",
        "`probed` must answer 401 with Hold",
        "`probed` must answer 503 with Retry",
        "no exchange ends in Retry; record one",
    ):
        assert part in said


class Probeless(Forgetful):
    """An adapter without a probe."""

    def probe(self) -> Call:
        return Adapter.probe(self)  # what inheriting gives to who writes none


def test_a_probe_that_nobody_wrote_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "doc.md").write_text("# Probeless")
    (tmp_path / "exchanges").mkdir()
    settings = '{"crm": "copper", "access_token": "x", "user_email": "a@example.test"}'
    (tmp_path / "exchanges" / "settings.json").write_text(settings)
    kind = dataclasses.replace(forgetful(tmp_path, monkeypatch), adapter=Probeless)
    assert any("`probe` gives no Call; name one that changes nothing" in line for line in complaints(kind))


def test_an_exchange_that_the_adapter_leaves_says_where() -> None:
    kind = CRMS["copper"]
    recorded = next(one for one in exchanges(kind) if one.name == "lists_to_add")
    adapter = example_adapter(kind)
    other_call = dataclasses.replace(recorded, calls=({**recorded.calls[0], "path": "/leads"}, recorded.calls[1]))
    too_short = dataclasses.replace(recorded, calls=recorded.calls[:1], answers=recorded.answers[:1])
    too_long = dataclasses.replace(
        recorded, calls=(*recorded.calls, {"purpose": "more"}), answers=(*recorded.answers, recorded.answers[0])
    )
    other_end = dataclasses.replace(recorded, outcome={"kind": "Fail", "detail": "no"})
    assert "where another is recorded" in str(walk(other_call, adapter))
    assert "one more call than recorded" in str(walk(too_short, adapter))
    assert "done before `more`" in str(walk(too_long, adapter))
    assert "the outcome is" in str(walk(other_end, adapter))
