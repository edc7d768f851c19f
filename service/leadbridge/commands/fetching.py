"""Why leads wait for their answers, which only their vendor has, and what a person can do about it."""

from dataclasses import dataclass

from leadbridge.settings.loading import Loaded
from leadbridge.sources.fetching import mend_token
from leadbridge.sources.registry import PRESETS
from leadbridge.store.fetching import FetchPause


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """How a source stands with its vendor.

    `configured` is whether its leads are fetched at all, None where no configuration says so; `to_do` is None where
    time alone helps.
    """

    pause: FetchPause | None
    configured: bool | None
    to_do: str | None


def fetching_of(source: str, pause: FetchPause | None, *, loaded: Loaded | None) -> Fetching:
    """How a source stands, by what is stored of it and by what the configuration says."""
    configured = None if loaded is None else loaded.settings.sources.get(source)
    if loaded is not None and (configured is None or configured.fetch is None):
        return Fetching(pause=pause, configured=False, to_do=put_back(source))
    to_do = None
    if pause is not None and pause.reason.startswith(("credentials:", "forbidden:")):
        known = None if configured is None else PRESETS[configured.preset].fetch
        to_do = mend_token("" if known is None else known.renewal)
    return Fetching(pause=pause, configured=None if loaded is None else True, to_do=to_do)


def put_back(source: str) -> str:
    """What to do about a source whose leads wait and which has no `fetch:` any more."""
    return f"put `fetch:` back into the source `{source}`, and restart: they go on by themselves"
