"""The users of the cache: the engine's own, and one without rights for whoever gives no name.

ElastiCache knows a group of users in place of one token for all (role-based access control): a password belongs to a
user, who may do what its access string says. The engine counts requests, so its user may increment and expire the keys
of rate limits and nothing else. Every group must have a user named `default`; the one that AWS has ready may do
anything without a password, so this one takes its place: it is off. Users cost nothing.
"""

from typing import NamedTuple

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from infra.data_store_settings import CACHE_USER

ENGINE_ACCESS = "on ~workflow:rate:* -@all +multi +exec +incrby +expire"
"""What the engine's Redis client sends, in the form in which ElastiCache gives it back; AUTH needs no right."""

NO_ACCESS = "off ~* -@all"


class CacheUsers(NamedTuple):
    """IDs of the group that a cache is to ask, and of the engine's user in it."""

    group_id: Output[str]
    engine_id: Output[str]


def make_users(name: str, password: Input[str], opts: ResourceOptions) -> CacheUsers:
    """Make the users and their group. IDs count in the whole account, so they begin with `name`.

    The engine's password is that of its secret when the user is made; `operations rotate` changes both.
    """
    engine = aws.elasticache.User(
        f"{name}-engine",
        user_id=f"{name}-engine",
        user_name=CACHE_USER,
        engine="redis",
        access_string=ENGINE_ACCESS,
        passwords=[password],
        opts=ResourceOptions.merge(opts, ResourceOptions(ignore_changes=["passwords"])),
    )
    nobody = aws.elasticache.User(
        f"{name}-default",
        user_id=f"{name}-default",
        user_name="default",
        engine="redis",
        access_string=NO_ACCESS,
        # Nobody logs in as a user that is off; a password would be one more secret to keep.
        no_password_required=True,
        opts=opts,
    )
    group = aws.elasticache.UserGroup(
        f"{name}-users",
        user_group_id=f"{name}-users",
        engine="redis",
        user_ids=[nobody.user_id, engine.user_id],
        opts=opts,
    )
    return CacheUsers(group.user_group_id, engine.user_id)
