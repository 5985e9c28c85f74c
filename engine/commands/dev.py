"""`engine dev`: a component folder, or nothing but the API, on this machine, with SQLite and no keys."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

import uvloop

from engine.api.arns import Arns
from engine.api.auth.identity import DEFAULT_ORGANIZATION
from engine.cli import fail
from engine.commands.narrator import Narrator, say_result
from engine.commands.process import Process, end_of, register, running, stop_signal
from engine.commands.reloading import Snapshot, keep_loaded, look
from engine.events import SinkError
from engine.observability.logs import configure_logs
from engine.observability.metrics import Metrics
from engine.processes.listening import ListenError
from engine.runtime.errors import EngineError
from engine.settings import Settings, SettingsError, load_settings
from engine.storage import StorageError
from engine.tasks.components import Component, ComponentError, Definition, load_components, read_json
from engine.tasks.registry import DuplicateHandlerError

DATABASE_FOLDER = Path(".local/dev")
DATABASE_NAMES = ("WORKFLOW_DB_", "DATABASE_", "DB_")
DEFAULTS = {
    "HOST": "127.0.0.1",
    "LOG_LEVEL": "warning",
    "LOG_FORMAT": "console",
    "SHUTDOWN_DRAIN_SECONDS": "2",
    "HANDLER_WAIT_SECONDS": "0",
}


def run(options: argparse.Namespace) -> int:
    """Register a folder, start its example, print each transition, serve until Ctrl-C (or to its end: --once).

    A file of the folder that changes is loaded again. Without a folder it serves what clients create.
    """
    folder: Path | None = options.directory
    try:
        settings = dev_settings(folder)
        seen = {} if folder is None else look(folder)
        component = None if folder is None else load_components([folder])[0]
        example = _example(component, options.input)
    except (SettingsError, ComponentError) as error:
        return fail(str(error))
    if example is None and options.once:
        return fail("--once needs an execution to end with: give DIR, with an input.json in it or with --input")
    configure_logs(settings.log_level, settings.log_format, sys.stderr)
    Path(settings.workflow_db_file).parent.mkdir(parents=True, exist_ok=True)
    try:
        return uvloop.run(_develop(settings, component, seen, example, once=options.once))
    except (StorageError, ListenError, SinkError, EngineError) as error:
        return fail(str(error))


def dev_settings(folder: Path | None) -> Settings:
    """Settings for a machine of one's own: SQLite, loopback, no keys. Ports and the rest come from the environment.

    Raises `SettingsError`.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(DATABASE_NAMES)}
    name = "engine" if folder is None else folder.resolve().name
    overrides = {
        "ENGINE_PROCESSES": "1",
        "ENVIRONMENT": "local",
        "AUTHENTICATION": "optional",
        "HTTP_TASK_ALLOW_LOOPBACK": "true",
        "WORKFLOW_DB_FILE": str(DATABASE_FOLDER / f"{name}.db"),
    }
    return load_settings(DEFAULTS | environment, overrides=overrides)


async def _develop(
    settings: Settings, component: Component | None, seen: Snapshot, example: str | None, *, once: bool
) -> int:
    asked = stop_signal()
    metrics = Metrics()
    components = [] if component is None else [component]
    async with running(settings, components, metrics, Narrator(metrics, sys.stdout)) as process:
        _greet(process, component)
        reloading = asyncio.ensure_future(_reload(process, component, seen))
        try:
            if component is None or example is None:
                await asked.wait()
                return 0
            return await _run_example(process, component, example, asked, once=once)
        finally:
            reloading.cancel()


async def _run_example(
    process: Process, component: Component, example: str, asked: asyncio.Event, *, once: bool
) -> int:
    arn = await _start(process, _main_definition(component), example)
    end = asyncio.ensure_future(end_of(process.engine, arn))
    stop = asyncio.ensure_future(asked.wait())
    await asyncio.wait((end, stop), return_when=asyncio.FIRST_COMPLETED)
    if not end.done():
        end.cancel()
        return 1 if once else 0
    finished = end.result()
    say_result(finished, sys.stdout)
    if not once:
        _say("\nServing until Ctrl-C.")
        await stop
    stop.cancel()
    return 0 if finished.status == "SUCCEEDED" or not once else 1


async def _reload(process: Process, component: Component | None, seen: Snapshot) -> None:
    """Serve what changes in the folder: new handlers at once, new definitions for executions that start from now on."""

    async def changed(old: Component, new: Component) -> None:
        try:
            process.registry.replace(old.handlers, new.handlers)
        except DuplicateHandlerError as error:
            raise ComponentError(str(error)) from error
        try:
            await register(process.engine, new.definitions)
        except EngineError as error:
            process.registry.replace(new.handlers, old.handlers)
            raise ComponentError(str(error)) from error
        _say(f"{new.folder} loaded again")

    if component is not None:
        await keep_loaded(
            component, seen, changed, lambda problems: _say(f"{problems}\nStill serving what was there before.")
        )


def _example(component: Component | None, file: Path | None) -> str | None:
    if file is None:
        return component.input if component is not None and component.definitions else None
    if component is None or not component.definitions:
        raise ComponentError("--input needs a definition that it is for: give DIR, a folder that holds one")
    return read_json(file)


def _main_definition(component: Component) -> Definition:
    """The definition that the example input is for: the one named like the folder, else the first."""
    name = component.folder.resolve().name
    named = [each for each in component.definitions if each.name == name]
    return (named or list(component.definitions))[0]


async def _start(process: Process, definition: Definition, text: str) -> str:
    engine = process.engine
    started = await engine.start_execution(
        organization=DEFAULT_ORGANIZATION,
        state_machine_arn=await Arns(engine).state_machine(DEFAULT_ORGANIZATION, definition.name),
        name=None,
        input=text,
    )
    return started.arn


def _greet(process: Process, component: Component | None) -> None:
    addresses = [f"http://{host}:{port}" for host, port in process.server.addresses]
    names = ", ".join(definition.name for definition in component.definitions) if component else "none yet"
    _say(
        f"Definitions  {names}\nAPI          {addresses[0]}\nAdmin pages  {addresses[-1]}/ui/executions\n"
        f"Database     {process.settings.workflow_db_file}\n"
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
