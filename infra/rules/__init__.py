"""What has to hold between the keys of a stack; a key on its own is checked by its type.

A rule names the keys that it needs and runs when all of them could be read, so that one wrong key hides no other
problem. Rules stand in a module for each subject.
"""

from collections.abc import Iterator, Mapping

from infra.contract import Contract
from infra.problems import Problem
from infra.rules import (
    backup,
    canary,
    data_stores,
    events,
    load_balancer,
    monitoring,
    network,
    registry,
    service,
    stack,
    standby,
)
from infra.rules.load_balancer import LONG_POLL_SECONDS

__all__ = ["LONG_POLL_SECONDS", "check"]

_SUBJECTS = (stack, standby, network, load_balancer, registry, service, data_stores, backup, monitoring, canary, events)


def check(values: Mapping[str, object], stack_name: str, contract: Contract) -> Iterator[Problem]:
    """Every rule that the values break."""
    known = {**values, "stack": stack_name, "contract": contract}
    for rule in (rule for subject in _SUBJECTS for rule in subject.RULES):
        keys = [key if key in ("stack", "contract") or ":" in key else f"workflow:{key}" for key in rule.keys]
        if all(key in known for key in keys):
            yield from rule.check(*(known[key] for key in keys))
