"""What has to hold between keys, and between them and the engine's contract."""

import pytest

from engine.api.rest.requests import LONGEST_WAIT_SECONDS
from infra.problems import ConfigurationError
from infra.rules import LONG_POLL_SECONDS
from tests.infra.stacks import CERTIFICATE, settings_of

NIGHT = {"name": "night", "schedule": "cron(0 22 * * ? *)", "timezone": "UTC", "minimum": 1, "maximum": 2}

IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/sidecar@sha256:{'0' * 64}"

BROKEN_IN_DEV: list[tuple[dict[str, object], str, str]] = [
    ({"taskMemory": 4096}, "taskMemory is 4096", "must be one of 512, 1024, 2048 for a taskCpu of 256"),
    ({"vpcCidr": "10.0.0.0/8"}, "vpcCidr is 10.0.0.0/8", "must be a range between /16 and /27"),
    ({"publicSubnetCidrs": ["10.0.0.0/22"]}, "publicSubnetCidrs is a list of 1", "each of the 2 availabilityZones"),
    (
        {"dataSubnetCidrs": ["10.1.0.0/22", "10.0.132.0/22"]},
        "dataSubnetCidrs is 10.1.0.0/22",
        "must lie inside vpcCidr 10.0.0.0/16",
    ),
    (
        {"dataSubnetCidrs": ["10.0.64.0/24", "10.0.132.0/22"]},
        "dataSubnetCidrs is 10.0.64.0/24",
        "must not overlap 10.0.64.0/20 of privateSubnetCidrs",
    ),
    ({"certificateArn": ""}, "certificateArn is not set", "the stack dev serves HTTPS only"),
    ({"certificateArn": CERTIFICATE.replace("us-east-1", "eu-west-1")}, "certificateArn is", "in aws:region us-east-1"),
    ({"certificateArn": ""}, "certificateArn is not set", "or a hostedZone to have one issued"),
    (
        {"certificateArn": "", "hostedZone": "example.com"},
        "domainName is workflow.example.org",
        "must be example.com, the hostedZone, or a name in it",
    ),
    ({"hostedZone": "ample.org"}, "domainName is workflow.example.org", "must be ample.org, the hostedZone"),
    ({"certificateArn": "", "hostedZone": "Z12", "httpPort": 443}, "httpPort is 443", "must differ from 443"),
    ({"certificateArn": "", "hostedZone": "Z12", "domainName": ""}, "domainName is not set", "as clients check it"),
    (
        {"natGateways": "none", "interfaceEndpoints": ["sqs", "logs"]},
        "interfaceEndpoints is [sqs, logs]",
        "must contain ecr.api, ecr.dkr, secretsmanager, which tasks call to start",
    ),
    (
        {"natGateways": "none", "executeCommand": True},
        "interfaceEndpoints is [",
        "must contain ssmmessages, which executeCommand needs without NAT",
    ),
    (
        {"natGateways": "none", "metricsCollectorImage": IMAGE},
        "interfaceEndpoints is [",
        "must contain aps-workspaces, which metricsCollectorImage needs without NAT",
    ),
    ({"logRouterImage": IMAGE}, 'openSearchHost is ""', "must be set with logRouterImage"),
    ({"openSearchHost": "logs.example.org"}, 'logRouterImage is ""', "must be set with openSearchHost"),
    ({"logRouterImage": "fluent-bit:init-2"}, "logRouterImage is", "an image by its digest"),
    ({"eventsPublisher": "eventbridge"}, 'eventBus is ""', "must be set where eventsPublisher is eventbridge"),
    ({"eventBus": "orders"}, "eventBus is orders", "must be empty while eventsPublisher is none, not eventbridge"),
    ({"eventsPublisher": "webhook"}, 'eventsWebhookUrl is ""', "must be set where eventsPublisher is webhook"),
    (
        {"eventsPublisher": "webhook", "eventsWebhookUrl": "http://app.example.com"},
        "eventsWebhookUrl is http://app.example.com",
        "must begin with https://; only local may go without TLS",
    ),
    (
        {"eventsPublisher": "webhook", "eventsWebhookUrl": "https://app.example.com:8443/e"},
        "taskEgressPorts is [",
        "must contain 8443, the port of eventsWebhookUrl",
    ),
    (
        {"eventsPublisher": "webhook", "eventsWebhookUrl": "https://app.example.com:70000/e"},
        "eventsWebhookUrl is https://app.example.com:70000/e",
        "must name a port from 1 to 65535, if any",
    ),
    ({"eventsWebhookUrl": "ftp://a"}, "eventsWebhookUrl is", "a URL such as https://app.example.com/events"),
    ({"eventsPublisher": "kafka"}, "kafka is false", "must be true where eventsPublisher is kafka"),
    (
        {"kafka": True, "engineSettings": {"KAFKA_WORKFLOW_TOPICS": ",".join(f"w{n}" for n in range(31))}},
        "engineSettings.KAFKA_WORKFLOW_TOPICS names 31 workflows",
        "must be at most 30, which fit into the policy of the tasks' role",
    ),
    ({"kafkaStorage": 600}, "kafkaMaxStorage is 500", "must be at least kafkaStorage 600"),
    ({"canary": True, "domainName": ""}, 'domainName is ""', "must be set with canary"),
    ({"canary": True, "allowedCidrs": ["10.0.0.0/8"]}, "allowedCidrs is [10.0.0.0/8]", "must contain 0.0.0.0/0"),
    ({"interfaceEndpoints": ["sqs", "sqs"]}, "interfaceEndpoints is [sqs, sqs]", "must name each service once"),
    ({"interfaceEndpoints": ["s3"]}, "interfaceEndpoints is [s3]", "has a gateway endpoint in any case"),
    ({"wafRuleGroups": ["A", "A"], "wafCountedRules": {}}, "wafRuleGroups is [A, A]", "must name each group once"),
    ({"wafRuleGroups": ["A"]}, "wafCountedRules.AWSManagedRulesCommonRuleSet is unknown", "a group in wafRuleGroups"),
    ({"registryReplicationRegion": "us-east-1"}, "registryReplicationRegion is us-east-1", "must differ from aws:reg"),
    ({"backupCopyRegion": "us-east-1"}, "backupCopyRegion is us-east-1", "must differ from aws:region us-east-1"),
    (
        {"backupCopyRegion": "us-west-2", "backupDays": 0},
        "backupCopyRegion is us-west-2",
        "must be empty where backupDays is 0",
    ),
    ({"registryProtectedTags": ["v*", "v*"]}, "registryProtectedTags is [v*, v*]", "must name each pattern once"),
    ({"registryProtectedTags": ["*a*b*c*d*"]}, "registryProtectedTags is *a*b*c*d*", "must have at most 4 of *"),
    ({"domainName": ""}, "domainName is not set", "a host name that the certificate covers"),
    ({"allowedCidrs": ["10.0.0.0/8"] * 2}, "allowedCidrs is 10.0.0.0/8, 10.0.0.0/8", "must name each range once"),
    ({"httpPort": 443}, "httpPort is 443", "must differ from 443"),
    ({"managementPort": 8080}, "managementPort is 8080", "must differ from apiPort"),
    ({"taskEgressPorts": [80]}, "taskEgressPorts is [80]", "must contain 443"),
    ({"taskEgressPorts": [443, 443]}, "taskEgressPorts is [443, 443]", "must name each port once"),
    ({"healthCheckTimeout": 10}, "healthCheckTimeout is 10", "must be below healthCheckInterval 10"),
    ({"loadBalancerIdleTimeout": 60}, "loadBalancerIdleTimeout is 60", "61 to 4000 seconds"),
    ({"loadBalancerIdleTimeout": 90}, "loadBalancerIdleTimeout is 90", "below the engine's KEEP_ALIVE_SECONDS 90"),
    ({"engineSettings": {"KEEP_ALIVE_SECONDS": 70}}, "loadBalancerIdleTimeout is 75", "KEEP_ALIVE_SECONDS 70"),
    ({"deregistrationDelay": 59}, "deregistrationDelay is 59", "must be at least the long poll's 60 s"),
    ({"deploymentMaximumPercent": 199}, "deploymentMaximumPercent is 199", "must be at least 200"),
    ({"desiredCount": 2}, "alarmDatabaseConnections is 60", "must be at least 80, the DATABASE_POOL_SIZE of 4 tasks"),
    ({"engineSettings": {"DATABASE_POOL_SIZE": 31}}, "alarmDatabaseConnections is 60", "must be at least 62"),
    ({"stopTimeout": 20}, "stopTimeout is 20", "above the engine's SHUTDOWN_DRAIN_SECONDS 25"),
    ({"engineSettings": {"SHUTDOWN_DRAIN_SECONDS": 110}, "stopTimeout": 110}, "stopTimeout is 110", "SHUTDOWN_DRAIN"),
    ({"secretRecoveryDays": 3}, "secretRecoveryDays is 3", "must be 0, or 7 to 30 days"),
    ({"databaseMaxStorage": 21}, "databaseMaxStorage is 21", "must be at least 22, a tenth above databaseStorage 20"),
    ({"alarmDatabaseFreeStorage": 20}, "alarmDatabaseFreeStorage is 20", "must be below databaseStorage 20"),
    ({"databaseUser": "workflow_admin"}, "databaseUser is workflow_admin", "must differ from databaseAdminUser"),
    ({"databaseName": "postgres"}, "databaseName is postgres", "keeps for itself"),
    ({"databaseUser": "rds_superuser"}, "databaseUser is rds_superuser", "keeps for itself"),
    ({"databaseAdminUser": "rdsadmin"}, "databaseAdminUser is rdsadmin", "keeps for itself"),
    ({"databaseParameters": {"rds.force_ssl": "0"}}, "databaseParameters.rds.force_ssl", "databaseTls says"),
    ({"databaseParameters": {"Work-Mem": "1"}}, "databaseParameters.Work-Mem", "the name of a PostgreSQL parameter"),
    (
        {"databaseParameters": {"work_mem": "8MB"}},
        "databaseParameters.work_mem is 8MB",
        "a number in the parameter's own",
    ),
    ({"alarmErrorBudget": 1000}, "alarmBurnRate is 14", "must be below 10: at alarmErrorBudget 1000"),
    (
        {"engineSettings": {"LOG_LEVEL": "error"}},
        "engineSettings.LOG_LEVEL is error",
        "must be debug or info, as alarms",
    ),
    ({"engineSettings": {"LOG_FORMAT": "console"}}, "engineSettings.LOG_FORMAT is console", "must be json, as alarms"),
    ({"autoscalingSchedules": [NIGHT, NIGHT]}, "autoscalingSchedules is night, night", "a name of its own"),
    ({"autoscalingSchedules": [{**NIGHT, "minimum": 3}]}, "autoscalingSchedules.night is 3", "up to its maximum 2"),
    ({"autoscalingSchedules": [{**NIGHT, "maximum": 11}]}, "autoscalingSchedules.night is 11", "autoscalingMaximum 10"),
    ({"autoscalingSchedules": [{**NIGHT, "schedule": "daily"}]}, "autoscalingSchedules is", "a list of schedules"),
    ({"autoscalingSchedules": [{**NIGHT, "speed": 1}]}, "autoscalingSchedules is", "each with name, schedule"),
    ({"budgetAlertPercents": [0]}, "budgetAlertPercents is [0]", "a list of up to 4 percentages"),
    ({"databaseTls": False}, "databaseTls is false", "must be true; only local may go without TLS"),
    ({"engineSettings": {"LOG_LEVEL": "loud"}}, 'engineSettings.LOG_LEVEL is "loud"', "one of debug, info, warning"),
    ({"engineSettings": {"LOG_LEVL": "info"}}, "engineSettings.LOG_LEVL is unknown", "did you mean LOG_LEVEL?"),
    ({"engineSettings": {"ENGINE_PROCESSES": "auto"}}, 'ENGINE_PROCESSES is "auto"', "an integer of at least 0"),
    ({"engineSettings": {"ENVIRONMENT": "local"}}, "ENVIRONMENT may not be set here", "follows from the stack's"),
    ({"engineSettings": {"DATABASE_POOL_SIZE": "20"}}, 'DATABASE_POOL_SIZE is "20"', "an integer of at least 2"),
    ({"taskCpus": 256}, "taskCpus is unknown", "did you mean workflow:taskCpu?"),
    ({"somethingElse": "s3cret"}, "somethingElse is unknown", "Pulumi.yaml lists every key"),
]

BROKEN: list[tuple[str, dict[str, object], str, str]] = [
    *(("dev", *case) for case in BROKEN_IN_DEV),
    (
        "staging",
        {"environment": "dev"},
        "environment is dev",
        "the stack staging must be named dev, or dev- and a suffix",
    ),
    ("local", {"kafka": True}, "kafka is true", "must be false in local"),
    ("local", {"canary": True}, "canary is true", "must be false in local"),
    ("local", {"hostedZone": "example.com"}, "hostedZone is example.com", "must be empty, as the stack local has no"),
    ("production", {"taskMemory": 4500}, "taskMemory is 4500", "4096 to 16384 in steps of 1024 for a taskCpu of 2048"),
    (
        "production",
        {"autoscalingMaximum": 50},
        "alarmDatabaseConnections is 1300",
        "must be at least 4000, the DATABASE_POOL_SIZE of the 2 processes of each of 100 tasks in a deployment",
    ),
    ("production", {"deploymentMaximumPercent": 133}, "deploymentMaximumPercent is 133", "must be at least 134"),
    (
        "production",
        {"autoscalingMinimum": 4},
        "desiredCount is 3",
        "between autoscalingMinimum 4 and autoscalingMaximum 10",
    ),
    (
        "production",
        {"autoscalingMaximum": 2},
        "desiredCount is 3",
        "between autoscalingMinimum 3 and autoscalingMaximum 2",
    ),
    ("production", {"cacheTls": False}, "cacheTls is false", "must be true; only local may go without TLS"),
]


@pytest.mark.parametrize(("environment", "overrides", "found", "allowed"), BROKEN)
def test_broken_rule(environment: str, overrides: dict[str, object], found: str, allowed: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_of(environment, **overrides)
    head, *lines = str(caught.value).splitlines()
    assert head.startswith(f"Pulumi.{environment}.yaml has ")
    [line] = [line for line in lines if found in line.partition(": ")[0]]
    assert allowed in line


def test_a_deployment_that_stops_a_task_first_needs_no_room() -> None:
    settings = settings_of("production", deploymentMinimumHealthyPercent=50, deploymentMaximumPercent=101)
    assert settings.service.maximum_percent == 101


def test_the_long_poll_is_the_longest_that_the_engine_offers() -> None:
    assert LONG_POLL_SECONDS == LONGEST_WAIT_SECONDS
