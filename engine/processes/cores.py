"""How many cores this process may use."""

import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def usable_cores(cgroups: Path = CGROUPS) -> int:
    """Cores that the scheduler gives it, and no more than its container's share of processor time makes up; at least 1.

    See sched_getaffinity(2), and of Linux's "Control Group v2" the file cpu.max.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = _share(cgroups)
    return max(1, allowed if share is None else min(allowed, int(share)))


def _share(cgroups: Path) -> float | None:
    """Processor seconds a second that the container may use, None where nothing limits them."""
    try:
        quota, period = (cgroups / "cpu.max").read_text().split()
    except (OSError, ValueError):
        quota, period = _first_version(cgroups / "cpu")
    return int(quota) / int(period) if quota.isdigit() and int(period) else None


def _first_version(folder: Path) -> tuple[str, str]:
    """What the same files of the first version hold; a quota of -1 is none."""
    try:
        quota, period = ((folder / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
    except OSError:
        return "max", "0"
    return quota, period
