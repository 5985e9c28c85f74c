"""Commands about a stack's running tasks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from operations import deployment, outputs, session, task_logs
from operations.commands.command import Command
from operations.errors import OperationError
from operations.results import Result
from operations.rotation import SECRETS, rotate
from operations.stacks import open_stack
from operations.task_logs import LogOptions


def _logs(root: Path, arguments: argparse.Namespace) -> Result:
    stack, clients = open_stack(root, arguments.stack)
    found = outputs.read(stack)
    options = LogOptions(arguments.minutes, arguments.container, arguments.task, arguments.follow, arguments.json)
    task_logs.show(replace(clients, region=found.region).logs, found.log_group_name, options)
    return Result({})


def _exec(root: Path, arguments: argparse.Namespace) -> Result:
    session.require_plugin()
    stack, clients = open_stack(root, arguments.stack)
    found = outputs.read(stack)
    clients = replace(clients, region=found.region)
    target = session.find_target(clients, found, arguments.task, arguments.container)
    if arguments.forward is not None:
        local = arguments.local_port or arguments.forward
        code = session.forward(clients, target, arguments.forward, local)
    else:
        code = session.run_command(clients, target, " ".join(arguments.command) or "/bin/sh")
    data = {"stack": stack.name, "task": target.task, "container": target.container, "exitCode": code}
    failure = OperationError(f"The session with task {target.task} ended with {code}.") if code else None
    return Result(data, failure=failure)


def _rotate(root: Path, arguments: argparse.Namespace) -> Result:
    return rotate(root, arguments.stack, arguments.secret)


def _of_tasks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--container", choices=deployment.CONTAINERS, default="engine", help="(default: engine)")
    parser.add_argument("--task", help="the ID of one task, or how it begins")


def _of_logs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=10, help="how far back to begin (default: 10)")
    parser.add_argument("--follow", action="store_true", help="go on with the lines to come, until Ctrl-C")
    _of_tasks(parser)


def _of_rotate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--secret", choices=list(SECRETS), default="database-user", help="(default: database-user)")


def _of_exec(parser: argparse.ArgumentParser) -> None:
    _of_tasks(parser)
    parser.add_argument("--forward", type=int, metavar="PORT", help="make a port of the task answer on this machine")
    parser.add_argument("--local-port", type=int, metavar="PORT", help="where it answers (default: the same port)")
    parser.add_argument("command", nargs="*", help="what to run in the container, after -- (default: /bin/sh)")


COMMANDS: Sequence[Command] = (
    Command("logs", "print what the tasks wrote; with --json an object a line", _logs, _of_logs, writes=True),
    Command("exec", "run a command in a task, or reach one of its ports", _exec, _of_exec, of_accounts=True),
    Command("rotate", "give one of the stack's secrets another value", _rotate, _of_rotate, of_accounts=True),
)
