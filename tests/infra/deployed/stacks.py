"""Stacks of the real program, brought up by the real engine in an account of moto's, with the policy pack.

No tasks and no data stores run behind the account, which only says so: what is looked at is what the program makes.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation import events

from sandbox.aws import Account, Provider
from tests.infra.stacks import DOMAIN_NAME, ENVIRONMENTS, ROOT, as_text, configuration, program
from tools import pulumi_cli

WITH_OPTIONS = "staging-all"
"""A staging stack with every option that the others leave off."""

STACKS = (*ENVIRONMENTS, WITH_OPTIONS)
SIDECAR = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/sidecar@sha256:{'0' * 64}"
OPTIONS: Mapping[str, object] = {
    "backupCopyRegion": "us-west-2",
    "canary": True,
    "databaseInsights": "advanced",
    "databaseReplicas": 1,
    "encryptionKey": "stack",
    "eventsPublisher": "kafka",
    "executeCommand": True,
    "kafka": True,
    "logRouterImage": SIDECAR,
    "metricsCollectorImage": SIDECAR,
    "openSearchDomainArn": "arn:aws:es:us-east-1:123456789012:domain/logs",
    "openSearchHost": "logs.example.org",
    "spotPercent": 50,
    "standbyRegion": "us-west-2",
    "taskArchitecture": "ARM64",
    "waf": True,
}

PASSPHRASE = "only-for-the-test"

Program = Callable[[], None]


@dataclass
class Deployed:
    """One stack, by its name. `log` is what its updates have told, event by event and line by line."""

    name: str
    account: Account
    stack: automation.Stack
    options: automation.LocalWorkspaceOptions
    backend: Path
    pack_config: Path
    log: list[str] = field(default_factory=list)
    violations: list[events.PolicyEvent] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """What the stack's names start with."""
        return f"workflow-{self.name}"

    @property
    def environment(self) -> str:
        """The environment that it is one of."""
        return self.name.partition("-")[0]

    def owns(self, name: str) -> bool:
        """Whether a resource of the account, by its name, is this stack's."""
        others = [f"workflow-{stack}-" for stack in STACKS if stack.startswith(f"{self.name}-")]
        return name.startswith(f"{self.prefix}-") and not name.startswith(tuple(others))

    @cached_property
    def certificate(self) -> str:
        """A certificate in the account."""
        made: dict[str, str] = self.account.client("acm").request_certificate(DomainName=DOMAIN_NAME)
        return made["CertificateArn"]

    def client(self, service: str) -> Any:  # noqa: ANN401 boto3 makes its methods
        """A boto3 client of the account."""
        return self.account.client(service)

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        return {name: str(output.value) for name, output in self.stack.outputs().items()}

    def up(self) -> None:
        """Configure the stack as its file says, with an image, and bring it up, with the policy pack."""
        self.stack.set_all_config({key: automation.ConfigValue(value) for key, value in self._configuration().items()})
        self.stack.up(
            policy_packs=[str(pack())],
            policy_pack_configs=[str(self.pack_config)],
            color="never",
            on_output=self.log.append,
            on_event=self._note,
        )

    def _configuration(self) -> dict[str, str]:
        options = OPTIONS if self.name == WITH_OPTIONS else {}
        found = configuration(self.environment, imageTag="v1", **options)
        if self.environment != "local":
            found["workflow:certificateArn"] = self.certificate
        return found

    def planned(self, changed: Program) -> dict[str, set[str]]:
        """What an update with another program would do, by the types of the resources."""
        kinds: dict[str, set[str]] = {}
        for urn, steps in self._steps(changed).items():
            kinds.setdefault(urn.split("::")[2].rsplit("$", 1)[-1], set()).update(steps)
        return kinds

    def changes(self, changed: Program) -> dict[str, set[str]]:
        """What an update with another program would not leave as it is, by URNs; the stack's own outputs aside."""
        return {
            urn: steps
            for urn, steps in self._steps(changed).items()
            if steps != {"same"} and "pulumi:pulumi:Stack" not in urn.split("::")[2].split("$")[-1]
        }

    def _steps(self, changed: Program) -> dict[str, set[str]]:
        steps: dict[str, set[str]] = {}

        def note(event: events.EngineEvent) -> None:
            if event.resource_pre_event is not None:
                found = event.resource_pre_event.metadata
                steps.setdefault(found.urn, set()).add(str(found.op.value))

        self.stack.preview(program=changed, color="never", on_event=note)
        return steps

    @contextmanager
    def configured(self, **values: object) -> Iterator[None]:
        """Other values in the stack's configuration for the block."""
        keys = {f"workflow:{key}": as_text(value) for key, value in values.items()}
        self.stack.set_all_config({key: automation.ConfigValue(text) for key, text in keys.items()})
        try:
            yield
        finally:
            before = self._configuration()
            self.stack.set_all_config({key: automation.ConfigValue(before[key]) for key in keys})

    def exported(self) -> dict[str, Any]:
        """The state as `pulumi stack export` writes it; the Automation API's own way shows the secrets."""
        command = ["pulumi", "stack", "export", "--stack", self.name]
        environment = {**os.environ, **(self.options.env_vars or {})}
        done = subprocess.run(
            command, cwd=self.stack.workspace.work_dir, env=environment, capture_output=True, check=True
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def state_files(self) -> list[Path]:
        """What the backend keeps of the stack: its state, the states before, and the history of its updates."""
        return [path for path in self.backend.rglob("*") if path.is_file()]

    def second(self) -> automation.Stack:
        """The same stack, as somebody else at another machine has it."""
        return _open(self.name, self.options)

    def _note(self, event: events.EngineEvent) -> None:
        self.log.append(json.dumps(event, default=_plain))
        if event.policy_event is not None:
            self.violations.append(event.policy_event)


def pack() -> Path:
    """The policy pack as the CLI here can start it."""
    found = pulumi_cli.policy_pack(ROOT)
    assert found is not None, "run `make setup`"
    return found


def make(name: str, account: Account, provider: Provider, directory: Path) -> Deployed:
    """A stack in the account, empty so far."""
    backend = directory / name
    backend.mkdir()
    # An update that a violation stops would leave its program hanging in this process.
    config = directory / "pack.json"
    config.write_text('{"all": "advisory"}')
    options = automation.LocalWorkspaceOptions(
        env_vars={
            "PULUMI_DEBUG_PROVIDERS": f"aws:{provider.port}",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_HOME": str(directory / "home"),
        },
        project_settings=automation.ProjectSettings(
            name="workflow", runtime="python", backend=automation.ProjectBackend(backend.as_uri())
        ),
    )
    return Deployed(name, account, _open(name, options), options, backend, config)


def _open(name: str, options: automation.LocalWorkspaceOptions) -> automation.Stack:
    return automation.create_or_select_stack(name, project_name="workflow", program=_run, opts=options)


def _run() -> None:
    program()


def _plain(value: object) -> object:
    return vars(value) if hasattr(value, "__dict__") else str(value)
