"""`show` of calls that got no answer."""

import sqlite3
from pathlib import Path

import pytest

from tests.cli.life import Life
from tests.cli.test_cli_looking import told


@pytest.mark.parametrize(
    ("outcome", "error", "shown"),
    [
        ("unknown", "no answer within 30 s", "no answer: no answer within 30 s"),
        (None, None, "no answer yet"),
    ],
)
def test_a_call_without_an_answer_says_whether_one_may_still_come(
    life: Life, copied: Path, outcome: str | None, error: str | None, shown: str
) -> None:
    reply = life["delivered"]["id"]
    with sqlite3.connect(copied) as connection:
        connection.execute(
            "UPDATE attempts SET answered_at = NULL, status = NULL, crm_trace_id = NULL, outcome = ?, error = ?",
            (outcome, error),
        )
    connection.close()
    told_of_it = told(life, "show", reply, LEADBRIDGE_DATABASE_URL=f"sqlite:///{copied}")
    (call,) = [line for line in told_of_it.splitlines() if "PUT /leads/upsert (upsert lead)" in line]
    assert call.endswith(f": {shown}")
