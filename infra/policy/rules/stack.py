"""Rules of the stack as a whole: who makes its resources, how they are tagged, what Pulumi refuses to delete."""

import json
from collections.abc import Iterator, Mapping

from infra.policy.resources import UNKNOWN, Resource
from infra.policy.rule import Rule

TAGS = ("project", "stack", "managed-by")
"""Tags that everything has, by the provider's default tags."""

_PROVIDER = "pulumi:providers:aws"
_HOLD_DATA = ("aws:rds/instance:Instance",)


def leaves_tags_out(resource: Resource) -> Iterator[str]:
    """A provider that doesn't tag what it makes. The engine hands the inputs of providers over as JSON text."""
    given = resource.get("defaultTags")
    given = json.loads(given) if isinstance(given, str) else given
    tags = given.get("tags") if isinstance(given, Mapping) else {}
    missing = [tag for tag in TAGS if not isinstance(tags, Mapping) or tag not in tags]
    if given is not UNKNOWN and missing:
        yield f"its default tags lack {', '.join(missing)}"


def is_made_by_a_default_provider(resource: Resource) -> Iterator[str]:
    """A resource whose provider is the one that Pulumi makes up from the environment."""
    if resource.provider.startswith("default"):
        yield "no provider is given"


def is_not_protected(resource: Resource) -> Iterator[str]:
    """A resource that holds data and that Pulumi would delete; a read replica holds what its primary does."""
    if not resource.protected and not resource.get("replicateSourceDb"):
        yield "protect is not set"


RULES = (
    Rule(
        "Workflow.5",
        f"Everything is tagged with {', '.join(TAGS)}.",
        "Give the aws.Provider these defaultTags.",
        (_PROVIDER,),
        leaves_tags_out,
    ),
    Rule(
        "Workflow.6",
        "One explicit provider makes everything.",
        "Pass the stack's provider in the resource's options.",
        ("aws:",),
        is_made_by_a_default_provider,
    ),
    Rule(
        "Workflow.7",
        "Pulumi refuses to delete what holds data.",
        "Set protect in the resource's options.",
        _HOLD_DATA,
        is_not_protected,
    ),
)
