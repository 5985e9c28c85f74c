"""What callers see when the storage is away."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from engine.runtime.errors import Unavailable
from engine.storage import ArchiveUnavailable, StorageUnavailable

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def unavailable_without_database(
    operation: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """Make an operation raise `Unavailable` where the storage, or the archive, raises StorageUnavailable."""

    @functools.wraps(operation)
    async def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return await operation(*args, **kwargs)
        except ArchiveUnavailable as error:
            raise Unavailable(str(error)) from error
        except StorageUnavailable as error:
            raise Unavailable(f"The database can't be reached: {error}") from error

    return guarded
