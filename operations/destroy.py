"""`destroy`: the stack and all that it holds; on the local stack nothing left running and nothing in state."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from operations.errors import RefusedError
from operations.local_account import LocalAccount
from operations.locks import exclusive
from operations.pulumi import GoAhead, PulumiStack
from operations.results import Result
from operations.stacks import LOCAL, local_stack, open_stack
from tools.progress import say


def destroy(root: Path, name: str, typed: str | None) -> Result:
    """Destroy the stack `name`; `local` without a question, others once their name was typed.

    `typed` is the name as an option has it; without one the user is asked.

    Raises:
        RefusedError: the stack is protected, or another name was typed; nothing was deleted then.
    """
    if name == LOCAL:
        return _destroy_local(LocalAccount(root))
    stack, _ = open_stack(root, name)
    _require_unprotected(stack)
    if (typed if typed is not None else _ask(name)) != name:
        raise RefusedError(f"Stack {name} stays as it is: to destroy it, type its name.")
    stack.destroy(GoAhead.AT_ONCE)
    return Result({"stack": name, "destroyed": True})


def _require_unprotected(stack: PulumiStack) -> None:
    if stack.get_config("deletionProtection") == "true":
        name = stack.name
        advice = f"pulumi config set deletionProtection false --stack {name}, make up STACK={name}, then this again"
        raise RefusedError(f"Stack {name} is protected from deletion; to give that up: {advice}.")


def _ask(name: str) -> str:
    sys.stderr.write(
        f"This deletes the stack {name} with its database, its cache and its images. Type its name to go on: "
    )
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _destroy_local(account: LocalAccount) -> Result:
    if not account.directory.exists():
        say("the local stack is not up: nothing to do")
        return Result({"stack": LOCAL, "destroyed": False})
    with exclusive(account.directory):
        _down_local(account)
        _clear(account.directory)
    say("the local stack is gone: nothing runs and nothing is kept")
    return Result({"stack": LOCAL, "destroyed": True})


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
