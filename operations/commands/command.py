"""What a command is, and the options that several have."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from operations.pulumi import GoAhead
from operations.results import Result

Run = Callable[[Path, argparse.Namespace], Result]
AddOptions = Callable[[argparse.ArgumentParser], None]


def no_options(_parser: argparse.ArgumentParser) -> None:
    """The command takes nothing but its stack."""


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        name: what it is called by.
        text: what it does, for `--help`.
        run: does it, from the checkout's folder and the parsed command line.
        add_options: says what it takes.
        of_accounts: whether it makes no sense for `local`; the stack must be named then.
        writes: whether it writes its result itself, bit by bit, and standard output stays as it is.
        picks_stack: whether it names its stacks by options of its own.
        aliases: other names.
    """

    name: str
    text: str
    run: Run
    add_options: AddOptions = no_options
    of_accounts: bool = False
    writes: bool = False
    picks_stack: bool = False
    aliases: tuple[str, ...] = ()


def add_yes(parser: argparse.ArgumentParser) -> None:
    """`--yes`."""
    parser.add_argument("--yes", action="store_true", help="don't ask; the local stack never does")


def go_ahead(arguments: argparse.Namespace) -> GoAhead:
    """What an update waits for."""
    return GoAhead.PREVIEWED if arguments.yes or arguments.json else GoAhead.ASKED
