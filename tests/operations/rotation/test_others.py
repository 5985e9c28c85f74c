"""The secrets that no task has to take anywhere: the administrator's password, the cache user's, the key of tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from moto.elasticache.models import elasticache_backends
from moto.rds.models import rds_backends

from operations import outputs, rotation
from operations.clients import Clients
from operations.errors import BusyError, OperationError, RefusedError
from operations.outputs import Outputs
from operations.rotation import cache, database_admin, secret, token_key
from sandbox.aws import Account
from sandbox.aws.mends import machine
from sandbox.seam import CacheAccess, NullDataPlane

ACCOUNT = "123456789012"
ADMIN = {"username": "workflow_admin", "password": "the first of its passwords"}
LOGIN = {"username": "workflow", "password": "the first of its passwords"}
TOKEN_KEY = {"jwtSecret": "the first of its keys, 32 characters"}


class Machine(NullDataPlane):
    """A data plane that notes which passwords there are at every moment."""

    def __init__(self) -> None:
        self.cache: list[tuple[str, ...]] = []
        self.database: list[str | None] = []

    def cache_changed(self, region: str, identifier: str, access: CacheAccess) -> None:
        assert (region, identifier) == ("us-east-1", "cache")
        self.cache.append(next(user.passwords for user in access.users if user.name == "workflow"))

    def database_changed(self, region: str, identifier: str, *, password: str | None, parameters: object) -> None:
        assert (region, identifier, parameters) == ("us-east-1", "app", None)
        self.database.append(password)


@pytest.fixture(scope="module")
def running() -> Iterator[Account]:
    with Account(NullDataPlane()) as account:
        yield account


@pytest.fixture
def data_plane(running: Account, monkeypatch: pytest.MonkeyPatch) -> Machine:
    running.reset()
    made = Machine()
    monkeypatch.setattr(machine, "data_plane", made)
    monkeypatch.setattr(cache, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(database_admin, "LOOK_SECONDS", 0.0)
    return made


@pytest.fixture
def clients(running: Account, data_plane: Machine) -> Clients:
    """Of an account with a cache and a database."""
    made = Clients("us-east-1", endpoint_url=running.endpoint_url, sandboxed=True)
    for name, access in (("default", "off -@all"), ("workflow", "on ~* -@all")):
        made.elasticache.create_user(
            UserId=name if name == "workflow" else "nobody",
            UserName=name,
            Engine="redis",
            AccessString=access,
            **({"Passwords": [LOGIN["password"]]} if name == "workflow" else {"NoPasswordRequired": True}),
        )
    made.elasticache.create_user_group(UserGroupId="users", Engine="redis", UserIds=["nobody", "workflow"])
    made.elasticache.create_replication_group(
        ReplicationGroupId="cache", ReplicationGroupDescription="cache", Engine="redis", UserGroupIds=["users"]
    )
    made.rds.create_db_instance(
        DBInstanceIdentifier="app",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername=ADMIN["username"],
        MasterUserPassword=ADMIN["password"],
    )
    assert (data_plane.cache, data_plane.database) == ([], [])
    return made


@pytest.fixture
def found(clients: Clients) -> Outputs:
    arns = {
        name: clients.secrets.create_secret(Name=name, SecretString=json.dumps(content))["ARN"]
        for name, content in (("admin", ADMIN), ("cache", LOGIN), ("token-key", TOKEN_KEY))
    }
    return Outputs(
        "https://api.example",
        "us-east-1",
        "",
        "workflow-dev",
        "",
        database_arn="arn:aws:rds:us-east-1:123456789012:db:app",
        database_admin_secret_arn=arns["admin"],
        cache_secret_arn=arns["cache"],
        cache_user_id="workflow",
        token_key_secret_arn=arns["token-key"],
    )


def test_both_passwords_of_the_cache_count_while_the_secret_changes(
    clients: Clients, found: Outputs, data_plane: Machine
) -> None:
    renewed = cache.renew(clients, found, "dev")
    stored = secret.read(clients.secrets, found.cache_secret_arn)
    assert renewed.details == {"user": "workflow"}
    assert stored["username"] == "workflow"
    assert data_plane.cache == [(LOGIN["password"], stored["password"]), (stored["password"],)]
    assert len(stored["password"]) == 64


def test_a_rotation_that_broke_off_is_made_good_by_the_next(
    clients: Clients, found: Outputs, data_plane: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object) -> str:
        raise OperationError("no more")

    with monkeypatch.context() as patch:
        patch.setattr(cache, "put", break_off)
        with pytest.raises(OperationError):
            cache.renew(clients, found, "dev")
    [both] = data_plane.cache
    assert secret.read(clients.secrets, found.cache_secret_arn)["password"] in both
    cache.renew(clients, found, "dev")
    assert data_plane.cache[-1] == (secret.read(clients.secrets, found.cache_secret_arn)["password"],)


def test_a_user_that_stays_busy(clients: Clients, found: Outputs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "TIMEOUT_SECONDS", 0.0)
    monkeypatch.setattr(elasticache_backends[ACCOUNT]["us-east-1"].users["workflow"], "status", "modifying")
    with pytest.raises(OperationError, match="ElastiCache has user workflow as modifying after 0 s"):
        cache.renew(clients, found, "dev")
    assert secret.read(clients.secrets, found.cache_secret_arn) == LOGIN


def test_a_cache_without_users(clients: Clients) -> None:
    with pytest.raises(RefusedError, match="The cache of stack dev has no users yet"):
        cache.renew(clients, Outputs("", "us-east-1", "", "", ""), "dev")


def test_the_administrators_password_is_stored_when_the_database_has_it(
    clients: Clients, found: Outputs, data_plane: Machine
) -> None:
    arn = found.database_admin_secret_arn
    assert database_admin.renew(clients, found, "dev").details == {"database": "app"}
    stored = secret.read(clients.secrets, arn)
    assert data_plane.database == [stored["password"]]
    assert stored["username"] == "workflow_admin"
    assert stored["password"] != ADMIN["password"]
    assert secret.read(clients.secrets, arn, "AWSPREVIOUS") == ADMIN
    assert json.loads(clients.secrets.get_secret_value(SecretId=arn)["SecretString"]) == stored
    labels = clients.secrets.describe_secret(SecretId=arn)["VersionIdsToStages"].values()
    assert sorted(label for each in labels for label in each) == ["AWSCURRENT", "AWSPREVIOUS"]


def test_a_password_that_is_on_its_way_is_gone_on_with(
    clients: Clients, found: Outputs, data_plane: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_admin, "TIMEOUT_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(rds_backends[ACCOUNT]["us-east-1"].databases["app"], "status", "resetting-master-credentials")
        with pytest.raises(OperationError, match="RDS has database app as resetting-master-credentials after 0 s"):
            database_admin.renew(clients, found, "dev")
    assert secret.read(clients.secrets, found.database_admin_secret_arn) == ADMIN
    database_admin.renew(clients, found, "dev")
    stored = secret.read(clients.secrets, found.database_admin_secret_arn)
    assert data_plane.database == [stored["password"], stored["password"]]


def test_a_rotation_that_broke_off_after_the_secret_changed_isnt_taken_for_the_next(
    clients: Clients, found: Outputs, data_plane: Machine
) -> None:
    arn = found.database_admin_secret_arn
    stored = {**ADMIN, "password": "the second of its passwords"}
    text = json.dumps(stored)
    clients.secrets.put_secret_value(SecretId=arn, SecretString=text, VersionStages=["AWSCURRENT", "AWSPENDING"])

    database_admin.renew(clients, found, "dev")

    renewed = secret.read(clients.secrets, arn)
    assert renewed["password"] not in (ADMIN["password"], stored["password"])
    assert data_plane.database == [renewed["password"]]
    assert secret.read(clients.secrets, arn, "AWSPREVIOUS") == stored


def test_no_new_password_while_tasks_run_migrations(
    clients: Clients, found: Outputs, data_plane: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise BusyError("ECS is still deploying td:7: rotate when it is done.")

    monkeypatch.setattr(database_admin, "settled_service", busy)
    with pytest.raises(BusyError):
        database_admin.renew(clients, _with_service(found), "dev")
    assert data_plane.database == []


def _with_service(found: Outputs) -> Outputs:
    fields = {name: getattr(found, name) for name in found.__struct_fields__}
    return Outputs(**{**fields, "service_name": "engine"})


def test_a_stack_without_a_database(clients: Clients) -> None:
    with pytest.raises(RefusedError, match="Stack dev has no database"):
        database_admin.renew(clients, Outputs("", "us-east-1", "", "", ""), "dev")


def test_a_database_that_follows_another_since_a_failover(
    clients: Clients, found: Outputs, data_plane: Machine
) -> None:
    clients.rds.create_db_instance_read_replica(DBInstanceIdentifier="replica", SourceDBInstanceIdentifier="app")
    fields = {name: getattr(found, name) for name in found.__struct_fields__}
    standby = Outputs(**{**fields, "database_arn": "arn:aws:rds:us-east-1:123456789012:db:replica"})

    with pytest.raises(RefusedError, match="The database replica of stack dev follows another region's"):
        database_admin.renew(clients, standby, "dev")

    assert data_plane.database == []
    labels = clients.secrets.describe_secret(SecretId=found.database_admin_secret_arn)["VersionIdsToStages"].values()
    assert [label for each in labels for label in each] == ["AWSCURRENT"]


def test_the_key_of_tokens_changes_and_the_one_before_stays_beside_it(clients: Clients, found: Outputs) -> None:
    renewed = token_key.renew(clients, found, "dev")
    stored = secret.read(clients.secrets, found.token_key_secret_arn)
    assert len(stored["jwtSecret"]) >= 32
    assert stored["jwtSecret"] != TOKEN_KEY["jwtSecret"]
    assert secret.read(clients.secrets, found.token_key_secret_arn, "AWSPREVIOUS") == TOKEN_KEY
    assert "for JWT_EXPIRY at most" in renewed.sentence


def test_the_command_says_what_it_rotated(
    clients: Clients, found: Outputs, data_plane: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rotation, "open_stack", lambda *_: (SimpleNamespace(get_config=lambda _: None), clients))
    monkeypatch.setattr(outputs, "read", lambda _: found)
    done = rotation.rotate(tmp_path, "dev", "cache")
    assert done.data == {"stack": "dev", "secret": "cache", "user": "workflow"}
    assert done.text == "The cache user of stack dev has a new password.\n"
    assert len(data_plane.cache) == 2
