"""What expressions can call: the library's functions within bounds, and those that replace some of them.

Replaced are functions that the library has wrong, that would take time or memory without bound, or that depend on
more than their arguments; `service` adds those of Step Functions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NoReturn

from engine.language.expressions.jsonata import pictures, sorting, strings, urls
from engine.language.expressions.jsonata.bounds import check_size
from engine.language.expressions.jsonata.evaluator import Evaluator
from engine.language.expressions.jsonata.library import (
    NULL,
    Functions,
    JException,
    JFunction,
    JList,
    Library,
    Signature,
    Utils,
    Value,
)
from engine.language.expressions.jsonata.strings import padded
from engine.language.expressions.jsonata.values import to_json
from engine.language.values import canonical_json

_DEEP: Final = frozenset({"string", "clone", "distinct", "keys", "spread", "merge"})
_QUADRATIC: Final = frozenset({"spread"})
_LEVELS: Final = 3
_NUMBER: Final = re.compile(
    r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+"
)
_BASES: Final = {"0x": 16, "0o": 8, "0b": 2}
_SYMBOLS: Final[dict[type, str]] = {
    str: "s",
    bool: "b",
    int: "n",
    float: "n",
    list: "a",
    JList: "a",
    dict: "o",
    type(None): "m",
    type(NULL): "l",
}
_LEFT_OUT: Final = frozenset({"eval"})


class Arguments(Signature):
    """A signature that tells null from undefined."""

    def __init__(self, original: Signature) -> None:
        self.__dict__.update(vars(original))

    def get_symbol(self, value: object) -> str:
        """Give the letter of a value's kind."""
        return _SYMBOLS.get(type(value)) or super().get_symbol(value)

    def throw_validation_error(self, _args: Sequence[Value], kinds: str, function: str) -> NoReturn:
        """Say which argument is the first that doesn't fit."""
        pattern, fits = "", 0
        for parameter in self._params:
            pattern += parameter.regex
            match = re.match(pattern, kinds)
            if match is None:
                break
            fits = match.end()
        raise JException("T0410", -1, fits + 1, function)


class Bounded(JFunction):
    """A function of JSONata whose work counts.

    Args:
        name: its name without the ``$``.
        signature: what it takes.
        body: takes the evaluation and the arguments, None for those that are undefined.
    """

    def __init__(self, name: str, signature: Signature, body: Callable[[Evaluator, Sequence[Value]], object]) -> None:
        super().__init__(None, None)
        self.function_name = name
        self.signature = Arguments(signature)
        self.body = body

    def call(self, input: Value, args: Sequence[Value]) -> Value:  # noqa: A002, ARG002 - named by the library
        """Call the function."""
        evaluator: Evaluator = Library.CURRENT.jsonata
        evaluator.bounds.charge(1)
        for value in args:
            evaluator.bounds.charge_for(value)
        if self.function_name in _DEEP and args:
            evaluator.bounds.measure(args[0])
        if self.function_name in _QUADRATIC and args and isinstance(args[0], list):
            evaluator.bounds.charge(len(args[0]) ** 2 // 2_000)
        # What a function calls nests deeper than evaluations tell: this bound must come before the interpreter's own,
        # which depends on who has called us.
        evaluator.bounds.depth += _LEVELS
        try:
            result = self.body(evaluator, args)
        finally:
            evaluator.bounds.depth -= _LEVELS
        check_size(result)
        return result

    def get_number_of_args(self) -> int:
        """Say how many arguments it can take."""
        return self.signature.get_number_of_args()


def _native(original: JFunction) -> Callable[[Evaluator, Sequence[Value]], object]:
    return lambda _evaluator, args: original.call(None, args)


def _string(evaluator: Evaluator, args: Sequence[Value]) -> object:
    value, pretty = padded(args, 2)
    return None if value is None else evaluator.text(value, pretty=pretty is True)


def _clone(_evaluator: Evaluator, args: Sequence[Value]) -> object:
    return None if args[0] is None else _copy(args[0])


def _copy(value: object) -> object:
    if isinstance(value, dict):
        return {name: _copy(part) for name, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, list) else value


def _distinct(_evaluator: Evaluator, args: Sequence[Value]) -> object:
    values = args[0]
    if not isinstance(values, list) or len(values) <= 1:
        return values
    found: dict[bytes, object] = {}
    for value in values:
        found.setdefault(canonical_json(to_json(value)), value)
    return Utils.create_sequence_from_iter(found.values()) if isinstance(values, JList) else list(found.values())


def _shuffle(evaluator: Evaluator, args: Sequence[Value]) -> object:
    if args[0] is None:
        return None
    shuffled = list(args[0])
    for last in range(len(shuffled) - 1, 0, -1):
        chosen = int.from_bytes(evaluator.draw()) % (last + 1)
        shuffled[last], shuffled[chosen] = shuffled[chosen], shuffled[last]
    return shuffled


def _power(_evaluator: Evaluator, args: Sequence[Value]) -> object:
    base, exponent = padded(args, 2)
    if base is None or exponent is None:
        return None
    try:
        result = math.pow(base, exponent)
    except (OverflowError, ValueError):
        raise JException("D3061", -1, base, exponent) from None
    return Utils.convert_number(result)


def _number(_evaluator: Evaluator, args: Sequence[Value]) -> object:
    value = args[0]
    if not isinstance(value, str):
        return value if value is None or not isinstance(value, bool) else int(value)
    if _NUMBER.fullmatch(value) is None:
        raise JException("D3030", -1, value)
    if value[:2].lower() in _BASES:
        return int(value, _BASES[value[:2].lower()])
    result = float(value)
    if not math.isfinite(result):
        raise JException("D3030", -1, value)
    return Utils.convert_number(result)


def _format_base(_evaluator: Evaluator, args: Sequence[Value]) -> object:
    value, radix = padded(args, 2)
    if value is not None and radix is not None and not 2 <= radix < 37:  # noqa: PLR2004 - as many digits and letters
        raise JException("D3100", -1, radix)
    return Functions.format_base(value, radix)


def _round(_evaluator: Evaluator, args: Sequence[Value]) -> object:
    value, precision = padded(args, 2)
    if precision is not None and abs(precision) > 1_000:  # noqa: PLR2004 - a double has fewer digits by far
        return value
    return Functions.round(value, precision)


_REPLACED: Final[Mapping[str, Callable[[Evaluator, Sequence[Value]], object]]] = {
    "string": _string,
    "clone": _clone,
    "distinct": _distinct,
    "shuffle": _shuffle,
    "sort": sorting.sort,
    **urls.URL_FUNCTIONS,
    "formatBase": _format_base,
    "pad": strings.pad,
    "join": strings.join,
    "match": strings.match,
    "replace": strings.replace,
    "power": _power,
    "round": _round,
    "number": _number,
    "formatNumber": pictures.format_number,
    "formatInteger": pictures.format_integer,
    "parseInteger": pictures.parse_integer,
    "toMillis": pictures.to_millis,
    "fromMillis": pictures.from_millis,
    "now": pictures.now,
}


def standard_functions() -> dict[str, JFunction]:
    """Give the functions of JSONata itself by name."""
    return {
        name: Bounded(name, native.signature, _REPLACED.get(name) or _native(native))
        for name, native in Library.static_frame.bindings.items()
        if name not in _LEFT_OUT
    }


def service_function(name: str, signature: str, body: Callable[[Evaluator, Sequence[Value]], object]) -> JFunction:
    """Make a function that JSONata itself doesn't have."""
    return Bounded(name, Signature(signature, name), body)
