"""Amazon Resource Names of state machines and executions, and the names in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from engine.runtime.errors import InvalidArn, InvalidName

_NAME: Final = re.compile(r"""[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]{1,80}""")
_ROLE: Final = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_ACCOUNTS: Final = 10**12


class MachineArn(msgspec.Struct, frozen=True):
    """``arn:aws:states:REGION:ACCOUNT:stateMachine:NAME``."""

    region: str
    account: str
    name: str

    def __str__(self) -> str:
        """Write the ARN."""
        return f"arn:aws:states:{self.region}:{self.account}:stateMachine:{self.name}"

    def execution(self, name: str) -> str:
        """Give the ARN of one of the state machine's executions."""
        return f"arn:aws:states:{self.region}:{self.account}:execution:{self.name}:{name}"


class ExecutionArn(msgspec.Struct, frozen=True):
    """``arn:aws:states:REGION:ACCOUNT:execution:STATE_MACHINE:NAME``."""

    machine: MachineArn
    name: str

    def __str__(self) -> str:
        """Write the ARN."""
        return self.machine.execution(self.name)


def parse_machine_arn(arn: str) -> MachineArn:
    """Read a state machine's ARN; raises InvalidArn."""
    match arn.split(":"):
        case ["arn", "aws", "states", region, account, "stateMachine", name] if name:
            return MachineArn(region, account, name)
    raise InvalidArn(f'"{arn}" isn\'t the ARN of a state machine, arn:aws:states:REGION:ACCOUNT:stateMachine:NAME.')


def parse_execution_arn(arn: str) -> ExecutionArn:
    """Read an execution's ARN; raises InvalidArn."""
    match arn.split(":"):
        case ["arn", "aws", "states", region, account, "execution", machine, name] if machine and name:
            return ExecutionArn(MachineArn(region, account, machine), name)
    raise InvalidArn(
        f'"{arn}" isn\'t the ARN of an execution, arn:aws:states:REGION:ACCOUNT:execution:STATE_MACHINE:NAME.'
    )


def is_name(name: str) -> bool:
    """Whether a state machine or an execution may have this name; no other is worth looking for."""
    return _NAME.fullmatch(name) is not None


def require_name(name: str) -> None:
    """Raise InvalidName unless the Step Functions API allows `name` (CreateStateMachine and StartExecution, "name")."""
    if not is_name(name):
        raise InvalidName(
            f"The name {name!r} isn't allowed: 1 to 80 characters without white space, brackets <>{{}}[], wildcards "
            f'?*, control characters, or any of "#%\\^|~`$&,;:/'
        )


def require_role(arn: str) -> None:
    """Raise InvalidArn for a role's ARN with blanks, control characters or lone surrogates in it; "" is no role."""
    if arn and not _ROLE.fullmatch(arn):
        raise InvalidArn(f"{arn!r} isn't the ARN of a role: it has blanks or control characters.")


def account_candidates(organization: str, default: str) -> Iterator[str]:
    """Give account ids for an organization, the best first: `default` for ``default``, else one from its name."""
    if organization == "default":
        yield default
    for salt in range(10):
        digest = hashlib.sha256(f"{organization}/{salt}".encode()).digest()
        yield f"{int.from_bytes(digest[:8], 'big') % _ACCOUNTS:012d}"
