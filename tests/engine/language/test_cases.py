"""Whole executions, told as data: definition, input, what tasks answer, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from botocore.loaders import Loader

from engine.language import HistoryEvent, details_key
from engine.language.history import api_details
from tests.engine.language.driver import Answer, Driver, echo, one_state, output_of, run, scripted

_FOLDER = Path(__file__).parent / "cases"
_SHAPES = Loader().load_service_model("stepfunctions", "service-2")["shapes"]


class Case(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    definition: dict[str, Any] = {}
    state: dict[str, Any] = {}
    input: Any = {}
    tasks: dict[str, list[Answer]] = {}
    status: str = ""
    output: Any = msgspec.UNSET
    error: str | None = None
    cause: str | None = None
    events: list[str] = []
    previous: list[int] = []
    inputs: list[Any] = []
    cancelled: list[str] = []
    elapsed: float | None = None


def _cases() -> Iterator[Any]:
    for file in sorted(_FOLDER.glob("*.yaml")):
        for case in msgspec.convert(yaml.safe_load(file.read_text()), list[Case]):
            yield pytest.param(case, id=f"{file.stem}: {case.name}")


@pytest.mark.parametrize("case", list(_cases()))
def test_case(case: Case) -> None:
    driver = run(case.definition or one_state(case.state), case.input, scripted(case.tasks) if case.tasks else echo)
    assert driver.finish is not None
    if case.output is not msgspec.UNSET:
        assert output_of(driver) == case.output
        assert driver.finish.output == case.output
    else:
        assert (driver.finish.status, driver.finish.error) == (case.status or "FAILED", case.error)
        assert case.cause is None or driver.finish.cause == case.cause
    _check_details(case, driver)


def _check_details(case: Case, driver: Driver) -> None:
    if case.events:
        assert driver.types == case.events
    if case.previous:
        assert [event.previous_id for event in driver.history] == case.previous
    if case.inputs:
        assert [task.input for task in driver.started] == case.inputs
    if case.cancelled:
        assert sorted(driver.cancelled) == sorted(case.cancelled)
    if case.elapsed is not None:
        assert driver.elapsed == case.elapsed
    for event in driver.history:
        _check_shape(event)


def _check_shape(event: HistoryEvent) -> None:
    """The API's own model must have this type of event, and just these members for it."""
    assert event.type in _SHAPES["HistoryEventType"]["enum"]
    key = details_key(event.type)
    if key is None:
        assert not event.details
        return
    shape = _SHAPES[_SHAPES["HistoryEvent"]["members"][key]["shape"]]
    shown = api_details(event)
    assert shown.keys() <= shape["members"].keys()
    assert shown.keys() >= set(shape.get("required", []))
