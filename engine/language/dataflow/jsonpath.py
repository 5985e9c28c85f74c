"""The data flow of JSONPath states (ASL: "Input and Output Processing")."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msgspec import UNSET

from engine.language.dataflow.interface import Outcome, Renderable, assigned_by
from engine.language.errors import runtime_error
from engine.language.expressions.paths import MISSING, ROOT_PATH, Path
from engine.language.expressions.scope import Scope
from engine.language.values import json_text


@dataclass(frozen=True, slots=True)
class JsonPathFlow:
    """The compiled InputPath, Parameters, ResultSelector, Assign, ResultPath and OutputPath of a state.

    None means for `input_path` and `output_path` an empty object, for `result_path` that the result is dropped,
    for the templates that there is none.
    """

    input_path: Path | None = ROOT_PATH
    parameters: Renderable | None = None
    result_selector: Renderable | None = None
    result_path: Path | None = ROOT_PATH
    output_path: Path | None = ROOT_PATH
    assign: Renderable | None = None

    @property
    def passes_input(self) -> bool:
        """See `Flow.passes_input`."""
        return self.input_path is ROOT_PATH and self.parameters is None

    @property
    def passes_result(self) -> bool:
        """See `Flow.passes_result`."""
        is_whole = self.result_path is ROOT_PATH and self.output_path is ROOT_PATH
        return is_whole and self.result_selector is None and self.assign is None

    def effective(self, scope: Scope) -> Scope:
        """Apply InputPath."""
        return scope if self.input_path is ROOT_PATH else scope.of(select(self.input_path, scope))

    def arguments(self, scope: Scope) -> object:
        """Apply InputPath and Parameters."""
        inner = self.effective(scope)
        return inner.document if self.parameters is None else self.parameters.render(inner)

    def passed(self, scope: Scope, fixed: object = UNSET) -> Outcome:
        """Take ``Result``, or else what Parameters makes, as the result."""
        return self.outcome(scope, self.arguments(scope) if fixed is UNSET else fixed)

    def outcome(self, scope: Scope, result: object = UNSET) -> Outcome:
        """Apply ResultSelector, Assign, ResultPath and OutputPath; Assign sees the selected result as ``$``."""
        if result is UNSET:
            inner = self.effective(scope)
            return Outcome(select(self.output_path, inner), assigned_by(self.assign, inner))
        if self.result_selector is not None:
            result = self.result_selector.render(scope.of(result))
        assigned = {} if self.assign is None else assigned_by(self.assign, scope.of(result))
        combined = self.combined(scope, result)
        if self.output_path is ROOT_PATH:
            return Outcome(combined, assigned)
        return Outcome(select(self.output_path, scope.of(combined)), assigned)

    def combined(self, scope: Scope, result: object) -> object:
        """Apply ResultPath to a result that is selected already."""
        if self.result_path is ROOT_PATH:
            return result
        return scope.document if self.result_path is None else self.result_path.write(scope.document, result)


@dataclass(frozen=True, slots=True)
class JsonPathCatch:
    """The compiled ResultPath and Assign of a catcher; ``$`` of Assign is the error output."""

    result_path: Path | None = ROOT_PATH
    assign: Renderable | None = None

    def outcome(self, scope: Scope, result: object = UNSET) -> Outcome:
        """Put the error output where ResultPath says."""
        output = scope.document if self.result_path is None else self.result_path.write(scope.document, result)
        return Outcome(output, assigned_by(self.assign, scope.of(result)))


def select(path: Path | None, scope: Scope) -> object:
    """Apply InputPath or OutputPath."""
    if path is None:
        return {}
    if path is ROOT_PATH:
        return scope.document
    value = path.read(scope)
    if value is MISSING:
        raise runtime_error(f"Invalid path '{path.text}' : {_complaint(path, scope)}")
    return value


def _complaint(path: Path, scope: Scope) -> str:
    """Say as the service does why a path leads nowhere: it matters at which step."""
    for count, step in enumerate(path.steps):
        before = replace(path, steps=path.steps[:count], query=None)
        value = before.read(scope)
        if value is MISSING:
            return f"Missing property in path {before.normalized}"
        if isinstance(step, int) and not isinstance(value, list):
            return f"Filter: [{step}] can only be applied to arrays. Current context is: {json_text(value)}"
    return f"No results for path: {path.normalized}"
