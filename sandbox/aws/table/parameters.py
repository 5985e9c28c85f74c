"""Parameters of a parameter group, which RDS and ElastiCache keep apart from the group itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.aws.api import Api
from sandbox.aws.values import Properties

BATCH = 20
"""Parameters that one call takes (RDS, ModifyDBParameterGroup)."""


@dataclass(frozen=True)
class ParameterGroup:
    """A service's operations on the parameters of a group."""

    name: str
    """The member that names the group."""
    describe: str
    modify: str
    reset: str
    member: str
    """The member that holds the parameters to modify or reset."""
    api_parameter: Callable[[Mapping[str, object]], Properties]

    def change(self, api: Api, identity: str, old: Properties, new: Properties) -> None:
        """Set the parameters that are new or changed and reset those that are gone."""
        wanted = parameters(new)
        changed = [self.api_parameter(wanted[name]) for name in wanted if parameters(old).get(name) != wanted[name]]
        for start in range(0, len(changed), BATCH):
            api.call(self.modify, {self.name: identity, self.member: changed[start : start + BATCH]})
        gone = [self.api_parameter(item) for name, item in parameters(old).items() if name not in wanted]
        if gone:
            api.call(self.reset, {self.name: identity, "ResetAllParameters": False, self.member: gone})

    def read(self, api: Api, _: Mapping[str, object], state: Properties) -> Properties:
        """Return the parameters that a user has set; those asked for keep the form they were asked in."""
        answer = api.call(self.describe, {self.name: state["id"], "Source": "user"})["Parameters"]
        found = [
            {"name": item["ParameterName"], "value": item["ParameterValue"]}
            | ({"applyMethod": item["ApplyMethod"]} if "ApplyMethod" in item else {})
            for item in (answer if isinstance(answer, list) else [])
            if item.get("ParameterValue") is not None
        ]
        return {"parameters": found or None}


def parameters(inputs: Properties) -> dict[str, Mapping[str, object]]:
    """Return the parameters of a group's inputs by name."""
    items = inputs.get("parameters")
    return {str(item["name"]): item for item in items} if isinstance(items, list) else {}
