"""The ways in: HTTPS with a redirect, plain HTTP for local, and the internal one of the management port."""

import pytest

from tests.infra.stacks import CERTIFICATE, Properties, deploy_stack, deployed


def listeners(environment: str) -> dict[int, Properties]:
    account, _ = deployed(environment)
    return {int(listener.inputs["port"]): listener.inputs for listener in account.of("Listener")}


def balancers(environment: str) -> dict[str, Properties]:
    account, _ = deployed(environment)
    found = [item for item in account.resources if item.type == "aws:lb/loadBalancer:LoadBalancer"]
    return {balancer.name: balancer.inputs for balancer in found}


def test_https_with_a_redirect() -> None:
    made = listeners("production")
    assert made.keys() == {80, 443}
    https = made[443]
    assert https["protocol"] == "HTTPS"
    assert https["certificateArn"] == CERTIFICATE
    assert https["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert [action["type"] for action in https["defaultActions"]] == ["forward"]
    [action] = made[80]["defaultActions"]
    assert action["type"] == "redirect"
    assert action["redirect"] == {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}


def test_local_serves_http_and_the_management_port() -> None:
    made = listeners("local")
    assert made.keys() == {8080, 8081}
    groups = {port: listener["defaultActions"][0]["targetGroupArn"].split("/")[-1] for port, listener in made.items()}
    assert groups == {8080: "workflow-local", 8081: "workflow-local-ui"}
    _, exports = deployed("local")
    assert exports["apiUrl"] == "http://workflow-local.example.com:8080"
    assert exports["managementUrl"] == "http://workflow-local-ui.example.com:8081"
    assert {name: balancer["internal"] for name, balancer in balancers("local").items()} == {
        "workflow-local": False,
        "workflow-local-ui": True,
    }


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("staging", True), ("production", True)])
def test_public_load_balancer(environment: str, protected: bool) -> None:
    [balancer] = balancers(environment).values()
    assert balancer["enableDeletionProtection"] is protected
    assert balancer["dropInvalidHeaderFields"] is True
    assert balancer["idleTimeout"] == 75
    assert balancer["internal"] is False
    assert all("-public-" in subnet for subnet in balancer["subnets"])


def test_target_group_checks_health_on_the_management_port() -> None:
    group = deployed("dev")[0].one("TargetGroup")
    assert (group["port"], group["protocol"], group["targetType"]) == (8080, "HTTP", "ip")
    assert group["deregistrationDelay"] == 65
    assert group["healthCheck"] == {
        "enabled": True,
        "protocol": "HTTP",
        "port": "8081",
        "path": "/health/ready",
        "matcher": "200",
        "interval": 10,
        "timeout": 5,
        "healthyThreshold": 2,
        "unhealthyThreshold": 3,
    }


def test_domain_name_is_shown() -> None:
    _, exports = deploy_stack("dev", domainName="orders.example.org")
    assert exports["apiUrl"] == "https://orders.example.org"
    assert exports["loadBalancerDnsName"] == "workflow-dev.example.com"


def test_port_80_is_not_shown() -> None:
    _, exports = deploy_stack("local", httpPort=80)
    assert exports["apiUrl"] == "http://workflow-local.example.com"
