"""Timestamps as the states language has them: RFC 3339 with an upper-case ``T`` and ``Z`` (ASL: "Timestamps")."""

from __future__ import annotations

import re
from datetime import datetime

_FORM = re.compile(
    r"(?P<whole>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(?P<fraction>\d+))?(?P<zone>Z|[+-]\d{2}:\d{2})", re.ASCII
)


def parse_timestamp(value: object) -> datetime | None:
    """Read a timestamp, to the microsecond; None if ``value`` isn't one."""
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    fraction = (match["fraction"] or "0")[:6].ljust(6, "0")
    zone = "+00:00" if match["zone"] == "Z" else match["zone"]
    try:
        return datetime.fromisoformat(f"{match['whole']}.{fraction}{zone}")
    except ValueError:
        return None
