"""Python functions that Task states call as `handler:NAME`."""

import dis
import functools
import inspect
import threading
import typing
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, ParamSpec, TypeVar

import msgspec

from engine.builder import Retry
from engine.tasks.attempts import Attempts
from engine.tasks.context import TaskContext
from engine.tasks.requests import TaskError, TaskRequest
from engine.tasks.results import to_json_value

HANDLER_PREFIX = "handler:"

_ENCODER: Final = msgspec.json.Encoder()

P = ParamSpec("P")
R = TypeVar("R")

Whole = inspect.Parameter.POSITIONAL_ONLY
Rest = inspect.Parameter.VAR_KEYWORD
Unnamed = inspect.Parameter.VAR_POSITIONAL


class Handler(Generic[P, R]):
    """A function that Task states call by name; still callable as the function it is.

    `resource` is what a state calls it by, `handler:NAME`; `attempts` are the retries and the time limit it brings;
    `waits` is whether a call may have to wait, for a thread or for what the function awaits.
    """

    def __init__(
        self, name: str, function: Callable[P, R], *, retry: Sequence[Retry] = (), timeout: float | None = None
    ) -> None:
        self.name = name
        self.resource = f"{HANDLER_PREFIX}{name}"
        self.function = function
        self.attempts = Attempts(retry, timeout)
        self.is_async = inspect.iscoroutinefunction(function)
        self.waits = not (self.is_async and _awaits_nothing(function))
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself, as a test does."""
        return self.function(*args, **kwargs)

    @property
    def place(self) -> str:
        """The file that defines it."""
        return inspect.getfile(self.function)

    def check(self) -> None:
        """Raise what is wrong with the function's parameters: a type that isn't there, one that msgspec can't make."""
        self._signature  # noqa: B018 - made once, here

    def bind(self, request: TaskRequest, cancelled: threading.Event | None = None) -> Callable[[], R]:
        """The call for one task: its input converted to the function's types.

        `cancelled` tells a function in a thread that nobody waits for it any more. Raises `TaskError` "InvalidInput"
        when the input doesn't fit.
        """
        return self.bound(request.input, lambda: TaskContext.of(request, cancelled))

    def bound(self, given: object, context: Callable[[], TaskContext]) -> Callable[[], R]:
        """The call for an input; `context` makes the context for a function that wants it. Raises as `bind`."""
        args, kwargs = self._signature.arguments(given, context)
        call: Callable[..., R] = self.function
        return functools.partial(call, *args, **kwargs)

    def result(self, value: object) -> object:
        """What the function returned, as a JSON value. Raises `TaskError` "InvalidResult" naming the field."""
        return to_json_value(value, f"handler {self.name!r}")

    @functools.cached_property
    def _signature(self) -> "Signature":
        return Signature(self.name, self.function)


def handler(
    name: str, *, retry: Retry | Sequence[Retry] = (), timeout: float | None = None
) -> Callable[[Callable[P, R]], Handler[P, R]]:
    """Make a function, async or not, callable from Task states as `handler:NAME`.

    The task's input is an object whose fields become the arguments of the same name (`order_id` also takes `orderId`);
    fields that no parameter names are left out. A first parameter before `/` takes the whole input instead. Arguments
    are converted to the parameters' types by msgspec. A parameter named `context` gets the `TaskContext`, by which the
    task of a state with HeartbeatSeconds says that it is alive, and by which a function that isn't async sees that it
    was cancelled. The result may be whatever msgspec turns into JSON.
    To fail with an error that Retry and Catch can name, raise
    `TaskError("OutOfStock", "…")`; any other exception fails with the name of its class.

    `retry` calls again after the errors it names, within one attempt of the state and without a trace in the history:
    for hiccups that are over in seconds. A state's own Retry outlives the process. `timeout` is the seconds that one
    call may take before it fails with States.Timeout. Raises `ValueError` for a time that isn't positive.
    """
    if timeout is not None and timeout <= 0:
        raise ValueError(f"the timeout of the handler {name!r} is {timeout:g}; it must be more than 0 seconds")
    retries = (retry,) if isinstance(retry, Retry) else tuple(retry)

    def decorate(function: Callable[P, R]) -> Handler[P, R]:
        return Handler(name, function, retry=retries, timeout=timeout)

    return decorate


class Signature:
    """How a task's input becomes the arguments of a function."""

    def __init__(self, name: str, function: Callable[..., object]) -> None:
        self._name = name
        hints = typing.get_type_hints(function)
        parameters = list(inspect.signature(function).parameters.values())
        if any(parameter.kind is Unnamed for parameter in parameters):
            raise TypeError("a task's input has names for its fields, so that *arguments would get none")
        self._wants_context = any(parameter.name == "context" for parameter in parameters)
        self._takes_rest = any(parameter.kind is Rest for parameter in parameters)
        wanted = [parameter for parameter in parameters if parameter.name != "context" and parameter.kind is not Rest]
        whole = next((parameter for parameter in wanted if parameter.kind is Whole), None)
        if whole and any(each is not whole and each.default is inspect.Parameter.empty for each in wanted):
            raise TypeError(f"{whole.name!r}, before /, takes the whole input, so that other parameters would get none")
        self._whole = msgspec.json.Decoder(hints.get(whole.name, Any)) if whole else None
        names = [parameter.name for parameter in wanted]
        self._others = {camel: name for name in names if (camel := _camel(name)) != name}
        struct = msgspec.defstruct("Arguments", [_field(parameter, hints) for parameter in wanted])
        self._names = struct.__struct_fields__
        self._arguments = msgspec.json.Decoder(struct)

    def arguments(
        self, given: object, context: Callable[[], TaskContext]
    ) -> tuple[tuple[object, ...], dict[str, object]]:
        """Positional and named arguments for one task; they are the function's alone, which may change them."""
        args: tuple[object, ...] = ()
        named: dict[str, object] = {}
        try:
            if self._whole is None:
                named = self._named(given)
            else:
                args = (self._whole.decode(_ENCODER.encode(given)),)
        except msgspec.ValidationError as error:
            raise TaskError("InvalidInput", f"handler {self._name!r}: {error}") from error
        if self._wants_context:
            named["context"] = context()
        return args, named

    def _named(self, value: object) -> dict[str, object]:
        fields = value if isinstance(value, dict) else msgspec.convert(value, dict[str, Any])
        others = self._others
        given = {others.get(field, field): content for field, content in fields.items()} if others else fields
        names = self._names
        wanted = {name: given[name] for name in names if name in given}
        named = msgspec.structs.asdict(self._arguments.decode(_ENCODER.encode(wanted)))
        if self._takes_rest:
            rest = {field: content for field, content in given.items() if field not in names}
            named |= msgspec.json.decode(_ENCODER.encode(rest))
        return named


def _field(parameter: inspect.Parameter, hints: dict[str, Any]) -> tuple[str, Any] | tuple[str, Any, Any]:
    kind = hints.get(parameter.name, Any)
    if parameter.default is inspect.Parameter.empty:
        return parameter.name, kind
    default = parameter.default
    mutable = isinstance(default, list | dict | set)
    return parameter.name, kind, msgspec.field(default_factory=lambda: default) if mutable else default


def _awaits_nothing(function: Callable[..., object]) -> bool:
    """Whether an async function's own code has no `await`, `async for` or `async with`, by its bytecode."""
    code = getattr(function, "__code__", None)
    return code is not None and all(each.opname != "SEND" for each in dis.get_instructions(code))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
