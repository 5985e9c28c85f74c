"""Which processes take part, and how each is started."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.database import Database
from benchmarks.driver import ROOT, Contestant
from benchmarks.figures import DBOS, ENGINE, FLOOR, RESTATE, TEMPORAL
from benchmarks.peers.installing import Installed

_HERE = sys.executable


class Field:
    """Makes contestants, each with a database or a folder of its own; `items` is how many a Map gets."""

    def __init__(self, database: Database, installed: Installed, folder: Path, items: int) -> None:
        self._database = database
        self._installed = installed
        self._folder = folder
        self._items = items

    def engine(self, name: str = ENGINE) -> Contestant:
        """An engine on a new database."""
        return self.engine_on(self._database.migrated("engine"), name)

    def engine_on(self, url: str, name: str = ENGINE) -> Contestant:
        """An engine on a database that has the schema."""
        return self._side(name, _HERE, "engine", url, str(self._items))

    def new_database(self) -> str:
        """A new database with the engine's schema, that several engines may share."""
        return self._database.migrated("shared")

    def floor(self) -> Contestant:
        """The bare loop."""
        return self._side(FLOOR, _HERE, "bare_loop", self._database.empty("floor"))

    def load(self, host: str, port: int) -> Contestant:
        """What sends HTTP requests to an engine."""
        return self._side("load", _HERE, "http_load", host, str(port))

    def peers(self) -> list[Contestant]:
        """Those that are installed."""
        found = self._installed
        made: list[Contestant] = []
        if found.python is not None:
            python = str(found.python)
            if found.restate is not None:
                made.append(self._side(RESTATE, python, "restate", str(found.restate), str(self._folder / "restate")))
            made.append(self._side(DBOS, python, "dbos", self._database.empty("dbos")))
            if found.temporal is not None:
                made.append(
                    self._side(TEMPORAL, python, "temporal", str(found.temporal), str(self._folder / "temporal"))
                )
        return made

    def _side(self, name: str, python: str, module: str, *arguments: str) -> Contestant:
        command = [python, "-m", f"benchmarks.sides.{module}", *arguments]
        return Contestant(name, command, ROOT / ".tools" / "benchmarks" / "logs")
