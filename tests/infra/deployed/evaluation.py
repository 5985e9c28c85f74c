"""How CloudWatch decides on the state of an alarm, from the alarm as the account describes it and what was measured.

"Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data" in the CloudWatch User Guide, for alarms
all of whose evaluation periods have to break the threshold; "Using metric math" for those with an expression.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Metric = tuple[str, str, frozenset[tuple[str, str]]]
"""A metric by namespace, name and dimensions; another set of dimensions is another metric."""

Measured = Mapping[Metric, Sequence[Sequence[float]]]
"""The samples of each metric in each period, the last one last; an empty period has none."""

_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Average": lambda samples: sum(samples) / len(samples),
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "p99": lambda samples: sorted(samples)[math.ceil(len(samples) * 0.99) - 1],
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
}
_OPERATORS: Mapping[type[ast.operator] | type[ast.cmpop], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
}


def metric(namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
    """A metric's identity."""
    return namespace, name, frozenset(dimensions.items())


def state(alarm: Mapping[str, Any], measured: Measured) -> State:
    """The state that an alarm (of DescribeAlarms) comes to."""
    assert alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) == alarm["EvaluationPeriods"]
    points = [_point(alarm, measured, age) for age in range(alarm["EvaluationPeriods"])]
    breaks = _COMPARISONS[alarm["ComparisonOperator"]]
    known = [breaks(point, alarm["Threshold"]) for point in points if point is not None]
    match alarm["TreatMissingData"]:
        case "breaching":
            return "ALARM" if all(known) else "OK"
        case "notBreaching":
            return "ALARM" if len(known) == len(points) and all(known) else "OK"
        case "missing" if known:
            return "ALARM" if all(known) else "OK"
    return "INSUFFICIENT_DATA"


def composite_state(rule: str, ringing: Mapping[str, bool]) -> State:
    """The state of a composite alarm by its rule, made of ALARM("name"), AND, OR and brackets."""
    read = re.sub(r'ALARM\("([^"]+)"\)', lambda found: str(ringing[found[1]]), rule)
    assert set(read.split()) <= {"True", "False", "OR", "(True", "(False", "AND", "True)", "False)"}
    return "ALARM" if eval(read.replace("OR", "or").replace("AND", "and"), {}) else "OK"


def _point(alarm: Mapping[str, Any], measured: Measured, age: int) -> float | None:
    """The figure that is held against the threshold, of the period that many before the last."""
    if not alarm.get("Metrics"):
        statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
        return _statistic(_identity(alarm), statistic, measured, age)
    [result] = [query for query in alarm["Metrics"] if query.get("Expression")]
    assert result["ReturnData"] is True
    values = {
        query["Id"]: _statistic(_identity(stat["Metric"]), stat["Stat"], measured, age)
        for query in alarm["Metrics"]
        if (stat := query.get("MetricStat"))
    }
    return _evaluate(ast.parse(result["Expression"], mode="eval").body, values)


def _identity(described: Mapping[str, Any]) -> Metric:
    dimensions = {entry["Name"]: entry["Value"] for entry in described.get("Dimensions", [])}
    return metric(described["Namespace"], described["MetricName"], dimensions)


def _statistic(identity: Metric, statistic: str, measured: Measured, age: int) -> float | None:
    periods = measured.get(identity, ())
    samples = periods[-1 - age] if age < len(periods) else ()
    return _STATISTICS[statistic](samples) if samples else None


def _evaluate(node: ast.expr, values: Mapping[str, float | None]) -> float | None:
    """An expression's figure; none where a part of it has none."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=sign, right=right) | ast.Compare(left=left, ops=[sign], comparators=[right]):
            first, second = _evaluate(left, values), _evaluate(right, values)
            return None if first is None or second is None else _OPERATORS[type(sign)](first, second)
        case ast.Call(func=ast.Name(id="FILL"), args=[filled, by]):
            found = _evaluate(filled, values)
            return _evaluate(by, values) if found is None else found
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            holds = _evaluate(condition, values)
            return None if holds is None else _evaluate(then if holds else otherwise, values)
    raise AssertionError(ast.unparse(node))
