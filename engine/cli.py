"""The command line: `engine serve | migrate | topics | dev | run | validate | schema | token | healthcheck`."""

import argparse
import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import engine

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: 0 for success, 1 for failure, 2 for a wrong command line."""
    options = _parser().parse_args(arguments)
    # Each command is imported when it is run, so that the container's health check stays light.
    run: Command = import_module(f"engine.commands.{options.command}").run
    try:
        return run(options)
    except KeyboardInterrupt:
        return 130


def leave(code: int) -> NoReturn:
    """End the process.

    Threads that still run are left as they are: nothing interrupts a handler or an AWS call in one of them, and all
    that has to outlive the process is in the database.
    """
    if all(thread.daemon for thread in threading.enumerate() if thread is not threading.current_thread()):
        sys.exit(code)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def fail(message: str) -> int:
    """Say on stderr why a command can't do its work, one line a reason, and give its exit code."""
    for line in message.splitlines():
        sys.stderr.write(f"engine: {line}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="engine", description="A durable workflow engine for Amazon States Language.")
    parser.add_argument("--version", action="version", version=engine.__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the API and run executions until told to stop")
    migrate = commands.add_parser("migrate", help="bring the database's schema up to date")
    topics = commands.add_parser("topics", help="make the topics of Kafka that are missing")
    token = commands.add_parser("token", help="sign a bearer token with JWT_SECRET")
    for each in (serve, migrate, topics, token):
        each.add_argument("-config", "--config", type=Path, metavar="FILE", help="YAML file of settings")
    topics.add_argument("--check", action="store_true", help="make nothing; exit 1 if something is missing")
    token.add_argument("--organization", default="default", help="whom it acts for (default: default)")
    token.add_argument("--subject", default="operator", help="who uses it (default: operator)")
    _add_dev(commands.add_parser("dev", help="serve on this machine, with SQLite and no keys, what a folder defines"))
    _add_run(commands.add_parser("run", help="run one definition in memory to its end, printing each transition"))
    validate = commands.add_parser("validate", help="check definition files")
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE")
    validate.add_argument("--strict", action="store_true", help="exit 1 for warnings as well")
    commands.add_parser("schema", help="print the JSON Schema of definitions, for editors")
    healthcheck = commands.add_parser("healthcheck", help="exit 0 if the engine on this machine lives")
    healthcheck.add_argument("--url", help="what to ask (default: /health/live on MANAGEMENT_PORT)")
    return parser


def _add_dev(dev: argparse.ArgumentParser) -> None:
    dev.add_argument(
        "directory",
        type=Path,
        nargs="?",
        metavar="DIR",
        help="folder with *.asl.json or *.asl.yaml and handlers.py, loaded again at each change (default: none)",
    )
    dev.add_argument("--input", type=Path, metavar="FILE", help="start with this input (default: DIR/input.json)")
    dev.add_argument("--once", action="store_true", help="exit when that execution ends: 0 if it succeeded, else 1")


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("file", type=Path, metavar="FILE", help="definition, JSON or YAML")
    run.add_argument("--input", metavar="JSON", default="{}", help="its input, or a file that holds it (default: {})")
    run.add_argument(
        "--handlers", type=Path, metavar="DIR", help="folder whose handlers.py it calls (default: the folder of FILE)"
    )
