"""A step that does next to nothing, so that the engine is what is measured."""

from engine.tasks import handler


@handler("benchmarks-step")
async def step(order: int, done: int) -> dict[str, int]:
    """Count the step."""
    return {"order": order, "done": done + 1}
