"""Steady load on the API: keep-alive connections without a retry, each answer kept."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Load:
    """`connections` threads, each with one keep-alive connection, that together send `rate` requests a second.

    Every tenth request starts an execution, the others read. Nothing is sent twice: an answer outside 2xx or a broken
    connection is a loss, and stands in `losses`.
    """

    url: str
    definition: str
    order: object
    connections: int = 50
    rate: float = 120.0
    statuses: Counter[int] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        self._threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(self.connections)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _work(self, number: int) -> None:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        period = self.connections / self.rate
        due = time.monotonic() + period * number / self.connections
        count = number
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due += period
            count += 1
            try:
                self._request(connection, start=count % 10 == 0)
            except (OSError, http.client.HTTPException) as error:
                with self._lock:
                    self.losses.append(f"{type(error).__name__}: {error}")
                connection.close()
        connection.close()

    def _request(self, connection: http.client.HTTPConnection, *, start: bool) -> None:
        if start:
            body = json.dumps({"workflowDefinitionId": self.definition, "input": self.order})
            connection.request("POST", "/api/v1/workflow-instances", body, {"Content-Type": "application/json"})
        else:
            connection.request("GET", "/api/v1/workflow-definitions")
        answer = connection.getresponse()
        content = answer.read()
        with self._lock:
            self.statuses[answer.status] += 1
            if not 200 <= answer.status < 300:
                self.losses.append(f"HTTP {answer.status}: {content[:200]!r}")
            elif start:
                self.started.append(json.loads(content)["id"])
