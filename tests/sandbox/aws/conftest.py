"""An account, its provider and a scheduler of ECS services that has no tasks to run."""

from collections.abc import Callable, Iterator

import pytest

from sandbox.aws import Account, Provider
from sandbox.aws.api import Api
from sandbox.aws.lifecycle import Lifecycle
from sandbox.aws.mapping import PropertyMap
from sandbox.aws.table import TYPES
from sandbox.compute.runner import Runner
from sandbox.seam import NullDataPlane

NETWORK = "127.93"
Manage = Callable[[str], Lifecycle]


@pytest.fixture(scope="module")
def running_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with Account(NullDataPlane()) as account:
        runner = Runner(tmp_path_factory.mktemp("runner"), network=NETWORK, endpoint_url=lambda: account.endpoint_url)
        runner.start()
        yield account
        runner.stop()


@pytest.fixture
def account(running_account: Account) -> Account:
    """The account, empty."""
    running_account.reset()
    return running_account


@pytest.fixture(scope="module")
def provider(running_account: Account) -> Iterator[Provider]:
    with Provider(running_account) as provider:
        yield provider


@pytest.fixture
def manage(account: Account) -> Manage:
    """Gives a resource type at work in the account's own region."""

    def lifecycle(token: str) -> Lifecycle:
        found = PropertyMap(TYPES[token])
        api = Api(account.client, found.definition.service, account.region, account.account_id)
        return Lifecycle(found, api)

    return lifecycle
