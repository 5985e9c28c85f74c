"""The roles of a task: one for ECS to start it with, one for the engine in it.

ECS may pull the stack's images, write the stack's logs and read the secrets that it injects. The engine may read the
secrets of its database user, its Redis user and the API's keys, since it goes by what is stored there now, and assume
the roles that state machines may act as, and nothing else: what a state machine does to AWS, it does as its own role.
An option of the stack that works from inside the task (commands, sidecars) adds what it needs. Where the stack has a
key of its own, both may decrypt with it what Secrets Manager keeps. Roles are free.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.provider import Account


@dataclass(frozen=True)
class RolesArgs:
    """What the roles are about: ARNs of repositories, log group, secrets, their key, and other roles; their account.

    `further` are statements of the task role that options of the stack need.
    """

    account: Account
    repository_arn: Input[str]
    log_group_arn: Input[str]
    injected_secret_arns: Sequence[Input[str]]
    engine_secret_arns: Sequence[Input[str]]
    assumable_role_arns: Sequence[str]
    sidecar_repository_arns: Sequence[str] = ()
    further: Sequence[dict[str, object]] = ()
    key_arn: Input[str] | None = None


class Roles(ComponentResource):
    """ARNs of the execution role (ECS) and of the task role (the engine)."""

    execution_arn: Output[str]
    task_arn: Output[str]

    def __init__(self, name: str, args: RolesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Roles", name, None, opts)
        self._name, self._account, self._child = name, args.account, ResourceOptions(parent=self)
        self.execution_arn = self._role(
            "execution",
            "Starts the tasks of the workflow engine",
            Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        # The one action of ECR that has no resource to name.
                        allow(["ecr:GetAuthorizationToken"], ["*"]),
                        allow(
                            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                            [args.repository_arn, *args.sidecar_repository_arns],
                        ),
                        allow(
                            ["logs:CreateLogStream", "logs:PutLogEvents"],
                            [Output.concat(args.log_group_arn, ":log-stream:*")],
                        ),
                        *read_secrets(args, args.injected_secret_arns),
                    ],
                },
                sort_keys=True,
            ),
        )
        engine = read_secrets(args, args.engine_secret_arns)
        if args.assumable_role_arns:
            engine.append(allow(["sts:AssumeRole"], args.assumable_role_arns))
        engine += args.further
        self.task_arn = self._role(
            "task",
            "The workflow engine",
            Output.json_dumps({"Version": "2012-10-17", "Statement": engine}, sort_keys=True),
        )
        self.register_outputs({"executionArn": self.execution_arn, "taskArn": self.task_arn})

    def _role(self, label: str, description: str, policy: Output[str]) -> Output[str]:
        name = f"{self._name}-{label}"
        role = aws.iam.Role(
            name, description=description, assume_role_policy=trust_policy(self._account), opts=self._child
        )
        inline = aws.iam.RolePolicy(name, role=role.name, policy=policy, opts=self._child)
        # The role counts as there once it may do something, or the first task fails for lack of rights.
        return Output.all(role.arn, inline.id).apply(lambda made: str(made[0]))


def allow(actions: Sequence[str], resources: Sequence[Input[str]]) -> dict[str, object]:
    """One statement of a policy."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def read_secrets(args: RolesArgs, arns: Sequence[Input[str]]) -> list[dict[str, object]]:
    """The statements that let a role read secrets."""
    statements = [allow(["secretsmanager:GetSecretValue"], arns)]
    if args.key_arn is not None:
        through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{args.account.region}.amazonaws.com"}}
        statements.append({**allow(["kms:Decrypt"], [args.key_arn]), "Condition": through})
    return statements


def put_events(account: Account, bus: str) -> list[dict[str, object]]:
    """The statement that lets the engine put events on a bus, by its name or ARN; none without a bus."""
    own = f"arn:{account.partition}:events:{account.region}:{account.id}:event-bus/{bus}"
    return [allow(["events:PutEvents"], [bus if bus.startswith("arn:") else own])] if bus else []


def trust_policy(account: Account) -> str:
    """Lets ECS tasks of this account and region, and no others, take a role on."""
    condition = {
        "ArnLike": {"aws:SourceArn": f"arn:{account.partition}:ecs:{account.region}:{account.id}:*"},
        "StringEquals": {"aws:SourceAccount": account.id},
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
