"""A PostgreSQL server of the sandbox: one data directory, one loopback address, a master user as RDS makes it."""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from sandbox.addresses import why_not_bindable
from sandbox.data import binaries, postgres_settings
from sandbox.process import ChildProcess

_ADMINISTRATOR = "rdsadmin"
_START_SECONDS = 120.0
_STOP_SECONDS = 60.0
_HBA = "host all all 127.0.0.0/8 scram-sha-256\n"


class DatabaseServerError(Exception):
    """PostgreSQL can't be started; says what its log says."""


class PostgresServer:
    """PostgreSQL on `address:port`, in `data_directory`, which is made when it isn't there and kept by `stop`.

    `username` is what RDS calls the master user: it may create databases and roles and owns `database`, but it is no
    superuser. `parameters` are those of an RDS parameter group; those that can't be honored here are in
    `ignored_parameters` with the reason. Run by root, the server itself runs as nobody.
    """

    def __init__(
        self,
        data_directory: Path,
        *,
        address: str,
        port: int,
        username: str,
        password: str,
        database: str,
        parameters: Mapping[str, str] | None = None,
        pid_directory: Path | None = None,
    ) -> None:
        self.data_directory = data_directory.absolute()
        self.address = address
        self.port = port
        self.username = username
        self.password = password
        self.database = database
        self.program = binaries.postgres()
        self.ignored_parameters: dict[str, str] = {}
        self._parameters = dict(parameters or {})
        self._pid_directory = pid_directory
        self._process: ChildProcess | None = None

    @property
    def dsn(self) -> str:
        """Connection URL of the master user."""
        return self._dsn(self.username, self.password, self.database)

    @property
    def running(self) -> bool:
        """Whether the server process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_file(self) -> Path:
        """Where the server's messages go: beside the data directory."""
        return self.data_directory.with_name(f"{self.data_directory.name}.log")

    def start(self) -> None:
        """Start and return when the master user can log in; raises DatabaseServerError."""
        if error := why_not_bindable(self.address, self.port):
            raise DatabaseServerError(f"PostgreSQL can't start: {self.address}:{self.port} {error}.")
        if not (self.data_directory / "PG_VERSION").exists():
            self._initialize()
        self._refuse_other_version()
        self._give_to_server(self.data_directory)
        settings, self.ignored_parameters = postgres_settings.from_parameter_group(self.program.path, self._parameters)
        options = [f"--{name}={value}" for name, value in (settings | self._own_settings()).items()]
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            self._process = self._run([str(self.program.path), "-D", str(self.data_directory), *options])
            self._await_ready(self._process)
            try:
                self._ensure_master_user()
            except psycopg.Error as refusal:
                raise DatabaseServerError(f"PostgreSQL runs and refuses its administrator: {refusal}") from refusal
            undo.pop_all()

    def stop(self) -> None:
        """End it as `pg_ctl stop -m fast` does; the data directory stays."""
        if self._process is not None:
            self._process.stop(SIGINT, _STOP_SECONDS)
            self._process = None

    def delete(self) -> None:
        """Stop it and remove its data."""
        self.stop()
        shutil.rmtree(self.data_directory, ignore_errors=True)
        self.log_file.unlink(missing_ok=True)

    def change(self, *, password: str | None = None, parameters: Mapping[str, str] | None = None) -> None:
        """Give the master user another password at once, or restart with other parameters."""
        if parameters is not None and dict(parameters) != self._parameters:
            self._parameters = dict(parameters)
            self.stop()
            self.start()
        if password is not None:
            self.password = password
            self._ensure_master_user()

    def extensions(self) -> set[str]:
        """Names of the extensions that can be created here."""
        with psycopg.connect(self.dsn) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM pg_available_extensions")}

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop; the data stays."""
        self.stop()

    def _initialize(self) -> None:
        self.data_directory.mkdir(parents=True, exist_ok=True)
        password_file = self.data_directory.with_name(f"{self.data_directory.name}.pw")
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(24))
        self._give_to_server(self.data_directory)
        self._give_to_server(password_file)
        initdb = [
            str(self.program.path.with_name("initdb")),
            f"--pgdata={self.data_directory}",
            f"--username={_ADMINISTRATOR}",
            f"--pwfile={password_file}",
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
        ]
        if self._run(initdb).wait(_START_SECONDS) != 0:
            shutil.rmtree(self.data_directory, ignore_errors=True)
            password_file.unlink()
            raise DatabaseServerError(self._failure("PostgreSQL's initdb failed"))
        (self.data_directory / "pg_hba.conf").write_text(_HBA)
        password_file.rename(self.data_directory / "administrator.password")

    def _refuse_other_version(self) -> None:
        made_by = (self.data_directory / "PG_VERSION").read_text().strip()
        if made_by != str(self.program.version[0]):
            raise DatabaseServerError(
                f"{self.data_directory} was made by PostgreSQL {made_by} and {self.program.path} is version "
                f"{self.program.version[0]}: remove the directory, or put PostgreSQL {made_by} on PATH."
            )

    def _own_settings(self) -> dict[str, str]:
        return {
            "listen_addresses": self.address,
            "port": str(self.port),
            "unix_socket_directories": "",
            "password_encryption": "scram-sha-256",
        }

    def _run(self, argv: list[str]) -> ChildProcess:
        return ChildProcess(
            argv,
            name=f"postgres {self.data_directory.name}",
            environment={"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"},
            working_directory=self.data_directory,
            log=self.log_file,
            run_as=binaries.run_as(self.data_directory, self.program.path),
            death_signal=SIGINT,
            pid_directory=self._pid_directory,
        )

    def _give_to_server(self, path: Path) -> None:
        user = binaries.run_as()
        if user is not None and path.stat().st_uid != user.user:
            for file in (path, *path.rglob("*")):
                os.chown(file, user.user, user.user)
        path.chmod(0o700 if path.is_dir() else 0o600)

    def _await_ready(self, process: ChildProcess) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready(process):
            if process.poll() is not None:
                raise DatabaseServerError(self._failure(f"PostgreSQL didn't start on {self.address}:{self.port}"))
            if time.monotonic() > deadline:
                raise DatabaseServerError(self._failure(f"PostgreSQL isn't ready after {_START_SECONDS:.0f} s"))
            time.sleep(0.01)

    def _is_ready(self, process: ChildProcess) -> bool:
        """Whether postmaster.pid, which the server writes line by line, is its own and says "ready" in line eight."""
        with contextlib.suppress(OSError):
            lines = (self.data_directory / "postmaster.pid").read_text().splitlines()
            return lines[:1] == [str(process.pid)] and [line.strip() for line in lines[7:8]] == ["ready"]
        return False

    def _failure(self, what: str) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines() if self.log_file.exists() else []
        told = [line for line in lines if "FATAL" in line or "ERROR" in line or "error:" in line] or lines
        return f"{what}: {told[-1].strip() if told else 'it said nothing'} (log: {self.log_file})."

    def _ensure_master_user(self) -> None:
        """Make or update the master user and its database, as the account's owner would find them on RDS."""
        with self._administrator() as connection:
            known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [self.username]).rowcount
            statement = "ALTER ROLE {} {}" if known else "CREATE ROLE {} {}"
            abilities = sql.SQL("LOGIN CREATEDB CREATEROLE PASSWORD {}").format(sql.Literal(self.password))
            connection.execute(sql.SQL(statement).format(sql.Identifier(self.username), abilities))
            for role in ("pg_monitor", "pg_signal_backend", "pg_checkpoint"):
                connection.execute(
                    sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(self.username))
                )
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [self.database]).rowcount:
                names = sql.Identifier(self.database), sql.Identifier(self.username)
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))

    def _administrator(self) -> psycopg.Connection[tuple[object, ...]]:
        password = (self.data_directory / "administrator.password").read_text()
        return psycopg.connect(self._dsn(_ADMINISTRATOR, password, "postgres"), autocommit=True)

    def _dsn(self, username: str, password: str, database: str) -> str:
        user, secret, name = (quote(part, safe="") for part in (username, password, database))
        return f"postgresql://{user}:{secret}@{self.address}:{self.port}/{name}"
