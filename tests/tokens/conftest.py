from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .vendors import Ring, ring


@pytest.fixture
async def crm(tmp_path: Path) -> AsyncIterator[Ring]:
    """A sandbox with an app in LOC1, and an empty database."""
    async with ring(tmp_path) as made:
        made.install()
        yield made
