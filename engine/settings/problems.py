"""What is wrong with the settings, said all at once."""

import re

import msgspec

LONGEST_SHOWN = 100


class Problem(msgspec.Struct, frozen=True):
    """One setting that can't be used. `value` is None where it must not be shown or there is none."""

    name: str
    value: str | None
    allowed: str
    where: str | None = None

    def __str__(self) -> str:
        """One sentence: name, value, what is allowed, where it was set."""
        shown = "" if self.value is None else f" is {_shown(self.value)}; it"
        where = f" (set by {self.where})" if self.where else ""
        return f"{self.name}{shown} must be {self.allowed}{where}"


def _shown(value: str) -> str:
    """The value, no longer than a line; of a URL given in a wrong place, without user and password."""
    bare = re.sub(r"(\w+://).*@", r"\1…@", value, flags=re.DOTALL)
    return repr(bare if len(bare) <= LONGEST_SHOWN else f"{bare[:LONGEST_SHOWN]}…")


class SettingsError(Exception):
    """Some settings can't be used; `problems` has every one of them."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))
