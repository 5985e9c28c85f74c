"""Becomes another program, as another user and never outliving its parent.

Run as `python -I -S launch.py OPTIONS -- PROGRAM ARGUMENT...`. It is a program of its own, and not a `preexec_fn`,
since Python code between fork and exec can deadlock in a process that has threads. Standard library only.
"""

import argparse
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAP_DAC_OVERRIDE = 1
LINUX_CAPABILITY_VERSION_3 = 0x20080522


def main() -> None:
    """Change the user, ask the kernel for a signal at the parent's death, then exec."""
    options = _parser().parse_args()
    if options.user is not None:
        _become(options.user, reach_everything=options.reach_everything)
    if sys.platform == "linux":
        _call(PR_SET_PDEATHSIG, options.death_signal)
        if os.getppid() != options.parent:  # it died before the kernel was asked
            sys.exit(128 + signal.SIGTERM)
    try:
        os.execvp(options.program[0], options.program)  # noqa: S606
    except OSError as error:
        sys.exit(f"{options.program[0]} can't be started: {error.strerror}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="launch.py")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--death-signal", type=int, default=int(signal.SIGKILL))
    parser.add_argument("--user", type=int)
    parser.add_argument("--reach-everything", action="store_true")
    parser.add_argument("program", nargs="+")
    return parser


def _become(user: int, *, reach_everything: bool) -> None:
    os.setgroups([])
    os.setgid(user)
    if reach_everything:
        _call(PR_SET_KEEPCAPS, 1)
    os.setuid(user)
    if reach_everything:
        _keep_capability(CAP_DAC_OVERRIDE)


def _keep_capability(capability: int) -> None:
    """Keep one capability across exec: permitted, inheritable and ambient (capabilities(7))."""
    mask = 1 << capability
    header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, sets) != 0:
        sys.exit("The kernel refused the capability that reaches a closed directory.")
    _call(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def _call(option: int, *values: int) -> None:
    arguments = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)][:4]
    ctypes.CDLL(None, use_errno=True).prctl(option, *arguments)


if __name__ == "__main__":
    main()
