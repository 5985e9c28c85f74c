import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

# A value inside an evaluation: JSON with NULL for null and None for undefined, a sequence, or a function.
Value = Any

class Symbol:
    """A node of a parsed expression; which members count depends on its type."""

    type: str | None
    value: Value
    position: int
    steps: list[Symbol]
    predicate: list[Symbol] | None
    stages: list[Symbol] | None
    group: Symbol | None
    lhs: Symbol
    rhs: Symbol
    expr: Symbol
    expression: Symbol
    terms: list[Symbol] | None
    lhs_object: Sequence[Sequence[Symbol]] | None
    arguments: list[Symbol]
    body: Symbol
    slot: Symbol
    label: str
    tuple: bool | None
    focus: str | None
    index: str | None
    ancestor: Symbol | None
    keep_array: bool
    keep_singleton_array: bool

class JException(Exception):  # noqa: N818 - named by the library
    """An error of JSONata: ``error`` is its code, the rest are the values that its sentence shows."""

    error_codes: Mapping[str, str]
    error: str
    location: int
    current: Value
    expected: Value
    extra: Value

    def __init__(
        self, error: str, location: int = 0, current: object = None, expected: object = None, extra: object = None
    ) -> None: ...

class JList(list[Value]):
    """An array that remembers how it came about."""

    sequence: bool
    tuple_stream: bool
    keep_singleton: bool

class Parameter:
    """One argument that a function takes; ``regex`` matches the letters of its kinds."""

    regex: str

class Signature:
    """What a function takes."""

    _params: list[Parameter]

    def __init__(self, signature: str, function: str) -> None: ...
    def get_symbol(self, value: object) -> str: ...
    def get_number_of_args(self) -> int: ...

class JFunction:
    """A function that expressions can call."""

    function_name: str
    signature: Signature

    def __init__(self, function: object, signature: str | None) -> None: ...
    def call(self, input: Value, args: Sequence[Value]) -> Value: ...  # noqa: A002 - named by the library
    def get_number_of_args(self) -> int: ...

class Frame:
    """Names and their values."""

    bindings: dict[str, Value]
    parent: Frame | None

    def __init__(self, parent: Frame | None) -> None: ...
    def bind(self, name: str, val: Value) -> None: ...
    def lookup(self, name: str) -> Value: ...

class Parser:
    """Reads expressions."""

    errors: list[JException]
    ancestry: list[Symbol]
    ancestor_label: int
    ancestor_index: int
    def parse(self, jsonata: str, regex_engine: Callable[..., object] = ...) -> Symbol: ...
    def process_ast(self, expr: Symbol | None) -> Symbol | None: ...

class Transformer:
    """A function that changes a copy of its argument."""

    def __init__(self, evaluator: Library, expr: Symbol, environment: Frame) -> None: ...
    def call(self, input: Value, args: Sequence[Value]) -> Value: ...  # noqa: A002 - named by the library

class Library:
    """Evaluates expressions, a method for each kind of node."""

    CURRENT: threading.local
    static_frame: Frame
    parser: Parser
    timestamp: int
    input: Value
    environment: Frame

    @staticmethod
    def boolize(value: Value) -> bool: ...
    def create_frame_from_tuple(self, environment: Frame, bindings: Value) -> Frame: ...
    def create_frame(self, enclosing_environment: Frame | None = None) -> Frame: ...
    def evaluate_path(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_binary(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_unary(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_name(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_condition(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_block(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_bind_expression(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_lambda(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_partial_application(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_apply_expression(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_transform_expression(self, expr: Symbol, data: Value, names: Frame) -> Value: ...
    def evaluate_function(self, expr: Symbol, data: Value, names: Frame, applied: Value) -> Value: ...
    def evaluate_group_expression(self, expr: Symbol, input: Value, environment: Frame) -> Value: ...  # noqa: A002
    def evaluate_wildcard(self, expr: Symbol, input: Value) -> Value: ...  # noqa: A002 - named by the library
    def evaluate_descendants(self, expr: Symbol, input: Value) -> Value: ...  # noqa: A002 - as above
    def evaluate_filter(self, predicate: Symbol, data: Value, environment: Frame) -> Value: ...
    def partial_apply_procedure(self, proc: Symbol, args: Sequence[Value]) -> Symbol: ...

class Functions:
    """The functions of JSONata."""

    @staticmethod
    def func_apply(func: Value, func_args: Sequence[Value]) -> Value: ...
    @staticmethod
    def sort(arr: Value, comparator: Value) -> Value: ...
    @staticmethod
    def to_boolean(arg: Value) -> Value: ...
    @staticmethod
    def encode_url(string: Value) -> Value: ...
    @staticmethod
    def encode_url_component(string: Value) -> Value: ...
    @staticmethod
    def decode_url(string: Value) -> Value: ...
    @staticmethod
    def decode_url_component(string: Value) -> Value: ...
    @staticmethod
    def format_base(value: Value, radix: Value) -> Value: ...
    @staticmethod
    def pad(string: Value, width: Value, char: Value) -> Value: ...
    @staticmethod
    def format_number(value: Value, picture: Value, decimal_format: Value) -> Value: ...
    @staticmethod
    def format_integer(value: Value, picture: Value) -> Value: ...
    @staticmethod
    def datetime_from_millis(millis: Value, picture: Value, timezone: Value) -> Value: ...
    @staticmethod
    def parse_integer(value: Value, picture: Value) -> Value: ...
    @staticmethod
    def datetime_to_millis(timestamp: Value, picture: Value) -> Value: ...
    @staticmethod
    def round(arg: Value, precision: Value) -> Value: ...

class Utils:
    """Helpers of the library."""

    NONE: object

    @staticmethod
    def create_sequence() -> JList: ...
    @staticmethod
    def create_sequence_from_iter(it: Iterable[Value]) -> JList: ...
    @staticmethod
    def convert_number(n: float) -> Value: ...

NULL: object
