"""`python -m sandbox serve | start | stop | status | push`."""

import argparse
import gc
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from sandbox import daemon
from sandbox.claim import Claim
from sandbox.images import ImageError, LocalImage, push
from sandbox.state import DEFAULT_NETWORK, SandboxError, SandboxState
from sandbox.status import read_status

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox

T = TypeVar("T")
DEFAULT_DIRECTORY = Path(".local/sandbox")
DEFAULT_REGION = "us-east-1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code. What is wrong is said in one sentence on standard error."""
    options = _parser().parse_args(arguments)
    try:
        match options.command:
            case "serve":
                _serve(options)
            case "start":
                _say(daemon.start(options.directory, _serve_arguments(options)))
            case "stop":
                _say(daemon.stop(options.directory))
            case "status":
                _say(msgspec.json.format(msgspec.json.encode(_status(options))).decode())
            case "push":
                _say(_push(options))
    except (SandboxError, ImageError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _serve(options: argparse.Namespace) -> None:
    """Run until SIGTERM or SIGINT."""
    claim = Claim(options.directory, options.network, (options.aws_port, options.provider_port))
    claim.take()
    sandbox_class = _load()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    asked_to_end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_end.set())
    sandbox = sandbox_class(
        options.directory,
        network=options.network,
        aws_port=options.aws_port,
        provider_port=options.provider_port,
        claim=claim,
    )
    with sandbox:
        _say(
            f"The sandbox is ready: AWS at {sandbox.aws_endpoint_url}, Pulumi's aws provider on port "
            f"{sandbox.provider.port}, addresses {options.network}.*, everything in {sandbox.directory}."
        )
        asked_to_end.wait()
        _say("Stopping: tasks first, then databases.")
    _say("Stopped.")
    gc.freeze()  # or the interpreter looks through all that was imported for garbage before it exits


def _load() -> "type[Sandbox]":
    """Import the sandbox, which takes seconds and which only one command needs.

    Imports leave no garbage, and looking for it would take a fifth of the time.
    """
    gc.disable()
    from sandbox.sandbox import Sandbox  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    return Sandbox


def _status(options: argparse.Namespace) -> object:
    state = SandboxState.read(options.directory)
    if state is None:
        return {"running": False, "directory": str(options.directory.absolute())}
    return read_status(state, options.region)


def _push(options: argparse.Namespace) -> str:
    state = SandboxState.read(options.directory)
    if state is None:
        raise SandboxError(
            f"No sandbox runs in {options.directory.absolute()}: start it with `python -m sandbox start`."
        )
    repository, separator, tag = options.image.rpartition(":")
    if not separator:
        raise SandboxError(f"{options.image} names no tag: write REPOSITORY:TAG.")
    repository = repository.partition(".amazonaws.com/")[2] or repository
    image = LocalImage(
        _json(options.entrypoint, tuple[str, ...], "--entrypoint", "a list of strings"),
        str(options.working_directory.absolute()),
        _json(options.environment, dict[str, str], "--environment", "an object of strings"),
    )
    return push(repository, tag, image, endpoint_url=state.aws_endpoint_url, region=options.region)


def _json(text: str, kind: type[T], option: str, wanted: str) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        raise SandboxError(f"{option} is {text}, and must be {wanted} in JSON.") from None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _serve_arguments(options: argparse.Namespace) -> list[str]:
    return [
        f"--directory={options.directory.absolute()}",
        f"--network={options.network}",
        f"--aws-port={options.aws_port}",
        f"--provider-port={options.provider_port}",
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="An AWS account in a process.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, purpose in (("serve", "run in the foreground"), ("start", "run in the background, return when ready")):
        command = _command(commands, name, purpose)
        command.add_argument("--network", default=DEFAULT_NETWORK, help="the loopback addresses to use, as 127.77")
        command.add_argument("--aws-port", type=int, default=4566, help="port of the AWS API; 0 takes a free one")
        command.add_argument("--provider-port", type=int, default=0, help="port of Pulumi's aws provider")
    _command(commands, "stop", "stop it, and return when nothing of it runs")
    status = _command(commands, "status", "what runs, as JSON")
    status.add_argument("--region", default=DEFAULT_REGION)
    image = _command(commands, "push", "put an image into the account's registry; prints its digest")
    image.add_argument("image", metavar="REPOSITORY:TAG")
    image.add_argument("--entrypoint", required=True, help="the local program and its first arguments, a JSON list")
    image.add_argument("--working-directory", type=Path, required=True)
    image.add_argument("--environment", default="{}", help="environment of the program, a JSON object")
    image.add_argument("--region", default=DEFAULT_REGION)
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, purpose: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=purpose, description=purpose)
    command.add_argument("--directory", type=Path, default=DEFAULT_DIRECTORY, help="where everything is kept")
    return command
