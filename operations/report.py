"""The last lines of `make up`: where everything is and how to go on."""

from __future__ import annotations

from operations.order import MACHINE, AccessKey
from operations.outputs import Outputs


def report(found: Outputs, key: AccessKey) -> str:
    """The addresses of the local stack, the key it made, and the next commands."""
    rows = {
        "API": found.api_url,
        "Admin": f"{found.management_url}/",
        "Metrics": f"{found.management_url}/metrics",
        "Database": found.database_endpoint,
        "Access key": f"{key.access_key_id} / {key.secret_access_key} (made for this stack, optional on it)",
    }
    lines = [f"  {name:<11}{value}" for name, value in rows.items()]
    return f"""
The local stack is up and has completed an order.

{chr(10).join(lines)}

Go on:
  make status                     its tasks
  make outputs                    its outputs as JSON
  make up                         again, after you changed the engine or the program: a rolling deployment
  make down                       stop and delete everything
  curl {found.api_url}/api/v1/workflow-instances -H 'content-type: application/json' \\
    -d '{{"workflowDefinitionId": "{MACHINE}", "input": {{…}}}}'      (inputs: examples/{MACHINE}/)
  python: boto3.client("stepfunctions", endpoint_url="{found.api_url}")
"""
