"""Random values, expressions and definitions for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

JsonObject = dict[str, object]

ALL = "States.ALL"
ERRORS = ("Boom", "Order.Refused", "States.Timeout", "States.TaskFailed", "States.Permissions")
names = st.sampled_from(["a", "b", "c"])
scalars = st.none() | st.booleans() | st.integers(-5, 70) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.sampled_from(["", "x", "a{}b", "2026-01-02T03:04:06Z", '{"a":1}', "YQ=="]) | st.text(max_size=5)
values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)

documents = values | st.fixed_dictionaries({"a": st.lists(values, max_size=3), "b": values, "c": st.integers(0, 5)})
"""Inputs of executions; most of them have what most paths look for."""

found_paths = st.sampled_from(["$", "$.a", "$.b", "$['c']", "$$.State.Name", "$$.Execution.Input"])
plain_paths = found_paths | st.builds(
    lambda root, steps: root + "".join(steps),
    st.sampled_from(["$", "$$"]),
    st.lists(st.sampled_from([".a", ".b", "[0]", "[-1]", "['c']", ".Execution", ".State", ".Name"]), max_size=3),
)
query_paths = st.sampled_from(["$.*", "$..a", "$.a[*]", "$[0:2]", "$[?(@.a > 1)].b", "$.a[?(@.b == 'x')]", "$[0,1]"])
paths = plain_paths | query_paths
reference_paths = st.builds(
    lambda steps: "$" + "".join(steps), st.lists(st.sampled_from([".a", ".b", "[0]", "[1]", "['c']"]), max_size=3)
)
_literals = st.sampled_from(
    ["1", "-2.5", "0", "3", "null", "true", "false", "'x'", "'{}'", "','", "'MD5'", "'{\"a\":1}'"]
)
_arities = {
    "Format": 2, "StringToJson": 1, "JsonToString": 1, "Array": 2, "ArrayPartition": 2, "ArrayContains": 2,
    "ArrayRange": 3, "ArrayGetItem": 2, "ArrayLength": 1, "ArrayUnique": 1, "Base64Encode": 1, "Base64Decode": 1,
    "Hash": 2, "JsonMerge": 3, "MathRandom": 2, "MathAdd": 2, "StringSplit": 2, "UUID": 0,
}  # fmt: skip
intrinsics = st.recursive(
    st.just("States.UUID()"),
    lambda inner: st.sampled_from(sorted(_arities)).flatmap(
        lambda name: st.lists(paths | _literals | inner, min_size=_arities[name], max_size=_arities[name]).map(
            lambda arguments: f"States.{name}({', '.join(arguments)})"
        )
    ),
    max_leaves=4,
)
expressions = paths | intrinsics
templates = st.recursive(
    scalars | st.dictionaries(names.map(lambda name: f"{name}.$"), expressions, max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)

_operators = [
    f"{kind}{relation}{path}"
    for kind in ("String", "Numeric", "Timestamp")
    for relation in ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
    for path in ("", "Path")
]
_constants: dict[str, object] = {"S": "x", "N": 1.5, "T": "2026-01-02T03:04:06Z"}
comparisons = st.builds(
    lambda variable, operator, path: {
        "Variable": variable,
        operator: path if operator.endswith("Path") else _constants[operator[0]],
    },
    paths,
    st.sampled_from(_operators),
    paths,
) | st.builds(
    lambda variable, kind, expected: {"Variable": variable, kind: expected},
    paths,
    st.sampled_from(["IsNull", "IsString", "IsNumeric", "IsBoolean", "IsTimestamp", "IsPresent"]),
    st.booleans(),
)
conditions = st.recursive(
    comparisons,
    lambda inner: (
        st.builds(lambda part: {"Not": part}, inner)
        | st.builds(
            lambda name, parts: {name: parts}, st.sampled_from(["And", "Or"]), st.lists(inner, min_size=1, max_size=2)
        )
    ),
    max_leaves=3,
)


@st.composite
def _options(draw: st.DrawFn, /, **fields: st.SearchStrategy[object]) -> JsonObject:
    return {name: draw(strategy) for name, strategy in fields.items() if draw(st.integers(0, 3)) == 0}


@st.composite
def tables(draw: st.DrawFn, prefix: str = "S", depth: int = 0) -> JsonObject:
    """Make StartAt and States of a machine that always comes to an end: states lead on to later ones only."""
    count = draw(st.integers(1, 4 if depth == 0 else 2))
    states: JsonObject = {}
    for index in range(count):
        later = [f"{prefix}{i}" for i in range(index + 1, count)]
        states[f"{prefix}{index}"] = draw(_state(f"{prefix}{index}", later, depth))
    return {"StartAt": f"{prefix}0", "States": states}


@st.composite
def _state(draw: st.DrawFn, name: str, later: list[str], depth: int) -> JsonObject:
    going_on: JsonObject = {"Next": later[0]} if later else {"End": True}
    filters: JsonObject = draw(_options(InputPath=st.none() | paths, OutputPath=st.none() | paths))
    kinds = [_passes(), _tasks(later), _waits(), _choices(later) if later else _ends()]
    if depth == 0:
        kinds = [*kinds, _parallels(name, later), _maps(name, later)]
    state: JsonObject = draw(st.one_of(kinds))
    if state["Type"] == "Fail":
        return state
    return state | filters | (going_on if state["Type"] not in {"Choice", "Succeed"} else {})


@st.composite
def _ends(draw: st.DrawFn) -> JsonObject:
    if draw(st.integers(0, 1)):
        return {"Type": "Succeed"}
    return {"Type": "Fail"} | draw(_options(ErrorPath=expressions, Cause=texts))


@st.composite
def _choices(draw: st.DrawFn, later: list[str]) -> JsonObject:
    rules = [{**draw(conditions), "Next": target} for target in later]
    return {"Type": "Choice", "Choices": rules} | draw(_options(Default=st.sampled_from(later)))


@st.composite
def _waits(draw: st.DrawFn) -> JsonObject:
    ways: st.SearchStrategy[JsonObject] = st.sampled_from([{"Seconds": 2}, {"Timestamp": "2026-01-02T03:05:00Z"}])
    by_path = (st.just("$.c") | plain_paths).map(lambda path: JsonObject({"SecondsPath": path}))
    return {"Type": "Wait"} | draw(ways | by_path)


@st.composite
def _passes(draw: st.DrawFn) -> JsonObject:
    fields = _options(Parameters=templates, Result=values, ResultPath=st.none() | reference_paths)
    return {"Type": "Pass"} | draw(fields)


@st.composite
def _tasks(draw: st.DrawFn, later: list[str]) -> JsonObject:
    fields: JsonObject = draw(_options(Parameters=templates, TimeoutSeconds=st.integers(1, 3)))
    return {"Type": "Task", "Resource": "handler:t"} | fields | draw(_results()) | draw(_handling(later))


@st.composite
def _parallels(draw: st.DrawFn, name: str, later: list[str]) -> JsonObject:
    count: int = draw(st.integers(1, 3))
    branches = [draw(tables(prefix=f"{name}x{i}y", depth=1)) for i in range(count)]
    return {"Type": "Parallel", "Branches": branches} | draw(_results()) | draw(_handling(later))


@st.composite
def _maps(draw: st.DrawFn, name: str, later: list[str]) -> JsonObject:
    inner: JsonObject = {
        "ItemProcessor": draw(tables(prefix=f"{name}x", depth=1)),
        "ItemsPath": draw(st.just("$.a") | plain_paths),
    }
    fields: JsonObject = draw(_options(ItemSelector=templates, MaxConcurrency=st.integers(0, 2)))
    return {"Type": "Map"} | inner | fields | draw(_results()) | draw(_handling(later))


def _results() -> st.SearchStrategy[JsonObject]:
    return _options(ResultSelector=templates, ResultPath=st.none() | reference_paths)


@st.composite
def _handling(draw: st.DrawFn, later: list[str]) -> JsonObject:
    named = st.lists(st.sampled_from(ERRORS), min_size=1, max_size=2)
    retrier = st.fixed_dictionaries({"ErrorEquals": named | st.just([ALL]), "MaxAttempts": st.integers(0, 2)})
    fields: JsonObject = draw(_options(Retry=retrier.map(lambda item: [item])))
    handled: bool = draw(st.booleans())
    if later and handled:
        catcher: JsonObject = {"ErrorEquals": draw(named | st.just([ALL])), "Next": draw(st.sampled_from(later))}
        fields["Catch"] = [catcher | draw(_options(ResultPath=st.none() | reference_paths))]
    return fields
