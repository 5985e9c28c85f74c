"""The admin pages, as a browser gets them."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
import requests

from engine.ui.rendering import lasted
from tests.engine.api.live import LiveEngine
from tests.support.networks import claimed

MACHINES = "arn:aws:states:us-east-1:000000000000:stateMachine:"
ROLE = "arn:aws:iam::000000000000:role/pages"
VOID = {"meta", "link", "input"}
STARTED_BY = json.dumps({"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn:aws:states:r:a:execution:orders:parent"})
ASSIGNING = json.dumps(
    {"StartAt": "A", "States": {"A": {"Type": "Pass", "Assign": {"greeting": "hello"}, "End": True}}}
)
MAP = json.dumps(
    {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "Label": "each",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "A",
                    "States": {"A": {"Type": "Pass", "End": True}},
                },
                "End": True,
            }
        },
    }
)


class Page(HTMLParser):
    """The text and the links of a page; fails on tags that don't close in order."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.response = requests.get(url, headers={"Accept": "text/html,*/*;q=0.8"}, timeout=60)
        self.text: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []
        self.feed(self.response.text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in {"href", "src"} and value]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data.split()


@pytest.fixture(scope="module")
def engine() -> Iterator[LiveEngine]:
    with LiveEngine() as started:
        yield started


@pytest.fixture(scope="module")
def execution(engine: LiveEngine) -> str:
    """The id of a failed execution whose input is not nice."""
    started = engine.client().start_execution(
        stateMachineArn=f"{MACHINES}declining", input=json.dumps({"name": "<script>alert(1)</script>"})
    )
    assert engine.finished(started["executionArn"]) == "FAILED"
    return str(started["executionArn"].partition(":execution:")[2])


def test_the_first_page_is_the_list_of_executions(engine: LiveEngine) -> None:
    for path in ("/", "/ui", "/ui/"):
        assert Page(engine.management + path).response.url == f"{engine.management}/ui/executions"


def test_executions_by_status(engine: LiveEngine, execution: str) -> None:
    link = f"/ui/executions/{execution.replace(':', '%3A')}"
    assert {link, link.replace("%3A", ":")} & set(Page(f"{engine.management}/ui/executions").links)
    failed = Page(f"{engine.management}/ui/executions?status=FAILED")
    assert "CardDeclined" not in failed.text
    assert "FAILED" in failed.text
    running = Page(f"{engine.management}/ui/executions?status=RUNNING&organization=nobody")
    assert "No executions with the status RUNNING." in " ".join(running.text)


@pytest.mark.usefixtures("execution")
def test_executions_of_one_definition(engine: LiveEngine) -> None:
    (link,) = [each for each in Page(f"{engine.management}/ui/definitions/declining").links if "?definition=" in each]
    declining = Page(engine.management + link)
    assert "declining" in declining.text
    assert Page(f"{engine.management}/ui/executions?definition=doubling").text.count("declining") == 0
    for name in ("absent", "no name?"):
        page = Page(f"{engine.management}/ui/executions?status=FAILED&definition={name}")
        assert f"No executions of {name} with the status FAILED." in " ".join(page.text)


def test_one_execution(engine: LiveEngine, execution: str) -> None:
    page = Page(f"{engine.management}/ui/executions/{execution}")
    text = " ".join(page.text)
    assert "FAILED" in text
    assert "CardDeclined: no money" in text
    assert "Charge Task" in text
    assert "ExecutionFailed" in text
    assert "<script>" not in page.response.text
    assert "&lt;script&gt;" in page.response.text


def test_pages_of_lists_continue(engine: LiveEngine, execution: str) -> None:
    page = Page(f"{engine.management}/ui/executions/{execution}?limit=2")
    (following,) = [link for link in page.links if "after=" in link]
    assert "TaskFailed" not in " ".join(page.text).partition("History")[2]
    rest = Page(f"{engine.management}/ui/executions/{execution}{following}")
    assert rest.response.status_code == 200


def test_definitions(engine: LiveEngine) -> None:
    page = Page(f"{engine.management}/ui/definitions")
    assert {"doubling", "declining", "waiting"} <= set(page.text)
    one = Page(f"{engine.management}/ui/definitions/doubling")
    assert "handler:double" in one.response.text


def test_a_definition_with_all_that_belongs_to_it(engine: LiveEngine) -> None:
    client = engine.client()
    made = client.create_state_machine(
        name="belongings", definition=ASSIGNING, roleArn=ROLE, publish=True, tags=[{"key": "team", "value": "red"}]
    )
    version = made["stateMachineVersionArn"]
    client.create_state_machine_alias(
        name="PROD", routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}]
    )
    text = " ".join(Page(f"{engine.management}/ui/definitions/belongings").text)
    assert "team red" in text
    assert "Versions Version Description Published 1" in text
    assert "PROD version 1: 100 %" in text
    started = client.start_execution(stateMachineArn=f"{made['stateMachineArn']}:PROD", name="once", input=STARTED_BY)
    engine.finished(started["executionArn"])
    execution = Page(f"{engine.management}/ui/executions/belongings:once")
    text = " ".join(execution.text)
    assert "Version 1, by the alias PROD" in text
    assert 'Variables { "greeting": "hello" }' in text
    assert "/ui/executions/orders%3Aparent" in execution.links


def test_a_map_run_and_its_children(engine: LiveEngine) -> None:
    client = engine.client()
    arn = client.create_state_machine(name="mapped", definition=MAP, roleArn=ROLE)["stateMachineArn"]
    run = client.start_execution(stateMachineArn=arn, name="all", input="[1, 2]")["executionArn"]
    engine.finished(run)
    execution = Page(f"{engine.management}/ui/executions/mapped:all")
    (link,) = [link for link in execution.links if link.startswith("/ui/map-runs/")]
    page = Page(engine.management + link)
    assert "Items 2, of which 2 succeeded and 0 failed" in " ".join(page.text)
    children = [link for link in page.links if "mapped%2Feach" in link]
    assert len(children) == 2
    child = Page(engine.management + children[0])
    assert link in child.links
    absent = f"{engine.management}/ui/map-runs/mapped%2Feach%3A{uuid.uuid4()}"
    assert requests.get(absent, timeout=60).status_code == 404


def test_activities(engine: LiveEngine) -> None:
    assert "No activities yet." in " ".join(Page(f"{engine.management}/ui/activities?organization=nobody").text)
    engine.client().create_activity(name="packing")
    assert "packing" in Page(f"{engine.management}/ui/activities").text


def test_an_organization_without_definitions(engine: LiveEngine) -> None:
    page = Page(f"{engine.management}/ui/definitions?organization=nobody")
    assert "No definitions yet." in " ".join(page.text)
    assert "/ui/executions?organization=nobody" in page.links


def test_what_does_not_exist(engine: LiveEngine) -> None:
    for path in (f"executions/doubling:{uuid.uuid4()}", "definitions/absent", "schedules/default/absent", "nowhere/"):
        page = Page(f"{engine.management}/ui/{path}")
        assert page.response.status_code == 404
        assert "Not Found" in " ".join(page.text)
        assert "/ui/executions" in page.links
        other = requests.get(f"{engine.management}/ui/{path}", timeout=60)
        assert (other.status_code, other.json()["title"]) == (404, "Not Found")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("after=%3Cb%3E", "The token '<b>' doesn't continue a list of this engine"),
        ("limit=many", "limit is 'many'; it must be from 1 to 200"),
        ("organization=a%20b", "'a b' is not the name of an organization"),
    ],
)
def test_a_query_that_makes_no_sense(engine: LiveEngine, query: str, reason: str) -> None:
    page = Page(f"{engine.management}/ui/executions?{query}")
    assert page.response.status_code == 400
    assert reason in " ".join(page.text)


def test_nothing_comes_from_elsewhere(engine: LiveEngine, execution: str) -> None:
    for path in ("/ui/executions", f"/ui/executions/{execution}", "/ui/definitions", "/ui/definitions/doubling"):
        page = Page(engine.management + path)
        assert all(link.startswith(("/", "?")) for link in page.links)
        assert page.response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    style = requests.get(f"{engine.management}/ui/style.css", timeout=60)
    assert style.headers["Content-Type"].startswith("text/css")
    assert "color-scheme: light dark" in style.text


def test_one_port_serves_both_and_asks_for_a_key() -> None:
    one = {"WORKFLOW_ADDR": ":8080", "MANAGEMENT_PORT": "8080", "AUTHENTICATION": "required"}
    with claimed() as network, LiveEngine(HOST=f"{network}.1.1", **one) as together:
        assert together.api == together.management
        assert requests.get(f"{together.api}/ui/executions", timeout=60).status_code == 401
        assert requests.get(f"{together.api}/metrics", timeout=60).status_code == 401
        assert requests.get(f"{together.api}/health", timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0129, "12 ms"), (1.24, "1.2 s"), (185, "3 min 5 s"), (7200, "2 h 0 min"), (None, "")]
)
def test_how_long_something_took(seconds: float | None, words: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert lasted(start, None if seconds is None else start + timedelta(seconds=seconds)) == words


def test_a_pause_and_a_deletion_are_shown(engine: LiveEngine) -> None:
    instances = f"{engine.api}/api/v1/workflow-instances"
    started = requests.post(instances, json={"workflowDefinitionId": "waiting"}, timeout=60).json()
    requests.post(f"{instances}/{started['id']}/pause", timeout=60)
    assert "by anonymous" in Page(f"{engine.management}/ui/executions/{started['id']}").response.text
    assert ">PAUSED<" in Page(f"{engine.management}/ui/executions").response.text
    requests.delete(f"{instances}/{started['id']}/data", params={"stop": "true"}, timeout=60)
    assert "Data deleted" in Page(f"{engine.management}/ui/executions/{started['id']}").response.text
    assert ">DATA_DELETED<" in Page(f"{engine.management}/ui/executions").response.text
