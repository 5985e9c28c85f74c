"""Loopback addresses: each stands for a host, since one process can't make network namespaces."""

import contextlib
import ipaddress
import socket


def is_loopback(name: str) -> bool:
    """Whether a name is an address of this machine alone."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return False


def why_not_bindable(address: str, port: int) -> str | None:
    """Why nothing can listen there, with what to do; None where it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except PermissionError:
            return "needs more rights than this user has: choose a port from 1024 up"
        except OSError as error:
            return f"can't be listened on ({error.strerror}): end the program that holds it, or choose another port"
    return None
