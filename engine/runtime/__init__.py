"""Durable execution: what `engine.language` computes is committed here, and only then acted upon."""

from engine.runtime.engine import Engine
from engine.runtime.observer import ExecutionInfo, Observer, SilentObserver
from engine.runtime.options import EngineOptions
from engine.runtime.records import (
    DatabaseHealth,
    EngineHealth,
    ExecutionRecord,
    HistoryPage,
    LeaseHealth,
    OutboxHealth,
    Page,
    SchedulerHealth,
    StateMachineRecord,
    Status,
    SyncExecutionRecord,
)

__all__ = [
    "DatabaseHealth",
    "Engine",
    "EngineHealth",
    "EngineOptions",
    "ExecutionInfo",
    "ExecutionRecord",
    "HistoryPage",
    "LeaseHealth",
    "Observer",
    "OutboxHealth",
    "Page",
    "SchedulerHealth",
    "SilentObserver",
    "StateMachineRecord",
    "Status",
    "SyncExecutionRecord",
]
