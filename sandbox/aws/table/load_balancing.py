"""Load balancers, target groups and listeners (Elastic Load Balancing API Reference, version 2015-12-01)."""

from __future__ import annotations

from sandbox.aws.definition import Attributes, Autoname, ResourceType, Update
from sandbox.aws.values import Properties
from sandbox.aws.waiting import waiter


def _load_balancer_suffix(state: Properties) -> str:
    return str(state["arn"]).split(":loadbalancer/")[1]


def _target_group_suffix(state: Properties) -> str:
    return str(state["arn"]).rsplit(":", 1)[1]


_HEALTH_CHECK = {
    "enabled": "HealthCheckEnabled",
    "healthyThreshold": "HealthyThresholdCount",
    "interval": "HealthCheckIntervalSeconds",
    "matcher": "Matcher.HttpCode",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "timeout": "HealthCheckTimeoutSeconds",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}

_ACTION_NAMES = {
    "authenticateCognito": "AuthenticateCognitoConfig",
    "authenticateOidc": "AuthenticateOidcConfig",
    "fixedResponse": "FixedResponseConfig",
    "forward": "ForwardConfig",
    "forward.stickiness": "TargetGroupStickinessConfig",
    "forward.stickiness.duration": "DurationSeconds",
    "forward.targetGroups.arn": "TargetGroupArn",
    "redirect": "RedirectConfig",
}

TYPES = (
    ResourceType(
        type="aws:lb/loadBalancer:LoadBalancer",
        service="elbv2",
        create="CreateLoadBalancer",
        id="LoadBalancers[0].LoadBalancerArn",
        read="DescribeLoadBalancers",
        found="LoadBalancers[0]",
        delete="DeleteLoadBalancer",
        updates=[Update("SetSubnets"), Update("SetSecurityGroups"), Update("SetIpAddressType")],
        key={"LoadBalancerArn": "{id}", "ResourceArn": "{id}"},
        send={"internal": "Scheme"},
        receive={
            "internal": "Scheme",
            "subnets": "AvailabilityZones[].SubnetId",
            "zoneId": "CanonicalHostedZoneId",
        },
        translate={"internal": {True: "internal", False: "internet-facing"}},
        attributes=Attributes(
            "DescribeLoadBalancerAttributes",
            "ModifyLoadBalancerAttributes",
            {
                "accessLogs.bucket": "access_logs.s3.bucket",
                "accessLogs.enabled": "access_logs.s3.enabled",
                "accessLogs.prefix": "access_logs.s3.prefix",
                "clientKeepAlive": "client_keep_alive.seconds",
                "connectionLogs.bucket": "connection_logs.s3.bucket",
                "connectionLogs.enabled": "connection_logs.s3.enabled",
                "connectionLogs.prefix": "connection_logs.s3.prefix",
                "desyncMitigationMode": "routing.http.desync_mitigation_mode",
                "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
                "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
                "enableDeletionProtection": "deletion_protection.enabled",
                "enableHttp2": "routing.http2.enabled",
                "enableTlsVersionAndCipherSuiteHeaders": "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
                "enableWafFailOpen": "waf.fail_open.enabled",
                "enableXffClientPort": "routing.http.xff_client_port.enabled",
                "idleTimeout": "idle_timeout.timeout_seconds",
                "preserveHostHeader": "routing.http.preserve_host_header.enabled",
                "xffHeaderProcessingMode": "routing.http.xff_header_processing.mode",
            },
        ),
        computed={"arnSuffix": _load_balancer_suffix},
        autoname=Autoname("name", 32),
        ready=waiter("load_balancer_available", "LoadBalancerArns", "id", many=True),
        replaces=frozenset({"internal", "loadBalancerType", "name", "namePrefix", "customerOwnedIpv4Pool"}),
        empty=frozenset(
            {
                "enablePrefixForIpv6SourceNat",
                "enforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
                "secondaryIpsAutoAssignedPerSubnet",
                "subnetMappings",
            }
        ),
    ),
    ResourceType(
        type="aws:lb/targetGroup:TargetGroup",
        service="elbv2",
        create="CreateTargetGroup",
        id="TargetGroups[0].TargetGroupArn",
        read="DescribeTargetGroups",
        found="TargetGroups[0]",
        delete="DeleteTargetGroup",
        updates=[Update("ModifyTargetGroup")],
        key={"TargetGroupArn": "{id}", "ResourceArn": "{id}"},
        send={f"healthCheck.{name}": member for name, member in _HEALTH_CHECK.items()},
        receive={f"healthCheck.{name}": member for name, member in _HEALTH_CHECK.items()},
        attributes=Attributes(
            "DescribeTargetGroupAttributes",
            "ModifyTargetGroupAttributes",
            {
                "deregistrationDelay": "deregistration_delay.timeout_seconds",
                "loadBalancingAlgorithmType": "load_balancing.algorithm.type",
                "loadBalancingCrossZoneEnabled": "load_balancing.cross_zone.enabled",
                "preserveClientIp": "preserve_client_ip.enabled",
                "slowStart": "slow_start.duration_seconds",
                "stickiness.cookieDuration": "stickiness.lb_cookie.duration_seconds",
                "stickiness.enabled": "stickiness.enabled",
                "stickiness.type": "stickiness.type",
            },
        ),
        computed={"arnSuffix": _target_group_suffix},
        autoname=Autoname("name", 32),
        replaces=frozenset(
            {
                "ipAddressType",
                "name",
                "namePrefix",
                "port",
                "protocol",
                "protocolVersion",
                "targetControlPort",
                "targetType",
                "vpcId",
            }
        ),
        empty=frozenset(
            {
                "connectionTermination",
                "ipAddressType",
                "loadBalancingAlgorithmType",
                "loadBalancingAnomalyMitigation",
                "loadBalancingCrossZoneEnabled",
                "preserveClientIp",
                "protocolVersion",
                "stickiness",
                "targetFailovers",
                "targetGroupHealth",
                "targetHealthStates",
            }
        ),
    ),
    ResourceType(
        type="aws:lb/listener:Listener",
        service="elbv2",
        create="CreateListener",
        id="Listeners[0].ListenerArn",
        read="DescribeListeners",
        found="Listeners[0]",
        delete="DeleteListener",
        updates=[Update("ModifyListener")],
        send={"certificateArn": "Certificates.CertificateArn"},
        receive={"certificateArn": "Certificates[0].CertificateArn"},
        names={f"defaultActions.{name}": member for name, member in _ACTION_NAMES.items()},
        replaces=frozenset({"loadBalancerArn"}),
        one_at_a_time=True,
        empty=frozenset({"mutualAuthentication", "routingHttp*", "sslPolicy", "tcpIdleTimeoutSeconds"}),
    ),
)
