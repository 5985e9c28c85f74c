"""The containers beside the engine's: what each is told, what it may do, and what the engine's is told of it."""

import json
from typing import Any

import yaml

from tests.infra.stacks import Account, Properties, deploy_stack, deployed

DOMAIN = "arn:aws:es:us-east-1:123456789012:domain/logs"
ROUTER = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror/fluent-bit:init-2@sha256:{'1' * 64}"
COLLECTOR = f"registry.example.org/collector@sha256:{'2' * 64}"
ROUTED = {"logRouterImage": ROUTER, "openSearchDomainArn": DOMAIN, "openSearchHost": "logs.example.org"}


def containers(account: Account) -> dict[str, Properties]:
    definitions = json.loads(account.one("TaskDefinition")["containerDefinitions"])
    return {definition["name"]: definition for definition in definitions}


def variables(container: Properties) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container["environment"]}


def rights(account: Account, role: str) -> dict[str, Any]:
    """The resources that a role may use by the first action of each statement."""
    policy = json.loads(account.one("RolePolicy", role)["policy"])
    return {statement["Action"][0]: statement["Resource"] for statement in policy["Statement"]}


def test_a_stack_has_none_unless_it_asks() -> None:
    account, _ = deployed("production")
    assert list(containers(account)) == ["migrate", "engine"]
    assert not [made for made in account.resources if made.type.startswith("aws:amp/")]


def test_log_router_takes_the_log_of_the_engine_alone() -> None:
    account, _ = deploy_stack("dev", **ROUTED)
    made = containers(account)
    assert list(made) == ["migrate", "engine", "log-router"]
    assert made["engine"]["logConfiguration"] == {"logDriver": "awsfirelens", "options": {}}
    assert {made[name]["logConfiguration"]["logDriver"] for name in ("migrate", "log-router")} == {"awslogs"}
    router = made["log-router"]
    assert (router["image"], router["user"], router["essential"]) == (ROUTER, "0", True)
    assert router["firelensConfiguration"]["type"] == "fluentbit"
    assert "command" not in router
    assert "capabilities" not in router["linuxParameters"]


def test_log_router_goes_on_writing_to_the_log_that_alarms_read() -> None:
    account, _ = deploy_stack("dev", **ROUTED)
    stored = account.one("BucketObjectv2")
    assert stored["content"].startswith("[SERVICE]\n    Parsers_File ")
    _, cloudwatch, search = stored["content"].split("[OUTPUT]\n")
    assert "    log_group_name workflow-dev-service\n" in cloudwatch
    assert "    log_key log\n" in cloudwatch
    assert "    Host logs.example.org\n    Port 443\n" in search
    assert "    Index workflow\n" in search
    given = variables(containers(account)["log-router"])
    assert given == {"aws_fluent_bit_init_s3_1": f"arn:aws:s3:::{stored['bucket']}/outputs.conf"}


def test_rights_of_the_log_router() -> None:
    account, _ = deploy_stack("dev", **ROUTED)
    task = rights(account, "-task")
    assert task["es:ESHttpPost"] == [f"{DOMAIN}/*"]
    [configuration] = task["s3:GetObject"]
    assert configuration.endswith("/outputs.conf")
    assert task["s3:GetBucketLocation"] == [configuration.removesuffix("/outputs.conf")]
    [_, pulled] = rights(account, "-execution")["ecr:BatchCheckLayerAvailability"]
    assert pulled == "arn:aws:ecr:us-east-1:123456789012:repository/mirror/fluent-bit"


def test_collector_scrapes_the_engine_and_writes_to_the_workspace_of_the_stack() -> None:
    account, _ = deploy_stack("dev", metricsCollectorImage=COLLECTOR)
    made = containers(account)["metrics-collector"]
    assert (made["image"], made["essential"], made["readonlyRootFilesystem"]) == (COLLECTOR, False, True)
    told = yaml.safe_load(variables(made)["AOT_CONFIG_CONTENT"])
    [job] = told["receivers"]["prometheus"]["config"]["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["127.0.0.1:8081"]}]
    assert told["exporters"]["prometheusremotewrite"]["endpoint"].endswith("/api/v1/remote_write")
    assert told["extensions"]["sigv4auth"] == {"region": "us-east-1", "service": "aps"}
    assert rights(account, "-task")["aps:RemoteWrite"] == [
        account.arn("aws:amp/workspace:Workspace", "workflow-dev-service-metrics")
    ]
    assert len(rights(account, "-execution")["ecr:BatchCheckLayerAvailability"]) == 1
