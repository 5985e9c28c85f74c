"""The types that configuration values have, and how the text that Pulumi hands over becomes one of them.

Pulumi passes every value as text: strings as they are, all others as JSON. A type's `Meta(description=...)` is what the
user is told is allowed, so a type says everything about its values in one place.
"""

import types
import typing
from ipaddress import IPv4Network
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from infra.contract import EngineValue

Environment = Literal["local", "dev", "staging", "production"]
Region = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", description="an AWS region such as us-east-1")]
OptionalRegion = Annotated[
    str,
    Meta(pattern=r"^([a-z]{2}(-[a-z]+)+-[0-9])?$", description="an AWS region such as us-east-1, or empty for none"),
]
Profile = Annotated[str, Meta(pattern=r"^[^\s\x00]+( [^\s\x00]+)*$", description="the name of an AWS profile")]
AccountIds = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^[0-9]{12}$")], ...],
    Meta(min_length=1, description='a list of account IDs in quotes, such as ["123456789012"]'),
]
Endpoints = Annotated[
    tuple[dict[str, Annotated[str, Meta(pattern=r"^https?://[^\s/]+(/\S*)?$")]], ...],
    Meta(description="a list of maps from a service to its URL, such as [{s3: http://localhost:4566}]"),
]
EndpointServices = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^[a-z0-9-]+([.][a-z0-9-]+)*$", max_length=64)], ...],
    Meta(description="a list of services by their names in endpoints, such as [ecr.api, sqs]"),
]
Port = Annotated[int, Meta(ge=1, le=65535, description="a port, 1 to 65535")]
Percent = Annotated[int, Meta(ge=1, le=100, description="a percentage, 1 to 100")]
Percents = Annotated[
    tuple[Annotated[int, Meta(ge=1, le=1000)], ...],
    Meta(max_length=4, description="a list of up to 4 percentages, 1 to 1000"),
]
Count = Annotated[int, Meta(ge=0, le=1_000_000, description="a whole number, 0 to 1000000")]
Cidr = Annotated[IPv4Network, Meta(description="an IPv4 range such as 10.0.0.0/16, without host bits")]
Cidrs = Annotated[
    tuple[IPv4Network, ...],
    Meta(min_length=1, description="a list of IPv4 ranges such as 10.0.0.0/16, without host bits"),
]
DatabaseIdentifier = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]{0,62}$",
        description="a PostgreSQL name: lower-case letters, digits and _, starting with a letter, 63 at most",
    ),
]
_SIZE = r"(micro|small|medium|large|[0-9]*xlarge)$"
DatabaseClass = Annotated[
    str, Meta(pattern=r"^db\.[a-z][a-z0-9]*\." + _SIZE, description="an RDS instance class such as db.r7g.large")
]
OptionalDatabaseClass = Annotated[
    str,
    Meta(
        pattern=r"^(db\.[a-z][a-z0-9]*\." + _SIZE[:-1] + r")?$",
        description="an RDS instance class such as db.r7g.large, or empty",
    ),
]
CacheNodeType = Annotated[
    str,
    Meta(pattern=r"^cache\.[a-z][a-z0-9]*\." + _SIZE, description="an ElastiCache node type such as cache.r7g.large"),
]
DatabaseVersion = Annotated[
    str, Meta(pattern=r"^1[5-8](\.[0-9]+)?$", description='PostgreSQL 15 to 18, as "17" or "17.6"')
]
CacheVersion = Annotated[
    str, Meta(pattern=r"^(6\.2|7\.[01])$", description='a version of Redis that ElastiCache has: "6.2", "7.0" or "7.1"')
]
Parameters = Annotated[
    dict[str, str],
    Meta(description='a map of PostgreSQL parameters and their values in quotes, such as {work_mem: "8192"}'),
]
EngineSettings = Annotated[
    dict[str, EngineValue],
    Meta(description="a map of the engine's settings and their values: texts, numbers, true or false"),
]
ImageTag = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$",
        description="an image tag (letters, digits, _ . -, 128 at most), or empty for no service",
    ),
]
TagPatterns = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.*-]{1,128}$")], ...],
    Meta(max_length=20, description="a list of at most 20 image tags in which * stands for anything"),
]
CertificateArn = Annotated[
    str,
    Meta(
        pattern=r"^(arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+)?$",
        description="the ARN of an ACM certificate, arn:aws:acm:REGION:ACCOUNT:certificate/ID",
    ),
]
RoleArns = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}$")], ...],
    Meta(description="a list of ARNs of IAM roles, such as [arn:aws:iam::123456789012:role/orders]"),
]
SidecarImage = Annotated[
    str,
    Meta(
        pattern=r"^([a-z0-9.-]+(:[0-9]+)?/[a-z0-9/._-]+(:[A-Za-z0-9._-]+)?@sha256:[0-9a-f]{64})?$",
        description="an image by its digest, registry/repository@sha256:..., or empty for none",
    ),
]
SearchDomainArn = Annotated[
    str,
    Meta(
        pattern=r"^(arn:aws[a-z-]*:es:[a-z0-9-]+:[0-9]{12}:domain/[a-z][a-z0-9-]{2,27})?$",
        description="the ARN of an OpenSearch domain, arn:aws:es:REGION:ACCOUNT:domain/NAME, or empty",
    ),
]
SearchIndex = Annotated[
    str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$", description="an index: lower-case letters, digits, - and _")
]
DomainName = Annotated[
    str,
    Meta(
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+)?$",
        description="a host name such as workflow.example.com, or empty",
    ),
]
HostedZone = Annotated[
    str,
    Meta(
        pattern=r"^(Z[A-Z0-9]{1,31}|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+)?$",
        description="the ID (Z...) or the name (example.com) of a hosted zone of Route 53, or empty for none",
    ),
]
_RuleName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
RuleGroups = Annotated[
    tuple[_RuleName, ...],
    Meta(description="a list of rule groups that AWS manages, such as [AWSManagedRulesCommonRuleSet]"),
]
CountedRules = Annotated[
    dict[str, tuple[_RuleName, ...]],
    Meta(description="a map from rule groups to lists of rules, such as {GroupName: [RULE_NAME]}"),
]
Email = Annotated[
    str, Meta(pattern=r"^([^@\s]+@[^@\s]+\.[^@\s.]+)?$", description="an email address, or empty for none")
]
UrlPath = Annotated[str, Meta(pattern=r"^/[!-~]*$", description="a path that starts with /")]
TlsPolicy = Annotated[
    str,
    Meta(
        pattern=r"^ELBSecurityPolicy-(TLS13-1-[23]-|TLS-1-2-|FS-1-2-)[A-Za-z0-9-]+$",
        description="an ALB security policy of TLS 1.2 or newer such as ELBSecurityPolicy-TLS13-1-2-2021-06",
    ),
]
RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]  # fmt: skip
"""The retention periods of CloudWatch Logs (PutRetentionPolicy), "for ever" left out."""
EvictionPolicy = Literal[
    "volatile-lru", "allkeys-lru", "volatile-lfu", "allkeys-lfu", "volatile-random", "allkeys-random", "volatile-ttl",
    "noeviction",
]  # fmt: skip


def seconds(least: int, most: int) -> Meta:
    """Bounds of a number of seconds."""
    return Meta(ge=least, le=most, description=f"{least} to {most} seconds")


def between(least: int, most: int, unit: str = "") -> Meta:
    """Bounds of a whole number, with the word that it counts."""
    return Meta(ge=least, le=most, description=f"a whole number, {least} to {most} {unit}".rstrip())


def allowed(annotation: object) -> str:
    """What a user may write for a type, in words."""
    wanted = _required(annotation)
    for metadata in getattr(wanted, "__metadata__", ()):
        if isinstance(metadata, Meta) and metadata.description:
            return metadata.description
    if typing.get_origin(wanted) is Literal:
        return "one of " + ", ".join(str(value) for value in typing.get_args(wanted))
    if wanted is bool:
        return "true or false"
    if typing.get_origin(wanted) is tuple:
        return f"a list, each item {allowed(typing.get_args(wanted)[0])}"
    return "text"


def parse(text: str, annotation: object) -> object:
    """The value that `text` stands for; raises `ValueError` (`msgspec.ValidationError` is one) when there is none."""
    raw: object = text if _is_text(annotation) else msgspec.json.decode(text)
    return msgspec.convert(raw, type=annotation, strict=True, dec_hook=_decode)


def _required(annotation: object) -> object:
    """The type of an optional value, and any other type itself."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return typing.get_args(annotation)[0]
    return annotation


def _is_text(annotation: object) -> bool:
    wanted = _required(annotation)
    bare = getattr(wanted, "__origin__", wanted)
    if bare is Literal:
        return isinstance(typing.get_args(wanted)[0], str)
    return bare in (str, IPv4Network)


def _decode(wanted: type, raw: object) -> object:
    if wanted is IPv4Network and isinstance(raw, str):
        return IPv4Network(raw)
    raise ValueError(f"{wanted.__name__} expected")
