"""A server of a test's own, registered as a load balancer's target by its address."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from tests.sandbox.stack import Stack, wait_for

if TYPE_CHECKING:
    from mypy_boto3_elbv2.type_defs import TargetHealthTypeDef

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(stack: Stack, group: str, host: str, handler: Handler) -> AsyncIterator[str]:
    """A registered and healthy target; its URL is the load balancer's."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response() if request.path == "/health" else await handler(request)

    application = web.Application(client_max_size=1 << 30)
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, keepalive_timeout=90, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, 8080).start()
    stack.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": host, "Port": 8080}])
    await until(lambda: health(stack, group, host)["State"] == "healthy")
    try:
        yield stack.url
    finally:
        await runner.cleanup()


async def until(done: Callable[[], object]) -> None:
    """Wait for something that other threads bring about."""
    await asyncio.to_thread(wait_for, done)


def health(stack: Stack, group: str, host: str) -> "TargetHealthTypeDef":
    """DescribeTargetHealth of one target; empty where it isn't registered."""
    for found in stack.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]:
        if found["Target"]["Id"] == host:
            return found["TargetHealth"]
    return {}
