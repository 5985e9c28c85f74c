"""Functions of JSONata that write and read the escapes of URLs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from engine.language.expressions.jsonata.evaluator import Evaluator
from engine.language.expressions.jsonata.library import Functions, JException, Value

Body = Callable[[Evaluator, Sequence[Value]], object]

_NO_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def _refusing(name: str, convert: Callable[[Value], Value]) -> Body:
    """Have a function refuse, as JSONata words it, what isn't Unicode text, escaped or not."""

    def body(_evaluator: Evaluator, args: Sequence[Value]) -> object:
        text = args[0]
        decodes = name.startswith("decode")
        try:
            if decodes and isinstance(text, str) and _NO_ESCAPE.search(text):
                raise _malformed(name, text)
            return convert(text)
        except UnicodeError:
            raise _malformed(name, text) from None

    return body


def _malformed(name: str, text: str) -> JException:
    return JException("D3140", -1, name, text.encode(errors="replace").decode())


URL_FUNCTIONS: Final = {
    name: _refusing(name, convert)
    for name, convert in {
        "encodeUrl": Functions.encode_url,
        "encodeUrlComponent": Functions.encode_url_component,
        "decodeUrl": Functions.decode_url,
        "decodeUrlComponent": Functions.decode_url_component,
    }.items()
}
"""The functions by name."""
