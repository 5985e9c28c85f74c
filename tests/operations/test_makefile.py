"""The Makefile's targets: each command has one of its name, which hands on what the variables say."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from operations import cli
from operations.commands import COMMANDS
from operations.commands.command import Command
from operations.results import Result

ROOT = Path(__file__).resolve().parents[2]
OPERATE = "-m operations "
VARIABLES = {"STACK": "dev", "TAG": "v1", "FROM": "staging", "OF": "production", "CONFIRM": "dev"}
OPTIONS = {
    "bootstrap": "--github acme/workflows",
    "cost": "--planned",
    "drift": "--json",
    "exec": "--container migrate",
    "failover": "--lost",
    "image": "--sbom list.json",
    "logs": "--follow",
    "preview": "--markdown",
    "promote": "--from-profile staging",
    "release": "--allow-changes",
    "rollback": "--allow-changes",
}
"""An option of each command that takes some, and what it is to become."""


def recipe(target: str, **variables: str) -> list[str]:
    """What `make` would run for a target."""
    given = [f"{name}={value}" for name, value in variables.items()]
    # `make test` hands its own flags on, and a make below another says which folder it enters.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(
        ["make", "-n", target, *given], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def parsed(monkeypatch: pytest.MonkeyPatch, target: str, **variables: str) -> argparse.Namespace:
    """The command line of a target as its command understands it."""
    [line] = [line for line in recipe(target, **VARIABLES, **variables) if OPERATE in line]
    found: list[argparse.Namespace] = []

    def note(_root: Path, arguments: argparse.Namespace) -> Result:
        found.append(arguments)
        return Result({})

    monkeypatch.setattr(cli, "COMMANDS", [replace(command, run=note) for command in COMMANDS])
    assert cli.main(shlex.split(line.partition(OPERATE)[2])) == 0
    return found[0]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_has_a_target_that_names_the_stack(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    arguments = parsed(monkeypatch, command.name)

    assert arguments.chosen.name == command.name
    assert arguments.stack == "dev"


@pytest.mark.parametrize(("target", "options"), OPTIONS.items(), ids=OPTIONS)
def test_options_reach_the_command(monkeypatch: pytest.MonkeyPatch, target: str, options: str) -> None:
    option, _, value = options.partition(" ")
    arguments = vars(parsed(monkeypatch, target, OPTIONS=options))

    assert str(arguments[option.strip("-").replace("-", "_")]) == (value or "True")


@pytest.mark.parametrize("target", ["promote", "failover", "failback"])
def test_the_origin_is_named(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    assert parsed(monkeypatch, target).origin == "staging"


@pytest.mark.parametrize("target", ["destroy", "down", "standby", "failover", "failback"])
def test_a_name_is_typed_by_the_variable(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    assert parsed(monkeypatch, target).confirm == "dev"


def test_exec_runs_the_command_with_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = parsed(monkeypatch, "exec", COMMAND="python -m engine --help")

    assert arguments.command == ["python", "-m", "engine", "--help"]


def test_the_soak_takes_options() -> None:
    assert recipe("soak", OPTIONS="--minutes 10")[-1].endswith("-m benchmarks.soak --minutes 10")


def test_help_lists_each_command() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)

    listed = {name for line in done.stdout.splitlines() for name in line.split()[1:3]}
    assert {command.name for command in COMMANDS} <= listed
