"""Every recipe does what it says: its sample goes through the whole service and becomes the expected records."""

import re

import pytest

from leadbridge.sources.preset import Path
from leadbridge.sources.registry import PRESETS
from leadbridge.store.base import Store
from tests.generated import ROOT
from tests.settings.recipes import RECIPES, Recipe, cooking, differences, listing
from tests.support.clock import ManualClock
from tests.support.journal import Journal

PAGE = (ROOT / "docs" / "recipes.md").read_text("utf-8")


def names_itself(recipe: Recipe) -> bool:
    """Whether the sender's id of a submission stands in its body, where a repetition has it again."""
    (source,) = recipe.load().settings.sources.values()
    return source.dedupe is not None or any(isinstance(place, Path) for place in PRESETS[source.preset].dedupe)


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_a_recipe_is_complete_short_and_without_a_warning(recipe: Recipe) -> None:
    assert recipe.load().warnings == ()
    text = recipe.config.read_text("utf-8")
    assert len(text.splitlines()) <= 70
    assert text.startswith("# yaml-language-server: $schema=../../schema.json\n")
    files = {path.name for path in recipe.folder.iterdir()}
    assert files - {"account.json", "documents.json"} == {"leadbridge.yaml", "expected.json", recipe.sample.name}


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_a_recipe_says_where_each_of_its_secrets_is_found(recipe: Recipe) -> None:
    text = recipe.config.read_text("utf-8")
    steps = " ".join(re.findall(r"^# (.*)$", text, re.MULTILINE))
    used = set(re.findall(r"\$\{(\w+)\}", "\n".join(re.findall(r"^(?!#).*$", text, re.MULTILINE))))
    assert {name for name in used if not re.search(rf"\b{name}\b", steps)} == set()


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
async def test_its_sample_becomes_the_expected_records(
    recipe: Recipe, store: Store, clock: ManualClock, journal: Journal
) -> None:
    expected = recipe.read("expected.json")
    async with cooking(recipe, store, clock, journal) as kitchen:
        assert (await kitchen.send()).is_success
        (accepted,) = await journal.seen("submission.accepted")
        for destination, state in expected["deliveries"].items():
            if state != "filtered":
                await journal.seen("delivery.attempted", destination=destination, outcome=state)
        submission_id = accepted["submission"]
        deliveries = (await store.deliveries_of([submission_id]))[submission_id]
        assert {one.destination: one.state for one in deliveries} == expected["deliveries"]
        for destination, records in expected["records"].items():
            assert list(differences(records, await kitchen.records(destination))) == []


@pytest.mark.parametrize("recipe", [one for one in RECIPES if names_itself(one)], ids=str)
async def test_a_response_that_is_sent_again_is_taken_once(
    recipe: Recipe, store: Store, clock: ManualClock, journal: Journal
) -> None:
    async with cooking(recipe, store, clock, journal) as kitchen:
        assert (await kitchen.send()).is_success
        assert (await kitchen.send(message_id="msg_2")).is_success
        (first,) = journal.find("submission.accepted")
        (again,) = journal.find("submission.duplicate")
        assert again["of"] == first["submission"]
        await journal.seen("delivery.attempted", outcome="delivered")


@pytest.mark.parametrize(
    ("expected", "kept"),
    [
        ({"a": 1}, {}),
        ({"a": {"b": 1}}, {"a": {"b": 2}}),
        ([1], [1, 2]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}),
        ([], {}),
    ],
)
def test_a_record_that_is_not_as_expected_would_be_found(expected: object, kept: object) -> None:
    assert len(list(differences(expected, kept))) == 1


def test_the_page_lists_every_recipe_as_it_is() -> None:
    """Made wrong by a new recipe? Put the output of `tests.settings.recipes.listing()` into docs/recipes.md."""
    (table,) = re.findall(r"^\| recipe \|.*?(?=\n\n)", PAGE, re.MULTILINE | re.DOTALL)
    assert table == listing()
