"""What the canary runs: a call of the API as a client makes it, with an access key of the stack.

Stands alone, since CloudWatch Synthetics gets this file and nothing else of the repository; boto3 is in its runtime.
The call only lists state machines, so that it changes nothing, and goes through everything that a client needs: name,
certificate, load balancer, signature, database. Any error fails the run.
"""

import json
import os

import boto3
from botocore.config import Config

SECONDS = 15
"""How long the API may take to connect, and to answer."""


def handler(_event: object, _context: object) -> str:
    """What CloudWatch Synthetics calls, with API_URL and SECRET_ARN in the environment; says what it found."""
    return check(os.environ["API_URL"], access_key(os.environ["SECRET_ARN"]))


def access_key(secret_arn: str) -> dict[str, str]:
    """The first of the stack's access keys."""
    answer = boto3.client("secretsmanager").get_secret_value(SecretId=secret_arn)
    keys: list[dict[str, str]] = json.loads(answer["SecretString"])
    return keys[0]


def check(url: str, key: dict[str, str]) -> str:
    """Ask the API for state machines, once; raises what boto3 raises when it doesn't answer well."""
    client = boto3.client(
        "stepfunctions",
        endpoint_url=url,
        aws_access_key_id=key["accessKeyId"],
        aws_secret_access_key=key["secretAccessKey"],
        config=Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 1}),
    )
    client.list_state_machines(maxResults=1)
    return "The API answered a list of state machines."
