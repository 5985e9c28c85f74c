"""A stack together with the account it is in: a real one, or the sandbox for `local`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml

from operations.clients import Clients
from operations.errors import OperationError, RefusedError
from operations.local_account import REGION, LocalAccount, SandboxRecord
from operations.pulumi import PulumiStack
from tools import pulumi_cli

LOCAL = "local"


class _Declared(msgspec.Struct):
    """A key that Pulumi.yaml declares; `value` is what every stack has that sets nothing else."""

    value: object = None


class _ProjectFile(msgspec.Struct):
    config: dict[str, _Declared] = {}


class _StackFile(msgspec.Struct):
    config: dict[str, object] = {}


_Item = TypeVar("_Item")
_File = TypeVar("_File", _ProjectFile, _StackFile)


def open_stack(root: Path, name: str, *, backend: str | None = None) -> tuple[PulumiStack, Clients]:
    """The stack `name` and clients for its account; `backend` is the URL of its state where it isn't the usual one.

    Raises:
        OperationError: it is `local` and no sandbox runs, or it has no config file.
    """
    if name != LOCAL:
        environment = pulumi_cli.environment(root)
        if backend is not None:
            environment["PULUMI_BACKEND_URL"] = backend
        stack = PulumiStack(root, name, environment, policy_pack=pulumi_cli.policy_pack(root))
        return stack, account_clients(root, name)
    account = LocalAccount(root)
    record = account.running()
    if record is None:
        raise OperationError("The local stack is not up: run `make up`.")
    return local_stack(account, record)


def account_clients(root: Path, name: str) -> Clients:
    """Clients that reach AWS as the program's provider does: by the keys of the `aws` namespace in the stack's file."""
    config = file_config(root, name)
    listed = _value(config, "aws:endpoints", list[dict[str, str]], "a list of maps from a service to its URL")
    accounts = _value(config, "aws:allowedAccountIds", list[str], "a list of account IDs in quotes")
    endpoints = {service: url for entry in listed for service, url in entry.items()}
    region, profile = config.get("aws:region"), config.get("aws:profile")
    return Clients(
        str(region) if region else None,
        profile=str(profile) if profile else None,
        endpoints=endpoints,
        accounts=tuple(accounts),
    )


def _value(config: Mapping[str, object], key: str, form: type[list[_Item]], allowed: str) -> list[_Item]:
    """A list in a stack's file, which may stand there as JSON (`pulumi config set`)."""
    found = config.get(key) or []
    try:
        return msgspec.json.decode(found, type=form) if isinstance(found, str) else msgspec.convert(found, form)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise RefusedError(f"{key} is not {allowed}: {error}.") from error


def file_config(root: Path, name: str) -> Mapping[str, object]:
    """What Pulumi.yaml gives every stack and `Pulumi.<name>.yaml` this one, read without the Pulumi CLI."""
    file = root / f"Pulumi.{name}.yaml"
    if not file.is_file():
        raise RefusedError(f"There is no stack {name}: {file.name} would configure it.")
    values = {
        key: entry.value for key, entry in _read(root / "Pulumi.yaml", _ProjectFile).config.items() if entry.value
    }
    return {**values, **read_stack_file(file)}


def read_stack_file(file: Path) -> Mapping[str, object]:
    """The config in a stack's file; secrets stay encrypted."""
    return _read(file, _StackFile).config


def _read(file: Path, form: type[_File]) -> _File:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return msgspec.convert(content, form)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        form_wanted = "`config:` with keys below it"
        raise RefusedError(f"{file.name} is not a Pulumi stack config ({form_wanted}): {_why(error)}.") from error


def _why(error: Exception) -> str:
    match error:
        case yaml.MarkedYAMLError(problem=str(words), problem_mark=yaml.Mark(line=line, column=column)):
            return f"{words} at line {line + 1}, column {column + 1}"
    return " ".join(str(error).split())


def local_stack(account: LocalAccount, record: SandboxRecord) -> tuple[PulumiStack, Clients]:
    """The `local` stack in the running sandbox `record`."""
    environment, file = account.environment(record), account.directory / "Pulumi.local.yaml"
    stack = PulumiStack(account.root, LOCAL, environment, file, pulumi_cli.policy_pack(account.root))
    return stack, Clients(REGION, record.aws_endpoint_url, sandboxed=True)
