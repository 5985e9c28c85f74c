"""Clusters, task definitions and services (Amazon ECS API Reference)."""

from __future__ import annotations

from sandbox.aws.api import Api
from sandbox.aws.definition import Autoname, ResourceType, Update
from sandbox.aws.steady_state import wait_for_steady_state, wait_until_inactive
from sandbox.aws.values import Properties

_DEPLOYMENT = "deploymentConfiguration"


def _without_revision(state: Properties) -> str:
    return str(state["arn"]).rsplit(":", 1)[0]


def _stop_tasks(api: Api, identity: str, state: Properties) -> None:
    if state.get("schedulingStrategy") != "DAEMON":
        api.call("UpdateService", {"cluster": state.get("cluster", "default"), "service": identity, "desiredCount": 0})


TYPES = (
    ResourceType(
        type="aws:ecs/cluster:Cluster",
        service="ecs",
        create="CreateCluster",
        id="cluster.clusterArn",
        read="DescribeClusters",
        found="clusters[?status!='INACTIVE'] | [0]",
        delete="DeleteCluster",
        updates=[Update("UpdateCluster")],
        key={"cluster": "{id}", "include": ["CONFIGURATIONS", "SETTINGS"]},
        autoname=Autoname("name", 255),
        replaces=frozenset({"name"}),
        empty=frozenset({"settings"}),
    ),
    ResourceType(
        type="aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
        service="ecs",
        create="PutClusterCapacityProviders",
        id="cluster.clusterName",
        read="DescribeClusters",
        found="clusters[?status!='INACTIVE'] | [0]",
        delete=None,
        updates=[Update("PutClusterCapacityProviders", whole=True)],
        key={"cluster": "{clusterName}"},
        create_with={"capacityProviders": [], "defaultCapacityProviderStrategy": []},
        update_with={"capacityProviders": [], "defaultCapacityProviderStrategy": []},
        send={"clusterName": "cluster", "defaultCapacityProviderStrategies": "defaultCapacityProviderStrategy"},
        receive={"defaultCapacityProviderStrategies": "defaultCapacityProviderStrategy"},
        replaces=frozenset({"clusterName"}),
        one_at_a_time=True,
    ),
    ResourceType(
        type="aws:ecs/taskDefinition:TaskDefinition",
        service="ecs",
        create="RegisterTaskDefinition",
        created="taskDefinition",
        id="taskDefinition.family",
        read="DescribeTaskDefinition",
        found="taskDefinition | [@] | [?status!='INACTIVE'] | [0]",
        delete="DeregisterTaskDefinition",
        key={"taskDefinition": "{arn}"},
        receive={"arn": "taskDefinitionArn"},
        names={
            "volumes.hostPath": "host.sourcePath",
            "volumes.efsVolumeConfiguration.authorizationConfig.accessPointId": "accessPointId",
        },
        local=frozenset({"skipDestroy", "trackLatest"}),
        computed={"arnWithoutRevision": _without_revision},
        replaces=frozenset(
            {
                "containerDefinitions",
                "cpu",
                "enableFaultInjection",
                "ephemeralStorage",
                "executionRoleArn",
                "family",
                "ipcMode",
                "memory",
                "networkMode",
                "pidMode",
                "placementConstraints",
                "proxyConfiguration",
                "requiresCompatibilities",
                "runtimePlatform",
                "taskRoleArn",
                "volumes",
            }
        ),
        empty=frozenset({"enableFaultInjection"}),
    ),
    ResourceType(
        type="aws:ecs/service:Service",
        service="ecs",
        create="CreateService",
        id="service.serviceArn",
        read="DescribeServices",
        found="services[?status!='INACTIVE'] | [0]",
        delete="DeleteService",
        updates=[Update("UpdateService", always=frozenset({"forceNewDeployment"}))],
        key={"cluster": "{cluster}", "service": "{id}"},
        send={
            "alarms": f"{_DEPLOYMENT}.alarms",
            "deploymentCircuitBreaker": f"{_DEPLOYMENT}.deploymentCircuitBreaker",
            "deploymentMaximumPercent": f"{_DEPLOYMENT}.maximumPercent",
            "deploymentMinimumHealthyPercent": f"{_DEPLOYMENT}.minimumHealthyPercent",
            "iamRole": "role",
            "networkConfiguration": "networkConfiguration.awsvpcConfiguration",
            "orderedPlacementStrategies": "placementStrategy",
        },
        receive={
            "alarms": f"{_DEPLOYMENT}.alarms",
            "cluster": "clusterArn",
            "deploymentCircuitBreaker": f"{_DEPLOYMENT}.deploymentCircuitBreaker",
            "deploymentMaximumPercent": f"{_DEPLOYMENT}.maximumPercent",
            "deploymentMinimumHealthyPercent": f"{_DEPLOYMENT}.minimumHealthyPercent",
            "networkConfiguration": "networkConfiguration.awsvpcConfiguration",
            "orderedPlacementStrategies": "placementStrategy",
        },
        names={"loadBalancers.elbName": "loadBalancerName"},
        local=frozenset({"forceDelete", "sigintRollback", "triggers", "waitForSteadyState"}),
        delete_with={"force": True},
        autoname=Autoname("name", 255),
        before_delete=_stop_tasks,
        ready=wait_for_steady_state,
        gone=wait_until_inactive,
        replaces=frozenset({"cluster", "deploymentController", "iamRole", "launchType", "name", "schedulingStrategy"}),
        empty=frozenset({_DEPLOYMENT, "iamRole", "launchType", "platformVersion", "triggers"}),
    ),
)
