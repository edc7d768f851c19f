"""What helm says after an installation: where senders post to, in the words of the values."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.chart.reference import CHART
from tests.chart.rendering import VALUES, helm

# `helm template` fills the notes in and drops them; a manifest that includes them shows them.
SHOWING = 'notes: {{ include (print $.Template.BasePath "/NOTES.txt") . | toJson }}\n'


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sqlite", ["on SQLite", "http://leads-leadbridge.crm:80/hooks/NAME", "exec deployment/leads-leadbridge -- "]),
        ("everything", ["on PostgreSQL", "https://leads.example.com/hooks/NAME\n  https://*.leads.example.org/hooks/"]),
    ],
)  # fmt: skip
def test_the_notes_say_where_senders_post_to_and_how_to_look(name: str, said: list[str], tmp_path: Path) -> None:
    chart = tmp_path / "helm"
    shutil.copytree(CHART, chart)
    (chart / "templates" / "notes.yaml").write_text(SHOWING)
    done = helm(
        "template",
        "leads",
        chart,
        "--namespace",
        "crm",
        "--values",
        VALUES[name],
        "--show-only",
        "templates/notes.yaml",
    )
    notes = yaml.safe_load(done.stdout)["notes"]
    assert [words for words in said if words not in notes] == [], notes
    assert "<no value>" not in notes
    assert "helm --namespace crm test leads" in notes
