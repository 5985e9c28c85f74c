"""Rules of the cache and of the brokers of events."""

from collections.abc import Iterator

from infra.policy.resources import Resource
from infra.policy.rule import (
    Rule,
    StackRule,
    each_of,
    must_be,
    must_be_at_least,
    must_be_set,
    must_be_true,
    must_not_be,
    must_not_be_false,
    must_not_be_true,
)

_CACHE = ("aws:elasticache/replicationGroup:ReplicationGroup",)
_BROKERS = ("aws:msk/cluster:Cluster",)


def lets_strangers_in(resource: Resource) -> Iterator[str]:
    """A user of caches that stands for whoever names none, and may do something."""
    access = resource.get("accessString")
    if resource.get("userName") == "default" and isinstance(access, str):
        rights = [word for word in access.split() if word == "on" or word.startswith("+")]
        if rights:
            yield f"the user default has {', '.join(rights)}"


RULES: tuple[Rule | StackRule, ...] = (
    Rule(
        "ElastiCache.1",
        "The cache is backed up every day.",
        "Set snapshotRetentionLimit to a number of days.",
        _CACHE,
        must_be_at_least("snapshotRetentionLimit", 1),
    ),
    Rule(
        "ElastiCache.2",
        "The cache takes minor versions by itself.",
        "Set autoMinorVersionUpgrade to true.",
        _CACHE,
        must_not_be_false("autoMinorVersionUpgrade"),
    ),
    Rule(
        "ElastiCache.3",
        "Another node of the cache takes over when the primary fails.",
        "Set automaticFailoverEnabled to true and numCacheClusters to 2 or more.",
        _CACHE,
        must_be_true("automaticFailoverEnabled"),
    ),
    Rule(
        "ElastiCache.4",
        "The cache is encrypted at rest.",
        "Set atRestEncryptionEnabled to true.",
        _CACHE,
        must_be_true("atRestEncryptionEnabled"),
    ),
    Rule(
        "ElastiCache.5",
        "The cache takes TLS connections alone.",
        "Set transitEncryptionEnabled to true.",
        _CACHE,
        must_be_true("transitEncryptionEnabled"),
    ),
    Rule(
        "ElastiCache.6",
        "The cache asks who is there.",
        "Set userGroupIds, or authToken.",
        _CACHE,
        must_be_set("authToken", "userGroupIds"),
    ),
    Rule(
        "ElastiCache.7",
        "The cache stands in a subnet group of its own.",
        "Make an aws.elasticache.SubnetGroup and name it as subnetGroupName.",
        _CACHE,
        must_not_be("subnetGroupName", None, "default"),
    ),
    Rule(
        "MSK.1",
        "Brokers talk TLS alone, to each other and to clients.",
        "Set encryptionInfo.encryptionInTransit.inCluster to true and clientBroker to TLS.",
        _BROKERS,
        each_of(
            must_not_be_false("encryptionInfo.encryptionInTransit.inCluster"),
            must_be("encryptionInfo.encryptionInTransit.clientBroker", None, "TLS"),
        ),
    ),
    Rule(
        "MSK.4",
        "The brokers have no public addresses.",
        "Set brokerNodeGroupInfo.connectivityInfo.publicAccess.type to DISABLED.",
        _BROKERS,
        must_be("brokerNodeGroupInfo.connectivityInfo.publicAccess.type", None, "DISABLED"),
    ),
    Rule(
        "MSK.6",
        "The brokers ask who is there.",
        "Set clientAuthentication.unauthenticated to false.",
        _BROKERS,
        must_not_be_true("clientAuthentication.unauthenticated"),
    ),
    Rule(
        "Workflow.8",
        "Whoever names no user can do nothing in the cache.",
        "Give the user named default the accessString `off ~* -@all`.",
        ("aws:elasticache/user:User",),
        lets_strangers_in,
    ),
)
