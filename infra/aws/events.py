"""The brokers of events, by option: Amazon MSK in the data subnets, reachable by the tasks alone.

TLS everywhere, clients are asked who they are by IAM (SASL), so that there is no password to keep; no public address.
Topics aren't made by whoever names one; each has a copy in every zone, and a write is safe in all zones but one. The
storage of a broker grows by itself up to a limit and never shrinks, as EBS does. Its log goes to CloudWatch. Each task
makes the topics that are missing before it serves; it may do that and, where the engine publishes to Kafka, write to
the engine's own topics, by name. Costs from about 450 USD a month (three kafka.m7g.large), and 0.10 USD a GB.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.roles import allow
from infra.contract import Contract
from infra.settings import Settings

STORAGE_TARGET = 70
"""Percent of the storage in use above which it grows; below that of the alarm."""


@dataclass(frozen=True)
class EventsArgs:
    """What the brokers need to know; without a key they are encrypted with the one that AWS keeps."""

    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    settings: Settings
    key_arn: Input[str] | None = None


class Events(ComponentResource):
    """The cluster; `brokers` are host:port with commas between them, `cluster_name` what metrics are named by."""

    brokers: Output[str]
    cluster_name: Output[str]

    def __init__(self, name: str, args: EventsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Events", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        settings = args.settings.events
        zones = args.settings.network.zone_count
        configuration = aws.msk.Configuration(
            name,
            description="Brokers of the workflow engine",
            server_properties=server_properties(zones),
            opts=self._child,
        )
        authentication = aws.msk.ClusterClientAuthenticationArgs(
            sasl=aws.msk.ClusterClientAuthenticationSaslArgs(iam=True), unauthenticated=False
        )
        cluster = aws.msk.Cluster(
            name,
            cluster_name=name,
            kafka_version=settings.version,
            number_of_broker_nodes=zones * settings.brokers_per_zone,
            broker_node_group_info=self._nodes(),
            client_authentication=authentication,
            configuration_info=aws.msk.ClusterConfigurationInfoArgs(
                arn=configuration.arn, revision=configuration.latest_revision
            ),
            encryption_info=aws.msk.ClusterEncryptionInfoArgs(
                encryption_at_rest_kms_key_arn=args.key_arn,
                encryption_in_transit=aws.msk.ClusterEncryptionInfoEncryptionInTransitArgs(
                    client_broker="TLS", in_cluster=True
                ),
            ),
            enhanced_monitoring="PER_BROKER",
            logging_info=self._logs(),
            # What has grown by itself isn't to be cut.
            opts=ResourceOptions(
                parent=self, ignore_changes=["brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize"]
            ),
        )
        self._grow(cluster.arn)
        self.brokers, self.cluster_name = cluster.bootstrap_brokers_sasl_iam, cluster.cluster_name
        self._cluster_arn = cluster.arn
        self.register_outputs({"brokers": self.brokers, "clusterName": self.cluster_name})

    def statements(self, contract: Contract) -> list[dict[str, object]]:
        """What the engine may do ("Semantics of IAM authorization policy actions and resources")."""
        settings = self._args.settings
        own = settings.service.engine_settings
        making = ["AlterTopic", "CreateTopic", "DescribeTopic", "DescribeTopicDynamicConfiguration"]
        written = contract.topics(own, published=True) if settings.events.publisher == "kafka" else []
        others = [name for name in contract.topics(own) if name not in written]
        allowed = [self._allow(["Connect"], [self._cluster_arn]), self._allow(making, self._topic_arns(others))]
        if written:
            allowed.append(self._allow(["WriteDataIdempotently"], [self._cluster_arn]))
            # Each ARN once: a role's policies hold 10,240 characters in all ("IAM and AWS STS quotas").
            allowed.append(self._allow([*making, "WriteData"], self._topic_arns(written)))
        return allowed

    def _topic_arns(self, names: Sequence[str]) -> list[Output[str]]:
        """ARNs of topics: the cluster's, of another kind, with a name behind it."""
        prefix = self._cluster_arn.apply(lambda arn: arn.replace(":cluster/", ":topic/", 1))
        return [Output.concat(prefix, "/", name) for name in names]

    def _allow(self, actions: Sequence[str], resources: Sequence[Output[str]]) -> dict[str, object]:
        return allow([f"kafka-cluster:{action}" for action in actions], resources)

    def _nodes(self) -> aws.msk.ClusterBrokerNodeGroupInfoArgs:
        args, settings = self._args, self._args.settings.events
        storage = aws.msk.ClusterBrokerNodeGroupInfoStorageInfoEbsStorageInfoArgs(volume_size=settings.storage)
        closed = aws.msk.ClusterBrokerNodeGroupInfoConnectivityInfoPublicAccessArgs(type="DISABLED")
        return aws.msk.ClusterBrokerNodeGroupInfoArgs(
            client_subnets=list(args.subnet_ids),
            instance_type=settings.broker_type,
            security_groups=[args.security_group_id],
            storage_info=aws.msk.ClusterBrokerNodeGroupInfoStorageInfoArgs(ebs_storage_info=storage),
            connectivity_info=aws.msk.ClusterBrokerNodeGroupInfoConnectivityInfoArgs(public_access=closed),
        )

    def _logs(self) -> aws.msk.ClusterLoggingInfoArgs:
        group = aws.cloudwatch.LogGroup(
            self._name,
            retention_in_days=self._args.settings.service.log_retention_days,
            kms_key_id=self._args.key_arn,
            opts=self._child,
        )
        to_group = aws.msk.ClusterLoggingInfoBrokerLogsCloudwatchLogsArgs(enabled=True, log_group=group.name)
        return aws.msk.ClusterLoggingInfoArgs(
            broker_logs=aws.msk.ClusterLoggingInfoBrokerLogsArgs(cloudwatch_logs=to_group)
        )

    def _grow(self, cluster_arn: Output[str]) -> None:
        """Let the storage grow ("Automatic scaling for Amazon MSK clusters"); it can't be made smaller."""
        target = aws.appautoscaling.Target(
            self._name,
            service_namespace="kafka",
            scalable_dimension="kafka:broker-storage:VolumeSize",
            resource_id=cluster_arn,
            min_capacity=1,
            max_capacity=self._args.settings.events.max_storage,
            opts=self._child,
        )
        use = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
            predefined_metric_type="KafkaBrokerStorageUtilization"
        )
        aws.appautoscaling.Policy(
            self._name,
            policy_type="TargetTrackingScaling",
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                predefined_metric_specification=use, target_value=STORAGE_TARGET, disable_scale_in=True
            ),
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            opts=self._child,
        )


def server_properties(zones: int) -> str:
    """The brokers' configuration ("Custom Amazon MSK configurations")."""
    properties = {
        "auto.create.topics.enable": "false",
        "default.replication.factor": str(zones),
        "min.insync.replicas": str(zones - 1),
        "unclean.leader.election.enable": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())
