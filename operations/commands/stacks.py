"""Commands about a whole stack."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from operations import changes, cost, outputs, status
from operations.commands.command import Command, add_yes, go_ahead
from operations.destroy import destroy
from operations.results import Result, as_json
from operations.stacks import open_stack
from operations.up import up


def _up(root: Path, arguments: argparse.Namespace) -> Result:
    return up(root, arguments.stack, go_ahead(arguments), deployed_image=arguments.deployed_image)


def _destroy(root: Path, arguments: argparse.Namespace) -> Result:
    return destroy(root, arguments.stack, arguments.confirm)


def _preview(root: Path, arguments: argparse.Namespace) -> Result:
    summed_up = arguments.json or arguments.markdown
    return changes.preview(root, arguments.stack, deployed_image=arguments.deployed_image, summed_up=summed_up)


def _outputs(root: Path, arguments: argparse.Namespace) -> Result:
    stack, _ = open_stack(root, arguments.stack)
    found = stack.outputs()
    return Result(found, as_json(found))


def _status(root: Path, arguments: argparse.Namespace) -> Result:
    stack, clients = open_stack(root, arguments.stack)
    return status.look(clients, outputs.read(stack), stack.name)


def _drift(root: Path, arguments: argparse.Namespace) -> Result:
    return changes.drift(root, arguments.stack)


def _cost(root: Path, arguments: argparse.Namespace) -> Result:
    return cost.cost(root, arguments.stack, planned=arguments.planned)


def _add_deployed_image(parser: argparse.ArgumentParser) -> None:
    text = "with the image of the last update where the stack's file names none, as in a pipeline's checkout"
    parser.add_argument("--deployed-image", action="store_true", help=text)


def _of_up(parser: argparse.ArgumentParser) -> None:
    add_yes(parser)
    _add_deployed_image(parser)


def _of_preview(parser: argparse.ArgumentParser) -> None:
    _add_deployed_image(parser)
    parser.add_argument("--markdown", action="store_true", help="sum it up for a pull request's comment")


def _of_destroy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--confirm", metavar="STACK", help="the stack's name, in place of typing it when asked")


def _of_cost(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--planned", action="store_true", help="as an update would leave it, not as it is")


COMMANDS: Sequence[Command] = (
    Command("up", "bring a stack up and wait until it serves", _up, _of_up),
    Command("destroy", "delete a stack with all that it holds", _destroy, _of_destroy, aliases=("down",)),
    Command("preview", "show what `up` would change, and hold it to the rules", _preview, _of_preview),
    Command("outputs", "print a stack's outputs as JSON", _outputs),
    Command("status", "print the service and its tasks as JSON", _status),
    Command("drift", "say what differs in the account from the last update", _drift),
    Command("cost", "estimate what a stack costs in a month", _cost, _of_cost, of_accounts=True),
)
