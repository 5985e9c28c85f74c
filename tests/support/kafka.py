"""A broker of Kafka for the tests: a real one, alone (KRaft, controller and broker in one), that can be killed."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time
import uuid
from pathlib import Path
from signal import SIGKILL, SIGTERM
from types import TracebackType
from typing import Final, Self

from sandbox.process import ChildProcess
from tests.support.tls import Authority

USER: Final = "engine"
PASSWORD: Final = "kafka-s3cret"
_PORT: Final = 9092
_TLS_PORT: Final = 9094
_EXPIRING_PORT: Final = 9095
LOGIN_SECONDS: Final = 1.0
_START_SECONDS: Final = 240.0
_STOP_SECONDS: Final = 60.0
# Small, and quick to start: what it does here needs no optimizing compiler.
_JAVA: Final = ("java", "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_LOG: Final = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",)
_PROTOCOLS: Final = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,EXPIRING:SASL_PLAINTEXT"
_LOGIN: Final = "org.apache.kafka.common.security"


class Broker:
    """A broker with the jars of a folder; its data outlive a kill, as a machine's would.

    `plain`, `encrypted` and `expiring` are its listeners as host:port: without TLS and login; with TLS by `authority`
    and PLAIN or SCRAM-SHA-512 as `USER`; and without TLS, by SCRAM-SHA-512 or any unsigned token (OAUTHBEARER), for
    `LOGIN_SECONDS` or as long as the token says, after which a connection that is used is closed.
    """

    def __init__(self, jars: Path, directory: Path) -> None:
        numbers = random.Random(os.urandom(8))
        self._address = f"127.{numbers.randint(90, 120)}.{numbers.randint(1, 250)}.{numbers.randint(1, 250)}"
        self._directory = directory
        self._program = [*_JAVA, *_LOG, "-cp", f"{jars}/*"]
        self._configuration = directory / "server.properties"
        self._process: ChildProcess | None = None
        self.authority = Authority(directory, "kafka-authority")
        self.plain = f"{self._address}:{_PORT}"
        self.encrypted = f"{self._address}:{_TLS_PORT}"
        self.expiring = f"{self._address}:{_EXPIRING_PORT}"

    def start(self) -> None:
        """Start it, on what it had written, and return when it listens."""
        self._process = ChildProcess(
            [*self._program, "kafka.Kafka", str(self._configuration)],
            name="kafka",
            environment={"PATH": os.environ.get("PATH", os.defpath)},
            working_directory=self._directory,
            log=self._log,
        )
        self._await_listening(self._process)

    def kill(self) -> None:
        """End it as a power cut would, but that the file system keeps what was written."""
        self._end().stop(SIGKILL, _STOP_SECONDS)

    def ensure_running(self) -> None:
        """Start it unless it runs."""
        if self._process is None:
            self.start()

    def _end(self) -> ChildProcess:
        process, self._process = self._process, None
        assert process is not None
        return process

    def __enter__(self) -> Self:
        """Format its storage, and start it."""
        self.authority.server(self._address)
        properties = "".join(f"{name}={value}\n" for name, value in self._properties().items())
        self._configuration.write_text(properties)
        login = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
        format_it = ["format", "-t", str(uuid.uuid4()), "-c", str(self._configuration), "--add-scram", login]
        subprocess.run([*self._program, "kafka.tools.StorageTool", *format_it], check=True, capture_output=True)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it."""
        if self._process is not None:
            self._end().stop(SIGTERM, _STOP_SECONDS)

    @property
    def _log(self) -> Path:
        return self._directory / "kafka.log"

    def _properties(self) -> dict[str, str]:
        controller = f"{self._address}:9093"
        listeners = f"PLAINTEXT://{self.plain},SASL_SSL://{self.encrypted},EXPIRING://{self.expiring}"
        plain_user = f'user_{USER}="{PASSWORD}"'
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"{listeners},CONTROLLER://{controller}",
            "advertised.listeners": listeners,
            "listener.security.protocol.map": _PROTOCOLS,
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": f"{_LOGIN}.plain.PlainLoginModule required {plain_user};",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{_LOGIN}.scram.ScramLoginModule required;",
            **self._expiring_logins(),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._directory / f"{self._address}.pem"),
            "log.dirs": str(self._directory / "data"),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.num.partitions": "1",
            "offsets.topic.replication.factor": "1",
            # Whoever was killed counts as there until then, and can't come back.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "num.recovery.threads.per.data.dir": "1",
        }

    @staticmethod
    def _expiring_logins() -> dict[str, str]:
        own = "listener.name.expiring"
        token = f'{_LOGIN}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
        return {
            f"{own}.sasl.enabled.mechanisms": "SCRAM-SHA-512,OAUTHBEARER",
            f"{own}.scram-sha-512.sasl.jaas.config": f"{_LOGIN}.scram.ScramLoginModule required;",
            f"{own}.scram-sha-512.connections.max.reauth.ms": str(int(LOGIN_SECONDS * 1000)),
            f"{own}.oauthbearer.sasl.jaas.config": token,
        }

    def _await_listening(self, process: ChildProcess) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection((self._address, _TLS_PORT), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        self._end().stop(SIGKILL, _STOP_SECONDS)
        raise RuntimeError(f"Kafka didn't start: {self._log.read_text(errors='replace')[-2000:]}")
