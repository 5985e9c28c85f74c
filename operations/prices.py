"""What the resources of a stack cost in a month, by the list prices in `prices.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from infra.policy.resources import Resource, is_list, mappings

FILE = Path(__file__).with_name("prices.toml")
HOURS = 730
"""Hours of a month, as AWS reckons."""

_MINUTES_OF_A_MONTH = HOURS * 60
_CPU_UNITS, _MIB = 1024, 1024


class TaskPrice(msgspec.Struct, frozen=True):
    """An hour of a vCPU and of a GB."""

    vcpu: float
    gb: float


class Prices(msgspec.Struct, frozen=True):
    """The table; its comments say what each figure counts."""

    date: str
    region: str
    fargate: Mapping[str, TaskPrice]
    spot: Mapping[str, float]
    database: Mapping[str, float]
    cache: Mapping[str, float]
    broker: Mapping[str, float]
    storage: Mapping[str, float]
    hourly: Mapping[str, float]
    monthly: Mapping[str, float]
    unit: Mapping[str, float]


@dataclass(frozen=True)
class Line:
    """One resource's month in US dollars; None where the table has no price for it."""

    name: str
    what: str
    dollars: float | None


def read(file: Path = FILE) -> Prices:
    """The price table."""
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Prices)


def estimate(resources: Sequence[Resource], prices: Prices) -> list[Line]:
    """A line for each resource that costs something by its being there; use (traffic, logs, requests) isn't in it."""
    lines: list[Line] = []
    for resource in resources:
        if resource.type in _PRICED:
            lines.extend(_PRICED[resource.type](resource, resources, prices))
        elif resource.type in prices.hourly:
            lines.append(Line(resource.name, _kind(resource), prices.hourly[resource.type] * HOURS))
        elif resource.type in prices.monthly:
            lines.append(Line(resource.name, _kind(resource), prices.monthly[resource.type]))
    return lines


def _tasks(service: Resource, stack: Sequence[Resource], prices: Prices) -> Iterator[Line]:
    definition = next((each for each in stack if each.type == "aws:ecs/taskDefinition:TaskDefinition"), None)
    if definition is None:
        return
    cpu, memory = _number(definition, "cpu"), _number(definition, "memory")
    architecture = str(definition.get("runtimePlatform.cpuArchitecture") or "X86_64")
    price = prices.fargate[architecture]
    each = (cpu / _CPU_UNITS * price.vcpu + memory / _MIB * price.gb) * HOURS
    spot, count = _spot_share(service), _number(service, "desiredCount")
    paid = count * each * (1 - spot * (1 - prices.spot["share"]))
    shared = f", {spot:.0%} of them Spot" if spot else ""
    yield Line(service.name, f"{count:g} tasks of {cpu:g} CPU units, {memory:g} MiB, {architecture}{shared}", paid)


def _spot_share(service: Resource) -> float:
    weights = {
        str(entry.get("capacityProvider")): float(str(entry.get("weight") or 0))
        for entry in mappings(service.items("capacityProviderStrategies"))
    }
    total = sum(weights.values())
    return weights.get("FARGATE_SPOT", 0) / total if total else 0


def _database(resource: Resource, _stack: Sequence[Resource], prices: Prices) -> Iterator[Line]:
    kind, zones = str(resource.get("instanceClass")), 2 if resource.get("multiAz") is True else 1
    where = "two zones" if zones > 1 else "one zone"
    hour, storage = prices.database.get(kind), _number(resource, "allocatedStorage")
    yield Line(resource.name, f"{kind} in {where}", hour and hour * HOURS * zones)
    yield Line(resource.name, f"{storage:g} GB of storage in {where}", storage * prices.storage["database"] * zones)


def _cache(resource: Resource, _stack: Sequence[Resource], prices: Prices) -> Iterator[Line]:
    kind, nodes = str(resource.get("nodeType")), _number(resource, "numCacheClusters")
    hour = prices.cache.get(kind)
    yield Line(resource.name, f"{nodes:g} of {kind}", hour and hour * HOURS * nodes)


def _brokers(resource: Resource, _stack: Sequence[Resource], prices: Prices) -> Iterator[Line]:
    kind, nodes = str(resource.get("brokerNodeGroupInfo.instanceType")), _number(resource, "numberOfBrokerNodes")
    hour = prices.broker.get(kind)
    yield Line(resource.name, f"{nodes:g} of {kind}", hour and hour * HOURS * nodes)
    storage = nodes * _number(resource, "brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize")
    yield Line(resource.name, f"{storage:g} GB of storage", storage * prices.storage["broker"])


def _load_balancer(resource: Resource, _stack: Sequence[Resource], prices: Prices) -> Iterator[Line]:
    addresses = 0 if resource.get("internal") is True else _length(resource, "subnets")
    unit = prices.unit
    hour = unit["balancer_hour"] + unit["capacity_unit_hour"] + addresses * unit["address_hour"]
    yield Line(resource.name, f"load balancer, one capacity unit, {addresses} public addresses", hour * HOURS)


def _endpoint(resource: Resource, _stack: Sequence[Resource], prices: Prices) -> Iterator[Line]:
    if resource.get("vpcEndpointType") == "Interface":
        zones = _length(resource, "subnetIds")
        yield Line(resource.name, f"endpoint in {zones} zones", zones * prices.unit["endpoint_zone_hour"] * HOURS)


def _alarm(resource: Resource, _stack: Sequence[Resource], prices: Prices) -> Iterator[Line]:
    metrics = sum(1 for query in mappings(resource.items("metricQueries")) if query.get("metric")) or 1
    yield Line(resource.name, "MetricAlarm", metrics * prices.unit["alarm_metric_month"])


def _firewall(resource: Resource, _stack: Sequence[Resource], prices: Prices) -> Iterator[Line]:
    rules = _length(resource, "rules")
    month = prices.unit["firewall_month"] + rules * prices.unit["firewall_rule_month"]
    yield Line(resource.name, f"web ACL with {rules} rules", month)


def _canary(resource: Resource, _stack: Sequence[Resource], prices: Prices) -> Iterator[Line]:
    rate = re.fullmatch(r"rate\((\d+) minutes?\)", str(resource.get("schedule.expression")))
    runs = _MINUTES_OF_A_MONTH / int(rate[1]) if rate else None
    yield Line(resource.name, "canary", runs and runs * prices.unit["canary_run"])


def _number(resource: Resource, path: str) -> float:
    value = resource.get(path)
    return float(value) if isinstance(value, str | int | float) and value != "" else 0


def _length(resource: Resource, path: str) -> int:
    value = resource.get(path)
    return len(value) if is_list(value) else 0


def _kind(resource: Resource) -> str:
    return resource.type.rsplit(":", 1)[-1]


_PRICED: Mapping[str, Callable[[Resource, Sequence[Resource], Prices], Iterator[Line]]] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ecs/service:Service": _tasks,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:msk/cluster:Cluster": _brokers,
    "aws:rds/instance:Instance": _database,
    "aws:synthetics/canary:Canary": _canary,
    "aws:wafv2/webAcl:WebAcl": _firewall,
}
