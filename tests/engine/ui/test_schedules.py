"""The admin pages about schedules, as a browser gets them."""

import time
from collections.abc import Iterator

import msgspec
import pytest
import requests

from tests.engine.api.live import LiveEngine
from tests.engine.ui.test_pages import Page


@pytest.fixture(scope="module")
def engine() -> Iterator[LiveEngine]:
    with LiveEngine() as started:
        yield started


def create(engine: LiveEngine, **chosen: object) -> None:
    choices = {"workflowDefinitionId": "doubling", "expression": "rate(5 minutes)", **chosen}
    headers = {"Content-Type": "application/json"}
    answer = requests.post(
        f"{engine.api}/api/v1/schedules", data=msgspec.json.encode(choices), headers=headers, timeout=60
    )
    assert answer.status_code == 201, answer.text


def test_without_schedules_it_says_how_to_make_one(engine: LiveEngine) -> None:
    page = Page(f"{engine.management}/ui/schedules?organization=nobody")
    assert "No schedules yet." in " ".join(page.text)


def test_a_list_with_the_next_time_and_the_state(engine: LiveEngine) -> None:
    create(engine, name="yearly", expression="cron(30 4 1 1 ? 2090-2099)", timezone="Europe/Berlin")
    create(engine, name="idle", enabled=False)
    page = Page(f"{engine.management}/ui/schedules")
    text = " ".join(page.text)
    assert "yearly doubling cron(30 4 1 1 ? 2090-2099) Europe/Berlin ENABLED 2090-01-01 03:30:00" in text
    assert "idle doubling rate(5 minutes) DISABLED" in text
    assert "/ui/schedules/default/yearly" in page.links
    (following,) = [link for link in Page(f"{engine.management}/ui/schedules?limit=1").links if "after=" in link]
    assert Page(f"{engine.management}/ui/schedules{following}").response.status_code == 200


def test_one_schedule_with_its_next_times(engine: LiveEngine) -> None:
    create(
        engine,
        name="bounded",
        expression="cron(0 12 * * ? *)",
        startAt="2090-03-01T00:00:00Z",
        endAt="2090-03-02T23:00:00Z",
        windowMinutes=5,
        overlapPolicy="SKIP",
        catchUpPolicy="ONCE",
        deleteAfterCompletion=True,
        description="<em>twice</em>",
        input={"day": "<aws.scheduler.scheduled-time>"},
    )
    page = Page(f"{engine.management}/ui/schedules/default/bounded")
    text = " ".join(page.text)
    assert "Between 2090-03-01 00:00:00 and 2090-03-02 23:00:00" in text
    assert "Spread over 5 minutes" in text
    assert "Overlap policy SKIP Catch-up policy ONCE" in text
    assert "At its end it is deleted" in text
    assert "Next times 2090-03-01 12:00:00 2090-03-02 12:00:00 Input" in text
    assert "&lt;aws.scheduler.scheduled-time&gt;" in page.response.text
    assert "&lt;em&gt;twice" in page.response.text


def test_a_disabled_schedule_has_no_next_times(engine: LiveEngine) -> None:
    create(engine, name="asleep", enabled=False)
    text = " ".join(Page(f"{engine.management}/ui/schedules/default/asleep").text)
    assert "State DISABLED" in text
    assert "None while it is disabled." in text
    assert "An event about the schedule." in text


def test_the_execution_that_it_started_last(engine: LiveEngine) -> None:
    create(engine, name="often")
    for path in ("schedules/default/often", "schedules"):
        while not (links := _executions(Page(f"{engine.management}/ui/{path}"))):
            time.sleep(0.02)
        assert "often" in " ".join(Page(engine.management + links[0]).text)


def _executions(page: Page) -> list[str]:
    return [link for link in page.links if link.startswith("/ui/executions/")]
