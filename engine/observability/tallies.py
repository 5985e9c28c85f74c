"""Counters and histograms that cost the event loop next to nothing.

The client library's own take a lock for each count, in a dozen places for one execution. These are counted on the event
loop alone, as plain numbers, and become the library's samples when somebody asks for them.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class Tally(Collector):
    """A counter with labels, by whose values it is counted: `tally.counts[values] += 1`."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        self.counts: defaultdict[tuple[str, ...], int] = defaultdict(int)
        registry.register(self)

    def describe(self) -> Iterator[CounterMetricFamily]:
        """Give the metric without samples."""
        yield CounterMetricFamily(self._name, self._documentation, labels=self._labels)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Give the counts."""
        for family in self.describe():
            for values, count in self.counts.items():
                family.add_metric(values, count)
            yield family


class Distribution(Collector):
    """A histogram with labels or without; `bounds` are the upper bounds of its buckets, which include them."""

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str] = (),
        *,
        bounds: Sequence[float],
        registry: CollectorRegistry,
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        self._bounds = bounds
        self._names = [*map(floatToGoString, bounds), "+Inf"]
        self._measured: dict[tuple[str, ...], list[float]] = {}
        if not labels:
            self._begin(())
        registry.register(self)

    def observe(self, values: tuple[str, ...], amount: float) -> None:
        """Note an amount under these values of the labels."""
        measured = self._measured.get(values) or self._begin(values)
        measured[bisect_left(self._bounds, amount)] += 1
        measured[-1] += amount

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """Give the metric without samples."""
        yield HistogramMetricFamily(self._name, self._documentation, labels=self._labels)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Give the buckets, each with what is in those below it."""
        for family in self.describe():
            for values, (*counts, total) in self._measured.items():
                family.add_metric(values, list(zip(self._names, accumulate(counts), strict=True)), total)
            yield family

    def _begin(self, values: tuple[str, ...]) -> list[float]:
        """Give zeros for the buckets, and last for the sum."""
        measured = self._measured[values] = [0.0] * (len(self._bounds) + 2)
        return measured
