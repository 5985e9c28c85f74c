"""Handlers of the tests' component."""

import asyncio

from engine.tasks import TaskContext, TaskError, handler


@handler("double")
def double(number: int) -> dict[str, int]:
    return {"number": number * 2}


@handler("decline")
def decline() -> None:
    raise TaskError("CardDeclined", "no money")


@handler("flaky")
def flaky(context: TaskContext) -> dict[str, int]:
    if context.attempt == 1:
        raise TaskError("GatewayUnavailable", "closed")
    return {"attempt": context.attempt}


@handler("rest-a-while")
async def rest_a_while(seconds: float = 0.3) -> dict[str, float]:
    await asyncio.sleep(seconds)
    return {"rested": seconds}
