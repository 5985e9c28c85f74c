"""Commands about an account, before it has a stack."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from operations.bootstrap import BootstrapOptions, bootstrap
from operations.commands.command import Command
from operations.results import Result


def _bootstrap(root: Path, arguments: argparse.Namespace) -> Result:
    return bootstrap(root, arguments.stack, BootstrapOptions(arguments.github, arguments.branch))


def _of_bootstrap(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--github", metavar="OWNER/REPOSITORY", help="make the roles of its pipeline as well")
    parser.add_argument("--branch", default="main", help="branch of its nightly jobs (default: main)")


COMMANDS: Sequence[Command] = (
    Command(
        "bootstrap",
        "make the S3 bucket and the KMS key that a stack's state needs",
        _bootstrap,
        _of_bootstrap,
        of_accounts=True,
    ),
)
