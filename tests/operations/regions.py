"""Two stacks in two regions of an account of moto's, as the program makes them, without the Pulumi CLI.

What `up` does here is what the program does with the same configuration (tests/infra/aws/test_standby.py): a service
where the stack serves, a replica where it stands by.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from operations.clients import Clients
from operations.errors import OperationError
from operations.pulumi import GoAhead, PulumiStack
from sandbox.aws import Account

FIRST, SECOND = "production", "production-2"
REGIONS = {FIRST: "us-east-1", SECOND: "us-west-2"}
REPOSITORY = f"workflow-{FIRST}"
SECRETS = ("accessKeys", "databaseAdmin", "databaseUser", "tokenKey")
COPY_KEY = "arn:aws:kms:us-west-2:123456789012:key/0f0e0d0c-0b0a-4908-8706-050403020100"
PRIMARY: dict[str, Any] = {
    "Engine": "postgres",
    "DBInstanceClass": "db.t3.micro",
    "AllocatedStorage": 20,
    "MasterUsername": "owner",
    "MasterUserPassword": "of-the-owner",
}


LATER = datetime.timedelta(minutes=5)


def _no_account() -> Account:
    raise AssertionError("a stack is in an account")


@dataclass(frozen=True)
class InProcess(Clients):
    """Clients that call the account without HTTP."""

    account: Account = field(default_factory=_no_account)

    @cached_property
    def session(self) -> Any:  # noqa: ANN401 in place of boto3's
        """What makes clients."""
        return self

    def client(self, service: str, **_: object) -> Any:  # noqa: ANN401 boto3 makes its methods
        """A client, made once."""
        return self.account.client(service, str(self.region))


@dataclass(frozen=True)
class Stack(PulumiStack):
    """A stack that keeps its configuration and its outputs in memory.

    `fails` says what the next updates fail with, each with nothing if it works; `written` are the keys that were set.
    """

    account: Account = field(default_factory=_no_account)
    config: dict[str, str] = field(default_factory=dict)
    made: dict[str, object] = field(default_factory=dict)
    fails: list[str] = field(default_factory=list)
    unprotected: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    @property
    def region(self) -> str:
        """Where it is."""
        return REGIONS[self.name]

    def client(self, service: str) -> Any:  # noqa: ANN401 boto3 makes its methods
        """A boto3 client of its region."""
        return self.account.client(service, self.region)

    def exists(self) -> bool:
        """It does, as `pulumi stack init` made it."""
        return True

    def get_config(self, key: str) -> str | None:
        """One value."""
        return self.config.get(key)

    def set_config(self, key: str, value: str, *, path: bool = False) -> None:
        """One value, or an entry of one."""
        name, _, entry = key.partition(".")
        assert path == bool(entry)
        self.written.append(key)
        if entry:
            value = json.dumps({**json.loads(self.config.get(name, "{}")), entry: value})
        self.config[name] = value

    def remove_config(self, entry: str) -> None:
        """An entry of a value."""
        name, _, entry = entry.partition(".")
        self.config[name] = json.dumps(
            {key: value for key, value in json.loads(self.config[name]).items() if key != entry}
        )

    def deployed(self, key: str) -> list[str]:
        """No update is remembered."""
        del key
        return []

    def outputs(self) -> dict[str, object]:
        """What the last update left."""
        return dict(self.made)

    def exported(self) -> str:
        """The state, as far as it is about the database."""
        identifier = str(self.made["databaseArn"]).rsplit(":", 1)[-1]
        urn = f"urn:pulumi:{self.name}::workflow::workflow:aws:Database$aws:rds/instance:Instance::{identifier}"
        kept = "standbyRegion" in self.config or "primaryStack" in self.config
        return json.dumps({"deployment": {"resources": [{"urn": urn, "protect": True, "retainOnDelete": kept}]}})

    def unprotect(self, urn: str) -> None:
        """Pulumi lets go of one resource."""
        self.unprotected.append(urn.rsplit("::", 1)[-1])

    def up(self, go_ahead: GoAhead, *, held: bool = True, stop: object = None) -> int:
        """What the program would make."""
        del go_ahead, held, stop
        if self.fails and (said := self.fails.pop(0)):
            raise OperationError(said)
        self._database()
        self._service()
        self.made.update(
            {
                "apiUrl": "http://api.example",
                "region": self.region,
                "registryUrl": f"123456789012.dkr.ecr.{self.region}.amazonaws.com/{REPOSITORY}",
                "clusterName": f"workflow-{self.name}",
                "databaseEndpoint": "d:5432",
                "databaseReplicaOf": self.config.get("databaseReplicaOf", ""),
                **self._secrets(),
                "archiveCopyBucket": f"workflow-{self.name}-archive-copy" if "standbyRegion" in self.config else "",
                "archiveCopyKeyArn": COPY_KEY if "standbyRegion" in self.config else "",
                "desiredCount": 0 if self.config.get("standby") == "true" else 3,
            }
        )
        return 1

    def _database(self) -> None:
        generation = self.config.get("databaseGeneration", "1")
        identifier = f"workflow-{self.name}-database" + (f"-{generation}" if generation != "1" else "")
        arn = f"arn:aws:rds:{self.region}:123456789012:db:{identifier}"
        if self.made.get("databaseArn") == arn:
            return
        source = self.config.get("databaseReplicaOf")
        if source:
            self.client("rds").create_db_instance_read_replica(
                DBInstanceIdentifier=identifier, SourceDBInstanceIdentifier=source
            )
        else:
            self.client("rds").create_db_instance(DBInstanceIdentifier=identifier, **PRIMARY)
        self.made["databaseArn"] = arn

    def _secrets(self) -> dict[str, str]:
        """The outputs of its secrets: those that it made, copied to the region of its standby, or the copies."""
        if "replicatedSecrets" in self.config:
            arns: dict[str, str] = json.loads(self.config["replicatedSecrets"])
        else:
            arns = {name: self._secret(name) for name in SECRETS}
        return {f"{name}SecretArn": arn for name, arn in arns.items()}

    def _secret(self, name: str) -> str:
        manager = self.client("secretsmanager")
        if name not in {each["Name"] for each in manager.list_secrets()["SecretList"]}:
            manager.create_secret(Name=name, SecretString="{}")
        found = manager.describe_secret(SecretId=name)
        region = self.config.get("standbyRegion")
        if region and "ReplicationStatus" not in found:
            manager.replicate_secret_to_regions(SecretId=name, AddReplicaRegions=[{"Region": region}])
        return str(found["ARN"])

    def _service(self) -> None:
        ecs, cluster = self.client("ecs"), f"workflow-{self.name}"
        ecs.create_cluster(clusterName=cluster)
        if self.config.get("standby") == "true":
            if self.made.get("serviceName"):
                ecs.delete_service(cluster=cluster, service="engine", force=True)
            self.made.update(serviceName="", taskDefinitionArn="")
        elif not self.made.get("serviceName"):
            container = {"name": "engine", "image": "engine", "memory": 512}
            made = ecs.register_task_definition(family="engine", containerDefinitions=[container])
            arn = made["taskDefinition"]["taskDefinitionArn"]
            ecs.create_service(cluster=cluster, serviceName="engine", taskDefinition=arn, desiredCount=3)
            self.made.update(serviceName="engine", taskDefinitionArn=arn)
            self.client("application-autoscaling").register_scalable_target(
                ServiceNamespace="ecs",
                ResourceId=f"service/{cluster}/engine",
                ScalableDimension="ecs:service:DesiredCount",
                MinCapacity=3,
                MaxCapacity=9,
            )


@dataclass
class Replication:
    """How far a replica is, told in place of CloudWatch; `behind` is in relation to now, None where nobody knows."""

    behind: datetime.timedelta | None

    def until(self, *_: object) -> datetime.datetime | None:
        """In place of `promotion.replayed_until`."""
        return None if self.behind is None else datetime.datetime.now(datetime.UTC) - self.behind


@dataclass
class Regions:
    """Both stacks, and what was done: the first serves, the second stands by for it."""

    stacks: dict[str, Stack]
    account: Account

    def open(self, _root: Path, name: str, *, backend: str | None = None) -> tuple[Stack, Clients]:
        """In place of `operations.stacks.open_stack`."""
        del backend
        return self.stacks[name], InProcess(REGIONS[name], account=self.account)

    def database(self, name: str) -> str:
        """The ARN of a stack's database."""
        return str(self.stacks[name].made["databaseArn"])

    def tasks(self, name: str) -> int:
        """How many tasks ECS is to run for a stack."""
        stack = self.stacks[name]
        services = stack.client("ecs").describe_services(cluster=f"workflow-{name}", services=["engine"])["services"]
        return sum(service["desiredCount"] for service in services if service["status"] == "ACTIVE")

    def suspended(self, name: str) -> bool:
        """Whether nothing but us may start tasks of a stack."""
        scaling = self.stacks[name].client("application-autoscaling")
        [target] = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        return all(target["SuspendedState"].values())

    def source(self, name: str) -> str:
        """What a stack's database follows; empty where nothing."""
        identifier = self.database(name).rsplit(":", 1)[-1]
        [found] = self.stacks[name].client("rds").describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
        return str(found.get("ReadReplicaSourceDBInstanceIdentifier") or "")

    @property
    def serving(self) -> set[str]:
        """The stacks that have tasks."""
        return {name for name in self.stacks if self.tasks(name)}


@contextmanager
def two_regions(root: Path, account: Account) -> Iterator[Regions]:
    """The stacks before any failover, with the image v1 in both registries."""
    account.reset()
    stacks = {name: Stack(root, name, {}, account=account) for name in REGIONS}
    regions = Regions(stacks, account)
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []})
    for stack in stacks.values():
        stack.config.update(region=stack.region, imageTag="v1")
        stack.client("ecr").create_repository(repositoryName=REPOSITORY)
        stack.client("ecr").put_image(repositoryName=REPOSITORY, imageManifest=manifest, imageTag="v1")
    stacks[FIRST].config["standbyRegion"] = stacks[SECOND].region
    stacks[FIRST].up(GoAhead.AT_ONCE)
    yield regions
