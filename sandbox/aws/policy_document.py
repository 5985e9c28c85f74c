"""IAM policy documents from the arguments of `aws.iam.get_policy_document`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from sandbox.aws.values import Properties

_LISTS = {"actions": "Action", "notActions": "NotAction", "resources": "Resource", "notResources": "NotResource"}


def policy_document(arguments: Mapping[str, object]) -> str:
    """Return the JSON text of a policy, in the form that the provider's documentation shows."""
    document: Properties = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    document["Statement"] = [_statement(item) for item in _maps(arguments.get("statements"))]
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _statement(statement: Mapping[str, object]) -> Properties:
    result: Properties = {"Effect": statement.get("effect") or "Allow"}
    if statement.get("sid"):
        result["Sid"] = statement["sid"]
    for name, member in _LISTS.items():
        values = statement.get(name)
        if isinstance(values, list) and values:
            result[member] = _one_or_many(values)
    for name, member in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if principals := _maps(statement.get(name)):
            result[member] = _principal(principals)
    if conditions := _maps(statement.get("conditions")):
        result["Condition"] = _conditions(conditions)
    return result


def _principal(principals: Sequence[Mapping[str, object]]) -> object:
    if [(item.get("type"), item.get("identifiers")) for item in principals] == [("*", ["*"])]:
        return "*"
    return {str(item["type"]): _one_or_many(item["identifiers"]) for item in principals}


def _conditions(conditions: Sequence[Mapping[str, object]]) -> dict[str, Properties]:
    result: dict[str, Properties] = {}
    for item in conditions:
        result.setdefault(str(item["test"]), {})[str(item["variable"])] = _one_or_many(item["values"])
    return result


def _one_or_many(values: object) -> object:
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def _maps(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
