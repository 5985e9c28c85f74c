"""Every rule, in the order of their IDs."""

from infra.policy.rule import AnyRule
from infra.policy.rules import (
    access,
    containers,
    data_stores,
    database,
    load_balancer,
    monitoring,
    network,
    stack,
    storage,
)


def _order(rule: AnyRule) -> tuple[bool, str, int]:
    service, number = rule.control.split(".")
    return service == "Workflow", service, int(number)


RULES: tuple[AnyRule, ...] = tuple(
    sorted(
        (
            *access.RULES,
            *containers.RULES,
            *data_stores.RULES,
            *database.RULES,
            *load_balancer.RULES,
            *monitoring.RULES,
            *network.RULES,
            *stack.RULES,
            *storage.RULES,
        ),
        key=_order,
    )
)
