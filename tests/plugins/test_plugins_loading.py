"""Entry points of other packages: what is loaded, and how one that cannot be used is named."""

from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from leadbridge.errors import ConfigError
from leadbridge.plugins import with_installed


@dataclass(frozen=True)
class Thing:
    """What a made-up group of entry points names."""

    name: str


OURS = Thing("ours")
ACME = Thing("acme")
NOT_A_THING = {"name": "acme"}


def point(attribute: str, *, module: str = __name__, name: str = "acme") -> EntryPoint:
    return EntryPoint(name=name, value=f"{module}:{attribute}", group="leadbridge.things")


def test_installed_ones_stand_beside_ours_by_their_own_name() -> None:
    found = with_installed({"ours": OURS}, [point("ACME", name="another-name")], kind=Thing)
    assert dict(found) == {"ours": OURS, "acme": ACME}


def test_nothing_can_be_added_afterwards() -> None:
    with pytest.raises(TypeError):
        with_installed({"ours": OURS}, [], kind=Thing)["more"] = ACME  # type: ignore[index]  # that is the point


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([point("MISSING")], r"it cannot be loaded \(AttributeError: .*MISSING"),
        ([point("ACME", module="no_such_package_anywhere")], r"it cannot be loaded \(ModuleNotFoundError: "),
        ([point("NOT_A_THING")], r"it must name a tests\.plugins\.test_plugins_loading\.Thing"),
        ([point("ACME"), point("ACME", name="again")], "the name `acme` is in use already"),
        ([point("OURS")], "the name `ours` is in use already"),
    ],
)
def test_one_that_cannot_be_used_is_named_by_its_entry_point(points: list[EntryPoint], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        with_installed({"ours": OURS}, points, kind=Thing)
    last = points[-1]
    assert str(refused.value).startswith(f"entry point leadbridge.things: {last.name} = {last.value}: ")


def test_a_package_that_fails_in_its_own_way_is_named_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_on_import.py").write_text("raise ZeroDivisionError('of its own')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"it cannot be loaded \(ZeroDivisionError: of its own\); mend or uninstall"):
        with_installed({"ours": OURS}, [point("ACME", module="broken_on_import")], kind=Thing)
