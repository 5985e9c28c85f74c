"""Prepare a fresh clone: `python3 -m tools.setup` makes .venv from the lock file and finds or builds the Pulumi CLI."""

from __future__ import annotations

import sys
from pathlib import Path

from tools import pulumi_cli, virtual_environment
from tools.progress import SetupError

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Exit code 0 when everything is there, 1 with one sentence when something could not be had."""
    try:
        virtual_environment.ensure(ROOT)
        pulumi_cli.ensure(ROOT)
    except SetupError as error:
        sys.stderr.write(f"setup: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("setup: interrupted; run the same command again to go on from here\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
