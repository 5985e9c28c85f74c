"""Who may destroy a stack: whoever types its name, and nobody while it is protected."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from operations import destroy
from operations.errors import RefusedError
from operations.pulumi import GoAhead, PulumiStack


@pytest.fixture
def destroyed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[GoAhead]:
    """How the stack dev was destroyed, each time that it was."""
    calls: list[GoAhead] = []
    stack = PulumiStack(tmp_path, "dev", {})
    monkeypatch.setattr(destroy, "open_stack", lambda _root, _name: (stack, None))
    monkeypatch.setattr(PulumiStack, "get_config", lambda _self, _key: "false")
    monkeypatch.setattr(PulumiStack, "destroy", lambda _self, go_ahead: calls.append(go_ahead))
    return calls


def test_its_name_typed_destroys_it(
    destroyed: list[GoAhead], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("dev\n"))

    assert destroy.destroy(tmp_path, "dev", None).data == {"stack": "dev", "destroyed": True}

    assert destroyed == [GoAhead.AT_ONCE]
    assert "Type its name to go on" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["", "y\n", "staging\n"])
def test_anything_else_leaves_it(
    destroyed: list[GoAhead], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))

    with pytest.raises(RefusedError, match="Stack dev stays as it is"):
        destroy.destroy(tmp_path, "dev", None)

    assert destroyed == []


def test_a_script_types_it_by_an_option(destroyed: list[GoAhead], tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="Stack dev stays as it is"):
        destroy.destroy(tmp_path, "dev", "production")
    destroy.destroy(tmp_path, "dev", "dev")

    assert destroyed == [GoAhead.AT_ONCE]


def test_a_protected_stack_is_not_even_asked_about(
    destroyed: list[GoAhead], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(PulumiStack, "get_config", lambda _self, _key: "true")

    with pytest.raises(RefusedError, match="Stack dev is protected from deletion"):
        destroy.destroy(tmp_path, "dev", "dev")

    assert destroyed == []
