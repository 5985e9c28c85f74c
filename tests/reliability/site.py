"""A cluster with its database and everything between them, for storms to break."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import msgspec

from tests.reliability.cluster import Cluster, running
from tests.reliability.proxy import Proxy
from tests.support.postgres import ADMIN, ADMIN_PASSWORD, Databases


class Site(msgspec.Struct):
    """All that a storm may break.

    Attributes:
        databases: the server.
        url: the database, past the proxy.
        proxy: between the engines and the server.
        cluster: the engines.
        folder: scratch files.
    """

    databases: Databases
    url: str
    proxy: Proxy
    cluster: Cluster
    folder: Path
    random: Random


@asynccontextmanager
async def site(
    databases: Databases,
    url: str,
    folder: Path,
    random: Random,
    engines: int = 3,
    more: Mapping[str, str] | None = None,
) -> AsyncIterator[Site]:
    """Set a cluster up on a database that has the schema; `more` are environment variables of the engines."""
    server = databases.server
    proxy = Proxy((server.address, server.port))
    settings = {
        "WORKFLOW_DB_NAME": url.rpartition("/")[2],
        "WORKFLOW_DB_USER": ADMIN,
        "WORKFLOW_DB_PASSWORD": ADMIN_PASSWORD,
        **(more or {}),
    }
    async with proxy.listening() as address, running(folder, address, settings, random, engines) as cluster:
        yield Site(databases, url, proxy, cluster, folder, random)
