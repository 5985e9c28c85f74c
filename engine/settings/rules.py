"""Rules about settings that one value alone can't break."""

import re
from collections.abc import Iterator

import msgspec

from engine.contract import Contract
from engine.events.signing import ENCODED, LEAST_KEY_BYTES, signing_key
from engine.settings.kafka_rules import kafka_rules
from engine.settings.model import Settings, decode_access_keys
from engine.settings.problems import Problem
from engine.settings.values import read_address

LEAST_JWT_SECRET_LENGTH = 32
BUCKET_PATTERN = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s]*)?"
SOURCE_PATTERN = r"[A-Za-z0-9._-]{1,256}"
BUS_PATTERN = r"[/A-Za-z0-9._-]{1,256}|arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/[/A-Za-z0-9._-]{1,256}"
ROLE_ARN_PATTERN = r"arn:aws[a-z-]*:iam::\d{12}:role/\S{1,576}"


def missing(contract: Contract, values: dict[str, object]) -> Iterator[Problem]:
    """Settings that the deployment profile needs and nothing sets."""
    said: set[str] = set()
    for setting in contract.setting:
        alternatives = [setting.name, *filter(None, [setting.one_of_with])]
        given = any(values[name] is not None for name in alternatives)
        if values["ENVIRONMENT"] in setting.required_in and not given and not said.intersection(alternatives):
            said.update(alternatives)
            yield Problem(" or ".join(alternatives), None, f"set when ENVIRONMENT is {values['ENVIRONMENT']}")


def broken_rules(settings: Settings) -> Iterator[Problem]:
    """Problems of values that are each fine by themselves."""
    yield from _local_only(settings)
    yield from _access(settings)
    yield from _addresses(settings)
    yield from _roles(settings)
    yield from _processes(settings)
    yield from _databases(settings)
    yield from _events(settings)
    yield from kafka_rules(settings)
    if settings.cors_credentials and "*" in settings.cors_origin:
        yield Problem("CORS_CREDENTIALS", "true", "false while CORS_ORIGIN is *: browsers refuse the two together")
    if (settings.database_admin_user is None) != (settings.database_admin_password is None):
        yield Problem("DATABASE_ADMIN_USER", settings.database_admin_user, "set together with DATABASE_ADMIN_PASSWORD")


def warnings(settings: Settings) -> Iterator[str]:
    """Sentences about settings that work but are likely not meant."""
    if settings.authentication == "required" and not settings.jwt_secret and not settings.api_access_keys:
        yield "every request will be refused: set JWT_SECRET, API_ACCESS_KEYS or, here, AUTHENTICATION=optional"


def _local_only(settings: Settings) -> Iterator[Problem]:
    if settings.environment == "local":
        return
    because = f"while ENVIRONMENT is {settings.environment}"
    if settings.authentication == "optional":
        yield Problem("AUTHENTICATION", "optional", f"required {because}")
    if settings.http_task_allow_loopback:
        yield Problem("HTTP_TASK_ALLOW_LOOPBACK", "true", f"false {because}")


def _access(settings: Settings) -> Iterator[Problem]:
    if settings.jwt_secret and len(settings.jwt_secret.value) < LEAST_JWT_SECRET_LENGTH:
        yield Problem("JWT_SECRET", None, f"{LEAST_JWT_SECRET_LENGTH} characters or more")
    if settings.api_access_keys:
        try:
            keys = decode_access_keys(settings.api_access_keys.value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
            shape = "a JSON list of {accessKeyId, secretAccessKey, organization}"
            yield Problem("API_ACCESS_KEYS", None, f"{shape} ({error})")
            return
        if len({key.access_key_id for key in keys}) < len(keys):
            yield Problem("API_ACCESS_KEYS", None, "a list in which no accessKeyId comes twice")


def _addresses(settings: Settings) -> Iterator[Problem]:
    if not re.fullmatch(r"\d{12}", settings.aws_account_id):
        yield Problem("AWS_ACCOUNT_ID", settings.aws_account_id, "12 digits")
    taken = {settings.api_address[1], settings.management_port} - {0}
    if settings.metrics_port in taken:
        allowed = "a port other than the API's and the management port, which serves /metrics already"
        yield Problem("METRICS_PORT", str(settings.metrics_port), allowed)
    for origin in settings.cors_origin:
        if origin != "*" and not re.fullmatch(r"https?://[^/\s*]+", origin):
            yield Problem("CORS_ORIGIN", origin, "* or origins such as https://app.example.com, with no path")


def _processes(settings: Settings) -> Iterator[Problem]:
    if settings.engine_processes > 1 and settings.workflow_db_host is None:
        allowed = "1 or auto while WORKFLOW_DB_HOST is not set: one process at a time writes to a SQLite file"
        yield Problem("ENGINE_PROCESSES", str(settings.engine_processes), allowed)


def _databases(settings: Settings) -> Iterator[Problem]:
    for text in settings.database_read_replicas:
        if not _is_host(text):
            yield Problem("DATABASE_READ_REPLICAS", text, "host:port or a host, separated by commas")
    archive = settings.history_archive
    if archive is not None and archive.startswith("s3:") and not re.fullmatch(BUCKET_PATTERN, archive):
        yield Problem("HISTORY_ARCHIVE", archive, "a folder, or s3://BUCKET/PREFIX")


def _is_webhook_secret(secret: str) -> bool:
    try:
        signing_key(secret)
    except ValueError:
        return False
    return True


def _events(settings: Settings) -> Iterator[Problem]:
    if settings.events_source.startswith("aws.") or not re.fullmatch(SOURCE_PATTERN, settings.events_source):
        allowed = "1 to 256 of the characters A-Z a-z 0-9 . _ - and not begin with aws., which EventBridge refuses"
        yield Problem("EVENTS_SOURCE", settings.events_source, allowed)
    if not re.fullmatch(BUS_PATTERN, settings.events_bus):
        yield Problem("EVENTS_BUS", settings.events_bus, "the name or the ARN of an event bus")
    if settings.events_publisher != "webhook":
        return
    schemes = "https?" if settings.environment == "local" else "https"
    if not re.fullmatch(rf"{schemes}://[^/\s]+(/\S*)?", settings.events_webhook_url or ""):
        allowed = "a URL such as https://app.example.com/events, for EVENTS_PUBLISHER is webhook"
        yield Problem("EVENTS_WEBHOOK_URL", settings.events_webhook_url, allowed)
    secret = settings.events_webhook_secret
    if secret is None or not _is_webhook_secret(secret.value):
        allowed = f"{LEAST_KEY_BYTES} characters or more, or {ENCODED} and as many bytes in base64"
        yield Problem("EVENTS_WEBHOOK_SECRET", None, allowed)


def _is_host(text: str) -> bool:
    try:
        address = read_address(text)
    except ValueError:
        return False
    return address is not None and address.host is not None


def _roles(settings: Settings) -> Iterator[Problem]:
    for role in settings.task_role_arns:
        if not re.fullmatch(ROLE_ARN_PATTERN, role):
            yield Problem("TASK_ROLE_ARNS", role, "ARNs of IAM roles such as arn:aws:iam::123456789012:role/orders")
