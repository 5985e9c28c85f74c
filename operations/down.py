"""`make down`: the stack destroyed; on the local stack nothing left running and nothing in state."""

from __future__ import annotations

import shutil
from pathlib import Path

from operations.errors import OperationError
from operations.local_account import LocalAccount
from operations.locks import exclusive
from operations.pulumi import GoAhead
from operations.stacks import LOCAL, local_stack, open_stack
from tools.progress import say


def down(root: Path, name: str, go_ahead: GoAhead) -> None:
    """Destroy the stack `name`; `local` waits for nothing.

    Raises:
        OperationError: the stack is protected; nothing was deleted then.
    """
    if name != LOCAL:
        stack, _ = open_stack(root, name)
        if stack.get_config("deletionProtection") == "true":
            advice = f"pulumi config set deletionProtection false --stack {name}, make up STACK={name}, then this again"
            raise OperationError(f"Stack {name} is protected from deletion; to give that up: {advice}.")
        stack.destroy(go_ahead)
        return
    account = LocalAccount(root)
    if not account.directory.exists():
        say("the local stack is not up: nothing to do")
        return
    with exclusive(account.directory):
        _down_local(account)
        _clear(account.directory)
    say("the local stack is gone: nothing runs and nothing is kept")


def _down_local(account: LocalAccount) -> None:
    record = account.running()
    if record is not None:
        stack, _ = local_stack(account, record)
        if stack.exists():
            account.unlock(stack)
            stack.destroy(GoAhead.AT_ONCE)
            stack.remove()
    account.stop()


def _clear(directory: Path) -> None:
    for path in directory.iterdir():
        if path.is_dir() and path.name in ("sandbox", "state", "pulumi", "images"):
            shutil.rmtree(path)
        elif path.is_file() and path.name != "lock":
            path.unlink()
