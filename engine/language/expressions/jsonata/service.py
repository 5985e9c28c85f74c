"""The functions that Step Functions adds to JSONata (AWS: "Transforming data with JSONata in Step Functions")."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from engine.language.expressions.hashes import HASHES
from engine.language.expressions.javarandom import next_double
from engine.language.expressions.jsonata.bounds import MAX_RANGE, too_large
from engine.language.expressions.jsonata.evaluator import Evaluator
from engine.language.expressions.jsonata.frames import Names
from engine.language.expressions.jsonata.functions import service_function, standard_functions
from engine.language.expressions.jsonata.library import NULL, JException, Utils, Value
from engine.language.expressions.jsonata.values import from_json
from engine.language.limits import MAX_PAYLOAD_DEPTH
from engine.language.values import is_deeper

_STEPS_TO_DRAW: Final = 10
_FRACTION: Final = 2.0**-53
_SHOWN: Final = 200


def _partition(_evaluator: Evaluator, args: Sequence[Value]) -> object:
    array, size = _two(args)
    if array is NULL:
        raise JException("T0412", -1, 1, "partition", "a")
    array = [array] if array is not None and not isinstance(array, list) else array
    if not array:
        return None
    if size is None:
        return [array]
    size = math.trunc(size)
    if size < 0:
        raise _failure("Second argument must be zero or greater")
    return [list(array[at : at + size]) for at in range(0, len(array), size)] if size else None


def _range(_evaluator: Evaluator, args: Sequence[Value]) -> object:
    start, end, step = (None if value is None else math.trunc(value) for value in (*args, None, None)[:3])
    if start is None or end is None or not step:
        return None
    numbers = range(start, end + (1 if step > 0 else -1), step)
    if (end - start) // step >= MAX_RANGE:
        raise too_large()
    return Utils.create_sequence_from_iter(numbers)


def _hash(_evaluator: Evaluator, args: Sequence[Value]) -> object:
    text, algorithm = _two(args)
    if text is None or algorithm is None:
        return None
    if algorithm not in HASHES:
        raise _failure(f"Unsupported hash algorithm: {algorithm[:40]}. Supported are {', '.join(HASHES)}")
    return HASHES[algorithm](text.encode(errors="replace"), usedforsecurity=False).hexdigest()


def _random(evaluator: Evaluator, args: Sequence[Value]) -> object:
    if args and args[0] is not None:
        return next_double(math.trunc(args[0]))
    evaluator.bounds.charge(_STEPS_TO_DRAW)
    return (int.from_bytes(evaluator.draw()[:8]) >> 11) * _FRACTION


def _uuid(evaluator: Evaluator, _args: Sequence[Value]) -> object:
    evaluator.bounds.charge(_STEPS_TO_DRAW)
    return str(uuid.UUID(bytes=evaluator.draw()[:16], version=4))


def _parse(_evaluator: Evaluator, args: Sequence[Value]) -> object:
    if not args or args[0] is None:
        return None
    try:
        value = msgspec.json.decode(args[0])
    except (ValueError, RecursionError):
        shown = args[0][:_SHOWN].encode(errors="replace").decode()
        raise _failure(f"Invalid JSON: {shown}") from None
    if is_deeper(value, args[0], MAX_PAYLOAD_DEPTH):
        raise _failure(f"Invalid JSON: it nests more than {MAX_PAYLOAD_DEPTH} levels deep")
    return from_json(value)


def _two(args: Sequence[Value]) -> tuple[Value, Value]:
    first, second = (*args, None, None)[:2]
    return first, second


def _failure(message: str) -> JException:
    return JException("D3137", -1, message)


_ADDED: Final[Mapping[str, tuple[str, Callable[[Evaluator, Sequence[Value]], object]]]] = {
    "partition": ("<xn?:a>", _partition),
    "range": ("<nnn?:a>", _range),
    "hash": ("<ss?:s>", _hash),
    "random": ("<n?:n>", _random),
    "uuid": ("<:s>", _uuid),
    "parse": ("<s?:x>", _parse),
}


def _functions() -> Names:
    added = {name: service_function(name, signature, body) for name, (signature, body) in _ADDED.items()}
    names = Names(None)
    names.bindings = {**standard_functions(), **added}
    return names


FUNCTIONS: Final = _functions()
"""All that an expression can call; every evaluation shares it and none changes it."""
