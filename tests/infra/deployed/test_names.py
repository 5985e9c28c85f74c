"""What lasts keeps its name to Pulumi across refactors: another URN without an alias would be another resource.

`names.json` has the URNs of stacks as they are out there, without project and stack. A release adds to it; what it
takes out is deleted in every account.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.infra.deployed.conftest import Stack

NAMES: dict[str, list[str]] = json.loads((Path(__file__).parent / "names.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_what_stacks_have_is_still_theirs(stack: Stack, name: str) -> None:
    resources = stack(name).exported()["deployment"]["resources"]
    known = {urn for resource in resources for urn in (resource["urn"], *(resource.get("aliases") or ()))}

    lost = {entry for entry in NAMES[name] if f"urn:pulumi:{name}::workflow::{entry}" not in known}

    assert lost == set()
