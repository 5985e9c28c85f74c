"""The addresses that an engine listens on, and sockets for those that several processes share."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Literal, NamedTuple

from engine.settings import Settings

Kind = Literal["api", "management", "metrics"]


class ListenError(Exception):
    """An address that can't be listened on; the message says which setting it is and why."""

    def __init__(self, listener: "Listener", error: OSError) -> None:
        reason = error.strerror or error
        super().__init__(f"{listener.setting}: can't listen on {listener.host}:{listener.port}: {reason}")


class Listener(NamedTuple):
    """What is served where, and the setting that says so."""

    kind: Kind
    setting: str
    host: str
    port: int


def listeners(settings: Settings) -> Iterator[Listener]:
    """The API, then the management pages and metrics where they have ports of their own."""
    yield Listener("api", "WORKFLOW_ADDR", *settings.api_address)
    if not settings.one_port:
        yield Listener("management", "MANAGEMENT_PORT", settings.host, settings.management_port)
    if settings.metrics_port is not None and settings.metrics_enabled:
        yield Listener("metrics", "METRICS_PORT", settings.host, settings.metrics_port)


def bind(listener: Listener) -> list[socket.socket]:
    """A socket for each address of the host, bound and not yet listening: until somebody serves, clients are refused.

    Raises `ListenError`.
    """
    with contextlib.ExitStack() as opened:
        try:
            sockets = list(_bound(listener, opened))
        except OSError as error:
            raise ListenError(listener, error) from error
        opened.pop_all()
    return sockets


def _bound(listener: Listener, opened: contextlib.ExitStack) -> Iterator[socket.socket]:
    wanted = socket.getaddrinfo(listener.host or None, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, kind, protocol, _, address in dict.fromkeys(wanted):
        each = opened.enter_context(socket.socket(family, kind, protocol))
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        each.bind(address)
        yield each
