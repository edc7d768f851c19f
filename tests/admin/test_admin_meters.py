"""How numbers are kept: few series, whatever the configuration and the senders are like."""

import pytest

from leadbridge.metrics.families import ACCEPT, CALLS, REQUESTS
from leadbridge.metrics.meters import ALL, MOST_NAMED, UNKNOWN, Meters
from leadbridge.metrics.series import Counter, Histogram, Snapshot, Spread
from tests.support.walked import walked


def snapshot(meters: Meters, name: str) -> Snapshot:
    (found,) = (one for one in meters.snapshots() if one.family.name == name)
    return found


@pytest.mark.parametrize(("count", "series"), [(MOST_NAMED, MOST_NAMED), (MOST_NAMED + 1, 1), (10_000, 1)])
def test_many_destinations_share_one_series(count: int, series: int) -> None:
    meters = Meters(destinations={f"account-{number}": "copper" for number in range(count)})
    for number in range(count):
        meters.called(f"account-{number}", "2xx", 0.1)
    counted = {labels: number for labels, number in snapshot(meters, CALLS.name).numbers.items() if labels[2] == "2xx"}
    assert len(counted) == series
    assert sum(counted.values()) == count
    assert (series > 1) or set(counted) == {(ALL, "copper", "2xx")}


def test_many_sources_share_one_series_and_strangers_another() -> None:
    meters = Meters(sources=[f"form-{number}" for number in range(MOST_NAMED + 1)])
    for source in ("form-1", "form-2", "no-such-form"):
        meters.answered(source, 202)
    assert snapshot(meters, REQUESTS.name).numbers == {(ALL, "202"): 2, (UNKNOWN, "202"): 1}


def test_a_destination_that_is_gone_is_counted_without_its_name() -> None:
    meters = Meters(destinations={"here": "copper"})
    meters.called("gone", "5xx", 0.1)
    assert snapshot(meters, CALLS.name).numbers == {("here", "copper", "429"): 0, (UNKNOWN, UNKNOWN, "5xx"): 1}


@walked(("seconds", "bucket"), [(0.0, 0), (0.001, 0), (0.0011, 1), (0.1, 6), (5.0, 11), (5.1, 12), (1e9, 12)])
def test_a_time_falls_into_the_first_bucket_that_is_no_smaller(seconds: float, bucket: int) -> None:
    histogram = Histogram(ACCEPT)
    histogram.add(seconds)
    (spread,) = histogram.snapshot().spreads.values()
    assert spread.counts.index(1) == bucket
    assert (sum(spread.counts), spread.total) == (1, seconds)


def test_a_snapshot_does_not_grow() -> None:
    counter, histogram = Counter(REQUESTS), Histogram(ACCEPT)
    counter.add("website", "202")
    histogram.add(0.5)
    numbers, spreads = counter.snapshot().numbers, histogram.snapshot().spreads
    counter.add("website", "202")
    histogram.add(0.5)
    assert numbers == {("website", "202"): 1}
    assert spreads == {(): Spread(counts=(0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0), total=0.5)}
