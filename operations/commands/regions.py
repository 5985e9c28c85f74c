"""Commands about the stack of a second region."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from operations.commands.command import Command, add_yes, go_ahead
from operations.failback import failback
from operations.failover import FailoverOptions, failover
from operations.results import Result
from operations.standby import stand_by


def _standby(root: Path, arguments: argparse.Namespace) -> Result:
    return stand_by(root, arguments.stack, arguments.of, go_ahead(arguments), arguments.confirm)


def _failover(root: Path, arguments: argparse.Namespace) -> Result:
    options = FailoverOptions(arguments.lost, arguments.confirm, arguments.from_backend)
    return failover(root, arguments.origin, arguments.stack, options)


def _failback(root: Path, arguments: argparse.Namespace) -> Result:
    return failback(root, arguments.origin, arguments.stack, arguments.confirm)


def _of_standby(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--of", required=True, metavar="STACK", help="the stack that serves")
    parser.add_argument(
        "--confirm", metavar="STACK", help="the name of --stack, where it has served, in place of typing it"
    )
    add_yes(parser)


def _of_failback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="origin", required=True, metavar="STACK", help="the stack that serves")
    parser.add_argument("--to", dest="stack", required=True, metavar="STACK", help="the stack that is to serve")
    parser.add_argument("--confirm", metavar="STACK", help="the name of --to, in place of typing it when asked")


def _of_failover(parser: argparse.ArgumentParser) -> None:
    _of_failback(parser)
    parser.add_argument("--lost", action="store_true", help="its region can't be reached: stop nothing there")
    parser.add_argument("--from-backend", metavar="URL", help="state of --from, where it isn't that of --to")


COMMANDS: Sequence[Command] = (
    Command("standby", "let a stack stand by for one in another region", _standby, _of_standby, of_accounts=True),
    Command(
        "failover",
        "let the stack that stands by serve in place of the other",
        _failover,
        _of_failover,
        of_accounts=True,
        picks_stack=True,
    ),
    Command(
        "failback",
        "let the stack serve again that served before a failover",
        _failback,
        _of_failback,
        of_accounts=True,
        picks_stack=True,
    ),
)
