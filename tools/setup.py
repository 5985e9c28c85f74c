"""Prepare a fresh clone: `python3 -m tools.setup` makes .venv from the lock file and finds or builds the Pulumi CLI.

With `--no-pulumi` the environment alone, which is all that the engine by itself needs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools import pulumi_cli, virtual_environment
from tools.progress import SetupError

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Exit code 0 when everything is there, 1 with one sentence when something could not be had."""
    try:
        virtual_environment.ensure(ROOT)
        if "--no-pulumi" not in arguments:
            pulumi_cli.ensure(ROOT)
    except SetupError as error:
        sys.stderr.write(f"setup: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("setup: interrupted; run the same command again to go on from here\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
