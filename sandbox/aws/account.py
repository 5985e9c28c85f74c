"""An AWS account in this process: moto's backends, reached by boto3 clients in process and by HTTP from elsewhere."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar

import boto3
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.model_instances import reset_model_data

from sandbox.aws import mends
from sandbox.aws.http import HttpServer

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.client import BaseClient

    from sandbox.seam import DataPlane

ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "us-east-1"
ACCESS_KEY = "sandbox"
"""ID and secret that the account's own clients sign with; it takes any."""

# AWS_ENDPOINT_URL may well point at this very account, over HTTP; the stubs lack the setting.
CONFIG = Config(retries={"max_attempts": 0}, ignore_configured_endpoint_urls=True)  # type: ignore[call-arg]


class Account:
    """The one account of a process. `data_plane` runs what the account describes; `aws_port` 0 takes a free port.

    Nothing of botocore is patched for the rest of the process: only clients from :meth:`client`, and those pointed at
    :attr:`endpoint_url`, reach the account.
    """

    account_id = ACCOUNT_ID
    region = DEFAULT_REGION
    _running: ClassVar[Account | None] = None

    def __init__(self, data_plane: DataPlane, aws_port: int = 0) -> None:
        self._data_plane = data_plane
        self._port = aws_port
        self._server: HttpServer | None = None
        self._transport = _InProcess()
        # One session reads what botocore knows of all services and regions once.
        self._session = boto3.session.Session(ACCESS_KEY, ACCESS_KEY, region_name=DEFAULT_REGION)
        self._clients: dict[tuple[str, str], BaseClient] = {}
        self._lock = threading.Lock()

    def start(self) -> Account:
        """Empty moto's backends, mend them, and serve the AWS API over HTTP.

        Raises RuntimeError if the process has an account already, since moto's backends are the process's own, and
        OSError if the port is taken.
        """
        if Account._running is not None:
            raise RuntimeError("this process runs an AWS account already")
        mends.apply(self._data_plane)
        self.reset()
        self._server = HttpServer(self._port)
        Account._running = self
        return self

    def stop(self) -> None:
        """Stop serving and forget every resource."""
        if self._server is None:
            return
        self._server.stop()
        self._server = Account._running = None
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self.reset()

    def reset(self) -> None:
        """Forget every resource, in every region."""
        BackendDict.reset()
        reset_model_data()

    def __enter__(self) -> Account:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    @property
    def endpoint_url(self) -> str:
        """The URL that AWS_ENDPOINT_URL takes."""
        if self._server is None:
            raise RuntimeError("the account isn't started")
        return self._server.url

    def client(self, service: str, region: str = DEFAULT_REGION) -> Any:  # noqa: ANN401 -- boto3 makes its methods
        """Return a boto3 client of a service that calls moto in process."""
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                made: BaseClient = self._session.client(service, region, config=CONFIG)  # type: ignore[call-overload]
                made.meta.events.register_first("before-send", self._transport.answer)  # type: ignore[arg-type]
                self._clients[key] = made
            return self._clients[key]


class _InProcess:
    """Answers a boto3 client's requests from moto; calls to one service wait for each other."""

    def __init__(self) -> None:
        self._stubber = BotocoreStubber()
        self._stubber.enabled = True
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)

    def answer(self, event_name: str, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        with self._locks[event_name.split(".")[1]]:
            return self._stubber(event_name, request)
