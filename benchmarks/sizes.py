"""How much a run of the benchmark does."""

from __future__ import annotations

from typing import Final

import msgspec


class Sizes(msgspec.Struct, frozen=True):
    """How much is done of each workload.

    Attributes:
        rounds: how often each side does each workload, taking turns.
        executions, in_flight: of a round of three steps by the engine and the bare loop.
        peer_executions, peer_in_flight: the same by a peer, whose rate doesn't depend on it.
        sequential: executions one after the other, for their times.
        starts, connections: StartExecution requests of a round over HTTP.
        boto3_starts: those by boto3 itself.
        fan_outs: executions of a hundred parallel steps in a round.
        items: of a Map.
        waiting: executions that wait for an hour at the same time, as rows alone.
        waiting_near: those that wait for less than a minute beside them, in memory.
        timers, timer_seconds: executions that wait for some seconds, and within how many they are due.
        processes: how many engines share a database.
        delays: milliseconds added to each commit, one section of the table for each.
        pgbench_rows: rows that each client of pgbench inserts.
    """

    rounds: int
    executions: int
    in_flight: int
    peer_executions: int
    peer_in_flight: int
    sequential: int
    starts: int
    connections: int
    boto3_starts: int
    fan_outs: int
    items: int
    waiting: int
    waiting_near: int
    timers: int
    timer_seconds: int
    processes: tuple[int, ...]
    delays: tuple[int, ...]
    pgbench_rows: int


FULL: Final = Sizes(
    rounds=3,
    executions=2_000,
    in_flight=500,
    peer_executions=300,
    peer_in_flight=100,
    sequential=100,
    starts=3_000,
    connections=64,
    boto3_starts=400,
    fan_outs=3,
    items=10_000,
    waiting=100_000,
    waiting_near=20_000,
    timers=5_000,
    timer_seconds=10,
    processes=(1, 2, 4),
    delays=(0, 1),
    pgbench_rows=1_000,
)
QUICK: Final = Sizes(
    rounds=2,
    executions=500,
    in_flight=250,
    peer_executions=50,
    peer_in_flight=50,
    sequential=20,
    starts=500,
    connections=32,
    boto3_starts=50,
    fan_outs=1,
    items=500,
    waiting=5_000,
    waiting_near=1_000,
    timers=500,
    timer_seconds=3,
    processes=(1, 2),
    delays=(0, 1),
    pgbench_rows=100,
)
TINY: Final = Sizes(
    rounds=1,
    executions=20,
    in_flight=10,
    peer_executions=2,
    peer_in_flight=2,
    sequential=2,
    starts=10,
    connections=4,
    boto3_starts=2,
    fan_outs=1,
    items=5,
    waiting=20,
    waiting_near=20,
    timers=5,
    timer_seconds=1,
    processes=(2,),
    delays=(0,),
    pgbench_rows=5,
)
"""For the test that the benchmark runs at all."""
