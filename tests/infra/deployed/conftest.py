"""The stacks of all environments in one account, brought up once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from infra.aws import registry
from sandbox.aws import Account, Provider
from sandbox.seam import NullDataPlane
from tests.infra.deployed import scheduler, stacks
from tests.infra.deployed.stacks import Deployed
from tests.infra.stacks import DIGEST, ROOT
from tools import pulumi_cli

Stack = Callable[[str], Deployed]


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Gives a stack by its name, brought up when it is first asked for."""
    directory = tmp_path_factory.mktemp("deployed")
    made: dict[str, Deployed] = {}

    def get(name: str) -> Deployed:
        if name not in made:
            made[name] = stacks.make(name, account, provider, directory)
            made[name].up()
        return made[name]

    with pytest.MonkeyPatch.context() as patch, Account(NullDataPlane()) as account, Provider(account) as provider:
        patch.setenv("PATH", pulumi_cli.environment(ROOT)["PATH"])
        patch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
        patch.setattr(registry, "find_image_digest", lambda *_: DIGEST)
        with scheduler.running():
            yield get
