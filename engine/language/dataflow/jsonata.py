"""The data flow of JSONata states (ASL: "Data transformation with JSONata")."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import UNSET

from engine.language.dataflow.interface import Outcome, Renderable, assigned_by
from engine.language.expressions.jsonata import JsonataField
from engine.language.expressions.scope import Scope


@dataclass(frozen=True, slots=True)
class JsonataFlow:
    """The compiled Arguments, Output and Assign of a state, a choice rule, or nothing at all."""

    arguments_template: Renderable | None = None
    output: Renderable | None = None
    assign: Renderable | None = None

    @property
    def passes_input(self) -> bool:
        """See `Flow.passes_input`."""
        return self.arguments_template is None

    @property
    def passes_result(self) -> bool:
        """See `Flow.passes_result`."""
        return self.output is None and self.assign is None

    def effective(self, scope: Scope) -> Scope:
        """Give the scope as it is: ``$states.input`` is the raw input everywhere."""
        return scope

    def arguments(self, scope: Scope) -> object:
        """Compute Arguments; without them, the input."""
        return scope.document if self.arguments_template is None else self.arguments_template.render(scope)

    def passed(self, scope: Scope, fixed: object = UNSET) -> Outcome:  # noqa: ARG002 - JSONata has no Result
        """Make the outcome of a Pass state, which has no result."""
        return self.outcome(scope)

    def outcome(self, scope: Scope, result: object = UNSET) -> Outcome:
        """Compute Assign and Output; without Output, the result goes on, or the input if there is none."""
        if self.output is None and self.assign is None:
            return Outcome(scope.document if result is UNSET else result)
        inner = scope if result is UNSET else scope.with_result(result)
        assigned = assigned_by(self.assign, inner)
        if self.output is None:
            return Outcome(scope.document if result is UNSET else result, assigned)
        return Outcome(self.output.render(inner), assigned)


@dataclass(frozen=True, slots=True)
class JsonataCatch:
    """The compiled Output and Assign of a catcher, which see ``$states.errorOutput``."""

    output: Renderable | None = None
    assign: Renderable | None = None

    def outcome(self, scope: Scope, result: object = UNSET) -> Outcome:
        """Compute Assign and Output; without Output, the error output goes on."""
        inner = scope.with_error_output(result)
        assigned = assigned_by(self.assign, inner)
        return Outcome(result if self.output is None else self.output.render(inner), assigned)


@dataclass(frozen=True, slots=True)
class JsonataCondition:
    """The compiled Condition of a choice rule: an expression for true or false, or None for what is always true."""

    field: JsonataField | None

    def holds(self, scope: Scope) -> bool:
        """Compute the condition."""
        return self.field is None or self.field.evaluate(scope) is True


@dataclass(frozen=True, slots=True)
class JsonataNever:
    """A condition that is never true."""

    def holds(self, _scope: Scope) -> bool:
        """Say no."""
        return False
