import socket

import pytest

from engine.processes.listening import Listener, ListenError, bind, listeners
from engine.settings import load_settings


def test_what_listens_where() -> None:
    settings = load_settings({"HOST": "127.0.0.1", "METRICS_PORT": "9090"})
    assert list(listeners(settings)) == [
        ("api", "WORKFLOW_ADDR", "127.0.0.1", 8080),
        ("management", "MANAGEMENT_PORT", "127.0.0.1", 8081),
        ("metrics", "METRICS_PORT", "127.0.0.1", 9090),
    ]
    one = load_settings({"MANAGEMENT_PORT": "8080", "METRICS_PORT": "9090", "METRICS_ENABLED": "false"})
    assert [each.kind for each in listeners(one)] == ["api"]


def test_clients_are_refused_until_somebody_listens() -> None:
    (bound,) = bind(Listener("api", "WORKFLOW_ADDR", "127.0.0.1", 0))
    with bound:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(bound.getsockname(), timeout=5)
        bound.listen()
        socket.create_connection(bound.getsockname(), timeout=5).close()


def test_a_port_that_is_taken_names_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listener = Listener("management", "MANAGEMENT_PORT", "127.0.0.1", taken.getsockname()[1])
        with pytest.raises(ListenError, match=rf"MANAGEMENT_PORT: can't listen on 127\.0\.0\.1:{listener.port}: "):
            bind(listener)


def test_a_host_that_nobody_knows() -> None:
    with pytest.raises(ListenError, match=r"WORKFLOW_ADDR: can't listen on nowhere\.invalid:0: "):
        bind(Listener("api", "WORKFLOW_ADDR", "nowhere.invalid", 0))
