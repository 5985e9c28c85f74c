"""`make up`: from nothing to a deployed engine, and on the local stack to an order that it completed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import yaml

from operations import deployment, local_image, order, outputs
from operations.clients import Clients
from operations.image_tag import use_deployed_image
from operations.local_account import LocalAccount, SandboxRecord
from operations.locks import exclusive
from operations.outputs import Outputs
from operations.pulumi import SALT, GoAhead, PulumiStack
from operations.report import report
from operations.results import Result
from operations.stacks import LOCAL, local_stack, open_stack, read_stack_file
from tools.progress import say


def up(root: Path, name: str, go_ahead: GoAhead, *, deployed_image: bool = False) -> Result:
    """Bring the stack `name` up; `local` waits for nothing.

    With `deployed_image` a stack whose file names no image keeps the one of its last update.
    """
    if name == LOCAL:
        account = LocalAccount(root)
        with exclusive(account.directory):
            return _up_local(account)
    stack, clients = open_stack(root, name)
    if deployed_image:
        use_deployed_image(stack)
    changes = stack.up(go_ahead)
    found = outputs.read(stack)
    wait_for_service(found, replace(clients, region=found.region))
    say(f"stack {name} is up: {found.api_url}")
    return Result(_data(name, found, changes))


def _data(name: str, found: Outputs, changes: int) -> dict[str, object]:
    return {"stack": name, "changes": changes, "apiUrl": found.api_url, "imageTag": found.image_tag}


def _up_local(account: LocalAccount) -> Result:
    if account.running() is None:
        say("starting the sandbox: an AWS account in a process of this machine")
    record = account.start()
    stack, clients = local_stack(account, record)
    _forget_lost_account(account, record, stack)
    account.unlock(stack)
    image = local_image.build(account.root, account.directory / "images")
    if _pushed(stack, clients) is None:
        say("first deployment: everything but tasks, for no image tag is set yet")
        write_config(stack, None)
        stack.up(GoAhead.AT_ONCE, held=False)
    registry = outputs.read(stack).registry_url
    if image.tag not in (_pushed(stack, clients) or ()):
        say(f"pushing image {image.tag}")
        account.push(registry.split("/", 1)[-1], image.tag, image.entrypoint, image.directory)
    say(f"deploying image {image.tag}")
    write_config(stack, image.tag)
    changes = stack.up(GoAhead.AT_ONCE, held=False)  # a preview holds it to the rules, and this is to be quick
    say(f"{changes} resources changed" if changes else "nothing changed")
    found = outputs.read(stack)
    wait_for_service(found, clients)
    key = _access_key(found, clients)
    engine = order.client(found.api_url, key, found.region)
    order.run(engine, account.root / "examples" / order.MACHINE, f"first-of-{image.tag}")
    return Result({**_data(LOCAL, found, changes), "managementUrl": found.management_url}, report(found, key))


def _forget_lost_account(account: LocalAccount, record: SandboxRecord, stack: PulumiStack) -> None:
    """The sandbox keeps its account in memory: after a restart, what the state lists is gone, and is made anew."""
    file = account.directory / "incarnation"
    known = file.read_text(encoding="ascii") if file.exists() else None
    exists = stack.exists()
    if exists and known != record.incarnation:
        say("the sandbox was restarted and its account is empty: the stack is made again, databases keep their data")
        stack.remove()
        exists = False
    if not exists:
        write_config(stack, None)
        stack.create()
    file.write_text(record.incarnation, encoding="ascii")


def _pushed(stack: PulumiStack, clients: Clients) -> tuple[str, ...] | None:
    """The tags in the stack's registry; None where the stack has no registry yet."""
    registry = stack.outputs().get("registryUrl")
    if not isinstance(registry, str):
        return None
    ecr = clients.ecr
    try:
        images = ecr.list_images(repositoryName=registry.split("/", 1)[-1])["imageIds"]
    except ecr.exceptions.RepositoryNotFoundException:
        return None
    return tuple(image["imageTag"] for image in images if "imageTag" in image)


def write_config(stack: PulumiStack, tag: str | None) -> None:
    """Copy the committed config for this machine: the image tag and Pulumi's salt don't belong into the checkout."""
    assert stack.config_file is not None  # noqa: S101 - the local stack's is always set
    config = dict(read_stack_file(stack.root / f"Pulumi.{LOCAL}.yaml"))
    if tag is not None:
        config["workflow:imageTag"] = tag
    previous = yaml.safe_load(stack.config_file.read_text(encoding="utf-8")) if stack.config_file.exists() else {}
    salt = {key: value for key, value in previous.items() if key == SALT}
    stack.config_file.write_text(yaml.safe_dump({**salt, "config": config}), encoding="utf-8")


def wait_for_service(found: Outputs, clients: Clients) -> None:
    """Return when the service runs what the stack says and answers; nothing to wait for while there are no tasks."""
    if not found.service_name:
        return
    deployment.verify(clients.ecs, clients.logs, found)
    say(f"waiting for {found.api_url}/health")
    deployment.wait_until_healthy(f"{found.api_url}/health")


def _access_key(found: Outputs, clients: Clients) -> order.AccessKey:
    """The access key that the stack made for its API; the secret is what API_ACCESS_KEYS refers to."""
    keys = clients.secrets.get_secret_value(SecretId=found.access_keys_secret_arn)["SecretString"]
    return msgspec.json.decode(keys, type=list[order.AccessKey])[0]
