"""Every command by its name: what it takes and what it does."""

from __future__ import annotations

from collections.abc import Sequence

from operations.commands import account, deployments, regions, stacks, tasks
from operations.commands.command import Command

COMMANDS: Sequence[Command] = (
    *stacks.COMMANDS,
    *deployments.COMMANDS,
    *tasks.COMMANDS,
    *regions.COMMANDS,
    *account.COMMANDS,
)
