"""What the client library says of brokers that it can't reach: kept for who asks, rather than logged over and over."""

from __future__ import annotations

import logging
from typing import Final

_LIBRARY: Final = "aiokafka"
_LIGHTEST: Final = (False, logging.NOTSET)


class LastWords(logging.Handler):
    """Keeps the last warning or error of the library, which says why where its exceptions don't.

    What quotes an error, and of that what the library takes for one, isn't forgotten for what only follows from it.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._words, self._weight = "", _LIGHTEST

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, unless something that says more was kept."""
        quotes = any(isinstance(word, BaseException) for word in record.args or ())
        if (weight := (quotes, record.levelno)) >= self._weight:
            self._words, self._weight = record.getMessage(), weight

    def listen(self) -> None:
        """Take the library's messages from the log; with the log's level at debug they stay there too."""
        library = logging.getLogger(_LIBRARY)
        library.propagate = logging.getLogger().isEnabledFor(logging.DEBUG)
        if self not in library.handlers:
            library.addHandler(self)

    def leave(self) -> None:
        """Listen no longer; where nobody else does, the library's messages go to the log again."""
        library = logging.getLogger(_LIBRARY)
        library.removeHandler(self)
        if not any(isinstance(handler, LastWords) for handler in library.handlers):
            library.propagate = True

    def forget(self) -> None:
        """Keep nothing of what was said before."""
        self._words, self._weight = "", _LIGHTEST

    def why(self, error: BaseException | None = None) -> str:
        """Say why something failed: what the library said since it was last asked, else what the error says."""
        words = self._words
        self.forget()
        return words or str(error or "") or (type(error).__name__ if error else "it says nothing")
