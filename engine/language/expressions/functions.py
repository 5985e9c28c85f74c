"""The intrinsic functions themselves (AWS: "Intrinsic functions for JSONPath states in Step Functions").

A function raises ValueError with a sentence when its arguments don't fit; the caller makes it a failure. Where the
guide and the service differ, the service wins: fractions are cut off by all functions but States.MathAdd, which rounds;
States.Base64Decode skips what isn't Base64.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from engine.language.expressions.hashes import HASHES
from engine.language.expressions.javarandom import next_below
from engine.language.expressions.scope import Scope
from engine.language.limits import MAX_PAYLOAD_DEPTH
from engine.language.values import canonical_json, is_deeper, is_number, json_equal, json_text

MAX_RANGE: Final = 1000
"""Most elements that States.ArrayRange makes."""

MAX_CHARACTERS: Final = 10_000
"""Most characters that States.Base64Encode, States.Base64Decode and States.Hash take."""

_INTEGERS: Final = range(-(2**31), 2**31)
"""What States.MathAdd takes and gives: 32-bit integers."""

_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_FORMAT = re.compile(r"\\(.)|(\{\})|([{}])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """One evaluation: the arguments' values, the scope, the call's position, a literal first argument's raw text."""

    values: Sequence[object]
    scope: Scope
    position: str
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function: what it does and how many arguments it takes; ``most`` is None where there is no upper bound."""

    body: Callable[[Call], object]
    least: int
    most: int | None

    def call(self, call: Call, name: str) -> object:
        """Call the function ``name``; raises ValueError if the arguments don't fit, by their number or otherwise."""
        count = len(call.values)
        if count >= self.least and (self.most is None or count <= self.most):
            return self.body(call)
        if self.most is None:
            allowed = f"at least {self.least}"
        else:
            allowed = str(self.least) if self.least == self.most else f"{self.least} to {self.most}"
        msg = f"{name} takes {allowed} arguments, but {count} are given"
        raise ValueError(msg)


def _format(call: Call) -> object:
    template = call.template if call.template is not None else _string(call.values[0], "the template")
    values = iter(call.values[1:])
    filled = 0

    def fill(match: re.Match[str]) -> str:
        nonlocal filled
        if match[1] is not None:
            return match[1]
        if match[3] is not None:
            msg = "a brace that is no placeholder must be written with a backslash"
            raise ValueError(msg)
        filled += 1
        value = next(values, None)
        return value if isinstance(value, str) else json_text(value)

    text = _FORMAT.sub(fill, template)
    if filled != len(call.values) - 1:
        msg = f"the template has {filled} placeholders, but {len(call.values) - 1} values are given"
        raise ValueError(msg)
    return text


def _string_to_json(call: Call) -> object:
    text = _string(call.values[0], "the argument")
    if not text:
        return None
    try:
        value: object = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        msg = f"the string is not JSON: {error}"
        raise ValueError(msg) from error
    if is_deeper(value, text, MAX_PAYLOAD_DEPTH):
        msg = f"the string nests objects and arrays more than {MAX_PAYLOAD_DEPTH} levels deep"
        raise ValueError(msg)
    return value


def _json_to_string(call: Call) -> object:
    return json_text(call.values[0])


def _array(call: Call) -> object:
    return list(call.values)


def _array_partition(call: Call) -> object:
    array, size = _list(call.values[0]), _integer(call.values[1], "the chunk size")
    if size < 1:
        msg = "the chunk size must be at least 1"
        raise ValueError(msg)
    return [array[start : start + size] for start in range(0, len(array), size)]


def _array_contains(call: Call) -> object:
    return any(json_equal(element, call.values[1]) for element in _list(call.values[0]))


def _array_range(call: Call) -> object:
    first, last, step = (_integer(value, "every argument") for value in call.values)
    if step == 0:
        msg = "the step must not be 0"
        raise ValueError(msg)
    numbers = range(first, last + (1 if step > 0 else -1), step)
    if abs(last - first) // abs(step) >= MAX_RANGE:
        msg = f"the range has more than {MAX_RANGE} elements"
        raise ValueError(msg)
    return list(numbers)


def _array_get_item(call: Call) -> object:
    array, index = _list(call.values[0]), _integer(call.values[1], "the index")
    if not array and index >= 0:
        return None
    if not 0 <= index < len(array):
        msg = f"the index {index} is outside the array of {len(array)} elements"
        raise ValueError(msg)
    return array[index]


def _array_length(call: Call) -> object:
    return len(_list(call.values[0]))


def _array_unique(call: Call) -> object:
    unique: dict[bytes, object] = {}
    for element in _list(call.values[0]):
        unique.setdefault(canonical_json(element), element)
    return list(unique.values())


def _base64_encode(call: Call) -> object:
    return base64.b64encode(_short(call.values[0]).encode()).decode()


def _base64_decode(call: Call) -> object:
    text = _NOT_BASE64.sub("", _short(call.values[0]))
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode(errors="replace")
    except binascii.Error as error:
        msg = "the string is not Base64"
        raise ValueError(msg) from error


def _hash(call: Call) -> object:
    data = call.values[0]
    name = _string(call.values[1], "the algorithm")
    if name not in HASHES:
        msg = f"the algorithm {name!r} is unknown; there are {', '.join(HASHES)}"
        raise ValueError(msg)
    text = _short(data if isinstance(data, str) else json_text(data))
    return HASHES[name](text.encode(), usedforsecurity=False).hexdigest()


def _json_merge(call: Call) -> object:
    left, right, deep = call.values
    if not isinstance(left, dict) or not isinstance(right, dict):
        msg = "the first two arguments must be objects"
        raise ValueError(msg)  # noqa: TRY004 - every misfit is a ValueError here
    if deep is not False:
        msg = "the third argument must be false: only shallow merging is supported"
        raise ValueError(msg)
    return {**left, **right}


def _math_random(call: Call) -> object:
    start, end = (_integer(value, "start and end") for value in call.values[:2])
    if start >= end:
        msg = "the start must be less than the end"
        raise ValueError(msg)
    if len(call.values) > 2:  # noqa: PLR2004 - the optional third argument is the seed
        return start + next_below(_integer(call.values[2], "the seed"), end - start)
    return start + int.from_bytes(call.scope.random_bytes(call.position)) % (end - start)


def _math_add(call: Call) -> object:
    numbers = [_rounded(value) for value in call.values]
    if any(number not in _INTEGERS for number in (*numbers, sum(numbers))):
        msg = f"both arguments and their sum must be from {_INTEGERS[0]} to {_INTEGERS[-1]}"
        raise ValueError(msg)
    return sum(numbers)


def _string_split(call: Call) -> object:
    text, separators = (_string(value, "both arguments") for value in call.values)
    if not separators:
        return [text] if text else []
    return [part for part in re.split(f"[{re.escape(separators)}]", text) if part]


def _uuid(call: Call) -> object:
    return str(uuid.UUID(bytes=call.scope.random_bytes(call.position)[:16], version=4))


def _string(value: object, what: str) -> str:
    if not isinstance(value, str):
        msg = f"{what} must be a string, but is {json_text(value)[:100]}"
        raise ValueError(msg)  # noqa: TRY004 - every misfit is a ValueError here
    return value


def _short(value: object) -> str:
    text = _string(value, "the argument")
    if len(text) > MAX_CHARACTERS:
        msg = f"the argument has more than {MAX_CHARACTERS} characters"
        raise ValueError(msg)
    return text


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        msg = f"the first argument must be an array, but is {json_text(value)[:100]}"
        raise ValueError(msg)  # noqa: TRY004 - every misfit is a ValueError here
    return value


def _integer(value: object, what: str) -> int:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        msg = f"{what} must be a number, but is {json_text(value)[:100]}"
        raise ValueError(msg)  # noqa: TRY004 - every misfit is a ValueError here
    return math.trunc(value)


def _rounded(value: object) -> int:
    if not is_number(value) or not isinstance(value, (int, float)):
        msg = f"both arguments must be numbers, but one is {json_text(value)[:100]}"
        raise ValueError(msg)
    return value if isinstance(value, int) else int(value // 1 + (value % 1 >= 0.5))  # noqa: PLR2004 - half goes up


FUNCTIONS: Final[dict[str, Function]] = {
    "States.Format": Function(_format, 1, None),
    "States.StringToJson": Function(_string_to_json, 1, 1),
    "States.JsonToString": Function(_json_to_string, 1, 1),
    "States.Array": Function(_array, 0, None),
    "States.ArrayPartition": Function(_array_partition, 2, 2),
    "States.ArrayContains": Function(_array_contains, 2, 2),
    "States.ArrayRange": Function(_array_range, 3, 3),
    "States.ArrayGetItem": Function(_array_get_item, 2, 2),
    "States.ArrayLength": Function(_array_length, 1, 1),
    "States.ArrayUnique": Function(_array_unique, 1, 1),
    "States.Base64Encode": Function(_base64_encode, 1, 1),
    "States.Base64Decode": Function(_base64_decode, 1, 1),
    "States.Hash": Function(_hash, 2, 2),
    "States.JsonMerge": Function(_json_merge, 3, 3),
    "States.MathRandom": Function(_math_random, 2, 3),
    "States.MathAdd": Function(_math_add, 2, 2),
    "States.StringSplit": Function(_string_split, 2, 2),
    "States.UUID": Function(_uuid, 0, 0),
}
"""All intrinsic functions by name."""
