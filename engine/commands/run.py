"""`engine run`: one definition, once, in memory."""

import argparse
import sys
from pathlib import Path

import msgspec
import uvloop

from engine.api.auth.identity import DEFAULT_ORGANIZATION
from engine.cli import fail
from engine.commands.dev import dev_settings
from engine.commands.narrator import Narrator, say_result
from engine.commands.process import Work, end_of, register
from engine.observability.logs import configure_logs
from engine.observability.metrics import Metrics
from engine.reading import reason
from engine.runtime import ExecutionRecord
from engine.runtime.errors import EngineError
from engine.settings import Settings, SettingsError
from engine.storage import open_storage
from engine.tasks.components import Component, ComponentError, load_handlers, missing_handlers, read_definition


def run(options: argparse.Namespace) -> int:
    """Run a definition with its handlers and print each transition. Exit 0 if it succeeded, else 1."""
    try:
        settings = dev_settings(options.file.parent)
        text = _input(options.input)
        component = _component(options.file, options.handlers or options.file.parent)
    except (SettingsError, ComponentError) as error:
        return fail(str(error))
    configure_logs(settings.log_level, settings.log_format, sys.stderr)
    try:
        record = uvloop.run(_run(settings, component, text))
    except EngineError as error:
        return fail(str(error))
    say_result(record, sys.stdout)
    return 0 if record.status == "SUCCEEDED" else 1


async def _run(settings: Settings, component: Component, text: str) -> ExecutionRecord:
    work = Work(settings, open_storage("memory:"), [component], Narrator(Metrics(), sys.stdout))
    await work.engine.start()
    try:
        (machine,) = await register(work.engine, component.definitions)
        started = await work.engine.start_execution(
            organization=DEFAULT_ORGANIZATION, state_machine_arn=machine.arn, name=None, input=text
        )
        return await end_of(work.engine, started.arn)
    finally:
        await work.stop(0.0)


def _component(path: Path, folder: Path) -> Component:
    """Make a component of one definition file and a folder's handlers. Raises `ComponentError`."""
    problems: list[str] = []
    definition = read_definition(path, problems)
    if definition is None:
        raise ComponentError("\n".join(problems))
    if not folder.is_dir():
        raise ComponentError(f"--handlers {folder} is not a folder")
    component = Component(folder, (definition,), load_handlers(folder), None)
    if missing := list(missing_handlers([component])):
        raise ComponentError("\n".join(missing))
    return component


def _input(given: str) -> str:
    """Give JSON text from the command line, or from the file that it names. Raises `ComponentError`."""
    path = Path(given)
    try:
        text = path.read_text(encoding="utf-8") if given[:1] not in '[{"' and path.is_file() else given
        msgspec.json.decode(text)
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        raise ComponentError(f"--input {given!r} is neither JSON nor a file that holds it: {reason(error)}") from error
    return text
