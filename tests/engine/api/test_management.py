"""The management port: health and metrics; and the API's probes."""

from datetime import timedelta

import pytest
import requests
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

import engine
from engine.api.health import uptime_words
from tests.engine.api.live import LiveEngine


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=5)


@pytest.mark.parametrize("path", ["/health", "/health/live", "/actuator/health/liveness"])
def test_life(live: LiveEngine, path: str) -> None:
    for base in (live.api, live.management):
        response = get(base + path)
        assert (response.status_code, response.json()) == (200, {"status": "healthy"})
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/health/ready", "/ready", "/actuator/health/readiness"])
def test_readiness(live: LiveEngine, path: str) -> None:
    for base in (live.api, live.management):
        assert get(base + path).json() == {"status": "healthy"}


@pytest.mark.parametrize("path", ["/health/detailed", "/actuator/health"])
def test_details(live: LiveEngine, path: str) -> None:
    report = get(live.management + path).json()
    assert (report["status"], report["version"]) == ("healthy", engine.__version__)
    assert report["uptime"]
    components = report["components"]
    assert {name: part["status"] for name, part in components.items()} == dict.fromkeys(
        ("database", "eventProcessing", "scheduler", "leader"), "healthy"
    )
    assert components["database"]["details"].keys() == {"connectionPool", "latency"}
    assert {"subscriptionCount", "processingDelay"} <= components["eventProcessing"]["details"].keys()
    assert {"pendingTasks", "lastExecutionTime"} <= components["scheduler"]["details"].keys()


def test_details_are_not_public(live: LiveEngine) -> None:
    assert get(f"{live.api}/health/detailed").status_code == 404
    assert get(f"{live.api}/metrics").status_code == 404


@pytest.mark.parametrize("path", ["/metrics", "/actuator/prometheus"])
def test_metrics(live: LiveEngine, path: str) -> None:
    client = live.client()
    machines = "arn:aws:states:us-east-1:000000000000:stateMachine:"
    for name in ("declining", "doubling"):
        execution = client.start_execution(stateMachineArn=machines + name, input='{"number": 1}')
        requests.get(
            f"{live.api}/api/v1/workflow-instances/{execution['executionArn'].partition(':execution:')[2]}?wait=10",
            timeout=20,
        )
    response = get(live.management + path)
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(response.text)}
    transitions = {tuple(sample.labels.values()) for sample in families["workflow_state_transition"].samples}
    assert {("", "Double"), ("Double", "Done")} <= transitions
    assert sample(families["workflow_error"], error_code="CardDeclined") >= 1
    assert sample(families["workflow_executions"], status="SUCCEEDED", workflow_id="doubling") >= 1
    assert sample(families["workflow_executions"], status="FAILED", workflow_id="declining") >= 1
    assert sample(families["workflow_duration_seconds"], workflow_id="doubling", le="60.0") >= 1
    assert sample(families["http_requests"], method="POST", route="/", status="200") >= 2
    assert families["workflow_database_up"].samples[0].value == 1
    assert "workflow_instances_active" in families


def sample(family: Metric, **labels: str) -> float:
    own = [each for each in family.samples if not each.name.endswith(("_created", "_sum"))]
    return sum(float(each.value) for each in own if each.labels == labels)


def test_metrics_can_be_off_and_on_a_port_of_their_own() -> None:
    with LiveEngine(METRICS_ENABLED="false", METRICS_PORT="0") as quiet:
        assert get(f"{quiet.management}/metrics").status_code == 404
    with LiveEngine(METRICS_PORT="0") as loud:
        assert get(f"{loud.management}/metrics").status_code == 200
        assert get(f"{loud.management}/health/detailed").status_code == 404


@pytest.mark.parametrize(
    ("uptime", "words"),
    [
        (timedelta(days=5, hours=12, minutes=30), "5d 12h 30m"),
        (timedelta(hours=1), "1h"),
        (timedelta(seconds=42), "42s"),
    ],
)
def test_uptime(uptime: timedelta, words: str) -> None:
    assert uptime_words(uptime) == words


def test_browsers_of_other_origins(live: LiveEngine) -> None:
    url = f"{live.api}/api/v1/workflow-definitions"
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = requests.options(url, headers=asked, timeout=5)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    answer = requests.get(url, headers={"Origin": "https://app.example"}, timeout=5)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert answer.headers["Vary"] == "Origin"
    failed = requests.get(f"{url}/absent", headers={"Origin": "https://app.example"}, timeout=5)
    assert (failed.status_code, failed.headers["Access-Control-Allow-Origin"]) == (404, "https://app.example")
    stranger = requests.get(url, headers={"Origin": "https://evil.example"}, timeout=5)
    assert "Access-Control-Allow-Origin" not in stranger.headers
