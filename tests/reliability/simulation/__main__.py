"""`python -m tests.reliability.simulation --seeds 0-1000`: simulates worlds and says which went wrong."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.reliability.simulation.scenario import run


def main(arguments: list[str]) -> int:
    """Simulate the worlds of some seeds."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0-200", help="one seed, or the first and the last, as in 0-1000")
    parser.add_argument("--verbose", action="store_true", help="show the engines' logs")
    options = parser.parse_args(arguments)
    first, _, last = options.seeds.partition("-")
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.CRITICAL)
    started, bad, executions = time.monotonic(), 0, 0
    for seed in range(int(first), int(last or first) + 1):
        report = run(seed)
        executions += report.executions
        if report.problems:
            bad += 1
            sys.stdout.write(f"seed {seed}: " + "\n    ".join(report.problems) + "\n")
            sys.stdout.write(
                f"again: PYTHONHASHSEED=0 python -m tests.reliability.simulation --seeds {seed} --verbose\n"
            )
    sys.stdout.write(f"{executions} executions, {bad} bad worlds, {time.monotonic() - started:.1f} s\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
