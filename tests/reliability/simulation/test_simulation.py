"""Thousands of worlds, each from a seed, and worlds whose storage is broken on purpose, which have to be found out."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

from engine.storage.memory import commit
from engine.storage.memory.tables import Tables
from engine.storage.records import Write
from tests.reliability.simulation.scenario import run

ROOT = Path(__file__).parents[3]
WORLDS = 2_000
ENOUGH = 100
"""Worlds among which one at least finds out what was broken."""


@pytest.mark.fault(
    "any mixture of lost connections, lost answers, delays, stalls, crashes, restarts, lost notifications, clocks that "
    "are set or go wrong",
    "As for each alone (a simulation of whole engines under a virtual clock, from seeds).",
)
async def test_worlds() -> None:
    parts = [(first, first + WORLDS // 2 - 1) for first in (0, WORLDS // 2)]
    done = await asyncio.gather(*(_simulated(f"{first}-{last}") for first, last in parts))
    assert [code for code, _ in done] == [0, 0], "".join(said for _, said in done)


async def _simulated(seeds: str) -> tuple[int | None, str]:
    """Simulate worlds in a process whose sets have the same order every time."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.reliability.simulation", "--seeds", seeds),
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)},
        stdout=PIPE,
        stderr=STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.fault(
    "the database's clock is set forward and back by seconds, and the hosts' clocks run 10 % fast or slow",
    "Timers and takeovers are early or late by as much; nothing is lost or recorded twice.",
)
def test_clocks() -> None:
    assert [run(seed, ["clock"]).problems for seed in range(30)] == [[]] * 30


def test_a_seed_reproduces() -> None:
    first, again = run(10), run(10)
    assert (first.trace, first.executions, first.effects) == (again.trace, again.executions, again.effects)
    assert first.effects > 0


def found() -> bool:
    return any(run(seed).problems for seed in range(ENOUGH))


def test_a_storage_without_fences_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that lost its lease writes all the same."""
    apply = commit.apply

    def unfenced(tables: Tables, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        for write in writes:
            active = tables.active.get(write.execution_id)
            if active is not None and write.beginning is None:
                active.owner, active.sequence = epoch, write.sequence - 1
        return apply(tables, epoch, writes)

    monkeypatch.setattr(commit, "apply", unfenced)
    monkeypatch.setattr(Tables, "require_lease", lambda _tables, _epoch: None)
    assert found()


def test_a_storage_that_forgets_messages_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages that a commit sends are lost."""
    apply = commit.apply

    def silent(tables: Tables, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        applied = apply(tables, epoch, writes)
        for message_id in [key for key, message in tables.messages.items() if b"TaskSucceeded" in message.data]:
            tables.forget(message_id)
        return applied

    monkeypatch.setattr(commit, "apply", silent)
    assert found()
