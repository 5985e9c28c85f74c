"""Plans of statements as PostgreSQL tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import psycopg

Node = dict[str, object]


def generic_plan(url: str, statement: str, settings: Mapping[str, str], *, before: str = "") -> list[Node]:
    """Give the nodes of the plan that serves any parameters, after `before`, which is undone.

    `explain` with parameters would plan for their values, which isn't what a statement is run by that is prepared once.
    """
    count = max(int(number) for number in re.findall(r"\$(\d+)", statement))
    with psycopg.connect(url) as connection:
        for name, value in {**settings, "plan_cache_mode": "force_generic_plan"}.items():
            connection.execute(f"set local {name} = '{value}'".encode())
        connection.execute(f"{before}; prepare planned as {statement}".encode(), prepare=False)
        nothing = ", ".join(["null"] * count)
        cursor = connection.execute(f"explain (format json) execute planned({nothing})".encode(), prepare=False)
        [(plan,)] = cursor.fetchall()
        connection.rollback()
    return nodes(plan[0]["Plan"])


def nodes(plan: Node) -> list[Node]:
    """Give a plan's nodes, from the top."""
    below = plan.get("Plans", [])
    assert isinstance(below, list)
    return [plan, *(node for each in below for node in nodes(each))]


def indexes(plan: list[Node]) -> set[str]:
    """Give the indexes that a plan reads."""
    return {str(node["Index Name"]) for node in plan if "Index Name" in node}


def read_throughout(plan: list[Node]) -> set[str]:
    """Give the tables and indexes that a plan reads from end to end."""
    scans = [node for node in plan if str(node["Node Type"]).endswith("Scan") and "Index Cond" not in node]
    whole = [node for node in scans if node["Node Type"] in ("Seq Scan", "Index Scan", "Index Only Scan")]
    return {str(node.get("Index Name", node["Relation Name"])) for node in whole}
