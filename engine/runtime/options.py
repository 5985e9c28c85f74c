"""How an engine process behaves; the settings of the deployment are turned into this once, at the edge."""

from __future__ import annotations

import msgspec


class EngineOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of one engine process.

    Attributes:
        region: the region in ARNs.
        account: the account id (12 digits) in the ARNs of the organization ``default``; others get one of their own.
        instance: name of this process in the table of processes, for people; host name and process id are usual.
        lease_seconds: how long a process that stops renewing its lease keeps its executions. Renewed every third.
        max_concurrent_tasks: tasks that run at a time; executions that wait count for nothing.
        max_queued_commits: starts that may wait for the database; at the limit `Overloaded`.
        max_queued_tasks: tasks that may wait for their turn before no execution is started any more; at the limit
            `Overloaded`.
        max_executions: executions that this process may hold in memory; at the limit `ExecutionLimitExceeded`.
        max_express: EXPRESS executions that run at a time; at the limit `Overloaded`.
        express_seconds: how long an EXPRESS execution may take (AWS: five minutes).
        max_payload_bytes: size in UTF-8 of what an execution, a state or a task is given or gives (AWS: 262,144).
        inline_payload_bytes: size from which on a payload is stored once for the execution, and referred to in history.
        commit_batch: executions in one transaction of the commit loop.
        start_timeout_seconds: how long StartExecution waits for the database before it answers `Unavailable`; the
            start may still happen, and asking again with the same name is safe.
        poll_seconds: how often messages of other processes are looked for when nobody notifies.
        timer_horizon_seconds: timers due within this time are kept in memory; later ones are rows alone, and
            an execution that waits for nothing else, or for messages besides, leaves the memory.
        handler_wait_seconds: how long a task waits for a process that has its handler, when none has it; then it fails
            with ``HandlerNotFound``.
        archive: where executions that are over are archived: a folder, or ``s3://BUCKET/PREFIX``; None for nowhere.
        archive_after_days: how many days after their end; 0 for never.
    """

    region: str = "us-east-1"
    account: str = "000000000000"
    instance: str = "engine"
    lease_seconds: float = 10.0
    max_concurrent_tasks: int = 1_000
    max_queued_commits: int = 10_000
    max_queued_tasks: int = 100_000
    max_executions: int = 100_000
    max_express: int = 10_000
    express_seconds: float = 300.0
    max_payload_bytes: int = 262_144
    inline_payload_bytes: int = 65_536
    commit_batch: int = 1_000
    start_timeout_seconds: float = 30.0
    poll_seconds: float = 1.0
    timer_horizon_seconds: float = 60.0
    handler_wait_seconds: float = 0.0
    archive: str | None = None
    archive_after_days: int = 90
