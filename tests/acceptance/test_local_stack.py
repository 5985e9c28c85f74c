"""The main job, as a user runs it: up, again, an order, a crash, a new image under load, a bad image, down.

The tests build on each other in the order they stand in; each asks only for what a user would have at that point.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Callable

import boto3
import psutil
import pytest
import redis
from botocore.exceptions import BotoCoreError, ClientError

from operations import local_image
from operations.pulumi import GoAhead
from operations.rotation import SECRETS
from tests.acceptance.conftest import Checkout
from tests.acceptance.load import Load

pytestmark = [pytest.mark.acceptance, pytest.mark.usefixtures("first_up")]


RATE_WINDOW = 900
"""Seconds of RATE_LIMIT_WINDOW, by default."""


def machine(checkout: Checkout) -> str:
    machines = checkout.engine.list_state_machines()["stateMachines"]
    return next(item["stateMachineArn"] for item in machines if item["name"] == "order-processing")


def order(checkout: Checkout) -> str:
    return (checkout.root / "examples/order-processing/input.json").read_text()


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)


def history(checkout: Checkout, execution: str) -> list[str]:
    pages = checkout.engine.get_paginator("get_execution_history").paginate(executionArn=execution)
    return [
        event.get("stateEnteredEventDetails", {}).get("name", event["type"])
        for page in pages
        for event in page["events"]
    ]


def deploy_changed_engine(checkout: Checkout, text: str) -> str:
    """Change the engine in this checkout; the tag of its new image, pushed."""
    with (checkout.root / "engine" / "__init__.py").open("a") as file:
        file.write(text)
    image = local_image.build(checkout.root, checkout.account.directory / "images")
    repository = checkout.outputs.registry_url.split("/", 1)[-1]
    checkout.account.push(repository, image.tag, image.entrypoint, image.directory)
    return image.tag


def pulumi(checkout: Checkout, *words: str) -> str:
    stack, _ = checkout.stack()
    command = ["pulumi", *words, "--stack", stack.name, "--non-interactive", "--config-file", str(stack.config_file)]
    done = subprocess.run(
        command, cwd=stack.root, env=dict(stack.environment), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_ctrl_c_at_any_time_ends_with_one_sentence(checkout: Checkout, interrupted_ups: list[tuple[int, str]]) -> None:
    for code, said in interrupted_ups:
        assert code == 130, said
        assert said.rstrip().endswith("up: interrupted; run the same command again to go on from here")
        # Pulumi may show where the program was that it stopped; the commands show nothing of theirs.
        assert f'File "{checkout.root / "operations"}' not in said


def test_up_ends_with_a_completed_order_and_the_addresses(checkout: Checkout, first_up: str) -> None:
    assert "succeeded" in first_up
    found = checkout.outputs
    for address in (found.api_url, found.management_url, found.database_endpoint):
        assert str(address) in first_up


def test_a_second_up_changes_nothing(checkout: Checkout) -> None:
    said = checkout.operate("up")

    assert "nothing changed" in said
    assert not any(f" {word} (" in said for word in ("created", "updated", "replaced", "deleted"))


@pytest.mark.parametrize("_time", [1, 2])
def test_preview_after_up_shows_no_change(checkout: Checkout, _time: int) -> None:
    pulumi(checkout, "preview", "--expect-no-changes")


def test_the_preview_that_a_user_asks_for_holds_the_stack_to_the_rules(checkout: Checkout) -> None:
    said = checkout.operate("preview")

    assert "Policy Packs run" in said
    assert "mandatory" not in said


def test_a_refresh_finds_no_drift(checkout: Checkout) -> None:
    pulumi(checkout, "refresh", "--yes", "--expect-no-changes")


def test_outputs_and_status_are_json(checkout: Checkout) -> None:
    found = json.loads(checkout.operate("outputs"))
    assert {"apiUrl", "managementUrl", "registryUrl", "databaseEndpoint"} <= found.keys()

    status = json.loads(checkout.operate("status"))
    assert (status["desired"], status["running"], status["deployment"]) == (1, 1, "COMPLETED")
    assert [task["status"] for task in status["tasks"]] == ["RUNNING"]


def test_the_management_pages_answer(checkout: Checkout) -> None:
    management = checkout.outputs.management_url
    for path in ("/", "/metrics", "/health/detailed"):
        with urllib.request.urlopen(f"{management}{path}", timeout=10) as answer:
            assert answer.status == 200


def test_requests_are_counted_in_the_cache_as_the_engines_user_alone(checkout: Checkout) -> None:
    found = json.loads(checkout.operate("outputs"))
    host, port = found["cacheEndpoint"].split(":")
    _, clients = checkout.stack()
    login = json.loads(clients.secrets.get_secret_value(SecretId=found["cacheSecretArn"])["SecretString"])
    checkout.engine.list_state_machines()

    with redis.Redis(host, int(port), **login, protocol=2) as engine:
        windows = [int(time.time() // RATE_WINDOW) - passed for passed in (0, 1)]
        keys = [f"workflow:rate:default:{RATE_WINDOW}:{window}" for window in windows]
        assert sum(engine.incrby(key, 0) for key in keys) > 0
    with redis.Redis(host, int(port), protocol=2) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.incrby(keys[0], 1)


def test_every_secret_is_rotated_and_nothing_is_restarted(checkout: Checkout) -> None:
    def tasks() -> list[str]:
        return [task["task"] for task in json.loads(checkout.operate("status"))["tasks"]]

    before = tasks()
    stack, clients = checkout.stack()
    regional = dataclasses.replace(clients, region=checkout.outputs.region)
    for kind in SECRETS.values():
        kind.renew(regional, checkout.outputs, stack.name)

    test_requests_are_counted_in_the_cache_as_the_engines_user_alone(checkout)
    assert tasks() == before
    pulumi(checkout, "preview", "--expect-no-changes")


def start_order(checkout: Checkout) -> str:
    return checkout.engine.start_execution(stateMachineArn=machine(checkout), input=order(checkout))["executionArn"]


def ended(checkout: Checkout, execution: str) -> bool:
    """Whether the order has ended; while no engine serves, it has not."""
    try:
        return checkout.engine.describe_execution(executionArn=execution)["status"] != "RUNNING"
    except (ClientError, BotoCoreError):
        return False


def test_an_order_completes_through_the_load_balancer(checkout: Checkout) -> None:
    execution = start_order(checkout)

    wait_for(lambda: ended(checkout, execution), 60, "the order's end")

    assert checkout.engine.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


def test_kill_9_in_the_middle_of_an_order_loses_and_repeats_nothing(checkout: Checkout) -> None:
    undisturbed = start_order(checkout)
    wait_for(lambda: ended(checkout, undisturbed), 60, "the order's end")
    execution = start_order(checkout)
    wait_for(lambda: "TaskFailed" in history(checkout, execution), 30, "the first attempt to charge")

    engine_process(checkout).kill()
    assert not ended(checkout, execution)

    wait_for(lambda: ended(checkout, execution), 90, "the order's end after the crash")
    assert Counter(history(checkout, execution)) == Counter(history(checkout, undisturbed))


def engine_process(checkout: Checkout) -> psutil.Process:
    (process,) = [
        process
        for process in psutil.process_iter(["cmdline", "cwd"])
        if (process.info["cmdline"] or [])[-3:] == ["-m", "engine", "serve"]
        and str(checkout.root) in (process.info["cwd"] or "")
    ]
    return process


def test_a_new_image_changes_exactly_the_task_definition_and_the_service(checkout: Checkout) -> None:
    tag = deploy_changed_engine(checkout, "\n# a new version\n")
    stack, _ = checkout.stack()
    stack.set_config("imageTag", tag)

    steps = json.loads(pulumi(checkout, "preview", "--json"))["steps"]

    changed = {(step["op"], step["urn"].split("::")[-2].split("$")[-1]) for step in steps if step["op"] != "same"}
    assert {kind for _, kind in changed} == {"aws:ecs/taskDefinition:TaskDefinition", "aws:ecs/service:Service"}
    assert {op for op, kind in changed if kind.endswith("Service")} == {"update"}
    replacing = {"create-replacement", "replace", "delete-replaced"}
    assert {op for op, kind in changed if kind.endswith("TaskDefinition")} <= replacing


def test_the_rollout_loses_no_request_and_no_execution(checkout: Checkout) -> None:
    before = json.loads(checkout.operate("status"))["taskDefinition"]
    with Load(checkout.outputs.api_url, "order-processing", json.loads(order(checkout))) as load:
        time.sleep(2)
        checkout.operate("up")
        time.sleep(2)

    assert json.loads(checkout.operate("status"))["taskDefinition"] != before
    assert load.losses == []
    assert load.statuses.total() > 200
    assert len(load.started) > 20

    def all_ended() -> bool:
        return all(status(checkout, instance) != "RUNNING" for instance in load.started)

    wait_for(all_ended, 120, "the end of all orders of the rollout")
    assert {status(checkout, instance) for instance in load.started} == {"SUCCEEDED"}


def status(checkout: Checkout, instance: str) -> str:
    url = f"{checkout.outputs.api_url}/api/v1/workflow-instances/{instance}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(json.load(answer)["status"])


def test_a_killed_sandbox_is_said_and_the_database_keeps_its_executions(checkout: Checkout) -> None:
    execution = start_order(checkout)
    wait_for(lambda: ended(checkout, execution), 60, "the order's end")
    record = checkout.account.running()
    assert record is not None

    psutil.Process(record.pid).kill()

    assert "the sandbox was restarted and its account is empty" in checkout.operate("up")
    assert checkout.engine.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


def test_an_image_that_does_not_start_is_rolled_back_and_said(checkout: Checkout) -> None:
    running = json.loads(checkout.operate("status"))["taskDefinition"]
    (checkout.root / "engine" / "__main__.py").write_text("raise SystemExit('this image is broken')\n")

    said = checkout.operate("up", expect=1)

    assert "rolled back" in said
    assert json.loads(checkout.operate("status"))["taskDefinition"] == running
    with urllib.request.urlopen(f"{checkout.outputs.api_url}/health", timeout=10) as answer:
        assert answer.status == 200


def test_destroy_leaves_the_account_empty_and_down_leaves_nothing(checkout: Checkout) -> None:
    stack, clients = checkout.stack()
    session = boto3.Session(region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any")

    stack.destroy(GoAhead.AT_ONCE)

    assert clients.endpoint_url is not None
    assert left(session, clients.endpoint_url) == {}
    checkout.operate("down")
    assert checkout.processes() == []
    assert [path.name for path in checkout.account.directory.iterdir()] == ["lock"]


def left(session: boto3.Session, endpoint: str) -> dict[str, int]:
    """What is in the account, by kind; AWS's own default VPC is not counted."""
    ec2 = session.client("ec2", endpoint_url=endpoint)
    elbv2 = session.client("elbv2", endpoint_url=endpoint)
    ecs = session.client("ecs", endpoint_url=endpoint)
    clusters = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    counts = {
        "vpcs": len(ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]),
        "addresses": len(ec2.describe_addresses()["Addresses"]),
        "load balancers": len(elbv2.describe_load_balancers()["LoadBalancers"]),
        "clusters": sum(cluster["status"] == "ACTIVE" for cluster in clusters),
        "databases": len(session.client("rds", endpoint_url=endpoint).describe_db_instances()["DBInstances"]),
        "caches": len(
            session.client("elasticache", endpoint_url=endpoint).describe_replication_groups()["ReplicationGroups"]
        ),
        "registries": len(session.client("ecr", endpoint_url=endpoint).describe_repositories()["repositories"]),
        "roles": len(session.client("iam", endpoint_url=endpoint).list_roles()["Roles"]),
        "secrets": len(session.client("secretsmanager", endpoint_url=endpoint).list_secrets()["SecretList"]),
        "alarms": len(session.client("cloudwatch", endpoint_url=endpoint).describe_alarms()["MetricAlarms"]),
        "topics": len(session.client("sns", endpoint_url=endpoint).list_topics()["Topics"]),
        "log groups": len(session.client("logs", endpoint_url=endpoint).describe_log_groups()["logGroups"]),
    }
    return {kind: count for kind, count in counts.items() if count}
