"""What the engine accepts from its deployment, as `contract.toml` says it: names, types, bounds, and what is secret."""

import difflib
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

EngineValue = str | int | float | bool
"""A value in the stack's `engineSettings`."""

PROVIDED = frozenset(
    {
        "API_ACCESS_KEYS",
        "AUTHENTICATION",
        "AWS_ACCOUNT_ID",
        "AWS_REGION",
        "DATABASE_ADMIN_PASSWORD",
        "DATABASE_ADMIN_USER",
        "DATABASE_READ_REPLICAS",
        "DATABASE_SSL",
        "ENVIRONMENT",
        "EVENTS_BUS",
        "EVENTS_PUBLISHER",
        "EVENTS_WEBHOOK_SECRET",
        "EVENTS_WEBHOOK_URL",
        "HISTORY_ARCHIVE",
        "HOST",
        "JWT_SECRET",
        "KAFKA_BOOTSTRAP_SERVERS",
        "KAFKA_REPLICATION_FACTOR",
        "KAFKA_SASL_MECHANISM",
        "KAFKA_SECURITY_PROTOCOL",
        "MANAGEMENT_PORT",
        "REDIS_PASSWORD",
        "REDIS_TLS",
        "REDIS_USERNAME",
        "TASK_ROLE_ARNS",
        "WORKFLOW_ADDR",
        "WORKFLOW_DB_HOST",
        "WORKFLOW_DB_NAME",
        "WORKFLOW_DB_PASSWORD",
        "WORKFLOW_DB_USER",
        "WORKFLOW_REDIS_ADDR",
    }
)
"""Settings that follow from the stack's other keys and from what it creates."""

WORKFLOW_TOPICS = "KAFKA_WORKFLOW_TOPICS"
"""Setting that names the state machines with topics of their own."""

_WORKFLOW = "{workflow}"
_DURATION = re.compile(r"^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)?$")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "milliseconds": 0.001, "seconds": 1.0}


class Setting(msgspec.Struct, frozen=True):
    """One setting of the engine; the head of `contract.toml` explains the fields."""

    name: str
    type: str
    unit: str = ""
    default: EngineValue | list[str] | None = None
    secret: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()

    def accepts(self, value: EngineValue) -> bool:
        """Whether the engine takes this value."""
        number = self.number(value)
        match self.type:
            case "boolean":
                return isinstance(value, bool)
            case "integer" | "number" | "duration":
                return number is not None and self._in_bounds(number)
            case "choice":
                return value in self.allowed
            case _:
                return isinstance(value, str)

    def number(self, value: object) -> float | None:
        """The value as a number (a duration in the setting's unit), None where it is none."""
        if isinstance(value, bool):
            return None
        if self.type == "duration" and isinstance(value, str):
            match = _DURATION.match(value)
            unit = self.unit or "seconds"
            return float(match[1]) * _SECONDS[match[2] or unit] / _SECONDS[unit] if match else None
        whole = self.type == "integer"
        return float(value) if isinstance(value, int) or (isinstance(value, float) and not whole) else None

    def describe(self) -> str:
        """What the engine takes, in words."""
        if self.allowed:
            return "one of " + ", ".join(self.allowed)
        text = f"{'an' if self.type[0] in 'aeiou' else 'a'} {self.type}"
        if self.minimum is not None:
            text += f" of at least {self.minimum:g}"
        if self.maximum is not None:
            text += f"{' and' if self.minimum is not None else ' of'} at most {self.maximum:g}"
        return f"{text} {self.unit}".rstrip()

    def _in_bounds(self, number: float) -> bool:
        above = self.minimum is None or number >= self.minimum
        return above and (self.maximum is None or number <= self.maximum)


class Topic(msgspec.Struct, frozen=True):
    """A topic of Kafka; `{workflow}` in its name stands for each state machine that has one of its own."""

    name: str
    published: bool = False


class _File(msgspec.Struct, frozen=True):
    setting: tuple[Setting, ...]
    topic: tuple[Topic, ...] = ()


class Contract:
    """Every setting of the engine by its name, and the topics that it makes."""

    def __init__(self, settings: Collection[Setting], topics: Sequence[Topic] = ()) -> None:
        self.settings: Mapping[str, Setting] = {setting.name: setting for setting in settings}
        self._topics = topics

    def topics(self, overrides: Mapping[str, EngineValue], *, published: bool = False) -> list[str]:
        """Names of the topics that the engine makes with these settings, or of those that it writes to."""
        workflows = [name.strip() for name in str(overrides.get(WORKFLOW_TOPICS, "")).split(",") if name.strip()]
        named = [topic.name for topic in self._topics if topic.published or not published]
        return [
            name.replace(_WORKFLOW, workflow)
            for name in named
            for workflow in (workflows if _WORKFLOW in name else [""])
        ]

    def check(self, name: str, value: EngineValue) -> str | None:
        """What is wrong with an entry of the stack's `engineSettings`, None when nothing is."""
        setting = self.settings.get(name)
        if setting is None:
            near = difflib.get_close_matches(name, self.settings, n=1)
            return "is unknown: " + (
                f"did you mean {near[0]}?" if near else "contract.toml lists the engine's settings"
            )
        if setting.secret:
            return "is a secret: the stack's configuration must not hold it, keep it in Secrets Manager"
        if name in PROVIDED:
            return "may not be set here: it follows from the stack's other keys"
        if not setting.accepts(value):
            return f"is {msgspec.json.encode(value).decode()}: must be {setting.describe()}"
        return None

    def effective(self, name: str, overrides: Mapping[str, EngineValue]) -> float:
        """The number that the engine will use: the stack's own where it is one, or the contract's default."""
        setting = self.settings[name]
        for value in (overrides.get(name), setting.default):
            number = setting.number(value)
            if number is not None:
                return number
        raise ValueError(f"{name} of the contract has no number as its default")

    def misplaced(self, plain: Mapping[str, str], injected: Collection[str]) -> Iterator[str]:
        """Entries of a task's environment that the contract doesn't know, or that would show a secret."""
        for name in sorted({*plain, *injected}):
            setting = self.settings.get(name)
            if setting is None:
                yield f"{name} is not in contract.toml"
            elif setting.secret and not plain.get(name, "secretsmanager:").startswith("secretsmanager:"):
                yield f"{name} is a secret and may not be a plain value"


def read_contract(path: Path) -> Contract:
    """The contract in a TOML file."""
    file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    return Contract(file.setting, file.topic)
