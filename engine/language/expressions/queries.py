"""JSONPath queries: filters, wildcards, slices, descent, and functions at the end of a path.

The service runs Jayway's JSONPath; where that differs from the library's, which follows RFC 9535, Jayway wins: an
indefinite path gives an array, several names in brackets give one object, functions such as ``length()`` end a path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

from jsonpath import JSONPath, JSONPathError
from jsonpath.segments import JSONPathSegment
from jsonpath.selectors import IndexSelector, NameSelector

from engine.language.errors import data_limit_exceeded, runtime_error
from engine.language.expressions.jayway import DESCENDING, SELECTING, begin_query
from engine.language.expressions.pathfunctions import PATH_FUNCTIONS
from engine.language.values import json_text

MAX_MATCHES: Final = 200_000
"""Most matches of one query; a payload within its limit can't hold more values."""

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_MATCH_FUNCTIONS = re.compile(r"\b(?:match|search)\s*\(")
_FUNCTION = re.compile(r"\.(?P<name>[a-z]+)\(\s*(?P<argument>-?[0-9]{1,9})?\s*\)$")
_NAMES = re.compile(r"\[\s*(?P<names>'(?:[^'\\]|\\.)*'(?:\s*,\s*'(?:[^'\\]|\\.)*')+)\s*\]$")
_NAME = re.compile(r"'((?:[^'\\]|\\.)*)'")
_FILTER = re.compile(r"\$\[\?")
_SEVERAL = re.compile(r"[\w@$*\])]\[[^\]?]*,")
_MOST_NEGATIONS: Final = 20
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled query.

    Attributes:
        text: the query as written.
        compiled: what finds the values.
        single: it can match one value at most, and gives that value, not a list.
        names: the members that the last brackets name, when there are several: they give one object.
        function: what is applied to the value in the end, with its argument.
        argument: the function's argument, if it has one.
    """

    text: str
    compiled: JSONPath
    single: bool
    names: tuple[str, ...] = ()
    function: str | None = None
    argument: int | None = None

    def find(self, document: object, missing: object) -> object:
        """Give what matches in ``document``; ``missing`` if a query for a single value finds none."""
        found = self._found(document, missing)
        if self.function is None or found is missing:
            return found
        return PATH_FUNCTIONS[self.function](found, self.argument)

    def _found(self, document: object, missing: object) -> object:
        if not isinstance(document, (dict, list)):
            return self._found_in_plain(document, missing)
        begin_query()
        try:
            matches = [match.obj for match in islice(self.compiled.finditer(document), MAX_MATCHES + 1)]
        except (JSONPathError, TypeError, ValueError, RecursionError, OverflowError) as error:
            message = f"Invalid path '{self.text}' : the query can't be applied to the input."
            raise runtime_error(message) from error
        if len(matches) > MAX_MATCHES:
            raise data_limit_exceeded(self.text)
        if self.names:
            matches = [_members(match, self.names) for match in matches]
        if self.single:
            return matches[0] if matches else missing
        return matches

    def _found_in_plain(self, value: object, missing: object) -> object:
        if self.compiled.empty():
            return value
        if _FILTER.match(str(self.compiled)) is not None:
            raise runtime_error(f"Filter: [?] can not be applied to primitives. Current context is: {json_text(value)}")
        return missing if self.single else []


def compile_query(text: str, query: str) -> Query:
    """Compile a JSONPath query, the part of the path ``text`` that isn't plain; raises ValueError with a sentence."""
    function = _FUNCTION.search(query)
    path = query[: function.start()] if function else query
    names = _NAMES.search(path)
    _refuse_unbounded(text, path)
    if function and function["name"] not in PATH_FUNCTIONS:
        known = ", ".join(PATH_FUNCTIONS)
        msg = f"{text!r} ends with the function {function['name']}(), which is unknown; there are {known}"
        raise ValueError(msg)
    compiled = _compile(text, path[: names.start()] if names else path)
    return Query(
        text,
        compiled,
        compiled.singular_query(),
        tuple(_ESCAPE.sub(r"\1", name) for name in _NAME.findall(names["names"])) if names else (),
        function["name"] if function else None,
        int(function["argument"]) if function and function["argument"] else None,
    )


def _compile(text: str, query: str) -> JSONPath:
    try:
        compiled = (DESCENDING if ".." in query else SELECTING).compile(query)
    except (JSONPathError, ValueError, RecursionError, re.error, OverflowError) as error:
        msg = f"{text!r} is not a JSONPath that can be read: {_first_line(error)}"
        raise ValueError(msg) from error
    if not isinstance(compiled, JSONPath):
        msg = f"{text!r} combines several paths; one path is allowed"
        raise ValueError(msg)  # noqa: TRY004 - the text is wrong, not a type
    if not all(map(_is_distinct, compiled.segments)):
        msg = f"{text!r} has brackets that can choose the same value twice; name members and indexes once each"
        raise ValueError(msg)
    return compiled


def _is_distinct(segment: JSONPathSegment) -> bool:
    """Say whether the segment leads to each place once: otherwise a short path could visit places without bound."""
    chosen = [_place(selector) for selector in segment.selectors]
    return len(chosen) == 1 or (None not in chosen and len(set(chosen)) == len(chosen))


def _place(selector: object) -> str | int | None:
    if isinstance(selector, NameSelector):
        return selector.name
    return selector.index if isinstance(selector, IndexSelector) and selector.index >= 0 else None


def _members(value: object, names: tuple[str, ...]) -> dict[str, object]:
    return {name: value[name] for name in names if name in value} if isinstance(value, dict) else {}


def _refuse_unbounded(text: str, query: str) -> None:
    """Refuse what could take longer than the size of the document allows for."""
    bare = _QUOTED.sub("''", query)
    if _MATCH_FUNCTIONS.search(bare):
        msg = f"{text!r} uses the functions match or search; write =~ to compare with a regular expression"
        raise ValueError(msg)
    if bare.count("..") > 1 or ("?" in bare and ".." in bare[bare.index("?") :]):
        msg = f"{text!r} descends more than once; '..' is allowed once, and not inside a filter"
        raise ValueError(msg)
    _refuse_long_filters(text, bare.partition("?")[2])


def _refuse_long_filters(text: str, filters: str) -> None:
    """Refuse in filters what makes the test of one element long without any comparison."""
    if _SEVERAL.search(filters):
        msg = f"{text!r} has brackets with several names or indexes inside a filter, where they may hold one"
        raise ValueError(msg)
    if filters.count("!") > _MOST_NEGATIONS:
        msg = f"{text!r} negates more than {_MOST_NEGATIONS} times in its filters"
        raise ValueError(msg)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["it is too deeply nested"])[0]
