"""Backups."""

from collections.abc import Iterator

from infra.problems import Problem
from infra.rules.rule import Rule, problem


def _copies(copy_region: str, region: str, days: int) -> Iterator[Problem]:
    if copy_region == region:
        yield problem("backupCopyRegion", copy_region, f"must differ from aws:region {region}, or be empty")
    if copy_region and not days:
        yield problem("backupCopyRegion", copy_region, "must be empty where backupDays is 0: nothing is backed up")


RULES = (Rule(("backupCopyRegion", "aws:region", "backupDays"), _copies),)
