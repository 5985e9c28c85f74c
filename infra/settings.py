"""The whole configuration of a stack as frozen models; the key of a field is its name or `field(name=...)`.

`Pulumi.yaml` declares each key with its type, default and meaning; nothing here has a default. `load` reports
everything that is wrong at once.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import field

from infra import values
from infra.alarm_settings import AlarmSettings
from infra.autoscaling_settings import AutoscalingSettings
from infra.backup_settings import BackupSettings
from infra.canary_settings import CanarySettings
from infra.compute_settings import ComputeSettings
from infra.contract import Contract
from infra.data_store_settings import CacheSettings, DatabaseSettings
from infra.events_settings import EventsSettings
from infra.problems import ConfigurationError, hidden
from infra.reader import Reader
from infra.rules import check
from infra.sidecar_settings import SidecarSettings
from infra.standby_settings import StandbySettings
from infra.values import between, seconds

PROJECT = "workflow"


class ProviderSettings(msgspec.Struct, frozen=True, rename="camel"):
    """The standard `aws` namespace: region, accounts that the stack may be made in, and how AWS is reached."""

    region: values.Region
    profile: values.Profile | None = None
    allowed_account_ids: values.AccountIds | None = None
    endpoints: values.Endpoints | None = None
    s3_use_path_style: bool | None = None
    skip_credentials_validation: bool | None = None
    skip_metadata_api_check: bool | None = None
    skip_region_validation: bool | None = None
    skip_requesting_account_id: bool | None = None


class NetworkSettings(msgspec.Struct, frozen=True, rename="camel"):
    """The VPC: its ranges and its way out."""

    vpc_cidr: values.Cidr
    zone_count: Annotated[int, between(2, 6, "zones")] = field(name="availabilityZones")
    public_cidrs: values.Cidrs = field(name="publicSubnetCidrs")
    private_cidrs: values.Cidrs = field(name="privateSubnetCidrs")
    data_cidrs: values.Cidrs = field(name="dataSubnetCidrs")
    nat: Literal["none", "one", "per-zone"] = field(name="natGateways")
    interface_endpoints: values.EndpointServices
    endpoints_beside_nat: bool = field(name="interfaceEndpointsBesideNat")
    flow_logs: Literal["none", "rejected", "all"]
    flow_log_retention_days: values.RetentionDays
    task_egress_ports: tuple[values.Port, ...]

    @property
    def endpoint_services(self) -> tuple[str, ...]:
        """The services that get an interface endpoint."""
        return self.interface_endpoints if self.nat == "none" or self.endpoints_beside_nat else ()


class HealthCheckSettings(msgspec.Struct, frozen=True, rename="camel"):
    """How a load balancer finds out which tasks may be sent requests. Times in seconds."""

    path: values.UrlPath = field(name="healthCheckPath")
    interval: Annotated[int, seconds(5, 300)] = field(name="healthCheckInterval")
    timeout: Annotated[int, seconds(2, 120)] = field(name="healthCheckTimeout")
    healthy_threshold: Annotated[int, between(2, 10, "checks")] = field(name="healthCheckHealthyThreshold")
    unhealthy_threshold: Annotated[int, between(2, 10, "checks")] = field(name="healthCheckUnhealthyThreshold")


class LoadBalancerSettings(msgspec.Struct, frozen=True, rename="camel"):
    """The way in. Times in seconds; an empty certificate, domain name or hosted zone is none."""

    certificate_arn: values.CertificateArn
    domain_name: values.DomainName
    hosted_zone: values.HostedZone
    certificate_validation_minutes: Annotated[int, between(1, 120, "minutes")]
    access_logs: bool
    access_log_retention_days: Annotated[int, between(1, 3650, "days")]
    http_port: values.Port
    allowed_cidrs: values.Cidrs
    tls_policy: values.TlsPolicy
    idle_timeout: Annotated[int, seconds(61, 4000)] = field(name="loadBalancerIdleTimeout")
    deregistration_delay: Annotated[int, seconds(0, 3600)]
    management_access: Literal["none", "internal"]

    @property
    def serves_https(self) -> bool:
        """Whether there is a certificate: one of the account, or one that the stack has issued."""
        return bool(self.certificate_arn or self.hosted_zone)


class WafSettings(msgspec.Struct, frozen=True, rename="camel"):
    """What AWS WAF looks for in requests; the rate limit is requests of one address in five minutes."""

    enabled: bool = field(name="waf")
    rule_groups: values.RuleGroups = field(name="wafRuleGroups")
    counted_rules: values.CountedRules = field(name="wafCountedRules")
    rate_limit: Annotated[int, between(10, 2_000_000_000, "requests")] = field(name="wafRateLimit")


class RegistrySettings(msgspec.Struct, frozen=True, rename="camel"):
    """The image to run, and how long images are kept; an empty region is none."""

    image_tag: values.ImageTag
    protected_tags: values.TagPatterns = field(name="registryProtectedTags")
    replication_region: values.OptionalRegion = field(name="registryReplicationRegion")
    retained_images: Annotated[int, between(1, 1000, "images")] = field(name="registryRetainedImages")
    untagged_days: Annotated[int, between(1, 365, "days")] = field(name="registryUntaggedDays")
    force_delete: bool = field(name="registryForceDelete")


class ServiceSettings(msgspec.Struct, frozen=True, rename="camel"):
    """The tasks: size (CPU units, MiB), number, and how they are replaced. Times in seconds."""

    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = field(name="taskCpu")
    memory: Annotated[int, between(512, 122880, "MiB")] = field(name="taskMemory")
    desired_count: Annotated[int, between(0, 1000, "tasks")]
    api_port: values.Port
    management_port: values.Port
    stop_timeout: Annotated[int, seconds(2, 120)]
    health_check_grace_period: Annotated[int, seconds(60, 300)]
    minimum_healthy_percent: values.Percent = field(name="deploymentMinimumHealthyPercent")
    maximum_percent: Annotated[int, between(101, 200, "percent")] = field(name="deploymentMaximumPercent")
    open_files: Annotated[int, between(1024, 1048576, "files")]
    role_arns: values.RoleArns = field(name="taskRoleArns")
    engine_settings: values.EngineSettings
    log_retention_days: values.RetentionDays


class MonitoringSettings(msgspec.Struct, frozen=True, rename="camel"):
    """Who is told of what; a budget is US dollars a month, 0 for none."""

    alarms: bool
    alert_email: values.Email
    budget: values.Count = field(name="budgetMonthlyUsd")
    budget_alerts: values.Percents = field(name="budgetAlertPercents")


class StackSettings(msgspec.Struct, frozen=True, rename="camel"):
    """What holds for the stack as a whole."""

    environment: values.Environment
    deletion_protection: bool
    encryption_key: Literal["aws", "stack"]
    secret_recovery_days: Annotated[int, between(0, 30, "days")]
    apply_immediately: bool


class Settings(msgspec.Struct, frozen=True):
    """Everything that a stack's configuration says, and the stack's name."""

    name: str
    provider: ProviderSettings
    stack: StackSettings
    standby: StandbySettings
    network: NetworkSettings
    load_balancer: LoadBalancerSettings
    health_check: HealthCheckSettings
    waf: WafSettings
    registry: RegistrySettings
    service: ServiceSettings
    compute: ComputeSettings
    sidecars: SidecarSettings
    autoscaling: AutoscalingSettings
    database: DatabaseSettings
    cache: CacheSettings
    events: EventsSettings
    backup: BackupSettings
    monitoring: MonitoringSettings
    canary: CanarySettings
    alarms: AlarmSettings

    @property
    def is_local(self) -> bool:
        """Whether this is the stack that needs no AWS account."""
        return self.stack.environment == "local"

    @property
    def reads_log(self) -> bool:
        """Whether metrics are made of the engine's log: alarms and autoscaling on the backlog need them."""
        return self.monitoring.alarms or (self.autoscaling.enabled and self.autoscaling.backlog_target > 0)

    @property
    def prefix(self) -> str:
        """What the name of everything in the stack starts with."""
        return f"{PROJECT}-{self.name}"


def load(config: Mapping[str, str], *, stack: str, contract: Contract) -> Settings:
    """The settings of a stack from its configuration, keys with their namespaces; raises `ConfigurationError`."""
    reader = Reader(config)
    for group in msgspec.structs.fields(Settings):
        if group.name == "provider":
            reader.scan(ProviderSettings, "aws")
        elif group.name != "name":
            reader.scan(group.type, PROJECT)
    problems = [*reader.problems, *reader.unknown(PROJECT, "aws"), *check(reader.values, stack, contract)]
    if problems:
        raise ConfigurationError(stack, map(hidden, problems))
    return Settings(
        name=stack,
        provider=reader.build(ProviderSettings, "aws"),
        stack=reader.build(StackSettings, PROJECT),
        standby=reader.build(StandbySettings, PROJECT),
        network=reader.build(NetworkSettings, PROJECT),
        load_balancer=reader.build(LoadBalancerSettings, PROJECT),
        health_check=reader.build(HealthCheckSettings, PROJECT),
        waf=reader.build(WafSettings, PROJECT),
        registry=reader.build(RegistrySettings, PROJECT),
        service=reader.build(ServiceSettings, PROJECT),
        compute=reader.build(ComputeSettings, PROJECT),
        sidecars=reader.build(SidecarSettings, PROJECT),
        autoscaling=reader.build(AutoscalingSettings, PROJECT),
        database=reader.build(DatabaseSettings, PROJECT),
        cache=reader.build(CacheSettings, PROJECT),
        events=reader.build(EventsSettings, PROJECT),
        backup=reader.build(BackupSettings, PROJECT),
        monitoring=reader.build(MonitoringSettings, PROJECT),
        canary=reader.build(CanarySettings, PROJECT),
        alarms=reader.build(AlarmSettings, PROJECT),
    )
