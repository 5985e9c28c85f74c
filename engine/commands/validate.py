"""`engine validate`."""

import argparse
import sys

from engine.cli import fail
from engine.tasks.components import read_definition


def run(options: argparse.Namespace) -> int:
    """Check definition files; every problem is a line with file, path, rule and what is allowed."""
    problems: list[str] = []
    valid = [path for path in options.files if read_definition(path, problems) is not None]
    if problems:
        return fail("\n".join(problems))
    sys.stdout.writelines(f"{path} is valid\n" for path in valid)
    return 0
