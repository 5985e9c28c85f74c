"""Python handlers: their arguments, their results, their errors."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.tasks import Handler, TaskContext, TaskError, handler
from engine.tasks.http import HttpTask
from engine.tasks.registry import DuplicateHandlerError, Registry
from tests.engine.tasks.requests import request


class Line(msgspec.Struct):
    sku: str
    quantity: int = 1


@dataclass
class Receipt:
    total: Decimal
    at: datetime


class CardDeclinedError(Exception):
    pass


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry([], HttpTask())
    yield made
    made.close()


async def run(registry: Registry, function: Handler[..., Any], value: object) -> object:
    registry.add(function)
    return await registry.run(request(f"handler:{function.name}", value))


async def test_fields_of_the_input_become_typed_arguments(registry: Registry) -> None:
    @handler("price")
    def price(order_id: str, lines: list[Line], discount: float = 0.0) -> object:
        return {"order": order_id, "count": sum(line.quantity for line in lines), "discount": discount}

    value = {"orderId": "o-1", "lines": [{"sku": "a"}, {"sku": "b", "quantity": 3}], "extra": True}
    assert await run(registry, price, value) == {"order": "o-1", "count": 4, "discount": 0.0}


async def test_a_positional_only_parameter_takes_the_whole_input(registry: Registry) -> None:
    @handler("count")
    def count(lines: list[Line], /, context: TaskContext) -> object:
        return [len(lines), context.state_name]

    assert await run(registry, count, [{"sku": "a"}]) == [1, "Charge"]


async def test_other_fields_go_to_keyword_arguments(registry: Registry) -> None:
    @handler("rest")
    def rest(a: int, **others: object) -> object:
        return {"a": a, "others": others}

    assert await run(registry, rest, {"a": 1, "b": 2}) == {"a": 1, "others": {"b": 2}}


async def test_async_handlers_get_the_context(registry: Registry) -> None:
    @handler("who")
    async def who(context: TaskContext) -> object:
        return {name: getattr(context, name) for name in TaskContext.__slots__ if name not in {"beat", "cancellation"}}

    assert await run(registry, who, {}) == {
        "idempotency_key": "key-1",
        "attempt": 1,
        "execution": "arn:aws:states:us-east-1:000000000000:execution:orders:o-1",
        "execution_name": "o-1",
        "state_name": "Charge",
        "organization": "default",
        "heartbeat_seconds": None,
    }


async def test_handlers_say_that_they_are_alive(registry: Registry) -> None:
    beats: list[threading.Thread] = []

    @handler("patient")
    async def patient(context: TaskContext) -> None:
        await context.heartbeat()

    @handler("threaded")
    def threaded(context: TaskContext) -> None:
        context.heartbeat()

    for each in (patient, threaded):
        registry.add(each)
        call = request(f"handler:{each.name}", {}, heartbeat=lambda: beats.append(threading.current_thread()))
        await registry.run(call)
    assert [thread is threading.main_thread() for thread in beats] == [True, False]


def test_a_context_made_for_a_test_takes_heartbeats() -> None:
    TaskContext(
        idempotency_key="k", attempt=1, execution="a", execution_name="n", state_name="S", organization="default"
    ).heartbeat()


async def test_functions_that_are_not_async_run_in_threads(registry: Registry) -> None:
    @handler("where")
    def where() -> bool:
        return threading.current_thread() is threading.main_thread()

    assert await run(registry, where, {}) is False


async def test_a_handler_is_still_its_function() -> None:
    @handler("add")
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    assert add(1, 2) == 3
    assert add.__doc__ == "Add."


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"lines": []}, "missing required field `order_id`"),
        ({"orderId": 1, "lines": []}, "Expected `str`, got `int` - at `$.order_id`"),
        ({"orderId": "o", "lines": [{"sku": "a", "quantity": "2"}]}, "at `$.lines[0].quantity`"),
        ("text", "Expected `object`, got `str`"),
    ],
)
async def test_input_that_does_not_fit_names_the_field(registry: Registry, value: object, said: str) -> None:
    @handler("price")
    def price(order_id: str, lines: list[Line]) -> None:
        raise AssertionError(order_id, lines)

    with pytest.raises(TaskError) as caught:
        await run(registry, price, value)
    assert caught.value.error == "InvalidInput"
    assert "handler 'price'" in caught.value.cause
    assert said in caught.value.cause


async def test_results_become_json(registry: Registry) -> None:
    @handler("receipt")
    def receipt() -> Receipt:
        return Receipt(Decimal("1.50"), datetime(2026, 1, 2, tzinfo=UTC))

    assert await run(registry, receipt, {}) == {"total": "1.50", "at": "2026-01-02T00:00:00Z"}


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"lines": [1, {"price": float("nan")}]}, "the result's $.lines[1].price is nan, which JSON can't hold"),
        ([object()], "the result's $[0] is of type object, which JSON can't hold"),
        ({"line": Line("a", 2), "f": print}, "the result's $.f is of type builtin_function_or_method"),
    ],
)
async def test_a_result_that_json_cannot_hold_names_the_field(registry: Registry, result: object, said: str) -> None:
    @handler("bad")
    def bad() -> object:
        return result

    with pytest.raises(TaskError) as caught:
        await run(registry, bad, {})
    assert caught.value.error == "InvalidResult"
    assert said in caught.value.cause


async def test_a_result_that_contains_itself_is_an_error(registry: Registry) -> None:
    loop: list[object] = []
    loop.append(loop)

    @handler("endless")
    def endless() -> object:
        return loop

    with pytest.raises(TaskError, match="InvalidResult"):
        await run(registry, endless, {})


async def test_errors_are_named(registry: Registry) -> None:
    @handler("declined")
    def declined() -> None:
        raise TaskError("CardDeclined", "no money")

    @handler("broken")
    async def broken() -> None:
        raise CardDeclinedError("no card")

    with pytest.raises(TaskError) as named:
        await run(registry, declined, {})
    with pytest.raises(TaskError) as classed:
        await run(registry, broken, {})
    assert (named.value.error, named.value.cause) == ("CardDeclined", "no money")
    assert (classed.value.error, classed.value.cause) == ("CardDeclinedError", "no card")


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("raised", "cause"),
    [
        (SystemExit(3), "3"),
        (KeyboardInterrupt(), ""),
        (GeneratorExit(), ""),
        (BaseExceptionGroup("several", [KeyboardInterrupt()]), "several (1 sub-exception)"),
        (SpeechlessError(), "the exception can't be shown"),
        (StopAsyncIteration("over"), "over"),
    ],
)
async def test_no_exception_gets_beyond_its_task(registry: Registry, raised: BaseException, cause: str) -> None:
    @handler("threaded")
    def threaded() -> None:
        raise raised

    @handler("awaited")
    async def awaited() -> None:
        raise raised

    for function in (threaded, awaited):
        with pytest.raises(TaskError) as caught:
            await run(registry, function, {})
        assert (caught.value.error, caught.value.cause) == (type(raised).__name__, cause)


async def test_the_end_of_an_iterator_does_not_hang_a_thread(registry: Registry) -> None:
    @handler("next")
    def following() -> object:
        return next(iter(()))

    with pytest.raises(TaskError, match="StopIteration"):
        await run(registry, following, {})


@pytest.mark.parametrize(
    ("resource", "error"), [("handler:absent", "HandlerNotFound"), ("arn:aws:lambda:x", "UnknownResource")]
)
async def test_what_nobody_runs(registry: Registry, resource: str, error: str) -> None:
    with pytest.raises(TaskError) as caught:
        await registry.run(request(resource, {}))
    assert caught.value.error == error


def test_two_handlers_of_one_name(registry: Registry) -> None:
    first, second = handler("same")(lambda: None), handler("same")(lambda: None)
    registry.add(first)
    registry.add(first)
    with pytest.raises(DuplicateHandlerError, match=r"handler 'same' is defined twice: in .*test_handlers\.py"):
        registry.add(second)
    assert registry.names == {"same"}


async def test_what_a_handler_changes_in_its_input_changes_nothing_else(registry: Registry) -> None:
    @handler("greedy")
    async def greedy(order: dict[str, list[object]], /) -> int:
        order["lines"].append("more")
        return len(order["lines"])

    @handler("greedy-fields")
    async def greedy_fields(lines: list[object], **rest: list[object]) -> int:
        lines.append("more")
        rest["notes"].append("more")
        return len(lines) + len(rest["notes"])

    registry.add(greedy)
    registry.add(greedy_fields)
    given: dict[str, Any] = {"lines": [1], "notes": []}
    assert await registry.run(request("handler:greedy", given)) == 2
    assert await registry.run(request("handler:greedy-fields", given)) == 3
    assert given == {"lines": [1], "notes": []}


async def test_a_result_is_the_engine_s_alone(registry: Registry) -> None:
    kept = {"lines": [1]}

    @handler("keeper")
    async def keeper() -> dict[str, list[int]]:
        return kept

    registry.add(keeper)
    result = await registry.run(request("handler:keeper", {}))
    kept["lines"].append(2)
    assert result == {"lines": [1]}


async def test_results_with_nulls_are_json_and_shared_with_nobody(registry: Registry) -> None:
    kept = [1]

    @handler("nulls")
    async def nulls() -> tuple[list[int], None]:
        return kept, None

    registry.add(nulls)
    result = await registry.run(request("handler:nulls", {}))
    kept.append(2)
    assert result == [[1], None]


@pytest.mark.parametrize("value", [float("nan"), {"a": [None, float("inf")]}])
async def test_a_number_that_json_cannot_hold_is_no_null(registry: Registry, value: object) -> None:
    @handler("odd")
    async def odd() -> object:
        return value

    registry.add(odd)
    with pytest.raises(TaskError, match="JSON can't hold"):
        await registry.run(request("handler:odd", {}))


async def test_nulls_are_results(registry: Registry) -> None:
    @handler("nothing")
    async def nothing() -> dict[str, None]:
        return {"null": None}

    registry.add(nothing)
    assert await registry.run(request("handler:nothing", {})) == {"null": None}
