from __future__ import annotations

from engine.language import RunTask

TOKEN = "secret-token"


def task(token: str | None) -> RunTask:
    return RunTask("2.1", "2", "S", "handler:h", {"token": token}, 1, token=token)


def test_a_task_is_shown_without_its_token() -> None:
    shown = repr([task(TOKEN)])
    assert TOKEN not in shown
    assert shown.startswith("[RunTask(task_id='2.1', entry_id='2', state_name='S', resource='handler:h'")
    assert shown.count("'***'") == 2


def test_a_task_without_a_token_is_shown_as_it_is() -> None:
    assert "token=None" in repr(task(None))
