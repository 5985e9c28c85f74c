"""`engine healthcheck`."""

import argparse

from engine.cli import fail
from engine.healthcheck import check


def run(options: argparse.Namespace) -> int:
    """Exit 0 if the engine lives."""
    problem = check(options.url)
    return fail(problem) if problem else 0
