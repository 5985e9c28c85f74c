import json

from operations.plan import Change, beyond_a_deployment, read_changes

SERVICE = "aws:ecs/service:Service"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


def step(operation: str, type_: str, *reasons: str, old: bool = False) -> dict[str, object]:
    urn = f"urn:pulumi:dev::workflow::parent${type_}::name"
    return {"op": operation, "urn": urn, "oldState" if old else "newState": {"type": type_}, "diffReasons": reasons}


def test_what_changes_is_read_and_nothing_else() -> None:
    steps = [
        step("same", "pulumi:pulumi:Stack"),
        step("update", "workflow:aws:Service"),
        step("refresh", SERVICE),
        step("update", LOG_GROUP, "retentionInDays"),
        step("delete", SERVICE, old=True),
    ]
    assert read_changes(json.dumps({"steps": steps})) == [
        Change("update", LOG_GROUP, "name", ("retentionInDays",)),
        Change("delete", SERVICE, "name"),
    ]
    assert read_changes("{}") == []


def test_a_change_says_what_differs() -> None:
    assert (
        str(Change("update", LOG_GROUP, "logs", ("retentionInDays",)))
        == f"update of {LOG_GROUP} logs (retentionInDays)"
    )
    assert str(Change("create", SERVICE, "engine")) == f"create of {SERVICE} engine"


def test_what_a_deployment_may_change() -> None:
    later = [Change("replace", TASK_DEFINITION, "t"), Change("update", SERVICE, "s")]
    first = [Change("create", TASK_DEFINITION, "t"), Change("create", SERVICE, "s")]
    other = [Change("update", LOG_GROUP, "l"), Change("delete", SERVICE, "s"), Change("replace", SERVICE, "s")]
    assert beyond_a_deployment([*later, *first, *other], first=False) == [*first, *other]
    assert beyond_a_deployment([*later, *first, *other], first=True) == [*later, *other]


def test_the_first_deployment_brings_the_canary_and_no_later_one() -> None:
    canary = [
        Change("create", type_, "workflow-dev-canary")
        for type_ in ("aws:s3/bucket:Bucket", "aws:iam/role:Role", "aws:synthetics/canary:Canary")
    ]
    bucket = Change("create", "aws:s3/bucket:Bucket", "workflow-dev-archive")

    assert beyond_a_deployment([*canary, bucket], first=True) == [bucket]
    assert beyond_a_deployment(canary, first=False) == canary
