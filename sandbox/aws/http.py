"""The AWS API of moto over HTTP, for clients in other processes."""

from __future__ import annotations

import socket
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

HOST = "127.0.0.1"
_POLL_SECONDS = 0.02
"""How long it may take to notice that it shall stop."""


class HttpServer:
    """Serves moto on a port of 127.0.0.1 (0 takes a free one) from its making on; raises OSError where it is taken."""

    def __init__(self, port: int) -> None:
        # werkzeug would end the process where it can't bind, so it is given a socket that is bound.
        with socket.create_server((HOST, port)) as listening:
            application = DomainDispatcherApplication(create_backend_app)
            self._server = make_server(
                HOST, port, application, threaded=True, request_handler=MotoRequestHandler, fd=listening.fileno()
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="sandbox-http", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://{HOST}:{self._server.port}"

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._thread.join()
