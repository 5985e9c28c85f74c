"""What is wrong with a stack's configuration, said in one message."""

from collections.abc import Iterable
from typing import NamedTuple

import pulumi
from pulumi.runtime.config import is_config_secret


class Problem(NamedTuple):
    """One wrong key: `key` with its namespace, `found` as it stands there, `allowed` what may stand there instead."""

    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        """One line: key, what it is, what is allowed."""
        return f"{self.key} {self.found}: {self.allowed}"


def hidden(problem: Problem) -> Problem:
    """The problem without the value, where Pulumi keeps the key as a secret."""
    if is_config_secret(problem.key.partition(".")[0]):
        return problem._replace(found="is a secret that does not fit")
    return problem


class ConfigurationError(pulumi.RunError):
    """Every problem of a stack's configuration; Pulumi shows the message without a traceback."""

    def __init__(self, stack: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        lines = [f"Pulumi.{stack}.yaml has {count}:", *(f"  {problem}" for problem in self.problems)]
        super().__init__("\n".join(lines))
