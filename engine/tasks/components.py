"""Loads component folders: definitions (`*.asl.json`, `*.asl.yaml`), `handlers.py` and `input.json`."""

import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import msgspec

from engine.language import InvalidDefinition, Problem, StateMachine, parse
from engine.language.definition import MapState, ParallelState, Resource, State, TaskState
from engine.language.parsing.positions import Positions
from engine.names import is_name
from engine.reading import reason
from engine.tasks.handlers import HANDLER_PREFIX, Handler

SUFFIXES = (".asl.json", ".asl.yaml", ".asl.yml")


class Definition(msgspec.Struct, frozen=True):
    """A definition file, by the name that its state machine gets."""

    name: str
    path: Path
    machine: StateMachine


class Component(msgspec.Struct, frozen=True):
    """What one folder holds. `input` is the text of `input.json`, None without one."""

    folder: Path
    definitions: tuple[Definition, ...]
    handlers: tuple[Handler[..., Any], ...]
    input: str | None


class ComponentError(Exception):
    """A folder that can't be loaded; one line for each thing wrong with it."""


def load_component(folder: Path) -> Component:
    """Read a component folder and import its `handlers.py`. Raises `ComponentError`."""
    if not folder.is_dir():
        raise ComponentError(f"{folder} is not a folder")
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIXES))
    except OSError as error:
        raise ComponentError(f"{folder} can't be read: {error.strerror}") from error
    handlers = load_handlers(folder)
    if not paths and not handlers:
        raise ComponentError(f"{folder} holds neither definitions (*.asl.json, *.asl.yaml) nor a handlers.py")
    problems: list[str] = []
    definitions = [each for path in paths if (each := read_definition(path, problems)) is not None]
    problems.extend(
        f"{each.path}: {each.name!r} can't be the name of a state machine: 1 to 80 characters, none blank or special"
        for each in definitions
        if not is_name(each.name)
    )
    if problems:
        raise ComponentError("\n".join(problems))
    return Component(folder, tuple(definitions), handlers, _input(folder))


def load_components(folders: Sequence[Path]) -> list[Component]:
    """Load several folders, whose definitions may use each other's handlers.

    Raises `ComponentError` with everything that is wrong, handlers that nobody defines, and names that two folders
    define, included.
    """
    problems: list[str] = []
    components: list[Component] = []
    for folder in folders:
        try:
            components.append(load_component(folder))
        except ComponentError as error:
            problems.append(str(error))
    if not problems:
        problems.extend(_taken_names(components))
        problems.extend(missing_handlers(components))
    if problems:
        raise ComponentError("\n".join(problems))
    return components


def read_definition(path: Path, problems: list[str]) -> Definition | None:
    """Parse one definition file; None, with a line for each problem, when it is invalid."""
    name = re.sub(r"\.asl\.(json|ya?ml)$|\.(json|ya?ml)$", "", path.name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path}: can't be read: {reason(error)}")
        return None
    try:
        return Definition(name, path, parse(text, resources=check_resource))
    except InvalidDefinition as error:
        problems.extend(located(path, text, error.problems))
    return None


def check_resource(resource: Resource) -> str | None:
    """Say in a sentence why no task can call the resource; None if one can, or might."""
    if not resource.text.startswith("arn:"):
        return None
    from engine.tasks.aws.resources import resource_problem  # noqa: PLC0415 - imports botocore, which is slow

    return resource_problem(resource.text)


def located(path: Path, text: str, problems: Iterable[Problem]) -> list[str]:
    """Give a line for each problem of a definition file, with the line and column of the text that it is about."""
    positions = Positions(text)
    lines = []
    for problem in problems:
        place = positions.find(problem.path)
        where = path if place is None else f"{path}:{place.line}:{place.column}"
        warning = "warning: " if problem.severity == "WARNING" else ""
        lines.append(f"{where}: {warning}{problem}")
    return lines


def _taken_names(components: Sequence[Component]) -> Iterator[str]:
    """A sentence for each name that stands for two things."""
    definitions: dict[str, Path] = {}
    handlers: dict[str, Handler[..., Any]] = {}
    for component in components:
        for definition in component.definitions:
            path = definitions.setdefault(definition.name, definition.path)
            if path != definition.path:
                yield f"{definition.path}: the name {definition.name!r} is taken by {path}"
        for each in component.handlers:
            known = handlers.setdefault(each.name, each)
            if known is not each:
                yield f"{each.place}: the name of the handler {each.name!r} is taken by {known.place}"


def missing_handlers(components: Sequence[Component]) -> Iterator[str]:
    """A sentence for each state that calls a handler which none of the components has."""
    known = {handler.name for component in components for handler in component.handlers}
    for component in components:
        for definition in component.definitions:
            for state in _task_states(definition.machine.states):
                resource = state.resource.text
                if resource.startswith(HANDLER_PREFIX) and resource.removeprefix(HANDLER_PREFIX) not in known:
                    yield f"{definition.path}: the state {state.name!r} calls {resource}, which no component defines"


def _task_states(states: Mapping[str, State]) -> Iterator[TaskState]:
    for state in states.values():
        if isinstance(state, TaskState):
            yield state
        elif isinstance(state, ParallelState):
            for branch in state.branches:
                yield from _task_states(branch.states)
        elif isinstance(state, MapState):
            yield from _task_states(state.processor.states)


def load_handlers(folder: Path) -> tuple[Handler[..., Any], ...]:
    """Import a folder's `handlers.py`, if it has one, and give its handlers. Raises `ComponentError`."""
    path = folder / "handlers.py"
    if not path.exists():
        return ()
    module = _import(path)
    found = tuple(dict.fromkeys(value for value in vars(module).values() if isinstance(value, Handler)))
    for each in found:
        try:
            each.check()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise ComponentError(
                f"{path}: the parameters of the handler {each.name!r} can't be used: {reason}"
            ) from error
    return found


def _import(path: Path) -> ModuleType:
    """Import a file under a name of its own, so that folders with equal file names don't meet."""
    name = f"component_{re.sub(r'[^A-Za-z0-9]', '_', str(path.resolve().parent))}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_SourceLoader(name, str(path)))
    if spec is None or spec.loader is None:
        raise ComponentError(f"{path} can't be imported")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before  # whose handlers go on and find their types there
        raise ComponentError(f"{path} can't be imported: {type(error).__name__}: {error}") from error
    return module


class _SourceLoader(SourceFileLoader):
    """Compiles the file as it is now: the cache of compiled files misses changes within a second."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _input(folder: Path) -> str | None:
    path = folder / "input.json"
    return read_json(path) if path.exists() else None


def read_json(path: Path) -> str:
    """Give the text of a JSON file. Raises `ComponentError`."""
    try:
        text = path.read_text(encoding="utf-8")
        msgspec.json.decode(text)
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        raise ComponentError(f"{path} is not a JSON file that can be read: {reason(error)}") from error
    return text
