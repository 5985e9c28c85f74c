"""Evaluates parsed expressions with the library, within bounds, and where it differs as JSONata and the service do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec import UNSET

from engine.language.expressions.jsonata.arithmetic import compute
from engine.language.expressions.jsonata.bounds import MAX_BYTES, MAX_DEPTH, Bounds, check_bytes, check_size, too_large
from engine.language.expressions.jsonata.frames import Given, Names
from engine.language.expressions.jsonata.library import (
    NULL,
    Frame,
    JException,
    JFunction,
    JList,
    Library,
    Parser,
    Symbol,
    Transformer,
    Utils,
    Value,
)
from engine.language.expressions.jsonata.plainpaths import HEAD, plain_path
from engine.language.expressions.jsonata.texts import text_of
from engine.language.expressions.jsonata.values import from_json
from engine.language.values import is_number, json_equal

Evaluate = Callable[["Evaluator", Symbol, Value, Frame], Value]
_NUMBER_BYTES: Final = 8


class Evaluator(Library):
    """One evaluation.

    Args:
        functions: what every expression can call.
        millis: what ``$millis()`` gives.
        draw: gives 32 bytes that look random, different ones for each call.
    """

    def __init__(self, functions: Frame, millis: int, draw: Callable[[], bytes]) -> None:
        self.parser = _PARSER
        self.timestamp = millis
        self.input = None
        self.environment = functions
        self.bounds = Bounds()
        self.draw = draw
        self._shown: dict[int, Value] = {}

    def run(self, expression: Symbol, variables: Mapping[str, object]) -> object:
        """Evaluate ``expression`` with ``variables``, JSON; the result is a value of the library, None if undefined."""
        names = self.create_frame(self.environment)
        names.bindings.update((name, Given(value)) for name, value in variables.items())
        # The library's functions find the evaluation that they belong to by this name of the thread.
        outer = getattr(Library.CURRENT, "jsonata", None)
        Library.CURRENT.jsonata = self
        try:
            return self.eval(expression, None, names)
        finally:
            Library.CURRENT.jsonata = outer

    def create_frame(self, enclosing_environment: Frame | None = None) -> Frame:
        """Make the names of a block or call."""
        return Names(enclosing_environment)

    def eval(self, expr: Symbol, input: Value, environment: Frame) -> Value:  # noqa: A002 - named by the library
        """Evaluate one node."""
        bounds = self.bounds
        bounds.depth += 1
        bounds.steps_left -= 1
        if bounds.depth > MAX_DEPTH or bounds.steps_left < 0:
            raise bounds.exceeded()
        outer = self.input, self.environment
        self.input, self.environment = input, environment
        try:
            evaluate = _BY_TYPE.get(expr.type)
            result = None if evaluate is None else evaluate(self, expr, input, environment)
            if expr.predicate is not None:
                for part in expr.predicate:
                    result = self.evaluate_filter(part.expr, result, environment)
            if expr.group is not None and expr.type != "path":
                result = self.evaluate_group_expression(expr.group, result, environment)
        finally:
            self.input, self.environment = outer
            bounds.depth -= 1
        if isinstance(result, JList) and result.sequence and not result.tuple_stream:
            return _collapsed(result, keep=expr.keep_array)
        return result

    def evaluate_path(self, expr: Symbol, data: Value, names: Frame) -> Value:
        """Follow a path; its plain start takes no further evaluations as long as it meets no array."""
        path = plain_path(expr)
        if not path.names or not isinstance(names, Names):
            return super().evaluate_path(expr, data, names)
        value = names.find(path.names[0])
        given = type(value) is Given
        value = _follow(value.value if given else value, path.names)
        if value is UNSET or (value is None and path.rest is not None):
            return super().evaluate_path(expr, data, names)
        shown = self._show(value) if given and value is not None else value
        if path.rest is None:
            return shown
        names.bindings[HEAD] = shown
        return super().evaluate_path(path.rest, data, names)

    def _show(self, value: object) -> Value:
        """Show a part of what is given as the library shows values, each part once."""
        if not isinstance(value, (dict, list)):
            return from_json(value)
        if id(value) not in self._shown:
            self._shown[id(value)] = from_json(value)
        return self._shown[id(value)]

    def evaluate_numeric_expression(self, lhs: Value, rhs: Value, op: str) -> Value:
        """Do arithmetic."""
        return compute(lhs, rhs, op)

    def evaluate_equality_expression(self, lhs: Value, rhs: Value, op: str) -> bool:
        """Compare two values of any kind."""
        if lhs is None or rhs is None:
            return False
        if isinstance(lhs, (list, dict)) and isinstance(rhs, (list, dict)):
            self.bounds.measure(lhs)
            self.bounds.measure(rhs)
        return json_equal(lhs, rhs) is (op == "=")

    def evaluate_includes_expression(self, lhs: Value, rhs: Value) -> bool:
        """Say whether the left side is among the right one."""
        if lhs is None or rhs is None:
            return False
        if not isinstance(rhs, list):
            return json_equal(lhs, rhs)
        self.bounds.charge_for(rhs)
        return not isinstance(lhs, (list, dict)) and any(json_equal(lhs, part) for part in rhs)

    def evaluate_string_concat(self, lhs: Value, rhs: Value) -> str:
        """Join the texts of two values."""
        parts = ["" if value is None else self.text(value) for value in (lhs, rhs)]
        joined = "".join(parts)
        check_size(joined)
        self.bounds.charge_for(joined)
        return joined

    def text(self, value: object, *, pretty: bool = False) -> str:
        """Give the text of a value, which is JSON unless it is a string."""
        if isinstance(value, str):
            return value
        self.bounds.measure(value)
        return text_of(value, pretty=pretty)

    def evaluate_range_expression(self, lhs: Value, rhs: Value) -> Value:
        """Make a sequence of whole numbers."""
        for value, code in ((lhs, "T2003"), (rhs, "T2004")):
            if value is not None and not (isinstance(value, int) and not isinstance(value, bool)):
                raise JException(code, -1, value)
        if lhs is None or rhs is None or lhs > rhs:
            return None
        check_bytes((rhs - lhs + 1) * _NUMBER_BYTES)
        numbers = Utils.create_sequence_from_iter(range(lhs, rhs + 1))
        self.bounds.charge_for(numbers)
        return numbers

    def evaluate_group_expression(self, expr: Symbol, input: Value, environment: Frame) -> Value:  # noqa: A002 - as above
        """Make an object; the library copies a group's members for each one it adds, and changes an empty array."""
        if isinstance(input, list):
            self.bounds.charge(len(input) ** 2 // 2_000)
            input = input or Utils.create_sequence()  # noqa: A001 - as above
        return super().evaluate_group_expression(expr, input, environment)

    def evaluate_filter(self, predicate: Symbol, data: Value, environment: Frame) -> Value:
        """Choose by index or by condition; the library goes through all indexes for each element."""
        if predicate.type == "number" or data is None:
            return super().evaluate_filter(predicate, data, environment)
        items = data if isinstance(data, list) else [data]
        chosen = Utils.create_sequence()
        chosen.tuple_stream = isinstance(data, JList) and data.tuple_stream
        for index, item in enumerate(items):
            context, names = item, environment
            if chosen.tuple_stream:
                context, names = item["@"], self.create_frame_from_tuple(environment, item)
            selected = self.eval(predicate, context, names)
            self.bounds.charge(len(selected) // 2 if isinstance(selected, list) else 0)
            chosen.extend([item] * _times(selected, index, len(items)))
        return chosen

    def evaluate_transform_expression(self, expr: Symbol, input: Value, environment: Frame) -> Value:  # noqa: A002, ARG002
        """Make a function that changes a copy of its argument."""
        return JFunction(_Transformer(self, expr, environment), "<(oa):o>")

    def evaluate_wildcard(self, expr: Symbol, input: Value) -> Value:  # noqa: A002 - as above
        """Give the members' values; the library copies what it has for each member that is an array."""
        if isinstance(input, (list, dict)):
            self.bounds.charge(len(input) ** 2 // 2_000)
            self.bounds.measure(input)
        return super().evaluate_wildcard(expr, input)

    def evaluate_descendants(self, expr: Symbol, input: Value) -> Value:  # noqa: A002 - as above
        """Give all values inside a value."""
        self.bounds.measure(input)
        return super().evaluate_descendants(expr, input)

    def partial_apply_native_function(self, native: JFunction, args: Sequence[object]) -> Symbol:
        """Bind some arguments of a function, without parsing the same wrapper again."""
        count = min(len(args), native.get_number_of_args())
        wrapper = _wrapper(native.function_name, count)
        return self.partial_apply_procedure(wrapper, args)


class _Transformer(Transformer):
    """A transformation whose copying counts."""

    def call(self, input: Value, args: Sequence[Value]) -> Value:  # noqa: A002 - named by the library
        """Change a copy of the argument."""
        Library.CURRENT.jsonata.bounds.measure(args[0])
        return super().call(input, args)


def _times(selected: Value, index: int, count: int) -> int:
    """Say how often a filter that gives ``selected`` for the element at ``index`` of ``count`` chooses it."""
    numbers = selected if isinstance(selected, list) else [selected]
    if all(map(is_number, numbers)) and (numbers or isinstance(selected, list)):
        return sum(math.floor(number) in (index, index - count) for number in numbers)
    return int(Library.boolize(selected))


def _follow(value: Value, path: tuple[str, ...]) -> Value:
    """Follow the names of a path; None if they lead nowhere, UNSET if the library has to follow them."""
    for name in path[1:]:
        if type(value) is dict:
            if name not in value:
                return None
            value = value[name]
            if value is None:
                value = NULL
        elif isinstance(value, list):
            return UNSET
        else:
            return None
    return value


def _collapsed(sequence: JList, *, keep: bool) -> Value:
    """Give a sequence of one as that one, and an empty one as undefined."""
    if len(sequence) * _NUMBER_BYTES > MAX_BYTES:
        raise too_large()
    if keep:
        sequence.keep_singleton = True
    if not sequence:
        return None
    return sequence[0] if len(sequence) == 1 and not sequence.keep_singleton else sequence


def _literal(_evaluator: Evaluator, expr: Symbol, _input: object, _names: Frame) -> object:
    return NULL if expr.value is None else expr.value


_BY_TYPE: Final[dict[str | None, Evaluate]] = {
    "path": lambda evaluator, expr, data, names: evaluator.evaluate_path(expr, data, names),
    "binary": lambda evaluator, expr, data, names: evaluator.evaluate_binary(expr, data, names),
    "unary": lambda evaluator, expr, data, names: evaluator.evaluate_unary(expr, data, names),
    "name": lambda evaluator, expr, data, names: evaluator.evaluate_name(expr, data, names),
    "string": _literal,
    "number": _literal,
    "value": _literal,
    "wildcard": lambda evaluator, expr, data, _names: evaluator.evaluate_wildcard(expr, data),
    "descendant": lambda evaluator, expr, data, _names: evaluator.evaluate_descendants(expr, data),
    "parent": lambda _evaluator, expr, _data, names: names.lookup(expr.slot.label),
    "condition": lambda evaluator, expr, data, names: evaluator.evaluate_condition(expr, data, names),
    "block": lambda evaluator, expr, data, names: evaluator.evaluate_block(expr, data, names),
    "bind": lambda evaluator, expr, data, names: evaluator.evaluate_bind_expression(expr, data, names),
    "regex": lambda _evaluator, expr, _data, _names: expr.value,
    "function": lambda evaluator, expr, data, names: evaluator.evaluate_function(expr, data, names, Utils.NONE),
    "variable": lambda _evaluator, expr, data, names: data if expr.value == "" else names.lookup(str(expr.value)),
    "lambda": lambda evaluator, expr, data, names: evaluator.evaluate_lambda(expr, data, names),
    "partial": lambda evaluator, expr, data, names: evaluator.evaluate_partial_application(expr, data, names),
    "apply": lambda evaluator, expr, data, names: evaluator.evaluate_apply_expression(expr, data, names),
    "transform": lambda evaluator, expr, data, names: evaluator.evaluate_transform_expression(expr, data, names),
}

_PARSER: Final = Parser()


@lru_cache(maxsize=256)
def _wrapper(name: str, count: int) -> Symbol:
    parameters = ", ".join(f"${chr(ord('a') + index)}" for index in range(count))
    return Parser().parse(f"function({parameters}){{ ${name}({parameters}) }}")
