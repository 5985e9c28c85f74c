"""The commands around a deployment; docs/operations.md describes each, and what its exit code means."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NoReturn, TextIO

from botocore.exceptions import BotoCoreError, ClientError

from operations.aws_errors import explain
from operations.commands import COMMANDS
from operations.commands.command import Command
from operations.errors import INTERRUPTED, WRONG_COMMAND_LINE, OperationError
from operations.results import Result, as_json, failure_data, output_for_results
from operations.stacks import LOCAL
from tools.progress import SetupError

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what it says, one of `operations.errors` with a sentence when not."""
    words = sys.argv[1:] if arguments is None else arguments
    parsed = _parser(words).parse_args(words)
    command: Command = parsed.chosen
    alone: AbstractContextManager[TextIO] = nullcontext(sys.stdout)
    if (parsed.json or getattr(parsed, "markdown", False)) and not command.writes:
        alone = output_for_results()
    with alone as output:
        try:
            result = _run(command, parsed)
        except OperationError as error:
            return _fail(command, str(error), error.exit_code, output if parsed.json else None)
        except KeyboardInterrupt:
            said = "interrupted; run the same command again to go on from here"
            return _fail(command, said, INTERRUPTED, output if parsed.json else None)
        if not command.writes:
            output.write(as_json(result.data) if parsed.json else result.text)
            output.flush()
    return _fail(command, str(result.failure), result.failure.exit_code, None) if result.failure else 0


def _run(command: Command, parsed: argparse.Namespace) -> Result:
    """Run it, with every failure in the form of an OperationError."""
    try:
        return command.run(ROOT, parsed)
    except SetupError as error:
        raise OperationError(str(error)) from error
    except (ClientError, BotoCoreError) as error:
        raise explain(error) from error


def _fail(command: Command, said: str, exit_code: int, output: TextIO | None) -> int:
    sys.stderr.write(f"\n{command.name}: {said}\n")
    if output is not None:
        output.write(as_json(failure_data(said, exit_code)))
        output.flush()
    return exit_code


class _JsonParser(argparse.ArgumentParser):
    """Says what is wrong with a command line as JSON too."""

    def error(self, message: str) -> NoReturn:
        """End the process with the usage, and with what is wrong."""
        sys.stdout.write(as_json(failure_data(message, WRONG_COMMAND_LINE)))
        sys.stdout.flush()
        super().error(message)


def _parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    parser_class = _JsonParser if "--json" in words else argparse.ArgumentParser
    parser = parser_class(prog="python -m operations", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.text, description=command.text, aliases=command.aliases)
        sub.set_defaults(chosen=command)
        sub.add_argument("--json", action="store_true", help="one JSON document on standard output, the rest on error")
        if not command.picks_stack:
            kind = _account_stack if command.of_accounts else str
            sub.add_argument("--stack", required=command.of_accounts, default=LOCAL, type=kind)
        command.add_options(sub)
    return parser


def _account_stack(name: str) -> str:
    if name == LOCAL:
        raise argparse.ArgumentTypeError(f"{LOCAL} is in no account: this is for dev, staging or production")
    return name
