"""An AWS endpoint that refuses, so that botocore's own handling of it is what is tested."""

from __future__ import annotations

import http.server
import json
import threading
from typing import Self


class Refusals:
    """Answers each call with the error `code`, or with nothing found once it has refused `times` times."""

    def __init__(self) -> None:
        self.code, self.times, self.calls = "AccessDeniedException", 1_000, 0
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self) -> tuple[int, dict[str, object]]:
        self.calls += 1
        if self.calls > self.times:
            return 200, {"clusterArns": []}
        return 400, {"__type": self.code, "message": "no"}

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, content = answer()
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
