"""`engine dev`: one component folder on this machine, with SQLite and no keys."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

import msgspec
import uvloop

from engine.api.arns import Arns
from engine.api.auth.identity import DEFAULT_ORGANIZATION
from engine.api.server import ListenError
from engine.cli import fail
from engine.commands.narrator import Narrator
from engine.commands.process import Process, running, stop_signal
from engine.observability.logs import configure_logs
from engine.observability.metrics import Metrics
from engine.runtime import ExecutionRecord
from engine.settings import Settings, SettingsError, load_settings
from engine.storage import StorageError
from engine.tasks.components import Component, ComponentError, Definition, load_components

DATABASE_FOLDER = Path(".local/dev")
DATABASE_NAMES = ("WORKFLOW_DB_", "DATABASE_", "DB_")
WAIT_SECONDS = 60.0
DEFAULTS = {"HOST": "127.0.0.1", "LOG_LEVEL": "warning", "LOG_FORMAT": "console", "SHUTDOWN_DRAIN_SECONDS": "2"}


def run(options: argparse.Namespace) -> int:
    """Register a folder, start its example, print each transition, serve until Ctrl-C (or to its end: --once)."""
    try:
        settings = dev_settings(options.directory)
        component = load_components([options.directory])[0]
        example = _example(component, options.input)
    except (SettingsError, ComponentError) as error:
        return fail(str(error))
    configure_logs(settings.log_level, settings.log_format, sys.stderr)
    Path(settings.workflow_db_file).parent.mkdir(parents=True, exist_ok=True)
    try:
        return uvloop.run(_develop(settings, component, example, once=options.once))
    except (StorageError, ListenError) as error:
        return fail(str(error))


def dev_settings(folder: Path) -> Settings:
    """Settings for a machine of one's own: SQLite, loopback, no keys. Ports and the rest come from the environment.

    Raises `SettingsError`.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(DATABASE_NAMES)}
    overrides = {
        "ENVIRONMENT": "local",
        "AUTHENTICATION": "optional",
        "HTTP_TASK_ALLOW_LOOPBACK": "true",
        "WORKFLOW_DB_FILE": str(DATABASE_FOLDER / f"{folder.resolve().name}.db"),
    }
    return load_settings(DEFAULTS | environment, overrides=overrides)


async def _develop(settings: Settings, component: Component, example: str | None, *, once: bool) -> int:
    asked = stop_signal()
    metrics = Metrics()
    async with running(settings, [component], metrics, Narrator(metrics, sys.stdout)) as process:
        _greet(process, component)
        if example is None:
            await asked.wait()
            return 0
        execution = await _start(process, _main_definition(component), example)
        end = asyncio.ensure_future(_end_of(process, execution))
        stop = asyncio.ensure_future(asked.wait())
        await asyncio.wait((end, stop), return_when=asyncio.FIRST_COMPLETED)
        if not end.done():
            end.cancel()
            return 1 if once else 0
        finished = end.result()
        _say_result(finished)
        if not once:
            sys.stdout.write("\nServing until Ctrl-C.\n")
            sys.stdout.flush()
            await stop
        stop.cancel()
        return 0 if finished.status == "SUCCEEDED" or not once else 1


def _example(component: Component, file: Path | None) -> str | None:
    if file is None:
        return component.input
    try:
        text = file.read_text(encoding="utf-8")
        msgspec.json.decode(text)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise ComponentError(f"{file} is not a JSON file that can be read: {error}") from error
    return text


def _main_definition(component: Component) -> Definition:
    """The definition that the example input is for: the one named like the folder, else the first."""
    name = component.folder.resolve().name
    named = [each for each in component.definitions if each.name == name]
    return (named or list(component.definitions))[0]


async def _start(process: Process, definition: Definition, text: str) -> ExecutionRecord:
    engine = process.engine
    return await engine.start_execution(
        organization=DEFAULT_ORGANIZATION,
        state_machine_arn=await Arns(engine).state_machine(DEFAULT_ORGANIZATION, definition.name),
        name=None,
        input=text,
    )


async def _end_of(process: Process, execution: ExecutionRecord) -> ExecutionRecord:
    while not execution.finished:
        execution = await process.engine.wait_for_execution(DEFAULT_ORGANIZATION, execution.arn, WAIT_SECONDS)
    return execution


def _greet(process: Process, component: Component) -> None:
    addresses = [f"http://{host}:{port}" for host, port in process.server.addresses]
    names = ", ".join(definition.name for definition in component.definitions)
    sys.stdout.write(
        f"Definitions  {names}\nAPI          {addresses[0]}\nAdmin pages  {addresses[-1]}/ui/executions\n"
        f"Database     {process.settings.workflow_db_file}\n\n"
    )
    sys.stdout.flush()


def _say_result(execution: ExecutionRecord) -> None:
    if execution.output is not None:
        sys.stdout.write(f"\nOutput\n{msgspec.json.format(execution.output, indent=2)}\n")
    elif execution.error is not None:
        sys.stdout.write(f"\nError {execution.error}: {execution.cause or ''}\n")
    sys.stdout.flush()
