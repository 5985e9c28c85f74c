"""Roles and their policies (AWS Identity and Access Management API Reference)."""

from __future__ import annotations

from sandbox.aws.definition import Autoname, ResourceType, Update

TYPES = (
    ResourceType(
        type="aws:iam/role:Role",
        service="iam",
        create="CreateRole",
        id="Role.RoleName",
        read="GetRole",
        found="Role",
        delete="DeleteRole",
        updates=[
            Update("UpdateRole"),
            Update("UpdateAssumeRolePolicy"),
            Update("PutRolePermissionsBoundary"),
        ],
        send={"assumeRolePolicy": "AssumeRolePolicyDocument|PolicyDocument"},
        receive={
            "assumeRolePolicy": "AssumeRolePolicyDocument",
            "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn",
            "uniqueId": "RoleId",
        },
        local=frozenset({"forceDetachPolicies"}),
        autoname=Autoname("name", 64),
        tagged_by="name",
        replaces=frozenset({"name", "namePrefix", "path"}),
        # Policies are resources of their own; the inline lists aren't mapped.
        empty=frozenset({"inlinePolicies", "managedPolicyArns"}),
    ),
    ResourceType(
        type="aws:iam/rolePolicy:RolePolicy",
        service="iam",
        create="PutRolePolicy",
        id="{role}:{name}",
        read="GetRolePolicy",
        found="@",
        delete="DeleteRolePolicy",
        updates=[Update("PutRolePolicy")],
        key={"RoleName": "{role}", "PolicyName": "{name}"},
        send={"policy": "PolicyDocument", "name": "PolicyName", "role": "RoleName"},
        receive={"policy": "PolicyDocument", "name": "PolicyName", "role": "RoleName"},
        autoname=Autoname("name", 128),
        replaces=frozenset({"name", "namePrefix", "role"}),
    ),
    ResourceType(
        type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        service="iam",
        create="AttachRolePolicy",
        id="{role}/{policyArn}",
        read="ListAttachedRolePolicies",
        found="AttachedPolicies[?PolicyArn=='{policyArn}'] | [0]",
        delete="DetachRolePolicy",
        key={"RoleName": "{role}", "PolicyArn": "{policyArn}"},
        send={"role": "RoleName"},
        replaces=frozenset({"policyArn", "role"}),
        one_at_a_time=True,
    ),
)
