"""Security group rules in moto 5.2.5: one that names another group forgets its description."""

from __future__ import annotations

from moto.ec2.models.security_groups import SecurityGroupRule


def apply() -> None:
    """Look for it where moto keeps it."""
    setattr(SecurityGroupRule, "description", property(_description))  # noqa: B010


def _description(self: SecurityGroupRule) -> str | None:
    return self.ip_range.get("Description") or self.source_group.get("Description")
