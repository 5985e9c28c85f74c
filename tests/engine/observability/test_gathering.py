from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from engine.observability.gathering import gathered
from engine.observability.metrics import Metrics


def text(amount: int) -> bytes:
    registry = CollectorRegistry()
    Counter("orders", "Orders {of all}.", ["name"], registry=registry).labels('a {b} "c"\u2028\nd').inc(amount)
    Gauge("depth_total", "Depth.", registry=registry).set(amount)
    Histogram("wait_seconds", "Wait.", buckets=(1,), registry=registry).observe(amount)
    return generate_latest(registry)


def test_each_process_keeps_its_samples() -> None:
    families = {each.name: each for each in text_string_to_metric_families(gathered({1: text(3), 2: text(4)}).decode())}
    assert {sample.labels["process"]: sample.value for sample in families["depth_total"].samples} == {"1": 3, "2": 4}
    orders = [(sample.labels, sample.value) for sample in families["orders"].samples]
    name = 'a {b} "c"\u2028\nd'
    assert orders == [({"process": "1", "name": name}, 3), ({"process": "2", "name": name}, 4)]
    assert families["wait_seconds"].type == "histogram"
    assert {sample.labels["process"] for sample in families["wait_seconds"].samples} == {"1", "2"}
    assert families["orders"].documentation == "Orders {of all}."


def test_the_engine_s_own() -> None:
    metrics = Metrics()
    metrics.request("GET", "/", 200, 0.1)
    whole = gathered({1: metrics.render(), 2: metrics.render()}).decode()
    families = list(text_string_to_metric_families(whole))
    assert len({family.name for family in families}) == len(families)
    assert whole.count("# TYPE http_requests_total counter\n") == 1
    assert 'http_requests_total{process="2",method="GET",route="/",status="200"} 1.0\n' in whole
