"""A wrong configuration goes away when it is told: a service that is given one again and again must not grow."""

import gc

from leadbridge.errors import ConfigError
from leadbridge.settings.loading import load_text
from leadbridge.settings.positions import Document

from .corpus import ENVIRON, cases


def documents() -> int:
    gc.collect()
    return sum(isinstance(one, Document) for one in gc.get_objects())


def test_nothing_stays_of_configurations_that_were_wrong() -> None:
    texts = [case.path.read_bytes().decode("utf-8", "replace") for case in cases("invalid")]
    before = documents()
    refused = 0
    for text in texts:
        try:
            load_text(text, "site.yaml", ENVIRON)
        except ConfigError:
            refused += 1
    assert refused > 100
    assert documents() == before
