"""Stack configurations as Pulumi hands them to the program, and whole stacks built against mocks."""

import asyncio
import functools
import json
import runpy
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

import pulumi
import yaml
from pulumi.runtime import config as pulumi_config
from pulumi.runtime import mocks, rpc
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import Stack, run_pulumi_func

from infra.contract import read_contract
from infra.settings import Settings, load

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = read_contract(ROOT / "contract.toml")
ENVIRONMENTS = ("local", "dev", "staging", "production")
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f0e0d0c-0b0a-4908-8706-050403020100"
DOMAIN_NAME = "workflow.example.org"
DIGEST = "sha256:" + "ab" * 32
ZONE_ID, ZONE = "Z0123456789ABCDEFGHIJ", "example.org"
VALIDATION = {
    "domainName": DOMAIN_NAME,
    "resourceRecordName": f"_token.{DOMAIN_NAME}.",
    "resourceRecordType": "CNAME",
    "resourceRecordValue": "_proof.validations.aws.",
}

Properties = dict[str, Any]


def as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@functools.cache
def project_file() -> dict[str, dict[str, object]]:
    content: dict[str, dict[str, dict[str, object]]] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    return content["config"]


@functools.cache
def stack_file(stack: str) -> dict[str, object]:
    content: dict[str, dict[str, object]] = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    return content["config"]


def configuration(environment: str, /, **overrides: object) -> dict[str, str]:
    """What the program is given for a stack: defaults, its file, certificate and host name, and overrides."""
    values: dict[str, object] = {}
    for key, declaration in project_file().items():
        name = key if ":" in key else f"workflow:{key}"
        for source in ("default", "value"):
            if source in declaration:
                values[name] = declaration[source]
    values |= stack_file(environment)
    if environment != "local":
        values["workflow:certificateArn"] = CERTIFICATE
        values["workflow:domainName"] = DOMAIN_NAME
    values |= {f"workflow:{key}": value for key, value in overrides.items()}
    return {key: as_text(value) for key, value in values.items()}


def settings_of(environment: str, /, **overrides: object) -> Settings:
    return load(configuration(environment, **overrides), stack=environment, contract=CONTRACT)


@dataclass(frozen=True)
class Resource:
    type: str
    name: str
    inputs: Properties
    provider: str | None


@dataclass
class Account(mocks.Mocks):
    """An AWS account that says yes: keeps what is asked for and answers with likely outputs."""

    images: Mapping[str, str] = field(default_factory=lambda: {"v1": DIGEST})
    private_zone: bool = False
    partition: str = "aws"
    region: str = "us-east-1"
    resources: list[Resource] = field(default_factory=list)
    options: dict[str, pulumi.ResourceOptions] = field(default_factory=dict)
    """The options of each resource by its type and name."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(Resource(args.typ, args.name, revealed(args.inputs), args.provider))
        arn = self.arn(args.typ, args.name)
        outputs = {
            "arn": arn,
            "arnSuffix": f"app/{args.name}/1",
            "bootstrapBrokersSaslIam": f"b-1.{args.name}.example.com:9098",
            "bucket": f"{args.name}-1a2b3c4",
            "dnsName": f"{args.name}.example.com",
            "domainValidationOptions": [VALIDATION],
            "engineArn": "arn:aws:lambda:us-east-1:123456789012:function:cwsyn-workflow-dev-0f0e:1",
            "endpoint": f"{args.name}.example.com:5432",
            "fqdn": args.inputs.get("name"),
            "identifier": args.name,
            "keyId": f"{args.name}-id",
            "name": args.name,
            "prometheusEndpoint": f"https://{args.name}.example.com/",
            "primaryEndpointAddress": f"{args.name}.example.com",
            "repositoryUrl": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{args.name}",
            "zoneId": "Z35SXDOTRQ7X7K",
        }
        return f"{args.name}-id", {**outputs, **args.inputs}

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a resource by its type and name; a cluster of brokers has another part that AWS chooses."""
        if kind.startswith("aws:msk/cluster"):
            return f"arn:aws:kafka:us-east-1:123456789012:cluster/{name}/0f0e0d0c-0b0a-4908-8706-050403020100-2"
        return f"arn:aws:mock:us-east-1:123456789012:{kind.rsplit('/', maxsplit=1)[-1]}/{name}"

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        match args.token:
            case "aws:index/getCallerIdentity:getCallerIdentity":
                return {"accountId": "123456789012", "arn": f"arn:{self.partition}:iam::123456789012:user/ci"}, []
            case "aws:index/getAvailabilityZones:getAvailabilityZones":
                return {"names": [f"{self.region}{zone}" for zone in "cab"]}, []
            case "aws:ecr/getImage:getImage" if args.args["imageTag"] in self.images:
                return {"imageDigest": self.images[args.args["imageTag"]]}, []
            case "aws:ecr/getImage:getImage":
                return {}, [("imageTag", f"ImageNotFoundException: {args.args['repositoryName']}")]
            case "aws:route53/getZone:getZone" if args.args.get("name") == ZONE or args.args.get("zoneId") == ZONE_ID:
                return {"zoneId": ZONE_ID, "name": f"{ZONE}.", "privateZone": self.private_zone}, []
            case "aws:route53/getZone:getZone":
                return {}, [("name", "no matching Route 53 Hosted Zone found")]
        raise AssertionError(f"no answer to {args.token}")

    def note_options(self, args: pulumi.ResourceTransformationArgs) -> None:
        self.options[f"{args.type_} {args.name}"] = args.opts

    def of(self, kind: str) -> list[Resource]:
        """Resources whose type ends like this, `Listener` or `lb/listener:Listener`."""
        end = kind if ":" in kind else f":{kind}"
        return [resource for resource in self.resources if resource.type.endswith(end)]

    def one(self, kind: str, name: str = "") -> Properties:
        """The inputs of the one resource of a type, or of the one whose name ends like this."""
        [found] = [resource for resource in self.of(kind) if resource.name.endswith(name)]
        return found.inputs


def revealed(inputs: Mapping[str, object]) -> Properties:
    """Inputs with the values of secrets in their place."""
    return {key: value["value"] if is_secret(value) else value for key, value in inputs.items()}


def is_secret(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig


def deploy(account: Account, program: Callable[[], object], stack: str, config: Mapping[str, str]) -> Properties:
    """Run a program against an account and return what it exported, values resolved."""
    exports: Properties = {}
    # The mocks want an event loop in their thread and would leave one of their own open. They get one thread, so that
    # resources are made in the program's order, and nobody else uses its loop.
    loop = asyncio.new_event_loop()

    def watched() -> None:
        pulumi.runtime.register_stack_transformation(account.note_options)
        program()

    async def run() -> None:
        executor = ThreadPoolExecutor(1, initializer=asyncio.set_event_loop, initargs=(loop,))
        asyncio.get_running_loop().set_default_executor(executor)
        mocks.set_mocks(account, project="workflow", stack=stack)
        pulumi_config.set_all_config(dict(config))
        await run_pulumi_func(watched)
        root = get_root_resource()
        assert isinstance(root, Stack)
        for name, value in root.outputs.items():
            exports[name] = await pulumi.Output.from_input(value).future()

    try:
        asyncio.run(run())
    finally:
        loop.close()
    return exports


def void(_result: object) -> None:
    """What Pulumi wants a program to return."""


def build(component: Callable[[], object]) -> Account:
    """Make one component in an empty account."""
    account = Account()
    deploy(account, component, "dev", {})
    return account


@functools.cache
def deployed(environment: str) -> tuple[Account, Properties]:
    """An environment's whole stack with the image v1; made once, for tests that only look."""
    return deploy_stack(environment)


def program() -> None:
    """The program as Pulumi runs it."""
    runpy.run_path(str(ROOT / "infra"), run_name="__main__")


def deploy_stack(
    environment: str, account: Account | None = None, /, **overrides: object
) -> tuple[Account, Properties]:
    """The whole program for an environment; by default with an image that is there."""
    account = account or Account()
    config = configuration(environment, **{"imageTag": "v1", **overrides})
    return account, deploy(account, program, environment, config)
