"""Counters and histograms that are numbers until somebody asks."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from engine.observability.tallies import Distribution, Tally

BOUNDS = (0.1, 1, 10)
AMOUNTS = (0.05, 0.1, 0.5, 3.0, 100.0)


def told(registry: CollectorRegistry) -> list[str]:
    """Give what Prometheus reads, without the times at which the library's own metrics were made."""
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


def test_a_tally_reads_like_the_librarys_counter() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    tally = Tally("things", "Things.", ["kind", "size"], ours)
    counter = Counter("things", "Things.", ["kind", "size"], registry=theirs)
    assert told(ours) == told(theirs)
    for kind, size in (("a", "s"), ("a", "l"), ("a", "s"), ('"\n', "")):
        tally.counts[kind, size] += 1
        counter.labels(kind, size).inc()
    assert told(ours) == told(theirs)
    assert ours.get_sample_value("things_total", {"kind": "a", "size": "s"}) == 2


def test_a_distribution_reads_like_the_librarys_histogram() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    distribution = Distribution("took_seconds", "Time.", ["what"], bounds=BOUNDS, registry=ours)
    histogram = Histogram("took_seconds", "Time.", ["what"], buckets=BOUNDS, registry=theirs)
    for amount in AMOUNTS:
        distribution.observe(("work",), amount)
        histogram.labels("work").observe(amount)
    assert told(ours) == told(theirs)
    assert ours.get_sample_value("took_seconds_bucket", {"what": "work", "le": "0.1"}) == 2


def test_a_distribution_without_labels_is_there_from_the_start() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    distribution = Distribution("took_seconds", "Time.", bounds=BOUNDS, registry=ours)
    histogram = Histogram("took_seconds", "Time.", buckets=BOUNDS, registry=theirs)
    assert told(ours) == told(theirs)
    distribution.observe((), 2.0)
    histogram.observe(2.0)
    assert told(ours) == told(theirs)
