"""What was pruned is told apart from what never was there."""

from functools import partial

import pytest

from leadbridge.commands.fetching import fetching_of
from leadbridge.commands.format import Format
from leadbridge.commands.looking import show_one, trace
from leadbridge.commands.operating import replay, resolve
from leadbridge.errors import UsageError
from leadbridge.store.opening import open_operator
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import Selection
from tests.store.pruning import NOW, OLD, arrive, id_of, lead, mapped, steps
from tests.support.stored import new_delivery

STANDS = partial(fetching_of, loaded=None)
PRUNED = r"it would be of .* was pruned \(`defaults.retention`\)"


async def test_every_command_says_of_an_old_id_that_it_may_have_been_pruned(
    store: SqliteStore, database_url: str
) -> None:
    submission, delivery = await lead(store, "email:1", at=OLD, record_id="1")
    operator = open_operator(database_url)
    with pytest.raises(UsageError) as before:
        await show_one(operator, wanted=id_of(OLD), stands=STANDS, output=Format.TEXT)
    assert "pruned" not in str(before.value)
    await steps(store)
    for wanted in (submission, delivery):
        with pytest.raises(UsageError, match=PRUNED):
            await show_one(operator, wanted=wanted, stands=STANDS, output=Format.TEXT)
        with pytest.raises(UsageError, match=PRUNED):
            await resolve(operator, wanted, choice=None, output=Format.TEXT)
        with pytest.raises(UsageError, match=PRUNED):
            await replay(operator, Selection(ids=(wanted,)), configured=lambda: None, dry_run=False, output=Format.TEXT)
    with pytest.raises(UsageError, match=PRUNED):
        await trace(operator, trace_id=submission.replace("-", ""), stands=STANDS, output=Format.TEXT)
    for young in (id_of(NOW), "a1b2"):
        with pytest.raises(UsageError) as told:
            await show_one(operator, wanted=young, stands=STANDS, output=Format.TEXT)
        assert "pruned" not in str(told.value)
    await operator.close()


async def test_a_repetition_of_what_was_pruned_says_so(
    store: SqliteStore, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (first,) = await arrive(store, at=OLD, key="form-1")
    await mapped(store, first, new_delivery("email:1"), at=OLD)
    await store.cancel(Selection(), detail="", now=OLD)
    assert await arrive(store, at=NOW, key="form-1") == [first]
    (again, _) = [one.id for one in await store.submissions(limit=2)]
    operator = open_operator(database_url)
    await show_one(operator, wanted=again, stands=STANDS, output=Format.TEXT)
    assert "which was pruned" not in capsys.readouterr().out
    await steps(store)
    await show_one(operator, wanted=again, stands=STANDS, output=Format.TEXT)
    await operator.close()
    told = " ".join(capsys.readouterr().out.split())
    assert f"repeats submission {first}, which was pruned; nothing is sent again" in told
