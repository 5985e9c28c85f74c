"""The commands behind `make`: up, down, preview, outputs, status and those of a real account."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from operations import deployment, image, outputs
from operations.bootstrap import bootstrap
from operations.down import down
from operations.errors import OperationError
from operations.image import ImageOptions
from operations.pulumi import GoAhead
from operations.release import release
from operations.stacks import LOCAL, Clients, open_stack
from operations.up import up
from tools.progress import SetupError

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what it says, 1 with one sentence when not, 130 after Ctrl-C."""
    parsed = _parser().parse_args(arguments)
    command: Callable[[Path, argparse.Namespace], None] = parsed.command
    try:
        command(ROOT, parsed)
    except (OperationError, SetupError, ClientError, BotoCoreError) as error:
        sys.stderr.write(f"\n{parsed.name}: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{parsed.name}: interrupted; run the same command again to go on from here\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m operations", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    for name, command, text in (
        ("up", _up, "bring a stack up and wait until it serves"),
        ("down", _down, "destroy a stack"),
        ("preview", _preview, "show what `up` would change"),
        ("outputs", _outputs, "print a stack's outputs as JSON"),
        ("status", _status, "print the service and its tasks as JSON"),
        ("bootstrap", _bootstrap, "make the S3 bucket and the KMS key that a stack's state needs"),
        ("image", _image, "build the engine's image and push it to a stack's registry"),
        ("release", _release, "deploy an image tag that is in the stack's registry; an older tag is a rollback"),
    ):
        sub = commands.add_parser(name, help=text, description=text)
        accounts_only = name in ("bootstrap", "image", "release")
        sub.add_argument(
            "--stack", required=accounts_only, default=LOCAL, type=_account_stack if accounts_only else str
        )
        sub.set_defaults(command=command)
        if name in ("up", "down", "release"):
            sub.add_argument("--yes", action="store_true", help="don't ask; the local stack never does")
    ImageOptions.add_arguments(commands.choices["image"])
    commands.choices["release"].add_argument("--tag", required=True, help="the image tag")
    return parser


def _account_stack(name: str) -> str:
    if name == LOCAL:
        raise argparse.ArgumentTypeError(f"{LOCAL} is in no account: this is for dev, staging or production")
    return name


def _go_ahead(arguments: argparse.Namespace) -> GoAhead:
    return GoAhead.PREVIEWED if arguments.yes else GoAhead.ASKED


def _bootstrap(_root: Path, arguments: argparse.Namespace) -> None:
    bootstrap(arguments.stack)


def _up(root: Path, arguments: argparse.Namespace) -> None:
    up(root, arguments.stack, _go_ahead(arguments))


def _down(root: Path, arguments: argparse.Namespace) -> None:
    down(root, arguments.stack, _go_ahead(arguments))


def _image(root: Path, arguments: argparse.Namespace) -> None:
    image.push(root, arguments.stack, ImageOptions.parsed(arguments))


def _release(root: Path, arguments: argparse.Namespace) -> None:
    release(root, arguments.stack, arguments.tag, _go_ahead(arguments))


def _preview(root: Path, arguments: argparse.Namespace) -> None:
    stack, _ = open_stack(root, arguments.stack)
    stack.preview()


def _outputs(root: Path, arguments: argparse.Namespace) -> None:
    stack, _ = open_stack(root, arguments.stack)
    sys.stdout.write(json.dumps(stack.outputs(), indent=2) + "\n")


def _status(root: Path, arguments: argparse.Namespace) -> None:
    stack, clients = open_stack(root, arguments.stack)
    found = outputs.read(stack)
    if not found.service_name:
        raise OperationError(f"Stack {stack.name} has no service yet: push an image and set imageTag.")
    ecs = Clients(found.region, clients.endpoint_url).ecs
    state = deployment.summary(ecs, found.cluster_name, found.service_name)
    running = deployment.tasks(ecs, found.cluster_name, found.service_name)
    stopped = deployment.tasks(ecs, found.cluster_name, found.service_name, stopped=True)
    state["tasks"] = [asdict(task) for task in running]
    state["stopped"] = [asdict(task) for task in stopped[:10]]
    sys.stdout.write(json.dumps(state, indent=2) + "\n")
