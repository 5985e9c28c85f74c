"""How a JSONPath state takes its input and makes its output (ASL: "Input and Output Processing")."""

from __future__ import annotations

from dataclasses import dataclass

from engine.language.errors import runtime_error
from engine.language.expressions.paths import MISSING, ROOT_PATH, Path
from engine.language.expressions.scope import Scope
from engine.language.expressions.templates import Template


@dataclass(frozen=True, slots=True)
class DataFlow:
    """The compiled InputPath, Parameters, ResultSelector, ResultPath and OutputPath of a state.

    None means for `input_path` and `output_path` an empty object, for `result_path` that the result is dropped,
    for the templates that there is none.
    """

    input_path: Path | None = ROOT_PATH
    parameters: Template | None = None
    result_selector: Template | None = None
    result_path: Path | None = ROOT_PATH
    output_path: Path | None = ROOT_PATH

    def arguments(self, scope: Scope) -> object:
        """Give the effective input; ``scope`` has the raw input behind ``$``."""
        document = _select(self.input_path, scope)
        return document if self.parameters is None else self.parameters.render(scope.of(document))

    def output(self, scope: Scope, result: object) -> object:
        """Give the state's output for its ``result``; ``scope`` has the raw input behind ``$``."""
        if self.result_selector is not None:
            result = self.result_selector.render(scope.of(result))
        combined = scope.document if self.result_path is None else self.result_path.write(scope.document, result)
        return self.filtered(scope.of(combined))

    def filtered(self, scope: Scope) -> object:
        """Apply OutputPath to the document of ``scope``."""
        return _select(self.output_path, scope)


def _select(path: Path | None, scope: Scope) -> object:
    if path is None:
        return {}
    if path is ROOT_PATH:
        return scope.document
    value = path.read(scope)
    if value is MISSING:
        raise runtime_error(f"Invalid path '{path.text}' : No results for path: {path.normalized}")
    return value
