"""The statements of a policy document (IAM, S3, SNS, KMS), and the wildcards that have a reason.

"Grammar of the IAM JSON policy language" in the IAM User Guide: each element is one value or a list of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.policy.resources import mappings

REASONS: Mapping[tuple[str, str], str] = {
    ("ecr:GetAuthorizationToken", "*"): "the registry's login is for the whole account; the action knows no resource",
    ("cloudwatch:PutMetricData", "*"): "figures have no resource; a condition names the canary's namespace",
    ("logs:DescribeLogGroups", "*"): "ECS Exec looks for its log group; the action knows no single one",
    ("s3:ListAllMyBuckets", "*"): "a canary looks for the region of its bucket; the action knows no single one",
    ("tag:GetResources", "*"): "AWS Backup looks for what has a tag; the action knows no resource",
    **{
        (f"ssmmessages:{action}", "*"): "a channel of ECS Exec gets its name when it is opened"
        for action in ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
    },
}
"""Why a role may do an action with a wildcard, by action and resource; every other wildcard is refused."""

_WHO = ("aws:sourceaccount", "aws:sourcearn", "aws:principalorgid", "aws:principalaccount", "aws:sourceowner")


@dataclass(frozen=True)
class Statement:
    """One statement; `actions` and `resources` also hold what stands in NotAction and NotResource, behind a `!`."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...]
    conditions: Mapping[str, object]

    @property
    def is_for_everyone(self) -> bool:
        """Whether anybody is meant: the principal is `*`, and no condition says whose requests."""
        keys = {
            str(key).lower()
            for operands in self.conditions.values()
            if isinstance(operands, Mapping)
            for key in operands
        }
        return "*" in self.principals and not keys & set(_WHO)

    def wildcards(self) -> Iterator[tuple[str, str]]:
        """Action and resource of each pair that it allows, has a `*` for an action or a resource, and no reason."""
        if not self.allows:
            return
        for action in self.actions:
            for resource in self.resources or ("*",):
                wild = "*" in action or action.startswith("!") or _is_wild(resource)
                if wild and (action, resource) not in REASONS:
                    yield action, resource


def statements(document: object) -> Iterator[Statement]:
    """The statements of a decoded document; none where it isn't known."""
    if not isinstance(document, Mapping):
        return
    for entry in mappings(document.get("Statement")):
        principal = entry.get("Principal")
        conditions = entry.get("Condition")
        yield Statement(
            allows=entry.get("Effect") == "Allow",
            actions=(*_texts(entry.get("Action")), *(f"!{name}" for name in _texts(entry.get("NotAction")))),
            resources=(*_texts(entry.get("Resource")), *(f"!{name}" for name in _texts(entry.get("NotResource")))),
            principals=_texts(principal.get("AWS") if isinstance(principal, Mapping) else principal),
            conditions=conditions if isinstance(conditions, Mapping) else {},
        )


def _is_wild(resource: str) -> bool:
    """Whether a resource is everything, or everything of a service: its ARN begins its last part with `*`."""
    return resource.startswith("!") or resource.split(":", 5)[-1].startswith("*")


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
