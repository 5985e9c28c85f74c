"""The service: its tasks, its roles, how it is replaced, and what there is without an image."""

import json
from typing import Any

import pytest

from engine.settings import load_settings
from infra.aws.secrets import cache_login, new_access_key, token_key_content
from tests.infra.stacks import CONTRACT, ENVIRONMENTS, Account, Properties, Resource, deploy_stack, deployed


def containers(account: Account) -> dict[str, Properties]:
    definitions = json.loads(account.one("TaskDefinition")["containerDefinitions"])
    return {definition["name"]: definition for definition in definitions}


def environment_of(container: Properties) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container["environment"]}


def secrets_of(container: Properties) -> dict[str, str]:
    return {entry["name"]: entry["valueFrom"].rpartition("/")[2] for entry in container["secrets"]}


def statements(account: Account, role: str) -> list[dict[str, Any]]:
    policy = json.loads(account.one("RolePolicy", role)["policy"])
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def task_roles(account: Account) -> list[Resource]:
    return [role for role in account.of("Role") if "-service-" in role.name]


def test_task_definition() -> None:
    made = deployed("production")[0].one("TaskDefinition")
    assert (made["cpu"], made["memory"]) == ("2048", "4096")
    assert (made["networkMode"], made["requiresCompatibilities"]) == ("awsvpc", ["FARGATE"])
    assert made["volumes"] == [{"name": "tmp"}]


def test_migrations_run_before_the_engine() -> None:
    made = containers(deployed("dev")[0])
    assert list(made) == ["migrate", "engine"]
    migrate, engine = made.values()
    assert (migrate["essential"], migrate["command"], migrate["startTimeout"]) == (False, ["migrate"], 120)
    assert (engine["essential"], engine["command"], engine["stopTimeout"]) == (True, ["serve"], 120)
    assert engine["dependsOn"] == [{"condition": "SUCCESS", "containerName": "migrate"}]
    assert [mapping["containerPort"] for mapping in engine["portMappings"]] == [8080, 8081]
    assert engine["healthCheck"]["command"] == ["CMD", "python", "-m", "engine", "healthcheck"]


def test_containers_are_locked_down() -> None:
    for container in containers(deployed("dev")[0]).values():
        assert container["readonlyRootFilesystem"] is True
        assert container["user"] == "1000"
        assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
        assert container["ulimits"] == [{"name": "nofile", "softLimit": 65536, "hardLimit": 65536}]
        assert container["logConfiguration"]["options"]["awslogs-group"] == "workflow-dev-service"


def test_environment_of_the_engine() -> None:
    engine = containers(deployed("production")[0])["engine"]
    stored = "secretsmanager:arn:aws:mock:us-east-1:123456789012:secret:Secret/workflow-production-secrets"
    assert environment_of(engine) == {
        "API_ACCESS_KEYS": f"{stored}-access-keys",
        "AUTHENTICATION": "required",
        "AWS_ACCOUNT_ID": "123456789012",
        "AWS_REGION": "us-east-1",
        "DATABASE_SSL": "require",
        "ENGINE_PROCESSES": "2",
        "ENVIRONMENT": "production",
        "HISTORY_ARCHIVE": "s3://workflow-production-archive-1a2b3c4/executions",
        "JWT_SECRET": f"{stored}-token-key#jwtSecret",
        "MANAGEMENT_PORT": "8081",
        "REDIS_PASSWORD": f"{stored}-cache#password",
        "REDIS_TLS": "true",
        "REDIS_USERNAME": "workflow",
        "WORKFLOW_ADDR": ":8080",
        "WORKFLOW_DB_HOST": "workflow-production-database.example.com:5432",
        "WORKFLOW_DB_NAME": "workflow",
        "WORKFLOW_DB_PASSWORD": f"{stored}-database-user#password",
        "WORKFLOW_DB_USER": "workflow",
        "WORKFLOW_REDIS_ADDR": "workflow-production-cache.example.com:6379",
    }
    assert secrets_of(engine) == {}


def test_environment_of_local() -> None:
    engine = containers(deployed("local")[0])["engine"]
    given = environment_of(engine)
    assert (given["ENVIRONMENT"], given["AUTHENTICATION"]) == ("local", "optional")
    assert (given["DATABASE_SSL"], given["REDIS_TLS"]) == ("disable", "false")
    assert given["WORKFLOW_COMPONENTS"] == "examples/order-processing"
    assert given["REDIS_USERNAME"] == "workflow"
    assert secrets_of(engine) == {}


def test_migrations_alone_get_the_admin_password() -> None:
    made = containers(deployed("dev")[0])
    assert environment_of(made["migrate"])["DATABASE_ADMIN_USER"] == "workflow_admin"
    assert secrets_of(made["migrate"]) == {"DATABASE_ADMIN_PASSWORD": "workflow-dev-secrets-database-admin:password::"}
    assert "DATABASE_ADMIN" not in json.dumps(made["engine"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_follows_the_contract(environment: str) -> None:
    account, _ = deployed(environment)
    values = [json.loads(version.inputs["secretString"]) for version in account.of("SecretVersion")]
    logins = [entry for value in values for entry in (value if isinstance(value, list) else [value])]
    public = {"username", "accessKeyId", "organization"}
    stored = {secret for login in logins for key, secret in login.items() if key not in public}
    for container in containers(account).values():
        assert {*environment_of(container), *secrets_of(container)} <= CONTRACT.settings.keys()
        assert all(CONTRACT.settings[name].secret for name in secrets_of(container))
        assert not stored & set(environment_of(container).values())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_engine_accepts_the_environment_of_each_container(environment: str) -> None:
    stored = {**token_key_content(), **cache_login(), "": json.dumps([new_access_key()])}
    for container in containers(deployed(environment)[0]).values():
        secrets = {name: stored[source.split(":")[1]] for name, source in secrets_of(container).items()}
        given = {**environment_of(container), **secrets}
        loaded = load_settings(given, resolve=lambda reference: stored[reference.partition("#")[2]])
        assert loaded.environment == environment


def test_a_web_server_gets_events_with_signatures() -> None:
    url = "https://app.example.com/events"
    account, _ = deploy_stack("dev", eventsPublisher="webhook", eventsWebhookUrl=url)
    made = containers(account)
    given = environment_of(made["engine"])
    assert (given["EVENTS_PUBLISHER"], given["EVENTS_WEBHOOK_URL"]) == ("webhook", url)
    secrets = secrets_of(made["engine"])
    assert secrets == {"EVENTS_WEBHOOK_SECRET": "workflow-dev-secrets-webhook:signingSecret::"}
    assert "EVENTS_WEBHOOK" not in json.dumps(made["migrate"])
    read = {statement["Action"][0]: statement["Resource"] for statement in statements(account, "-execution")}
    names = [arn.rpartition("/")[2] for arn in read["secretsmanager:GetSecretValue"]]
    assert names == ["workflow-dev-secrets-database-admin", "workflow-dev-secrets-webhook"]


def test_no_events_without_a_publisher() -> None:
    made = json.dumps(containers(deployed("production")[0]))
    assert "EVENTS_" not in made


def test_server_certificates_are_checked_where_the_image_has_the_authorities() -> None:
    account, _ = deploy_stack("dev", engineSettings={"DATABASE_SSL_ROOT_CERTIFICATE": "/etc/rds.pem"})
    for container in containers(account).values():
        given = environment_of(container)
        assert given["DATABASE_SSL"] == "verify-full"
        assert given["DATABASE_SSL_ROOT_CERTIFICATE"] == "/etc/rds.pem"


def test_engine_settings_of_the_stack() -> None:
    overrides = {"LOG_LEVEL": "debug", "METRICS_ENABLED": False, "DATABASE_POOL_SIZE": 5}
    account, _ = deploy_stack("dev", engineSettings=overrides)
    given = environment_of(containers(account)["engine"])
    assert {name: given[name] for name in overrides} == {
        "LOG_LEVEL": "debug",
        "METRICS_ENABLED": "false",
        "DATABASE_POOL_SIZE": "5",
    }


@pytest.mark.parametrize(
    ("cpu", "own", "processes"),
    [(256, {}, "1"), (4096, {}, "4"), (4096, {"ENGINE_PROCESSES": 3}, "3"), (4096, {"ENGINE_PROCESSES": 0}, "4")],
)
def test_a_process_for_each_whole_core(cpu: int, own: dict[str, int], processes: str) -> None:
    size = {"taskCpu": cpu, "taskMemory": 512 if cpu == 256 else 8192}
    account, _ = deploy_stack("dev", **size, engineSettings=own, alarmDatabaseConnections=200)
    assert environment_of(containers(account)["engine"])["ENGINE_PROCESSES"] == processes


@pytest.mark.parametrize(("environment", "count"), [("local", 1), ("dev", 1), ("staging", 2), ("production", 3)])
def test_service(environment: str, count: int) -> None:
    [made] = [item.inputs for item in deployed(environment)[0].resources if item.type == "aws:ecs/service:Service"]
    assert made["desiredCount"] == count
    assert made["capacityProviderStrategies"] == [{"base": 1, "capacityProvider": "FARGATE", "weight": 100}]
    assert made["enableExecuteCommand"] is False
    assert (made["deploymentMinimumHealthyPercent"], made["deploymentMaximumPercent"]) == (100, 200)
    assert made["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert made["waitForSteadyState"] is True
    assert made["networkConfiguration"]["assignPublicIp"] is False
    assert made["networkConfiguration"]["securityGroups"] == [f"workflow-{environment}-firewall-tasks-id"]
    assert all("-private-" in subnet for subnet in made["networkConfiguration"]["subnets"])
    ports = [balancer["containerPort"] for balancer in made["loadBalancers"]]
    assert ports == ([8080, 8081] if environment == "local" else [8080])


def test_what_holds_for_every_service() -> None:
    account, _ = deployed("production")
    made, definition = account.one("ecs/service:Service"), account.one("TaskDefinition")
    assert made["healthCheckGracePeriodSeconds"] == 120
    assert (made["enableEcsManagedTags"], made["propagateTags"]) == (True, "SERVICE")
    assert definition["executionRoleArn"].endswith("/workflow-production-service-execution")
    assert definition["taskRoleArn"].endswith("/workflow-production-service-task")


def test_alarms_on_5xx_take_a_deployment_back() -> None:
    [made] = [item.inputs for item in deployed("dev")[0].resources if item.type == "aws:ecs/service:Service"]
    names = [f"workflow-dev-requests-{part}-5xx" for part in ("engine", "load-balancer")]
    assert made["alarms"] == {"enable": True, "rollback": True, "alarmNames": names}
    [local] = [item.inputs for item in deployed("local")[0].resources if item.type == "aws:ecs/service:Service"]
    assert "alarms" not in local


def test_cluster_and_logs() -> None:
    account, _ = deployed("production")
    assert account.one("Cluster")["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    assert account.one("LogGroup", "-service")["retentionInDays"] == 90


def test_share_of_spot() -> None:
    account, _ = deploy_stack("production", spotPercent=60, onDemandTasks=2)
    assert account.one("ecs/service:Service")["capacityProviderStrategies"] == [
        {"base": 2, "capacityProvider": "FARGATE", "weight": 40},
        {"base": 0, "capacityProvider": "FARGATE_SPOT", "weight": 60},
    ]
    assert account.one("ClusterCapacityProviders")["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]


@pytest.mark.parametrize("architecture", ["X86_64", "ARM64"])
def test_processors(architecture: str) -> None:
    account, _ = deploy_stack("dev", taskArchitecture=architecture)
    platform = {"cpuArchitecture": architecture, "operatingSystemFamily": "LINUX"}
    assert account.one("TaskDefinition")["runtimePlatform"] == platform


def test_commands_in_tasks_are_recorded_and_leave_the_root_read_only() -> None:
    account, _ = deploy_stack("production", executeCommand=True)
    assert account.one("ecs/service:Service")["enableExecuteCommand"] is True
    recording = account.one("Cluster")["configuration"]["executeCommandConfiguration"]
    assert recording["logging"] == "OVERRIDE"
    assert recording["logConfiguration"]["cloudWatchLogGroupName"] == "workflow-production-service-commands"
    engine = containers(account)["engine"]
    assert engine["readonlyRootFilesystem"] is True
    mounted = {mount["sourceVolume"]: mount["containerPath"] for mount in engine["mountPoints"]}
    assert mounted == {"agent-logs": "/var/log/amazon", "agent-state": "/var/lib/amazon", "tmp": "/tmp"}
    assert [volume["name"] for volume in account.one("TaskDefinition")["volumes"]] == ["tmp", *sorted(mounted)[:2]]
    _, channels, written, _ = statements(account, "-task")
    assert channels["Resource"] == ["*"]
    assert {action.partition(":")[0] for action in channels["Action"]} == {"logs", "ssmmessages"}
    assert all("-service-commands" in arn for arn in written["Resource"])


def test_execution_role_reads_what_it_injects_and_nothing_else() -> None:
    account, _ = deployed("production")
    by_action = {statement["Action"][0]: statement["Resource"] for statement in statements(account, "-execution")}
    assert by_action.pop("ecr:GetAuthorizationToken") == ["*"]
    assert "*" not in [resource for resources in by_action.values() for resource in resources]
    read = [arn.rpartition("/")[2] for arn in by_action["secretsmanager:GetSecretValue"]]
    assert read == [f"workflow-production-secrets-{name}" for name in ("database-admin",)]


def test_task_role_reads_what_the_engine_goes_by_and_nothing_else() -> None:
    statement, archive = statements(deployed("production")[0], "-task")
    assert all(action.startswith("s3:") for action in archive["Action"])
    assert statement["Action"] == ["secretsmanager:GetSecretValue"]
    read = [arn.rpartition("/")[2] for arn in statement["Resource"]]
    assert read == [
        f"workflow-production-secrets-{name}" for name in ("database-user", "token-key", "access-keys", "cache")
    ]


def test_task_role_assumes_the_roles_of_state_machines_and_no_others() -> None:
    roles = ["arn:aws:iam::123456789012:role/orders", "arn:aws:iam::210987654321:role/team/billing"]
    account, _ = deploy_stack("dev", taskRoleArns=roles)
    _, assumed, _ = statements(account, "-task")
    assert (assumed["Action"], assumed["Resource"]) == (["sts:AssumeRole"], roles)
    assert environment_of(containers(account)["engine"])["TASK_ROLE_ARNS"] == ",".join(roles)


@pytest.mark.parametrize("named", ["orders", "arn:aws:events:us-east-1:123456789012:event-bus/orders"])
def test_engine_puts_events_on_the_bus_and_no_other(named: str) -> None:
    account, _ = deploy_stack("dev", eventsPublisher="eventbridge", eventBus=named)
    given = environment_of(containers(account)["engine"])
    assert (given["EVENTS_PUBLISHER"], given["EVENTS_BUS"]) == ("eventbridge", named)
    allowed = {statement["Action"][0]: statement["Resource"] for statement in statements(account, "-task")}
    assert allowed["events:PutEvents"] == ["arn:aws:events:us-east-1:123456789012:event-bus/orders"]


def test_roles_are_for_tasks_of_this_account() -> None:
    for role in task_roles(deployed("dev")[0]):
        [statement] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}


def test_roles_name_the_partition_of_the_account() -> None:
    account, _ = deploy_stack("dev", Account(partition="aws-us-gov"))
    for role in task_roles(account):
        [statement] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert statement["Condition"]["ArnLike"]["aws:SourceArn"].startswith("arn:aws-us-gov:ecs:")


def test_without_an_image_there_is_everything_but_the_service() -> None:
    account, exports = deploy_stack("production", imageTag="")
    with_image = {resource.type for resource in deployed("production")[0].resources}
    assert with_image - {resource.type for resource in account.resources} == {
        "aws:appautoscaling/policy:Policy",
        "aws:appautoscaling/target:Target",
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
        "aws:ecs/service:Service",
        "aws:ecs/taskDefinition:TaskDefinition",
        "workflow:aws:Autoscaling",
    }
    assert (exports["desiredCount"], exports["serviceName"], exports["taskDefinitionArn"]) == (0, "", "")
    assert exports["clusterName"]
