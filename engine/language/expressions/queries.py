"""JSONPath queries that can match many values: filters, wildcards, slices, descent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError

from engine.language.errors import data_limit_exceeded, runtime_error

MAX_MATCHES: Final = 200_000
"""Most matches of one query; a payload within its limit can't hold more values."""

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_REGULAR_EXPRESSIONS = re.compile(r"=~|\b(?:match|search)\s*\(")
_ENVIRONMENT = JSONPathEnvironment()


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled query; `single` says that it can match one value at most, and then gives that value, not a list."""

    text: str
    compiled: JSONPath
    single: bool

    def find(self, document: object, missing: object) -> object:
        """Give what matches in ``document``; ``missing`` if a query for a single value finds none."""
        if not isinstance(document, dict | list):
            return missing
        try:
            matches = [match.obj for match in islice(self.compiled.finditer(document), MAX_MATCHES + 1)]
        except (JSONPathError, TypeError, ValueError, RecursionError, OverflowError) as error:
            message = f"Invalid path '{self.text}' : the query can't be applied to the input."
            raise runtime_error(message) from error
        if len(matches) > MAX_MATCHES:
            raise data_limit_exceeded(self.text)
        if self.single:
            return matches[0] if matches else missing
        return matches


def compile_query(text: str) -> Query:
    """Compile a JSONPath query that starts with ``$``; raises ValueError with a sentence."""
    _refuse_unbounded(text)
    try:
        compiled = _ENVIRONMENT.compile(text)
    except (JSONPathError, ValueError, RecursionError) as error:
        msg = f"{text!r} is not a JSONPath that can be read: {_first_line(error)}"
        raise ValueError(msg) from error
    if not isinstance(compiled, JSONPath):
        msg = f"{text!r} combines several paths; one path is allowed"
        raise ValueError(msg)  # noqa: TRY004 - the text is wrong, not a type
    return Query(text, compiled, compiled.singular_query())


def _refuse_unbounded(text: str) -> None:
    """Refuse what could take longer than the size of the document allows for."""
    bare = _QUOTED.sub("''", text)
    if _REGULAR_EXPRESSIONS.search(bare):
        msg = f"{text!r} uses regular expressions; filters may compare values only"
        raise ValueError(msg)
    if bare.count("..") > 1 or ("?" in bare and ".." in bare[bare.index("?") :]):
        msg = f"{text!r} descends more than once; '..' is allowed once, and not inside a filter"
        raise ValueError(msg)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["it is too deeply nested"])[0]
