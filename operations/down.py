"""`make down`: the stack destroyed; on the local stack nothing left running and nothing in state."""

from __future__ import annotations

import shutil
from pathlib import Path

from operations.local_account import LocalAccount
from operations.locks import exclusive
from operations.stacks import LOCAL, local_stack, open_stack
from tools.progress import say


def down(root: Path, name: str, *, confirm: bool) -> None:
    """Destroy the stack `name`; `confirm` has Pulumi ask first, except for `local`."""
    if name != LOCAL:
        stack, _ = open_stack(root, name)
        stack.destroy(confirm=confirm)
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
            stack.destroy(confirm=False)
            stack.remove()
    account.stop()


def _clear(directory: Path) -> None:
    for path in directory.iterdir():
        if path.is_dir() and path.name in ("sandbox", "state", "pulumi", "images"):
            shutil.rmtree(path)
        elif path.is_file() and path.name != "lock":
            path.unlink()
