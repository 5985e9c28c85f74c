"""A stack's configuration as a whole: every problem at once, what is missing, unknown, or not ours."""

import contextvars

import pytest
from pulumi.runtime import config as pulumi_config

from infra.problems import ConfigurationError
from infra.settings import load
from tests.infra.stacks import CONTRACT, ENVIRONMENTS, configuration, project_file, settings_of


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environments_are_valid(environment: str) -> None:
    settings = settings_of(environment)
    assert settings.stack.environment == environment
    assert settings.prefix == f"workflow-{environment}"


def test_all_problems_in_one_message() -> None:
    overrides: dict[str, object] = {
        "taskCpu": 300,
        "desiredCount": "x",
        "certificateArn": "",
        "databaseTls": False,
        "engineSettings": {"JWT_SECRET": "hunter2hunter2", "NOPE": 1},
        "oldKey": "hunter2hunter2",
    }
    with pytest.raises(ConfigurationError) as caught:
        settings_of("dev", **overrides)
    keys = [problem.key.removeprefix("workflow:") for problem in caught.value.problems]
    assert keys == [
        "certificateArn",
        "databaseTls",
        "desiredCount",
        "engineSettings.JWT_SECRET",
        "engineSettings.NOPE",
        "oldKey",
        "taskCpu",
    ]
    assert "has 7 problems:" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_missing_key_says_what_is_allowed() -> None:
    config = configuration("dev")
    del config["workflow:taskCpu"], config["workflow:databaseClass"]
    with pytest.raises(ConfigurationError) as caught:
        load(config, stack="dev", contract=CONTRACT)
    assert str(caught.value).splitlines() == [
        "Pulumi.dev.yaml has 2 problems:",
        "  workflow:databaseClass is not set: must be an RDS instance class such as db.r7g.large",
        "  workflow:taskCpu is not set: must be one of 256, 512, 1024, 2048, 4096, 8192, 16384",
    ]


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("aws:region", "us_east", "an AWS region such as us-east-1"),
        ("aws:allowedAccountIds", "[123456789012]", "account IDs in quotes"),
        ("aws:endpoints", '{"s3": "http://localhost:4566"}', "a list of maps from a service to its URL"),
        ("aws:endpoints", '[{"s3": "localhost:4566"}]', "a list of maps from a service to its URL"),
        ("aws:allowedAccountIds", "[]", "account IDs in quotes"),
        ("aws:profile", "", "the name of an AWS profile"),
        ("aws:skipCredentialsValidation", "yes", "must be true or false"),
        ("aws:secretKey", "hunter2", "Pulumi.yaml lists every key"),
    ],
)
def test_broken_provider_setting(key: str, value: str, allowed: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load({**configuration("local"), key: value}, stack="local", contract=CONTRACT)
    [problem] = caught.value.problems
    assert problem.key == key
    assert allowed in problem.allowed
    assert "hunter2" not in str(problem)


def test_provider_settings() -> None:
    config = {
        **configuration("local"),
        "aws:region": "eu-central-1",
        "aws:allowedAccountIds": '["123456789012"]',
        "aws:endpoints": '[{"s3": "http://localhost:4566"}]',
        "aws:s3UsePathStyle": "true",
    }
    provider = load(config, stack="local", contract=CONTRACT).provider
    assert provider.region == "eu-central-1"
    assert provider.allowed_account_ids == ("123456789012",)
    assert provider.endpoints == ({"s3": "http://localhost:4566"},)
    assert provider.s3_use_path_style is True
    assert provider.skip_region_validation is None


def test_a_key_that_pulumi_keeps_secret_is_not_shown() -> None:
    config = {**configuration("dev"), "workflow:alertEmail": "hunter2", "workflow:taskCpu": "3"}

    def refused() -> str:
        pulumi_config.set_all_config(config, ["workflow:alertEmail"])
        with pytest.raises(ConfigurationError) as caught:
            load(config, stack="dev", contract=CONTRACT)
        return str(caught.value)

    said = contextvars.copy_context().run(refused)

    assert "workflow:alertEmail is a secret that does not fit: must be an email address" in said
    assert "workflow:taskCpu is 3: must be one of" in said
    assert "hunter2" not in said


def test_other_namespaces_are_left_alone() -> None:
    config = {**configuration("local"), "pulumi:tags": "{}", "kubernetes:namespace": "x"}
    assert load(config, stack="local", contract=CONTRACT).name == "local"


def test_stack_may_have_a_suffix() -> None:
    assert load(configuration("dev"), stack="dev-anna", contract=CONTRACT).prefix == "workflow-dev-anna"


@pytest.mark.parametrize("stack", ["dev-a-very-long-one", "dev-Anna", "dev--anna", "dev-"])
def test_stack_name_fits_into_the_names_of_load_balancers(stack: str) -> None:
    with pytest.raises(ConfigurationError, match="at most 12 lower-case letters, digits and single - between them"):
        load(configuration("dev"), stack=stack, contract=CONTRACT)


def test_long_value_is_cut() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_of("dev", alertEmail="no address " * 50)
    assert all(len(line) < 200 for line in str(caught.value).splitlines())


ODD: dict[str, list[object]] = {
    "integer": ["x", 1.5, -(10**12), 10**15, True, [1], "", '"5"', "0x10", "1e3", "NaN", "null"],
    "boolean": ["yes", "True", 1, "", '"true"', [], "null"],
    "array": ["x", {}, 5, "null", [None], [[]]],
    "object": [[], 3, "x", "null"],
    "string": ["?? ??", "a\nb", " " * 300, "\u00e9", "x" * 5000],
}


@pytest.mark.parametrize("key", [key for key in project_file() if ":" not in key])
def test_every_key_refuses_what_it_can_not_be_and_says_what_it_can(key: str) -> None:
    for value in ODD[str(project_file()[key]["type"])]:
        with pytest.raises(ConfigurationError) as caught:
            settings_of("dev", **{key: value})
        found = [problem for problem in caught.value.problems if problem.key == f"workflow:{key}"]
        assert found, (key, value, str(caught.value))
        assert all("must" in problem.allowed for problem in found)
