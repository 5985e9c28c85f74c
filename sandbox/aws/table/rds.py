"""Databases (Amazon RDS API Reference)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.aws.api import Api
from sandbox.aws.definition import Autoname, ResourceType, Update
from sandbox.aws.errors import ProviderError
from sandbox.aws.table.parameters import ParameterGroup
from sandbox.aws.values import Properties
from sandbox.aws.waiting import waiter


def _parameter(item: Mapping[str, object]) -> Properties:
    return {
        "ParameterName": item["name"],
        "ParameterValue": str(item["value"]),
        "ApplyMethod": item.get("applyMethod") or "immediate",
    }


def _endpoint(state: Properties) -> str:
    return f"{state['address']}:{state['port']}"


def _demand_final_snapshot(_: Api, identity: str, state: Properties) -> None:
    if not state.get("skipFinalSnapshot") and not state.get("finalSnapshotIdentifier"):
        raise ProviderError(
            f"aws:rds/instance:Instance {identity}: finalSnapshotIdentifier is required when skipFinalSnapshot is false"
        )


_LOG_EXPORTS = "EnableCloudwatchLogsExports|CloudwatchLogsExportConfiguration.EnableLogTypes"

_PARAMETERS = ParameterGroup(
    name="DBParameterGroupName",
    describe="DescribeDBParameters",
    modify="ModifyDBParameterGroup",
    reset="ResetDBParameterGroup",
    member="Parameters",
    api_parameter=_parameter,
)

TYPES = (
    ResourceType(
        type="aws:rds/subnetGroup:SubnetGroup",
        service="rds",
        create="CreateDBSubnetGroup",
        id="DBSubnetGroup.DBSubnetGroupName",
        read="DescribeDBSubnetGroups",
        found="DBSubnetGroups[0]",
        delete="DeleteDBSubnetGroup",
        updates=[Update("ModifyDBSubnetGroup")],
        nouns=("DBSubnetGroup",),
        receive={"subnetIds": "Subnets[].SubnetIdentifier"},
        autoname=Autoname("name", 255),
        replaces=frozenset({"name", "namePrefix"}),
        empty=frozenset({"supportedNetworkTypes"}),
    ),
    ResourceType(
        type="aws:rds/parameterGroup:ParameterGroup",
        service="rds",
        create="CreateDBParameterGroup",
        id="DBParameterGroup.DBParameterGroupName",
        read="DescribeDBParameterGroups",
        found="DBParameterGroups[0]",
        delete="DeleteDBParameterGroup",
        nouns=("DBParameterGroup",),
        handled=frozenset({"parameters"}),
        change=_PARAMETERS.change,
        reader=_PARAMETERS.read,
        local=frozenset({"skipDestroy"}),
        autoname=Autoname("name", 255),
        replaces=frozenset({"description", "family", "name", "namePrefix"}),
    ),
    ResourceType(
        type="aws:rds/instance:Instance",
        service="rds",
        create="CreateDBInstance",
        create_where={"replicateSourceDb": "CreateDBInstanceReadReplica"},
        id="DBInstance.DbiResourceId",
        read="DescribeDBInstances",
        found="DBInstances[0]",
        delete="DeleteDBInstance",
        updates=[Update("ModifyDBInstance")],
        key={"DBInstanceIdentifier": "{identifier}"},
        nouns=("DBInstance", "DB", "Master", "Preferred"),
        send={
            "caCertIdentifier": "CACertificateIdentifier",
            "enabledCloudwatchLogsExports": _LOG_EXPORTS,
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "password": "MasterUserPassword",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
            "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
            "port": "Port|DBPortNumber",
            "replicateSourceDb": "SourceDBInstanceIdentifier",
        },
        receive={
            "address": "Endpoint.Address",
            "caCertIdentifier": "CACertificateIdentifier",
            "dbSubnetGroupName": "DBSubnetGroup.DBSubnetGroupName",
            "engineVersionActual": "EngineVersion",
            "hostedZoneId": "Endpoint.HostedZoneId",
            "parameterGroupName": "DBParameterGroups[0].DBParameterGroupName",
            "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
            "port": "Endpoint.Port",
            "replicas": "ReadReplicaDBInstanceIdentifiers",
            "replicateSourceDb": "ReadReplicaSourceDBInstanceIdentifier",
            "resourceId": "DbiResourceId",
            "vpcSecurityGroupIds": "VpcSecurityGroups[].VpcSecurityGroupId",
        },
        local=frozenset(
            {
                "allowMajorVersionUpgrade",
                "applyImmediately",
                "deleteAutomatedBackups",
                "finalSnapshotIdentifier",
                "skipFinalSnapshot",
            }
        ),
        # A promotion takes it away, and the program goes on asking for it.
        hidden=frozenset({"replicateSourceDb"}),
        computed={"endpoint": _endpoint},
        update_with={"ApplyImmediately": True},
        delete_with={
            "SkipFinalSnapshot": "{skipFinalSnapshot}",
            "FinalDBSnapshotIdentifier": "{finalSnapshotIdentifier}",
            "DeleteAutomatedBackups": "{deleteAutomatedBackups}",
        },
        autoname=Autoname("identifier", 63),
        before_delete=_demand_final_snapshot,
        ready=waiter("db_instance_available", "DBInstanceIdentifier", "identifier"),
        gone=waiter("db_instance_deleted", "DBInstanceIdentifier", "identifier"),
        replaces=frozenset(
            {
                "availabilityZone",
                "backupTarget",
                "characterSetName",
                "customIamInstanceProfile",
                "dbName",
                "engine",
                "identifierPrefix",
                "kmsKeyId",
                "ncharCharacterSetName",
                "restoreToPointInTime",
                "s3Import",
                "snapshotIdentifier",
                "storageEncrypted",
                "timezone",
                "username",
            }
        ),
        empty=frozenset(
            {
                "backupTarget",
                "characterSetName",
                "databaseInsightsMode",
                "domainFqdn",
                "engineLifecycleSupport",
                "hostedZoneId",
                "iops",
                "kmsKeyId",
                "latestRestorableTime",
                "listenerEndpoints",
                "masterUserSecretKmsKeyId",
                "masterUserSecrets",
                "monitoringRoleArn",
                "ncharCharacterSetName",
                "networkType",
                "optionGroupName",
                "performanceInsightsKmsKeyId",
                "performanceInsightsRetentionPeriod",
                "replicaMode",
                "replicateSourceDb",
                "replicas",
                "snapshotIdentifier",
                "storageThroughput",
                "timezone",
                "upgradeRolloutOrder",
            }
        ),
    ),
)
