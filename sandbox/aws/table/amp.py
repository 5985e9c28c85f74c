"""Workspaces of Amazon Managed Service for Prometheus (its API Reference)."""

from __future__ import annotations

from sandbox.aws.definition import ResourceType, Update

TYPES = (
    ResourceType(
        type="aws:amp/workspace:Workspace",
        service="amp",
        create="CreateWorkspace",
        id="workspaceId",
        read="DescribeWorkspace",
        found="workspace",
        delete="DeleteWorkspace",
        updates=[Update("UpdateWorkspaceAlias")],
        key={"workspaceId": "{id}"},
        replaces=frozenset({"kmsKeyArn"}),
        empty=frozenset({"alias", "kmsKeyArn", "loggingConfiguration"}),
    ),
)
