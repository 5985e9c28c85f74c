"""The server that the Pulumi engine attaches to by PULUMI_DEBUG_PROVIDERS=aws:PORT."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.aws.service import ResourceProvider

if TYPE_CHECKING:
    from sandbox.aws.account import Account

HOST = "127.0.0.1"
WORKERS = 32
MESSAGE_BYTES = 64 * 1024 * 1024


class Provider:
    """The `aws` provider of an account, served over gRPC; `port` 0 takes a free port."""

    def __init__(self, account: Account, port: int = 0) -> None:
        self._account = account
        self._wanted_port = port
        self._server: grpc.Server | None = None
        self._port = 0

    def start(self) -> Provider:
        """Serve; OSError if the port is taken."""
        sizes = [(f"grpc.max_{way}_message_length", MESSAGE_BYTES) for way in ("receive", "send")]
        server = grpc.server(ThreadPoolExecutor(WORKERS), options=[*sizes, ("grpc.so_reuseport", 0)])
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(ResourceProvider(self._account), server)
        try:
            self._port = server.add_insecure_port(f"{HOST}:{self._wanted_port}")
        except RuntimeError as error:
            raise OSError(f"port {self._wanted_port} on {HOST} is taken") from error
        server.start()
        self._server = server
        return self

    def stop(self) -> None:
        """Stop serving; calls in flight are cut off."""
        if self._server is not None:
            self._server.stop(grace=0).wait()
            self._server = None

    def __enter__(self) -> Provider:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port
