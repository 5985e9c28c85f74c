"""For each rule a resource that breaks it and one that keeps it; the bad program is made of the former."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infra.policy.resources import Resource

Inputs = Mapping[str, object]
STACK = "other"
"""A stack of no environment, so that no rule is exempt."""


@dataclass(frozen=True)
class Beside:
    """Another resource, whose input `about` comes from the one that a rule looks at."""

    type: str
    about: str
    inputs: Inputs = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """Inputs that break a rule and inputs that keep it, of one type, with what stands beside the resource."""

    control: str
    type: str
    bad: Inputs
    good: Inputs
    bad_beside: Beside | None = None
    good_beside: Beside | None = None
    good_provider: str = "aws"
    good_protected: bool = False

    def resources(self, *, good: bool) -> list[Resource]:
        """The resource and what stands beside it."""
        made = Resource(
            urn=urn(self.type, self.control),
            type=self.type,
            inputs=self.good if good else self.bad,
            provider=self.good_provider if good else "default_7_51_1",
            protected=good and self.good_protected,
        )
        beside = self.good_beside if good else self.bad_beside
        if beside is None:
            return [made]
        other = Resource(
            urn=urn(beside.type, f"{self.control}-beside"),
            type=beside.type,
            inputs=beside.inputs,
            references={beside.about: frozenset({made.urn})},
            provider="aws",
        )
        return [made, other]


def urn(kind: str, name: str, stack: str = STACK) -> str:
    return f"urn:pulumi:{stack}::workflow::{kind}::{name}"


def policy(effect: str, action: str | Sequence[str], resource: str, **more: object) -> str:
    """A policy document of one statement."""
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def containers(**definition: object) -> Inputs:
    """A task definition with one container."""
    return {"containerDefinitions": json.dumps([{"name": "main", **definition}])}


def beside_a_log_router(**definition: object) -> Inputs:
    """A task definition with a container and the log router, which is root's and writes."""
    router = {"name": "router", "user": "0", "firelensConfiguration": {"type": "fluentbit"}}
    return {"containerDefinitions": json.dumps([{"name": "main", **definition}, router])}


def listener(protocol: str, kind: str, **more: object) -> Inputs:
    return {"protocol": protocol, "port": 80, "defaultActions": [{"type": kind, **more}]}


def ingress(cidr: str, port: int) -> Inputs:
    return {"cidrIpv4": cidr, "fromPort": port, "toPort": port, "ipProtocol": "tcp"}


def to(service: str) -> Beside:
    """An endpoint in the VPC of a case."""
    return Beside("aws:ec2/vpcEndpoint:VpcEndpoint", "vpcId", {"serviceName": f"com.amazonaws.us-east-1.{service}"})


ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
BROKERS = "aws:msk/cluster:Cluster"
BUCKET = "aws:s3/bucket:Bucket"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
DATABASE = "aws:rds/instance:Instance"
KEY = "aws:kms/key:Key"
LISTENER = "aws:lb/listener:Listener"
REPOSITORY = "aws:ecr/repository:Repository"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
SELECTION = "aws:backup/selection:Selection"
SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
VPC = "aws:ec2/vpc:Vpc"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
TARGETS = "aws:lb/targetGroup:TargetGroup"
WEB_ACL = "aws:wafv2/webAcl:WebAcl"

ANYONE = policy("Allow", "sns:Publish", "*", Principal="*")
ACCOUNT = policy("Allow", "sns:Publish", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"})
TLS_ALONE = policy("Deny", "s3:*", "*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
BLOCKED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/0f0e0d0c-0b0a-4908-8706-050403020100"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:a"
BY_DIGEST = "r@sha256:" + "0" * 64

CASES = (
    Case("ACM.2", "aws:acm/certificate:Certificate", {"keyAlgorithm": "RSA_1024"}, {"keyAlgorithm": "RSA_2048"}),
    Case(
        "Backup.2",
        "aws:backup/plan:Plan",
        {"rules": [{"ruleName": "daily"}]},
        {"rules": [{"ruleName": "daily", "recoveryPointTags": {"stack": "s"}}]},
    ),
    Case("CloudWatch.15", ALARM, {"alarmActions": []}, {"alarmActions": ["arn:aws:sns:us-east-1:1:t"]}),
    Case("CloudWatch.16", "aws:cloudwatch/logGroup:LogGroup", {}, {"retentionInDays": 30}),
    Case("CloudWatch.17", ALARM, {"actionsEnabled": False}, {"actionsEnabled": True}),
    Case(
        "EC2.2",
        VPC,
        {},
        {},
        bad_beside=Beside(
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId", {"ingress": [{"protocol": "-1"}]}
        ),
        good_beside=Beside("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId"),
    ),
    Case("EC2.6", VPC, {}, {}, good_beside=Beside("aws:ec2/flowLog:FlowLog", "vpcId", {"trafficType": "REJECT"})),
    Case("EC2.8", "aws:ec2/instance:Instance", {}, {"metadataOptions": {"httpTokens": "required"}}),
    Case("EC2.15", "aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": True}, {}),
    Case(
        "EC2.18",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        ingress("0.0.0.0/0", 5432),
        ingress("0.0.0.0/0", 443),
    ),
    Case("EC2.55", VPC, {}, {}, bad_beside=to("ecr.dkr"), good_beside=to("ecr.api")),
    Case("EC2.56", VPC, {}, {}, bad_beside=to("ecr.api"), good_beside=to("ecr.dkr")),
    Case("ECR.1", REPOSITORY, {}, {"imageScanningConfiguration": {"scanOnPush": True}}),
    Case("ECR.2", REPOSITORY, {"imageTagMutability": "MUTABLE"}, {"imageTagMutability": "IMMUTABLE"}),
    Case("ECR.3", REPOSITORY, {}, {}, good_beside=Beside("aws:ecr/lifecyclePolicy:LifecyclePolicy", "repository")),
    Case("ECS.2", SERVICE, {"networkConfiguration": {"assignPublicIp": True}}, {"networkConfiguration": {}}),
    Case("ECS.3", TASK, {"pidMode": "host"}, {}),
    Case("ECS.4", TASK, containers(privileged=True), containers()),
    Case("ECS.5", TASK, containers(), beside_a_log_router(readonlyRootFilesystem=True)),
    Case(
        "ECS.8",
        TASK,
        containers(environment=[{"name": "DB_PASSWORD", "value": "p"}]),
        containers(environment=[{"name": "DB_PASSWORD", "value": f"secretsmanager:{SECRET_ARN}"}]),
    ),
    Case("ECS.9", TASK, containers(), containers(logConfiguration={"logDriver": "awslogs"})),
    Case("ECS.10", SERVICE, {"platformVersion": "1.3.0"}, {}),
    Case(
        "ECS.12",
        "aws:ecs/cluster:Cluster",
        {"settings": [{"name": "containerInsights", "value": "disabled"}]},
        {"settings": [{"name": "containerInsights", "value": "enabled"}]},
    ),
    Case("ECS.17", TASK, {"networkMode": "host"}, {"networkMode": "awsvpc"}),
    Case("ECS.20", TASK, containers(user="0:0"), beside_a_log_router(user="1000")),
    Case(
        "ELB.1",
        LISTENER,
        listener("HTTP", "forward"),
        listener("HTTP", "redirect", redirect={"protocol": "HTTPS"}),
    ),
    Case("ELB.4", BALANCER, {}, {"dropInvalidHeaderFields": True}),
    Case("ELB.5", BALANCER, {}, {"accessLogs": {"enabled": True, "bucket": "b"}}),
    Case("ELB.6", BALANCER, {"enableDeletionProtection": False}, {"enableDeletionProtection": True}),
    Case("ELB.12", BALANCER, {"desyncMitigationMode": "monitor"}, {"desyncMitigationMode": "strictest"}),
    Case("ELB.13", BALANCER, {"subnets": ["a"]}, {"subnets": ["a", "b"]}),
    Case(
        "ELB.17",
        LISTENER,
        {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-2016-08"},
        {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
    ),
    Case("ELB.18", LISTENER, {"protocol": "HTTP"}, {"protocol": "HTTPS"}),
    Case("ELB.21", TARGETS, {"healthCheck": {"protocol": "HTTP"}}, {"healthCheck": {"protocol": "HTTPS"}}),
    Case("ELB.22", TARGETS, {"protocol": "HTTP"}, {"protocol": "HTTPS"}),
    Case("ElastiCache.1", CACHE, {}, {"snapshotRetentionLimit": 1}),
    Case("ElastiCache.2", CACHE, {"autoMinorVersionUpgrade": False}, {}),
    Case("ElastiCache.3", CACHE, {}, {"automaticFailoverEnabled": True}),
    Case("ElastiCache.4", CACHE, {}, {"atRestEncryptionEnabled": True}),
    Case("ElastiCache.5", CACHE, {"transitEncryptionEnabled": False}, {"transitEncryptionEnabled": True}),
    Case("ElastiCache.6", CACHE, {}, {"userGroupIds": ["cache-users"]}),
    Case("ElastiCache.7", CACHE, {"subnetGroupName": "default"}, {"subnetGroupName": "own"}),
    Case("IAM.1", ROLE_POLICY, {"policy": policy("Allow", "*", "*")}, {"policy": policy("Allow", "s3:GetObject", "*")}),
    Case(
        "IAM.21",
        ROLE_POLICY,
        {"policy": policy("Allow", "s3:Get*", SECRET_ARN)},
        {"policy": policy("Allow", ["secretsmanager:GetSecretValue"], SECRET_ARN)},
    ),
    Case(
        "KMS.1",
        "aws:iam/policy:Policy",
        {"policy": policy("Allow", ["kms:DescribeKey", "kms:Dec*"], "*")},
        {"policy": policy("Allow", "kms:Decrypt", KEY_ARN)},
    ),
    Case(
        "KMS.2",
        ROLE_POLICY,
        {"policy": policy("Allow", "kms:ReEncryptFrom", "arn:aws:kms:us-east-1:123456789012:key/*")},
        {"policy": policy("Allow", "kms:ReEncryptFrom", KEY_ARN)},
    ),
    Case("KMS.4", KEY, {}, {"enableKeyRotation": True}),
    Case("KMS.5", KEY, {"policy": ANYONE}, {"policy": ACCOUNT}),
    Case(
        "MSK.1",
        BROKERS,
        {"encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS_PLAINTEXT"}}},
        {"encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS"}}},
    ),
    Case(
        "MSK.4",
        BROKERS,
        {"brokerNodeGroupInfo": {"connectivityInfo": {"publicAccess": {"type": "SERVICE_PROVIDED_EIPS"}}}},
        {"brokerNodeGroupInfo": {"connectivityInfo": {"publicAccess": {"type": "DISABLED"}}}},
    ),
    Case("MSK.6", BROKERS, {"clientAuthentication": {"unauthenticated": True}}, {}),
    Case("RDS.2", DATABASE, {"publiclyAccessible": True}, {}),
    Case("RDS.3", DATABASE, {}, {"storageEncrypted": True}),
    Case("RDS.5", DATABASE, {"multiAz": False}, {"multiAz": True}),
    Case("RDS.6", DATABASE, {"monitoringInterval": 0}, {"monitoringInterval": 60}),
    Case("RDS.8", DATABASE, {}, {"deletionProtection": True}),
    Case("RDS.10", DATABASE, {}, {"iamDatabaseAuthenticationEnabled": True}),
    Case("RDS.11", DATABASE, {"backupRetentionPeriod": 1}, {"backupRetentionPeriod": 7}),
    Case("RDS.13", DATABASE, {"autoMinorVersionUpgrade": False}, {}),
    Case("RDS.17", DATABASE, {}, {"copyTagsToSnapshot": True}),
    Case("RDS.23", DATABASE, {"port": 5432}, {"port": 5433}),
    Case("RDS.25", DATABASE, {"username": "postgres"}, {"username": "workflow_admin"}),
    Case(
        "RDS.26",
        DATABASE,
        {"tags": {"backup": "c"}},
        {"tags": {"backup": "a"}},
        bad_beside=Beside(SELECTION, "planId", {"selectionTags": [{"key": "backup", "value": "b"}]}),
        good_beside=Beside(SELECTION, "planId", {"selectionTags": [{"key": "backup", "value": "a"}]}),
    ),
    Case(
        "RDS.36",
        DATABASE,
        {"engine": "postgres"},
        {"engine": "postgres", "enabledCloudwatchLogsExports": ["postgresql"]},
    ),
    Case(
        "RDS.38",
        "aws:rds/parameterGroup:ParameterGroup",
        {"family": "postgres17", "parameters": []},
        {"family": "postgres17", "parameters": [{"name": "rds.force_ssl", "value": "1"}]},
    ),
    Case("S3.2", "aws:s3/bucketPolicy:BucketPolicy", {"policy": ANYONE}, {"policy": TLS_ALONE}),
    Case(
        "S3.5",
        BUCKET,
        {},
        {},
        bad_beside=Beside("aws:s3/bucketPolicy:BucketPolicy", "bucket", {"policy": ACCOUNT}),
        good_beside=Beside("aws:s3/bucketPolicy:BucketPolicy", "bucket", {"policy": TLS_ALONE}),
    ),
    Case(
        "S3.6",
        BUCKET_POLICY,
        {"policy": policy("Allow", "s3:PutBucketPolicy", "*", Principal={"AWS": "arn:aws:iam::210987654321:root"})},
        {"policy": policy("Allow", "s3:PutObject", "*", Principal={"Service": "delivery.logs.amazonaws.com"})},
    ),
    Case(
        "S3.8",
        BUCKET,
        {},
        {},
        bad_beside=Beside(
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket", {**BLOCKED, "blockPublicAcls": False}
        ),
        good_beside=Beside("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket", BLOCKED),
    ),
    Case("S3.9", BUCKET, {}, {}, good_beside=Beside("aws:s3/bucketLogging:BucketLogging", "bucket")),
    Case(
        "S3.12",
        BUCKET,
        {},
        {},
        bad_beside=Beside(OWNERSHIP, "bucket", {"rule": {"objectOwnership": "ObjectWriter"}}),
        good_beside=Beside(OWNERSHIP, "bucket", {"rule": {"objectOwnership": "BucketOwnerEnforced"}}),
    ),
    Case(
        "S3.13",
        BUCKET,
        {},
        {},
        good_beside=Beside("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "bucket"),
    ),
    Case("SNS.1", "aws:sns/topic:Topic", {}, {"kmsMasterKeyId": "alias/a"}),
    Case("SNS.4", "aws:sns/topicPolicy:TopicPolicy", {"policy": ANYONE}, {"policy": ACCOUNT}),
    Case(
        "SecretsManager.1",
        "aws:secretsmanager/secret:Secret",
        {},
        {},
        good_beside=Beside("aws:secretsmanager/secretRotation:SecretRotation", "secretId"),
    ),
    Case("WAF.10", WEB_ACL, {}, {"rules": [{"name": "a", "priority": 0}]}),
    Case(
        "WAF.12",
        WEB_ACL,
        {"rules": [{"name": "a", "visibilityConfig": {"cloudwatchMetricsEnabled": False}}]},
        {"rules": [{"name": "a", "visibilityConfig": {"cloudwatchMetricsEnabled": True}}]},
    ),
    Case(
        "Workflow.1",
        SERVICE,
        {"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
        {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    ),
    Case("Workflow.2", TASK, containers(image="r:latest"), containers(image=BY_DIGEST)),
    Case("Workflow.3", DATABASE, {"skipFinalSnapshot": True}, {}),
    Case(
        "Workflow.4",
        ROLE_POLICY,
        {"policy": policy("Allow", "secretsmanager:GetSecretValue", "*")},
        {"policy": policy("Allow", "ecr:GetAuthorizationToken", "*")},
    ),
    Case(
        "Workflow.5",
        "pulumi:providers:aws",
        {"region": "us-east-1"},
        {"defaultTags": json.dumps({"tags": {"project": "p", "stack": "s", "managed-by": "pulumi"}})},
    ),
    Case("Workflow.6", VPC, {}, {}),
    Case("Workflow.7", DATABASE, {}, {}, good_protected=True),
    Case(
        "Workflow.8",
        "aws:elasticache/user:User",
        {"userName": "default", "accessString": "on ~* +@all"},
        {"userName": "default", "accessString": "off ~* -@all"},
    ),
)
