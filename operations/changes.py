"""What an update of a stack would change, and which rules it would break: for people, pipelines and pull requests."""

from __future__ import annotations

import json
from pathlib import Path

from infra.policy.preview import read_resources, violations
from operations import prices
from operations.errors import DriftError, OperationError
from operations.image_tag import current_tag, use_deployed_image
from operations.plan import Change, read_changes
from operations.results import Result
from operations.stacks import LOCAL, open_stack
from operations.up import write_config

SHOWN = 60
"""Changes that a summary lists; more would make a comment that nobody reads."""


def preview(root: Path, name: str, *, deployed_image: bool, summed_up: bool) -> Result:
    """Show what an update of the stack `name` would change, and hold it to the rules.

    With `deployed_image` a stack whose file names no image gets that of its last update, as in a pipeline's checkout.
    With `summed_up` nothing is shown while the preview is made, and the result says it all, in Markdown.

    Raises:
        OperationError: the preview failed, or without `summed_up` a rule is broken.
    """
    stack, _ = open_stack(root, name)
    if name == LOCAL:
        write_config(stack, current_tag(stack))  # as `up` would; the tag is in its copy of the stack's file alone
    if deployed_image:
        use_deployed_image(stack)
    if summed_up:
        return _summary(name, json.loads(stack.previewed()))
    stack.preview()
    return Result({"stack": name})


def drift(root: Path, name: str) -> Result:
    """What differs in the account of the stack `name` from what its last update left there; changes nothing."""
    stack, _ = open_stack(root, name)
    changes = stack.drift()
    data = {"stack": name, "drifted": bool(changes), "changes": [_fields(change) for change in changes]}
    if not changes:
        return Result(data, f"stack {name} is as its last update left it\n")
    listed = "\n".join(f"  {change}" for change in changes)
    advice = f"`pulumi refresh --stack {name}` takes it over, and `make up` then makes it as the program says"
    return Result(data, failure=DriftError(f"Stack {name} differs from its last update:\n{listed}\n{advice}"))


def _summary(name: str, document: dict[str, object]) -> Result:
    changes = read_changes(json.dumps(document))
    broken = [str(finding) for finding in violations(document)]
    month = sum(line.dollars or 0 for line in prices.estimate(read_resources(document), prices.read()))
    data = {
        "stack": name,
        "changes": [_fields(change) for change in changes],
        "violations": broken,
        "monthly": round(month, 2),
    }
    failure = OperationError(f"Stack {name} would break {len(broken)} rules: {'; '.join(broken)}.") if broken else None
    return Result(data, markdown(name, changes, broken, month), failure)


def markdown(name: str, changes: list[Change], broken: list[str], month: float) -> str:
    """A preview as a section of a comment; `month` in US dollars."""
    count = f"{len(changes) or 'no'} change{'' if len(changes) == 1 else 's'}"
    lines = [f"### {name}: {count}, about {month:,.0f} USD a month"]
    lines += ["", *(f"- :x: {_inline(problem)}" for problem in broken)] if broken else []
    if changes:
        lines += ["", "| | Resource | Inputs |", "| --- | --- | --- |"]
        lines += [_row(change) for change in changes[:SHOWN]]
    if len(changes) > SHOWN:
        lines += ["", f"… and {len(changes) - SHOWN} more."]
    return "\n".join(lines) + "\n"


def _row(change: Change) -> str:
    inputs = _inline(", ".join(change.inputs))
    return f"| {change.operation} | {_inline(change.type)} {_inline(change.name)} | {inputs} |"


def _inline(text: str) -> str:
    """Text that stands for itself in a table: names come from the program, which a pull request may have changed."""
    return f"`{' '.join(text.split()).replace('`', ' ').replace('|', ' ')}`" if text else ""


def _fields(change: Change) -> dict[str, object]:
    return {"operation": change.operation, "type": change.type, "name": change.name, "inputs": list(change.inputs)}
