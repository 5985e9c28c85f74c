"""What a stack costs in a month, estimated from the resources that it has, or would have after an update."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.policy.preview import read_resources
from operations import prices
from operations.errors import RefusedError
from operations.prices import Line, Prices
from operations.results import Result
from operations.stacks import open_stack

NOT_COUNTED = "traffic, requests, logs, metrics, backups beyond the database's size, images"


def cost(root: Path, name: str, *, planned: bool) -> Result:
    """Estimate the month of the stack `name` as it is, or with `planned` as an update would leave it.

    Raises:
        RefusedError: the stack has no resources yet, and `planned` isn't set.
    """
    stack, _ = open_stack(root, name)
    resources = read_resources(json.loads(stack.previewed() if planned else stack.exported()))
    if not any(resource.type.startswith("aws:") for resource in resources):
        raise RefusedError(f"Stack {name} has no resources yet: --planned estimates what it would have.")
    table = prices.read()
    return summary(name, prices.estimate(resources, table), table)


def summary(name: str, lines: Sequence[Line], table: Prices) -> Result:
    """The estimate, dearest first; small change of one kind is put together."""
    total = sum(line.dollars or 0 for line in lines)
    unknown = [f"{line.what} ({line.name})" for line in lines if line.dollars is None]
    rows = sorted(_grouped(lines), key=lambda row: -row[1])
    text = [f"Stack {name}: about {total:,.0f} USD a month (list prices of {table.region}, {table.date})", ""]
    text += [f"  {dollars:>9,.2f}  {what}" for what, dollars in rows]
    text += [f"  {'?':>9}  {what}: prices.toml has no price" for what in unknown]
    text += ["", f"Not counted: {NOT_COUNTED}.", ""]
    data = {
        "stack": name,
        "currency": "USD",
        "monthly": round(total, 2),
        "pricesOf": {"date": table.date, "region": table.region},
        "lines": [{"what": what, "monthly": round(dollars, 2)} for what, dollars in rows],
        "unpriced": unknown,
    }
    return Result(data, "\n".join(text))


def _grouped(lines: Sequence[Line]) -> Iterator[tuple[str, float]]:
    """What and how much, the lines that say the same added up."""
    kinds: dict[str, list[float]] = {}
    for line in lines:
        if line.dollars is not None:
            kinds.setdefault(line.what, []).append(line.dollars)
    for what, dollars in kinds.items():
        yield (what if len(dollars) == 1 else f"{len(dollars)} of {what}"), sum(dollars)
