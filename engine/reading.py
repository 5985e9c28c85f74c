"""Why a file can't be read, in words."""

from __future__ import annotations

import yaml


def reason(error: Exception) -> str:
    """Say what is the matter with a file that its reader has just named: without its name, and on one line."""
    match error:
        case OSError(strerror=str(words)):
            return words
        case UnicodeDecodeError(start=position):
            return f"byte {position} is not UTF-8"
        case yaml.MarkedYAMLError(problem=str(words), problem_mark=yaml.Mark(line=line, column=column)):
            return f"{words} at line {line + 1}, column {column + 1}"
    return " ".join(str(error).split())
