"""The resource types of a cache's users, what moto's ElastiCache got of AWS's, and what reaches the cache itself."""

# ruff: noqa: ARG002 -- the data plane's parameters

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import Account
from sandbox.aws.mapping import PropertyMap
from sandbox.aws.mends import machine
from sandbox.aws.table import TYPES
from sandbox.aws.values import Properties
from sandbox.seam import CacheAccess, CacheUser, Endpoint, NullDataPlane
from tests.sandbox.aws.conftest import Manage

USER, GROUP, CACHE = (
    f"aws:elasticache/{name}" for name in ("user:User", "userGroup:UserGroup", "replicationGroup:ReplicationGroup")
)
OLD, NEW = "the first of passwords", "the second of passwords"
ENGINE: Properties = {
    "userId": "app-engine",
    "userName": "engine",
    "engine": "redis",
    "accessString": "on ~rate:* -@all +incrby",
    "passwords": [OLD],
    "tagsAll": {"stack": "dev"},
}
NOBODY: Properties = {
    "userId": "app-default",
    "userName": "default",
    "engine": "redis",
    "accessString": "off ~* -@all",
    "noPasswordRequired": True,
    "tagsAll": {"stack": "dev"},
}
MEMBERS: Properties = {
    "userGroupId": "app",
    "engine": "redis",
    "userIds": ["app-default", "app-engine"],
    "tagsAll": {"stack": "dev"},
}
ENGINE_USER = CacheUser("engine", "on ~rate:* -@all +incrby", (OLD,))
NOBODY_USER = CacheUser("default", "off ~* -@all", ())


def cache(**further: object) -> Properties:
    return {
        "replicationGroupId": "cache",
        "description": "cache",
        "engine": "redis",
        "numCacheClusters": 1,
        "transitEncryptionEnabled": True,
        "tagsAll": {"stack": "dev"},
        **further,
    }


@dataclass
class Recorder(NullDataPlane):
    """A data plane that remembers whom its caches let in."""

    access: list[CacheAccess] = field(default_factory=list)

    def cache_created(
        self, region: str, identifier: str, *, port: int, access: CacheAccess, transit_encryption: bool
    ) -> Endpoint:
        self.access.append(access)
        return super().cache_created(
            region, identifier, port=port, access=access, transit_encryption=transit_encryption
        )

    def cache_changed(self, region: str, identifier: str, access: CacheAccess) -> None:
        self.access.append(access)


@pytest.fixture
def plane(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    recorder = Recorder()
    monkeypatch.setattr(machine, "data_plane", recorder)
    yield recorder
    account.reset()


def users(manage: Manage) -> None:
    manage(USER).create(NOBODY)
    manage(USER).create(ENGINE)
    manage(GROUP).create(MEMBERS)


@pytest.mark.parametrize(
    ("token", "name", "updatable"),
    [
        (USER, "accessString", True),
        (USER, "engine", True),
        (USER, "noPasswordRequired", True),
        (USER, "passwords", True),
        (USER, "userId", False),
        (USER, "userName", False),
        (GROUP, "engine", True),
        (GROUP, "userGroupId", False),
        (GROUP, "userIds", True),
        (CACHE, "authToken", True),
        (CACHE, "authTokenUpdateStrategy", True),
        (CACHE, "userGroupIds", True),
    ],
)
def test_what_needs_a_new_resource(token: str, name: str, updatable: bool) -> None:
    assert PropertyMap(TYPES[token]).updatable(name) is updatable


def test_user_is_made_changed_and_deleted(manage: Manage) -> None:
    life = manage(USER)
    identity, state = life.create(ENGINE)
    assert identity == "app-engine"
    assert state["arn"] == "arn:aws:elasticache:us-east-1:123456789012:user:app-engine"
    assert state["authenticationMode"] == {"type": "password", "passwordCount": 1}
    changed: Properties = {**ENGINE, "passwords": [OLD, NEW], "accessString": "on ~rate:* -@all"}
    state = life.update(identity, state, ENGINE, changed)
    assert state["accessString"] == "on ~rate:* -@all"
    assert state["authenticationMode"] == {"type": "password", "passwordCount": 2}
    life.delete(identity, state)
    assert life.read(identity, state, changed) is None


def test_user_without_a_password(manage: Manage) -> None:
    _, state = manage(USER).create(NOBODY)
    assert state["authenticationMode"] == {"type": "no-password"}
    assert state["noPasswordRequired"] is True


def test_group_is_made_changed_and_deleted(manage: Manage) -> None:
    users(manage)
    life = manage(GROUP)
    _, state = life.read("app", MEMBERS, MEMBERS) or ({}, {})
    assert state == MEMBERS
    alone: Properties = {**MEMBERS, "userIds": ["app-default"]}
    changed = life.update("app", state, MEMBERS, alone)
    assert changed["userIds"] == ["app-default"]
    assert life.update("app", changed, alone, MEMBERS)["userIds"] == ["app-default", "app-engine"]
    life.delete("app", state)
    assert life.read("app", state, MEMBERS) is None


def test_a_cache_lets_in_the_users_of_its_group_as_they_change(manage: Manage, plane: Recorder) -> None:
    users(manage)
    given = cache(userGroupIds=["app"], authTokenUpdateStrategy="DELETE")
    identity, state = manage(CACHE).create(given)
    assert state["userGroupIds"] == ["app"]
    assert plane.access == [CacheAccess(users=(NOBODY_USER, ENGINE_USER))]
    manage(USER).update("app-engine", dict(ENGINE), ENGINE, {**ENGINE, "passwords": [OLD, NEW]})
    assert plane.access[1:] == [CacheAccess(users=(NOBODY_USER, ENGINE_USER._replace(passwords=(OLD, NEW))))]
    alone: Properties = {**MEMBERS, "userIds": ["app-default"]}
    manage(GROUP).update("app", dict(MEMBERS), MEMBERS, alone)
    assert plane.access[2:] == [CacheAccess(users=(NOBODY_USER,))]
    manage(CACHE).update(identity, state, given, {**given, "description": "another"})
    assert len(plane.access) == 3


def test_a_cache_moves_from_a_token_to_users_in_one_update(manage: Manage, plane: Recorder) -> None:
    users(manage)
    before = cache(authToken="sixteen-characters-at-least")
    identity, state = manage(CACHE).create(before)
    state = manage(CACHE).update(identity, state, before, cache(userGroupIds=["app"], authTokenUpdateStrategy="DELETE"))
    assert state["userGroupIds"] == ["app"]
    assert plane.access == [
        CacheAccess("sixteen-characters-at-least"),
        CacheAccess(users=(NOBODY_USER, ENGINE_USER)),
    ]


def test_what_elasticache_refuses(manage: Manage, account: Account) -> None:
    users(manage)
    client = account.client("elasticache")
    manage(CACHE).create(cache(authToken="sixteen-characters-at-least"))
    refused: dict[str, Callable[[], object]] = {
        "Pass AuthStrategy delete": lambda: client.modify_replication_group(
            ReplicationGroupId="cache", UserGroupIdsToAdd=["app"]
        ),
        "UserGroupNotFound": lambda: client.modify_replication_group(
            ReplicationGroupId="cache", UserGroupIdsToAdd=["none"], AuthTokenUpdateStrategy="DELETE"
        ),
        "UserGroupAlreadyExists": lambda: manage(GROUP).create(MEMBERS),
        "DefaultUserRequired": lambda: client.modify_user_group(UserGroupId="app", UserIdsToRemove=["app-default"]),
        "DefaultUserAssociatedToUserGroup": lambda: client.delete_user(UserId="app-default"),
        "DuplicateUserName": lambda: client.modify_user_group(UserGroupId="app", UserIdsToAdd=["default"]),
        "UserNotFound": lambda: client.modify_user(UserId="none", Passwords=[NEW]),
        "more than 2 passwords": lambda: client.modify_user(UserId="app-engine", Passwords=[OLD, NEW, NEW + "!"]),
        "between 16-128": lambda: client.modify_user(UserId="app-engine", Passwords=["short"]),
        "must differ": lambda: client.modify_user(UserId="app-engine", Passwords=[NEW, NEW]),
    }
    for sentence, ask in refused.items():
        with pytest.raises(ClientError, match=sentence):
            ask()
    with pytest.raises(ClientError, match="either an auth token or user groups"):
        manage(CACHE).create(cache(replicationGroupId="b", authToken=OLD.replace(" ", "-"), userGroupIds=["app"]))


def test_a_group_in_use_stays_and_a_user_leaves_its_groups(manage: Manage, account: Account) -> None:
    users(manage)
    client = account.client("elasticache")
    identity, state = manage(CACHE).create(cache(userGroupIds=["app"]))
    with pytest.raises(ClientError, match="InvalidUserGroupState"):
        client.delete_user_group(UserGroupId="app")
    [found] = client.describe_user_groups(UserGroupId="app")["UserGroups"]
    assert found["ReplicationGroups"] == ["cache"]
    client.delete_user(UserId="app-engine")
    assert client.describe_user_groups()["UserGroups"][0]["UserIds"] == ["app-default"]
    with pytest.raises(ClientError, match="not supported"):
        client.modify_replication_group(ReplicationGroupId=identity, AuthTokenUpdateStrategy="DELETE")
    client.modify_replication_group(ReplicationGroupId=identity, UserGroupIdsToRemove=["app"])
    manage(CACHE).delete(identity, state)
    client.delete_user_group(UserGroupId="app")
    assert client.describe_user_groups()["UserGroups"] == []
