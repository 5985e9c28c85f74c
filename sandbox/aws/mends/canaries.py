"""CloudWatch Synthetics in moto 5.2.5: canaries can't be started, stopped, changed or deleted; tags go by the name."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from moto.core.exceptions import JsonRESTError
from moto.core.utils import iso_8601_datetime_with_milliseconds, utcnow
from moto.synthetics import urls
from moto.synthetics.models import Canary
from moto.synthetics.responses import SyntheticsResponse

_SETTINGS = {
    "Code": "code",
    "ArtifactS3Location": "artifact_s3_location",
    "ExecutionRoleArn": "execution_role_arn",
    "Schedule": "schedule",
    "RunConfig": "run_config",
    "SuccessRetentionPeriodInDays": "success_retention_period_in_days",
    "FailureRetentionPeriodInDays": "failure_retention_period_in_days",
    "RuntimeVersion": "runtime_version",
}
"""What UpdateCanary changes, by member."""

_to_dict = Canary.to_dict


def apply() -> None:
    """Add the operations and their paths, and what GetCanary leaves out."""
    paths = ("/canary/[^/]+/(start|stop)$", "/canary/[^/]+$", "/tags/.+$")
    urls.url_paths.update({"{0}" + path: SyntheticsResponse.dispatch for path in paths})
    operations = (get_canary, start_canary, stop_canary, update_canary, delete_canary)
    for operation in (*operations, list_tags_for_resource, tag_resource, untag_resource):
        setattr(SyntheticsResponse, operation.__name__, operation)
    setattr(Canary, "to_dict", described)  # noqa: B010


class _RefusedError(JsonRESTError):
    """An answer of the service that isn't 200."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = status


def described(self: Canary) -> dict[str, object]:
    """A canary as GetCanary gives it: with the function behind it, without the code's bucket and the variables."""
    whole = _to_dict(self)
    function = f"arn:aws:lambda:us-east-1:123456789012:function:cwsyn-{self.name}-{self.id}"
    layer = f"arn:aws:lambda:us-east-1:123456789012:layer:cwsyn-{self.name}-{self.id}:1"
    times = {name: iso_8601_datetime_with_milliseconds(time) for name, time in self.timeline.items() if time}
    return {
        **whole,
        "Timeline": times,
        "ArtifactS3Location": self.artifact_s3_location.removeprefix("s3://"),
        "Code": {"Handler": self.code.get("Handler"), "SourceLocationArn": layer},
        "EngineArn": f"{function}:1",
        "RunConfig": {key: value for key, value in self.run_config.items() if key != "EnvironmentVariables"},
    }


def get_canary(self: SyntheticsResponse) -> str:
    """GetCanary."""
    return json.dumps({"Canary": _canary(self).to_dict()})


def start_canary(self: SyntheticsResponse) -> str:
    """StartCanary: one that runs can't be started."""
    canary = _canary(self)
    if canary.state == "RUNNING":
        raise _RefusedError(409, "ConflictException", "Canary is in a state that can't be started: RUNNING")
    canary.state, canary.timeline["LastStarted"] = "RUNNING", utcnow()
    return "{}"


def stop_canary(self: SyntheticsResponse) -> str:
    """StopCanary: one that doesn't run can't be stopped."""
    canary = _canary(self)
    if canary.state != "RUNNING":
        raise _RefusedError(409, "ConflictException", f"Canary is in a state that can't be stopped: {canary.state}")
    canary.state, canary.timeline["LastStopped"] = "STOPPED", utcnow()
    return "{}"


def update_canary(self: SyntheticsResponse) -> str:
    """UpdateCanary: settings that aren't given stay."""
    canary, wanted = _canary(self), json.loads(self.body)
    for member, attribute in _SETTINGS.items():
        if member in wanted:
            setattr(canary, attribute, wanted[member])
    canary.timeline["LastModified"] = utcnow()
    return "{}"


def delete_canary(self: SyntheticsResponse) -> str:
    """DeleteCanary: one that runs has to be stopped first."""
    canary = _canary(self)
    if canary.state == "RUNNING":
        raise _RefusedError(409, "ConflictException", "Canary is in a state that can't be deleted: RUNNING")
    del self.synthetics_backend.canaries[canary.name]
    return "{}"


def list_tags_for_resource(self: SyntheticsResponse) -> str:
    """ListTagsForResource."""
    return json.dumps({"Tags": _tags(self)})


def tag_resource(self: SyntheticsResponse) -> str:
    """TagResource."""
    _tags(self).update(json.loads(self.body)["Tags"])
    return "{}"


def untag_resource(self: SyntheticsResponse) -> str:
    """UntagResource."""
    for key in self.querystring.get("tagKeys", []):
        _tags(self).pop(key, None)
    return "{}"


def _canary(self: SyntheticsResponse) -> Canary:
    found = re.search(r"/canary/([^/]+)", self.path)
    name = unquote(found[1]) if found else ""
    if name not in self.synthetics_backend.canaries:
        raise _RefusedError(404, "ResourceNotFoundException", f"Canary {name} not found")
    return self.synthetics_backend.canaries[name]


def _tags(self: SyntheticsResponse) -> dict[str, str]:
    name = unquote(self.path).rpartition(":canary:")[2]
    canaries: dict[str, Any] = self.synthetics_backend.canaries
    if name not in canaries:
        raise _RefusedError(404, "NotFoundException", f"Canary {name} not found")
    tags: dict[str, str] = canaries[name].tags
    return tags
