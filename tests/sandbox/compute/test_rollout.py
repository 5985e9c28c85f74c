"""Rolling deployments behind a load balancer, with requests in flight."""

import asyncio
from collections import Counter
from pathlib import Path

import aiohttp
from moto.backends import get_backend

from tests.sandbox.stack import REGION, Stack, container, wait_for

CLIENTS, PAUSE = 50, 0.35
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class Load:
    """50 keep-alive connections, some 110 requests a second, half of them POST, some slow; no retries."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: Counter[object] = Counter()
        self._stop = asyncio.Event()

    async def run(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(self._client(session, number) for number in range(CLIENTS)))

    def stop(self) -> None:
        self._stop.set()

    async def _client(self, session: aiohttp.ClientSession, number: int) -> None:
        turn = number
        while not self._stop.is_set():
            turn += 1
            self.answers[await self._one(session, turn)] += 1
            await asyncio.sleep(PAUSE)

    async def _one(self, session: aiohttp.ClientSession, turn: int) -> object:
        method, slow = ("POST", "0") if turn % 2 else ("GET", "0.3" if turn % 6 == 0 else "0")
        try:
            async with session.request(
                method, f"{self.url}/?sleep={slow}", data=b"x" * 2000 if turn % 2 else None
            ) as got:
                return (await got.json())["version"] if got.status == 200 else got.status
        except aiohttp.ClientError as error:
            return repr(error)


async def test_a_rollout_loses_no_request(stack: Stack) -> None:
    group = stack.target_group()
    stack.listen(group)
    stack.serve(stack.define(container(stack.push("v1"))), count=2, target_group=group)
    await asyncio.to_thread(stack.wait_steady)
    definition = stack.define(container(stack.push("v2")))
    load = Load(stack.url)
    running = asyncio.create_task(load.run())
    await asyncio.sleep(0.5)
    stack.update(taskDefinition=definition)
    await asyncio.to_thread(stack.wait_steady)
    await asyncio.to_thread(wait_for, lambda: len(_stopped(stack)) == 2)
    await asyncio.sleep(0.5)
    load.stop()
    await running
    assert set(load.answers) == {"v1", "v2"}, load.answers
    assert {task["containers"][0]["exitCode"] for task in stack.tasks("STOPPED")} == {0}
    assert stack.service()["taskDefinition"] == definition


def _stopped(stack: Stack) -> list[str]:
    return [task["taskArn"] for task in stack.tasks("STOPPED") if task["lastStatus"] == "STOPPED"]


async def test_draining_waits_for_what_is_in_flight(stack: Stack, tmp_path: Path) -> None:
    group = stack.target_group(drains_seconds=300)
    stack.listen(group)
    stack.serve(stack.define(container(stack.push("v1"))), target_group=group)
    await asyncio.to_thread(stack.wait_steady)
    async with aiohttp.ClientSession() as session:
        slow = asyncio.create_task(_status(session, f"{stack.url}/?gate={tmp_path}"))
        await asyncio.to_thread(wait_for, (tmp_path / "reached").exists)
        stack.update(desiredCount=0)
        await asyncio.to_thread(wait_for, lambda: _state(stack, group) == "draining")
        assert await _status(session, stack.url) == 503
        assert stack.tasks("STOPPED")[0]["lastStatus"] == "DEACTIVATING"
        (tmp_path / "open").touch()
        assert await slow == 200
    await asyncio.to_thread(wait_for, lambda: _stopped(stack))


async def _status(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as answer:
        await answer.read()
        return answer.status


def _state(stack: Stack, group: str) -> str:
    found = stack.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return found[0]["TargetHealth"]["State"] if found else "none"


def test_a_failed_deployment_rolls_back_and_says_why(stack: Stack) -> None:
    group = stack.target_group()
    stack.listen(group)
    good = stack.define(container(stack.push("v1")))
    stack.serve(good, target_group=group, deploymentConfiguration=BREAKER)
    stack.wait_steady()
    before = {task["taskArn"] for task in stack.tasks()}
    image = stack.push("v2")
    stack.update(taskDefinition=stack.define(container(image, entryPoint=["/bin/sh", "-c"], command=["exit 7"])))
    failed = stack.service()["deployments"][0]["id"]
    wait_for(lambda: stack.service()["deployments"][0]["id"] != failed, stack.events)
    stack.wait_steady()
    assert f"(deployment {failed}) rolling back to" in stack.events()
    assert {task["taskArn"] for task in stack.tasks()} == before
    assert stack.service()["taskDefinition"] == good
    assert f"(deployment {failed}) deployment failed: tasks failed to start." in stack.events()
    assert {task["containers"][0]["exitCode"] for task in stack.tasks("STOPPED")} == {7}
    assert len(stack.tasks("STOPPED")) == 3


def test_an_alarm_takes_a_deployment_back(stack: Stack) -> None:
    cloudwatch = stack.sandbox.account.client("cloudwatch")
    rule: dict[str, object] = {"MetricName": "Errors", "Namespace": "App", "Period": 60, "Statistic": "Sum"}
    bounds = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 0}
    cloudwatch.put_metric_alarm(AlarmName=stack.name, **rule, **bounds)
    alarms = {"alarmNames": [stack.name], "enable": True, "rollback": True}
    good = stack.define(container(stack.push("v1")))
    stack.serve(good, deploymentConfiguration={"alarms": alarms})
    stack.wait_steady()
    slow = stack.push("v2")
    stack.update(
        taskDefinition=stack.define(container(slow, healthCheck={"command": ["CMD", "false"], "interval": 30}))
    )
    failed = stack.service()["deployments"][0]["id"]
    wait_for(lambda: stack.service()["deployments"][0]["pendingCount"] or len(stack.tasks()) == 2, stack.events)
    cloudwatch.set_alarm_state(AlarmName=stack.name, StateValue="ALARM", StateReason="bad answers")
    wait_for(lambda: stack.service()["deployments"][0]["id"] != failed, stack.events)
    stack.wait_steady()
    assert f"(deployment {failed}) deployment failed: alarm detected." in stack.events()
    assert stack.service()["taskDefinition"] == good

    again = stack.define(container(stack.push("v3")))
    stack.update(taskDefinition=again)
    stack.wait_steady()
    assert stack.service()["taskDefinition"] == again
    cloudwatch.delete_alarms(AlarmNames=[stack.name])


def test_without_rollback_a_failed_deployment_stays_failed(stack: Stack) -> None:
    broken = container(stack.push("v1"), entryPoint=["/bin/sh", "-c"], command=["exit 7"])
    only_stop = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    stack.serve(stack.define(broken), deploymentConfiguration=only_stop)
    wait_for(lambda: stack.service()["deployments"][0]["rolloutState"] == "FAILED", stack.events)
    (deployment,) = stack.service()["deployments"]
    assert deployment["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert deployment["failedTasks"] == 3
    assert deployment["desiredCount"] == 1
    assert len(stack.tasks("STOPPED")) == 3


def test_a_target_that_turns_ill_is_replaced_after_the_grace_period(stack: Stack, tmp_path: Path) -> None:
    ill = tmp_path / "ill"
    group = stack.target_group()
    found = get_backend("elbv2")[stack.sandbox.account.account_id][REGION].target_groups[group]
    found.health_check_interval_seconds = 1  # faster than the API allows
    found.unhealthy_threshold_count = "100"  # a task that is slow to start is not ill
    stack.listen(group)
    main = container(stack.push("v1", BROKEN_FILE=str(ill)))
    stack.serve(stack.define(main), target_group=group, healthCheckGracePeriodSeconds=1)
    stack.wait_steady()
    first = stack.tasks()[0]["taskArn"]
    found.unhealthy_threshold_count = "2"
    ill.touch()
    wait_for(lambda: stack.tasks("STOPPED"), stack.events)
    found.unhealthy_threshold_count = "100"
    ill.unlink()
    assert stack.tasks("STOPPED")[0]["taskArn"] == first
    assert f"Task failed ELB health checks in (target-group {group})" in stack.tasks("STOPPED")[0]["stoppedReason"]
    assert "Health checks failed with these codes: [500]" in stack.events()
    stack.wait_steady()


def test_a_forced_deployment_replaces_every_task(stack: Stack) -> None:
    definition = stack.define(container(stack.push("v1")))
    stack.serve(definition)
    stack.wait_steady()
    before = {task["taskArn"] for task in stack.tasks()}
    stack.update(forceNewDeployment=True)
    wait_for(lambda: stack.steady() and not before & {task["taskArn"] for task in stack.tasks()})
