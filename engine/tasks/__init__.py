"""What a Task state can call: Python handlers and HTTP endpoints.

A component's `handlers.py` imports `handler`, `TaskContext` and `TaskError` from here.
"""

from engine.runtime.tasks import TaskError, TaskRequest
from engine.tasks.context import TaskContext
from engine.tasks.handlers import Handler, handler
from engine.tasks.http import HttpTask
from engine.tasks.registry import Registry

__all__ = ["Handler", "HttpTask", "Registry", "TaskContext", "TaskError", "TaskRequest", "handler"]
