"""The files beside the program: sizes as R1 has them, every key declared once, nothing said twice."""

import typing

import msgspec
import pytest

from infra.settings import ProviderSettings, Settings
from tests.infra.stacks import ENVIRONMENTS, ROOT, as_text, project_file, settings_of, stack_file

SIZES = {
    "dev": (256, 512, 1, False, "db.t3.micro", False, 1, "cache.t3.micro", 30, False),
    "staging": (512, 1024, 2, False, "db.t3.small", True, 1, "cache.t3.small", 30, True),
    "production": (2048, 4096, 3, True, "db.r7g.large", True, 2, "cache.r7g.large", 90, True),
}
"""The sizing table of the requirements (R1)."""

SIZING_KEYS = frozenset(
    {
        "taskCpu",
        "taskMemory",
        "desiredCount",
        "databaseClass",
        "databaseMultiAz",
        "cacheNodes",
        "cacheNodeType",
        "logRetentionDays",
        "deletionProtection",
    }
)


def declared() -> dict[str, dict[str, object]]:
    return {key: declaration for key, declaration in project_file().items() if ":" not in key}


def known_keys(models: typing.Iterable[type[msgspec.Struct]]) -> set[str]:
    return {member.encode_name for model in models for member in msgspec.structs.fields(model)}


def models() -> list[type[msgspec.Struct]]:
    groups = [member.type for member in msgspec.structs.fields(Settings) if member.name != "name"]
    return [group for group in groups if group is not ProviderSettings]


@pytest.mark.parametrize("environment", SIZES)
def test_sizes(environment: str) -> None:
    settings = settings_of(environment)
    assert SIZES[environment] == (
        settings.service.cpu,
        settings.service.memory,
        settings.service.desired_count,
        settings.autoscaling.enabled,
        settings.database.instance_class,
        settings.database.multi_az,
        settings.cache.nodes,
        settings.cache.node_type,
        settings.service.log_retention_days,
        settings.stack.deletion_protection,
    )


def test_sizes_have_no_default() -> None:
    assert {key for key, declaration in declared().items() if "default" not in declaration} == {
        "environment",
        *SIZING_KEYS,
    }


def test_thresholds_of_the_required_alarms() -> None:
    for environment in ENVIRONMENTS:
        alarms = settings_of(environment).alarms
        assert alarms.cpu_percent == 80
        assert alarms.memory_percent == 85
        assert alarms.server_errors_per_minute == 10
        assert alarms.unhealthy_hosts == 0


def test_every_key_of_the_settings_is_declared_and_no_other() -> None:
    assert set(declared()) == known_keys(models())


def test_the_standard_keys_of_aws_are_listed() -> None:
    text = (ROOT / "Pulumi.yaml").read_text()
    assert [key for key in known_keys([ProviderSettings]) if key not in text] == []


def test_no_key_belongs_to_two_groups() -> None:
    assert len(known_keys(models())) == sum(len(msgspec.structs.fields(model)) for model in models())


def test_settings_have_no_defaults_of_their_own() -> None:
    optional = [
        member.encode_name for model in models() for member in msgspec.structs.fields(model) if not member.required
    ]
    assert optional == []


@pytest.mark.parametrize(("key", "declaration"), declared().items())
def test_declaration(key: str, declaration: dict[str, object]) -> None:
    hints = [
        (member.encode_name, typing.get_type_hints(model, include_extras=True)[member.name])
        for model in models()
        for member in msgspec.structs.fields(model)
    ]
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
    kind = kinds[str(declaration["type"])]
    assert str(declaration["description"]).endswith(".")
    assert isinstance(declaration.get("default", kind()), kind)
    annotation = dict(hints)[key]
    bare = typing.get_origin(annotation) or annotation
    expected = {bool: "boolean", dict: "object", tuple: "array"}.get(bare)
    assert expected in (None, declaration["type"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_stack_file_holds_only_what_differs(environment: str) -> None:
    for key, value in stack_file(environment).items():
        declaration = declared()[key.removeprefix("workflow:")]
        assert as_text(value) != as_text(declaration.get("default", "no default")), f"{key} is the default"


def test_local_differs_from_dev_where_there_is_no_aws() -> None:
    local, dev = stack_file("local"), stack_file("dev")
    assert {
        key.removeprefix("workflow:") for key in {*local, *dev} if as_text(local.get(key)) != as_text(dev.get(key))
    } == {
        "alarms",
        "archive",
        "backupDays",
        "cacheLogDelivery",
        "cacheSnapshotDays",
        "databaseInsights",
        "databaseLogExports",
        "environment",
        "httpPort",
        "managementAccess",
        "flowLogs",
        "accessLogs",
        "databaseTls",
        "cacheTls",
        "engineSettings",
    }
