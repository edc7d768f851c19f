"""The report's place on a page: one for a run on SQLite, and one for a run with several processes on PostgreSQL."""

from dataclasses import dataclass
from typing import Final

from leadbridge.prove.report import Report


@dataclass(frozen=True, slots=True)
class Place:
    """The two marks that a report stands between."""

    begin: str
    end: str

    def is_on(self, page: str) -> bool:
        """Whether a page has both marks, in order."""
        return 0 <= page.find(self.begin) < page.find(self.end)

    def filled(self, page: str, report: Report) -> str:
        """The page with this report between the marks; everything else stays."""
        before, _, rest = page.partition(self.begin)
        _, _, after = rest.partition(self.end)
        return f"{before}{self.begin}\n\n{report.markdown()}\n{self.end}{after}"


ALONE: Final = Place("<!-- proof: written by `leadbridge prove --page` -->", "<!-- end of the proof -->")
TOGETHER: Final = Place(
    "<!-- proof on PostgreSQL: written by `leadbridge prove --database --page` -->",
    "<!-- end of the proof on PostgreSQL -->",
)
