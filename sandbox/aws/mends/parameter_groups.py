"""RDS parameter groups in moto 5.2.5: no ResetDBParameterGroup."""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.rds.exceptions import DBParameterGroupNotFoundError
from moto.rds.responses import RDSResponse


def apply() -> None:
    """Add the operation."""
    setattr(RDSResponse, "reset_db_parameter_group", reset_db_parameter_group)  # noqa: B010


def reset_db_parameter_group(self: RDSResponse) -> ActionResult:
    """ResetDBParameterGroup: the named parameters, or all, are the engine's defaults again."""
    name = self.params["DBParameterGroupName"]
    if name not in self.backend.db_parameter_groups:
        raise DBParameterGroupNotFoundError(name)
    parameters = self.backend.db_parameter_groups[name].parameters
    if self.params.get("ResetAllParameters", False):
        parameters.clear()
    for parameter in self.params.get("Parameters", []):
        parameters.pop(parameter["ParameterName"], None)
    return ActionResult({"DBParameterGroupName": name})
