"""Snapshots as Prometheus reads them. The only place that knows its library, in a registry of its own."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

from leadbridge.metrics.series import Snapshot, Snapshots

__all__ = ["CONTENT_TYPE", "text_of"]

_INFINITY: Final = "+Inf"


def text_of(snapshots: Snapshots) -> bytes:
    """The whole page: these, and what the system says of this process. Callable from any thread."""
    registry = CollectorRegistry()
    registry.register(_Collected(snapshots))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Collected:
    """What the library calls a collector."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def collect(self) -> Iterator[Metric]:
        """One metric for each family."""
        for snapshot in self._snapshots:
            yield _metric(snapshot)


def _metric(snapshot: Snapshot) -> Metric:
    family = snapshot.family
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(family.name, family.about, labels=family.labels)
        bounds = [*map(str, family.bounds), _INFINITY]
        for labels, spread in snapshot.spreads.items():
            histogram.add_metric(labels, list(zip(bounds, accumulate(spread.counts), strict=True)), spread.total)
        return histogram
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.about, labels=family.labels)
    for labels, number in snapshot.numbers.items():
        metric.add_metric(labels, number)
    return metric
