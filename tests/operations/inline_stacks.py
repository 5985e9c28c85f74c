"""Two stacks of the real program in two regions, driven by the real engine in this process, for the operations.

The account is moto's: services run no tasks, databases hold no data, and an image is its manifest.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation

from operations.clients import Clients
from operations.pulumi import GoAhead, PulumiStack
from sandbox.aws import Account
from tests.infra.deployed.stacks import Deployed
from tests.infra.stacks import ZONE, configuration
from tests.operations.regions import InProcess

FIRST, SECOND = "dev-1", "dev-2"
REGIONS = {FIRST: "us-east-1", SECOND: "us-west-2"}
REPOSITORY = f"workflow-{FIRST}"
SMALL: Mapping[str, object] = {
    "accessLogs": False,
    "alarms": False,
    "backupDays": 0,
    "certificateArn": "",
    "encryptionKey": "stack",
    "flowLogs": "none",
    "hostedZone": ZONE,
}
"""What makes a dev stack a member of a pair, and leaves out what has no part in that."""


@dataclass(frozen=True)
class InlineStack(PulumiStack):
    """A stack whose program runs in this process; `config` is what its file would say."""

    held_by: Deployed = field(kw_only=True)
    config: dict[str, Any] = field(default_factory=dict)
    made: dict[str, object] = field(default_factory=dict)

    def exists(self) -> bool:
        """It does, with nothing in it at first."""
        return True

    def configure(self, **overrides: object) -> None:
        """Write the whole file."""
        self.config.update(configuration("dev", **SMALL, **overrides), **{"aws:region": REGIONS[self.name]})

    def set_config(self, key: str, value: str, *, path: bool = False) -> None:
        """One value, or an entry of one."""
        name, _, entry = key.partition(".")
        assert path == bool(entry)
        if entry:
            known = json.loads(self.config.get(f"workflow:{name}", "{}"))
            value = json.dumps({**known, entry: value})
        self.config[f"workflow:{name}"] = value

    def get_config(self, key: str) -> str | None:
        """One value."""
        return next((value for name, value in self.config.items() if name.split(":")[-1] == key), None)

    def deployed(self, key: str) -> list[str]:
        """No update is looked up: the configuration names the image."""
        del key
        return []

    def outputs(self) -> dict[str, object]:
        """What the last update left."""
        return dict(self.made)

    def exported(self) -> str:
        """The state."""
        return json.dumps(self.held_by.exported())

    def unprotect(self, urn: str) -> None:
        """Pulumi lets go of one resource."""
        state = self.held_by.stack.export_stack()
        for resource in state.deployment["resources"] if state.deployment else []:
            if resource["urn"] == urn:
                resource["protect"] = False
        self.held_by.stack.import_stack(state)

    def up(self, go_ahead: GoAhead, *, held: bool = True, stop: threading.Event | None = None) -> int:
        """Bring the account to what the program says."""
        del go_ahead, held, stop
        stack = self.held_by.stack
        stack.set_all_config({key: automation.ConfigValue(value) for key, value in self.config.items()})
        done = stack.up(color="never")
        self.made.update({name: output.value for name, output in done.outputs.items()})
        changes = done.summary.resource_changes or {}
        return sum(count for operation, count in changes.items() if operation != "same")


@dataclass
class Pair:
    """Both stacks, and what the account says of each region."""

    stacks: Mapping[str, InlineStack]
    account: Account

    def open(self, _root: Path, name: str, *, backend: str | None = None) -> tuple[InlineStack, Clients]:
        """In place of `operations.stacks.open_stack`."""
        del backend
        return self.stacks[name], InProcess(REGIONS[name], account=self.account)

    def client(self, name: str, service: str) -> Any:  # noqa: ANN401 boto3 makes its methods
        """A boto3 client of a stack's region."""
        return self.account.client(service, REGIONS[name])

    def push(self, name: str, tag: str) -> str:
        """Put an image into the region's registry; its digest."""
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}
        put = self.client(name, "ecr").put_image(
            repositoryName=REPOSITORY, imageManifest=json.dumps(manifest), imageTag=tag
        )
        digest: str = put["image"]["imageId"]["imageDigest"]
        return digest

    def running(self, name: str) -> dict[str, int]:
        """The images that a stack's services run, by how many tasks."""
        ecs = self.client(name, "ecs")
        cluster = self.stacks[name].outputs()["clusterName"]
        arns = ecs.list_services(cluster=cluster)["serviceArns"]
        services = ecs.describe_services(cluster=cluster, services=arns)["services"] if arns else []
        found: dict[str, int] = {}
        for service in services:
            definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
            [engine] = [each for each in definition["containerDefinitions"] if each["name"] == "engine"]
            found[engine["image"]] = service["runningCount"]
        return found

    def environment(self, name: str) -> dict[str, str]:
        """What the engine of a stack finds in its environment."""
        arn = self.stacks[name].outputs()["taskDefinitionArn"]
        found = self.client(name, "ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
        [engine] = [each for each in found["containerDefinitions"] if each["name"] == "engine"]
        return {entry["name"]: entry["value"] for entry in engine["environment"]}

    def databases(self, name: str) -> dict[str, str]:
        """What each database of a region follows."""
        found = self.client(name, "rds").describe_db_instances()["DBInstances"]
        return {each["DBInstanceIdentifier"]: each.get("ReadReplicaSourceDBInstanceIdentifier", "") for each in found}

    def targets(self) -> list[str]:
        """The load balancers that the API's name stands for."""
        route53 = self.account.client("route53")
        [zone] = route53.list_hosted_zones()["HostedZones"]
        records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        return [record["AliasTarget"]["DNSName"].rstrip(".") for record in records if "AliasTarget" in record]
