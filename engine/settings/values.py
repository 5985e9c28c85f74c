"""Turns the text of one setting into a value of its type.

Every function raises `ValueError` whose message says what is allowed.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from engine.contract import Setting, SettingType, Unit, UrlPart

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
CHOICE_SPELLINGS = {
    "LOG_LEVEL": {"warn": "warning"},
    "DATABASE_SSL": {"true": "require", "1": "require", "false": "disable", "0": "disable"},
}
NUMBER_WORDS = {"ENGINE_PROCESSES": {"auto": 0}}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
HIGHEST_PORT = 65535
ALLOWED_URLS = "a URL such as postgresql://user@host:5432/database, redis://host:6379 or sqlite:///file"


class Address(msgspec.Struct, frozen=True):
    """A host and a port; either may be absent."""

    host: str | None
    port: int | None

    def __str__(self) -> str:
        """`host:port`, as it is written in settings."""
        host = f"[{self.host}]" if self.host and ":" in self.host else self.host or ""
        return host if self.port is None else f"{host}:{self.port}"


def to_value(setting: Setting, raw: object, unit: Unit | None) -> object:
    """The value of `setting` for what was written, a bare number counting in `unit`."""
    value = CONVERTERS[setting.type](setting, raw, unit)
    if isinstance(value, int | float) and not isinstance(value, bool):
        _check_range(setting, value)
    return value


def allowed_values(setting: Setting) -> str:
    """What the setting accepts, in words."""
    kinds: dict[SettingType, str] = {
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "duration": f"a number of {setting.unit or 'seconds'} or one with a unit such as 500ms, 30s, 15m, 24h",
        "address": "host:port, :port, a host or a port",
        "list": "values separated by commas",
        "choice": f"one of {', '.join(setting.allowed)}",
    }
    return ", or ".join([kinds[setting.type] + _range_words(setting), *NUMBER_WORDS.get(setting.name, {})])


def url_part(url: str, part: UrlPart) -> str | None:
    """One part of a connection URL, None when it has none.

    Understands `postgresql://`, `jdbc:postgresql://` (user, password and sslmode in its query), `redis://`,
    `rediss://`, `sqlite:///file` and `memory:`.
    """
    try:
        pieces = urlsplit(url.removeprefix("jdbc:"))
        host, port = pieces.hostname, pieces.port
    except ValueError:  # its message would show a piece of the URL, which may be a password with a slash in it
        raise ValueError(f"{ALLOWED_URLS}, with special characters in user and password written as %XX") from None
    scheme = pieces.scheme.split("+")[0]
    if scheme in {"sqlite", "memory"}:
        file = ":memory:" if scheme == "memory" else unquote(pieces.path[1:])
        return file if part == "file" else None
    if scheme not in {"postgresql", "postgres", "redis", "rediss"} or not host:
        raise ValueError(ALLOWED_URLS)
    query = {name: values[-1] for name, values in parse_qs(pieces.query).items()}
    parts: dict[UrlPart, str | None] = {
        "address": str(Address(host, port)),
        "database": unquote(pieces.path[1:]) or None,
        "username": unquote(pieces.username) if pieces.username else query.get("user"),
        "password": unquote(pieces.password) if pieces.password else query.get("password"),
        "tls": ("true" if scheme == "rediss" else "false") if scheme.startswith("redis") else query.get("sslmode"),
        "file": None,
    }
    return parts[part]


def _string(setting: Setting, raw: object, _unit: Unit | None) -> str:
    if isinstance(raw, bool | list | dict):
        raise ValueError(allowed_values(setting))  # noqa: TRY004 - the caller turns ValueError into a sentence
    return str(raw)


def _integer(setting: Setting, raw: object, _unit: Unit | None) -> int:
    text = str(raw).strip().lower()
    words = NUMBER_WORDS.get(setting.name, {})
    if text in words:
        return words[text]
    if isinstance(raw, bool) or not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError(allowed_values(setting))
    return int(text)


def _number(setting: Setting, raw: object, _unit: Unit | None) -> float:
    try:
        return float(_string(setting, raw, None))
    except ValueError:
        raise ValueError(allowed_values(setting)) from None


def _boolean(setting: Setting, raw: object, _unit: Unit | None) -> bool:
    value = BOOLEANS.get(str(raw).strip().lower())
    if value is None:
        raise ValueError(allowed_values(setting))
    return value


def _duration(setting: Setting, raw: object, unit: Unit | None) -> float:
    """Seconds."""
    match = DURATION.fullmatch(str(raw).strip().lower())
    if isinstance(raw, bool) or match is None:
        raise ValueError(allowed_values(setting))
    amount, suffix = match.groups()
    return float(amount) * SECONDS[suffix or ("ms" if unit == "milliseconds" else "s")]


def _address(setting: Setting, raw: object, _unit: Unit | None) -> Address:
    address = None if isinstance(raw, bool) else read_address(str(raw).strip())
    if address is None:
        raise ValueError(allowed_values(setting))
    return address


def read_address(text: str) -> Address | None:
    """Read ``host:port``, ``:port``, a host or a port; None if it is none. Raises ValueError for a port too high."""
    match = re.fullmatch(r"(?:(\[[0-9a-fA-F:.]+\]|[^:\s\[\]/]*):)?(\d+)|(\[[0-9a-fA-F:.]+\]|[^:\s\[\]/]+)", text)
    if match is None:
        return None
    host, port, bare_host = match.groups()
    if port is not None and (len(port) > 5 or int(port) > HIGHEST_PORT):  # noqa: PLR2004 - the digits of the highest
        raise ValueError(f"a port from 0 to {HIGHEST_PORT}")
    return Address((host or bare_host or "").strip("[]") or None, None if port is None else int(port))


def _list(setting: Setting, raw: object, _unit: Unit | None) -> tuple[str, ...]:
    if isinstance(raw, dict):
        raise ValueError(allowed_values(setting))  # noqa: TRY004 - as above
    items = raw if isinstance(raw, list) else str(raw).split(",")
    return tuple(str(item).strip() for item in items if str(item).strip())


def _choice(setting: Setting, raw: object, _unit: Unit | None) -> str:
    text = str(raw).strip().lower()
    text = CHOICE_SPELLINGS.get(setting.name, {}).get(text, text)
    if text not in setting.allowed:
        raise ValueError(allowed_values(setting))
    return text


def _check_range(setting: Setting, value: float) -> None:
    too_low = setting.minimum is not None and value < setting.minimum
    too_high = setting.maximum is not None and value > setting.maximum
    if too_low or too_high:
        raise ValueError(allowed_values(setting))


def _range_words(setting: Setting) -> str:
    unit = f" {setting.unit}" if setting.unit else ""
    match setting.minimum, setting.maximum:
        case None, None:
            return ""
        case low, None:
            return f", at least {low:.0f}{unit}"
        case None, high:
            return f", at most {high:.0f}{unit}"
        case low, high:
            return f", from {low:.0f} to {high:.0f}{unit}"


CONVERTERS: dict[SettingType, Callable[[Setting, object, Unit | None], object]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "duration": _duration,
    "address": _address,
    "list": _list,
    "choice": _choice,
}
