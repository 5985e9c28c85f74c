"""ElastiCache users and user groups in moto 5.2.5: users can't change, there are no groups, and no cache heeds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.elasticache.exceptions import (
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    PasswordTooShort,
    UserNotFound,
)
from moto.elasticache.models import ElastiCacheBackend, ReplicationGroup, User
from moto.elasticache.responses import ElastiCacheResponse

from sandbox.aws.mends import machine
from sandbox.seam import CacheAccess, CacheUser

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT = "default"
"""The user name that every group has, of whoever logs in without one."""

_SHORTEST, _LONGEST, _MOST = 16, 128, 2
_delete_user = ElastiCacheBackend.delete_user


@dataclass
class UserGroup:
    """A user group (API page UserGroup)."""

    user_group_id: str
    engine: str
    user_ids: list[str]
    arn: str
    replication_groups: list[str] = field(default_factory=list)
    status: str = "active"
    minimum_engine_version: str = "6.0"


class UserGroupNotFound(ServiceException):
    """The group doesn't exist."""

    code = "UserGroupNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"User group {name} not found.")


class UserGroupAlreadyExists(ServiceException):
    """The ID is taken."""

    code = "UserGroupAlreadyExists"

    def __init__(self, name: str) -> None:
        super().__init__(f"User group {name} already exists.")


class UserGroupInUse(ServiceException):
    """A cache still asks the group."""

    code = "InvalidUserGroupState"

    def __init__(self, name: str) -> None:
        super().__init__(f"User group {name} is associated with a replication group.")


class DefaultUserRequired(ServiceException):
    """No member's user name is `default`."""

    code = "DefaultUserRequired"

    def __init__(self) -> None:
        super().__init__("A user group needs to contain a user with the user name default.")


class DuplicateUserName(ServiceException):
    """Two members have the same user name."""

    code = "DuplicateUserName"

    def __init__(self) -> None:
        super().__init__("Two users of a user group can't have the same user name.")


class DefaultUserInGroup(ServiceException):
    """A group would be left without its default user."""

    code = "DefaultUserAssociatedToUserGroup"

    def __init__(self, name: str) -> None:
        super().__init__(f"User {name} is the default user of a user group.")


def apply() -> None:
    """Add the operations."""
    for operation in (modify_user, create_user_group, describe_user_groups, modify_user_group, delete_user_group):
        setattr(ElastiCacheResponse, operation.__name__, operation)
    setattr(ElastiCacheBackend, "delete_user", delete_user)  # noqa: B010


def user_groups(backend: ElastiCacheBackend) -> dict[str, UserGroup]:
    """Return a backend's user groups by ID."""
    groups: dict[str, UserGroup] = backend.__dict__.setdefault("user_groups", {})
    return groups


def user_group(backend: ElastiCacheBackend, name: str) -> UserGroup:
    """Return a user group; raises UserGroupNotFound."""
    if name not in user_groups(backend):
        raise UserGroupNotFound(name)
    return user_groups(backend)[name]


def access_of(backend: ElastiCacheBackend, group: ReplicationGroup) -> CacheAccess:
    """Return whom a replication group lets in."""
    members = [member for name in group.user_group_ids for member in user_group(backend, name).user_ids]
    users = [backend.users[member] for member in members]
    return CacheAccess(
        getattr(group, "token", None),
        tuple(CacheUser(user.name, user.access_string, tuple(user.passwords)) for user in users),
    )


def tell_caches(backend: ElastiCacheBackend, names: Sequence[str]) -> None:
    """Let the caches that ask any of these user groups know their users as they are now."""
    for group in backend.replication_groups.values():
        if not set(names).isdisjoint(group.user_group_ids):
            access = access_of(backend, group)
            machine.data_plane.cache_changed(backend.region_name, group.replication_group_id, access)


def modify_user(self: ElastiCacheResponse) -> ActionResult:
    """ModifyUser: passwords take the place of those before."""
    backend = self.elasticache_backend
    name = self._get_param("UserId")
    if name not in backend.users:
        raise UserNotFound(name)
    user = backend.users[name]
    passwords = self._get_param("Passwords", [])
    _check_passwords(passwords)
    if self._get_bool_param("NoPasswordRequired"):
        user.passwords, user.no_password_required = [], True
    elif passwords:
        user.passwords, user.no_password_required, user.authentication_type = passwords, False, "password"
    user.access_string = self._get_param("AccessString") or user.access_string
    user.engine = (self._get_param("Engine") or user.engine).lower()
    tell_caches(backend, user.user_group_ids)
    return ActionResult(user)


def delete_user(self: ElastiCacheBackend, user_id: str) -> User:
    """DeleteUser: it leaves its groups, unless it is their default user, and is gone."""
    user = _delete_user(self, user_id)
    if user.user_group_ids and user.name == DEFAULT:
        user.status = "active"
        raise DefaultUserInGroup(user_id)
    for name in user.user_group_ids:
        user_group(self, name).user_ids.remove(user_id)
    tell_caches(self, user.user_group_ids)
    del self.users[user_id]
    return user


def create_user_group(self: ElastiCacheResponse) -> ActionResult:
    """CreateUserGroup."""
    backend, name = self.elasticache_backend, self._get_param("UserGroupId")
    if name in user_groups(backend):
        raise UserGroupAlreadyExists(name)
    members = self._get_param("UserIds", [])
    _check_members(backend, members)
    arn = f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:usergroup:{name}"
    made = UserGroup(name, self._get_param("Engine").lower(), list(members), arn)
    user_groups(backend)[name] = made
    for member in members:
        backend.users[member].user_group_ids.append(name)
    backend.tagging_service.tag_resource(arn, self._get_param("Tags", []))
    return ActionResult(made)


def describe_user_groups(self: ElastiCacheResponse) -> ActionResult:
    """DescribeUserGroups: with the caches that ask each."""
    backend, name = self.elasticache_backend, self._get_param("UserGroupId")
    found = [user_group(backend, name)] if name else list(user_groups(backend).values())
    for each in found:
        each.replication_groups = _asking(backend, each.user_group_id)
    return ActionResult({"UserGroups": found})


def modify_user_group(self: ElastiCacheResponse) -> ActionResult:
    """ModifyUserGroup: users come and go, and may do so with their caches at work."""
    backend = self.elasticache_backend
    group = user_group(backend, self._get_param("UserGroupId"))
    gone, added = self._get_param("UserIdsToRemove", []), self._get_param("UserIdsToAdd", [])
    members = [member for member in group.user_ids if member not in gone] + list(added)
    _check_members(backend, members)
    group.user_ids = members
    for member in gone:
        backend.users[member].user_group_ids.remove(group.user_group_id)
    for member in added:
        backend.users[member].user_group_ids.append(group.user_group_id)
    tell_caches(backend, [group.user_group_id])
    return ActionResult(group)


def delete_user_group(self: ElastiCacheResponse) -> ActionResult:
    """DeleteUserGroup: of one that no cache asks."""
    backend = self.elasticache_backend
    group = user_group(backend, self._get_param("UserGroupId"))
    if _asking(backend, group.user_group_id):
        raise UserGroupInUse(group.user_group_id)
    for member in group.user_ids:
        backend.users[member].user_group_ids.remove(group.user_group_id)
    group.status = "deleting"
    return ActionResult(user_groups(backend).pop(group.user_group_id))


def _asking(backend: ElastiCacheBackend, name: str) -> list[str]:
    caches = backend.replication_groups.values()
    return [cache.replication_group_id for cache in caches if name in cache.user_group_ids]


def _check_members(backend: ElastiCacheBackend, members: Sequence[str]) -> None:
    for member in members:
        if member not in backend.users:
            raise UserNotFound(member)
    names = [backend.users[member].name for member in members]
    if DEFAULT not in names:
        raise DefaultUserRequired
    if len({*names}) < len(names):
        raise DuplicateUserName


def _check_passwords(passwords: Sequence[str]) -> None:
    if len(passwords) > _MOST:
        raise InvalidParameterCombinationException(f"A user can't have more than {_MOST} passwords.")
    if any(not _SHORTEST <= len(password) <= _LONGEST for password in passwords):
        raise PasswordTooShort
    if len({*passwords}) < len(passwords):
        raise InvalidParameterValueException("The passwords of a user must differ.")
