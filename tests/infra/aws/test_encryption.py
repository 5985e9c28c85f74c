"""The stack's own key: what it encrypts, who may use it, and what it never replaces."""

import json

import pytest

from infra.aws.encryption import key_policy
from infra.aws.provider import Account as Where
from tests.infra.stacks import Account, Properties, deploy_stack, deployed

WHERE = Where("123456789012", "aws", "eu-west-1", ("eu-west-1a", "eu-west-1b"))


@pytest.fixture(scope="module")
def encrypted() -> Account:
    return deploy_stack("dev", encryptionKey="stack")[0]


def statements() -> dict[str, Properties]:
    return {statement["Sid"]: statement for statement in json.loads(key_policy(WHERE, "workflow-dev"))["Statement"]}


def test_aws_keeps_the_keys_unless_the_stack_asks_for_its_own() -> None:
    made = deployed("production")[0]
    assert made.of("EncryptionKey") == []
    assert [item.name for item in made.resources if "kmsKeyId" in item.inputs] == []


def test_key(encrypted: Account) -> None:
    key = encrypted.one("Key")
    assert key["enableKeyRotation"] is True
    assert key["deletionWindowInDays"] == 7
    assert encrypted.one("Alias")["name"] == "alias/workflow-dev"


def test_deleted_key_can_be_had_back_as_long_as_secrets() -> None:
    account, _ = deploy_stack("dev", encryptionKey="stack", secretRecoveryDays=14)
    assert account.one("Key")["deletionWindowInDays"] == 14


@pytest.mark.parametrize(("snapshot", "retained"), [(True, True), (False, False)])
def test_key_stays_with_the_final_snapshot(snapshot: bool, retained: bool) -> None:
    account, _ = deploy_stack("dev", encryptionKey="stack", databaseFinalSnapshot=snapshot)
    assert account.options["aws:kms/key:Key workflow-dev-key"].retain_on_delete is retained


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("production", True)])
def test_key_is_protected_as_what_it_encrypts(environment: str, protected: bool) -> None:
    account, _ = deploy_stack(environment, encryptionKey="stack")
    name = f"workflow-{environment}"
    assert account.options[f"aws:kms/key:Key {name}-key"].protect is protected
    assert account.options[f"aws:rds/instance:Instance {name}-database"].protect is protected


def test_everything_that_can_be_is_encrypted_with_it(encrypted: Account) -> None:
    key = encrypted.arn("kms/key:Key", "workflow-dev-key")
    for kind in ("LogGroup", "Secret", "Instance", "ReplicationGroup"):
        found = encrypted.of(kind)
        assert found
        assert {item.inputs["kmsKeyId"] for item in found} == {key}
    assert encrypted.one("Topic")["kmsMasterKeyId"] == key


def test_data_stores_keep_the_key_that_they_were_made_with(encrypted: Account) -> None:
    for resource in (
        "aws:rds/instance:Instance workflow-dev-database",
        "aws:elasticache/replicationGroup:ReplicationGroup workflow-dev-cache",
    ):
        ignored = encrypted.options[resource].ignore_changes
        assert ignored is not None
        assert "kmsKeyId" in ignored


def test_roles_may_decrypt_secrets_and_nothing_else(encrypted: Account) -> None:
    for role in ("-execution", "-task"):
        policy = json.loads(encrypted.one("RolePolicy", role)["policy"])
        [statement] = [item for item in policy["Statement"] if item["Action"] == ["kms:Decrypt"]]
        assert statement["Resource"] == [encrypted.arn("kms/key:Key", "workflow-dev-key")]
        assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}
        without = json.loads(deployed("dev")[0].one("RolePolicy", role)["policy"])
        assert not [item for item in without["Statement"] if any("kms" in action for action in item["Action"])]


def test_the_account_administers_the_key_and_decrypts_nothing_by_itself() -> None:
    administration = statements()["Administration"]
    assert administration["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert "Condition" not in administration
    assert not [action for action in administration["Action"] if "crypt" in action or "*" in action or "Data" in action]


def test_use_goes_through_services_that_keep_data() -> None:
    for sid in ("UseThroughServices", "GrantsToServices"):
        condition = statements()[sid]["Condition"]
        assert all(name.endswith(".eu-west-1.amazonaws.com") for name in condition["StringEquals"]["kms:ViaService"])
    assert statements()["GrantsToServices"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_cloudwatch_uses_the_key_for_this_stack_alone() -> None:
    logs, alerts = statements()["LogGroups"], statements()["Alerts"]
    assert logs["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    assert logs["Condition"] == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": [
                "arn:aws:logs:eu-west-1:123456789012:log-group:workflow-dev-*",
                "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/rds/instance/workflow-dev-*",
                "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/cwsyn-workflow-dev-*",
            ]
        }
    }
    assert alerts["Principal"] == {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]}
    assert alerts["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert set(alerts["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}


def test_nobody_is_everybody() -> None:
    assert not [statement for statement in statements().values() if "*" in statement["Principal"].values()]
