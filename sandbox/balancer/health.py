"""Health checks of targets, by their group's settings.

Source: Elastic Load Balancing guide, "Health checks for Application Load Balancer target groups".
"""

import asyncio
import time
from typing import Protocol

import aiohttp

from sandbox.balancer.moto_elbv2 import HEALTHY, Health, TargetGroup

_INITIAL_INTERVAL = 0.3


class Checked(Protocol):
    """A target: where it is, and where its health is kept."""

    address: str
    port: int
    health: Health


async def check_forever(group: TargetGroup, target: Checked) -> None:
    """Check until cancelled. One success makes a new target healthy; later changes take the thresholds.

    A new target is looked at several times a second until its first success, so that a local start isn't held up
    by a long interval; it is unhealthy when its threshold of intervals has passed.
    """
    began, successes, failures = time.monotonic(), 0, 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        while True:
            interval = float(group.health_check_interval_seconds)
            failure = await _check(session, group, target)
            successes, failures = (successes + 1, 0) if failure is None else (0, failures + 1)
            starting = target.health.state == "initial"
            if failure is None:
                if starting or successes >= int(group.healthy_threshold_count):
                    target.health = HEALTHY
            elif _has_failed(group, failures, time.monotonic() - began, starting=starting):
                target.health = failure
            await asyncio.sleep(min(interval, _INITIAL_INTERVAL) if target.health.state == "initial" else interval)


def _has_failed(group: TargetGroup, failures: int, age: float, *, starting: bool) -> bool:
    threshold = int(group.unhealthy_threshold_count)
    if starting:
        return age >= threshold * float(group.health_check_interval_seconds)
    return failures >= threshold


async def _check(session: aiohttp.ClientSession, group: TargetGroup, target: Checked) -> Health | None:
    """One check; None where the target is well."""
    port = group.health_check_port
    url = f"http://{target.address}:{target.port if port in (None, 'traffic-port') else port}"
    try:
        async with session.get(
            url + (group.health_check_path or "/"),
            timeout=aiohttp.ClientTimeout(total=float(group.health_check_timeout_seconds)),
            allow_redirects=False,
            headers={"User-Agent": "ELB-HealthChecker/2.0"},
        ) as response:
            if _matches(group.matcher["HttpCode"], response.status):
                return None
            codes = f"Health checks failed with these codes: [{response.status}]"
            return Health("unhealthy", "Target.ResponseCodeMismatch", codes)
    except TimeoutError:
        return Health("unhealthy", "Target.Timeout", "Request timed out")
    except aiohttp.ClientError:
        return Health("unhealthy", "Target.FailedHealthChecks", "Health checks failed")


def _matches(matcher: str, status: int) -> bool:
    """Whether a status is in a list such as `200,204` or `200-299` (API page Matcher)."""
    for part in str(matcher).split(","):
        first, _, last = part.partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False
