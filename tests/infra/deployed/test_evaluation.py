"""The stand-in for CloudWatch's evaluation, against the tables of its User Guide."""

from __future__ import annotations

import pytest

from tests.infra.deployed.evaluation import composite_state, metric, state

CPU = metric("AWS/ECS", "CPUUtilization", {"ClusterName": "a"})
ALARM = {
    "Namespace": "AWS/ECS",
    "MetricName": "CPUUtilization",
    "Dimensions": [{"Name": "ClusterName", "Value": "a"}],
    "Statistic": "Average",
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 3,
    "Threshold": 80,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.mark.parametrize(
    ("points", "missing", "breaching", "not_breaching"),
    [
        ("111", "ALARM", "ALARM", "ALARM"),
        ("101", "OK", "OK", "OK"),
        ("--1", "ALARM", "ALARM", "OK"),
        ("1-1", "ALARM", "ALARM", "OK"),
        ("--0", "OK", "OK", "OK"),
        ("---", "INSUFFICIENT_DATA", "ALARM", "OK"),
    ],
)
def test_missing_data(points: str, missing: str, breaching: str, not_breaching: str) -> None:
    series = [{"1": (90.0,), "0": (10.0,), "-": ()}[point] for point in points]
    rules = {"missing": missing, "breaching": breaching, "notBreaching": not_breaching}

    assert {rule: state({**ALARM, "TreatMissingData": rule}, {CPU: series}) for rule in rules} == rules


def test_another_set_of_dimensions_is_another_metric() -> None:
    other = metric("AWS/ECS", "CPUUtilization", {"ClusterName": "a", "ServiceName": "b"})

    assert state({**ALARM, "TreatMissingData": "missing"}, {other: [(90.0,)] * 3}) == "INSUFFICIENT_DATA"


def test_a_rule_of_brackets() -> None:
    rule = 'ALARM("a") OR (ALARM("b") AND ALARM("c"))'

    assert composite_state(rule, {"a": False, "b": True, "c": True}) == "ALARM"
    assert composite_state(rule, {"a": False, "b": True, "c": False}) == "OK"
