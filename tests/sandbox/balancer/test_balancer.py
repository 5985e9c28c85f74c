"""Load balancers before servers of this test's own, registered as targets by their addresses."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from botocore.exceptions import ClientError

from tests.sandbox.balancer.target import health, serving, until
from tests.sandbox.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_elbv2.type_defs import FixedResponseActionConfigTypeDef


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


async def _echo(request: web.Request) -> web.Response:
    body = await request.read()
    told = {"method": request.method, "path": request.raw_path, "headers": dict(request.headers), "length": len(body)}
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return web.json_response(told, headers={"X-Peer": str(peer)})


async def test_requests_arrive_whole_with_an_alb_s_headers(
    stack: Stack, group: str, host: str, client: aiohttp.ClientSession
) -> None:
    async with serving(stack, group, host, _echo) as url:
        sent = {"X-Forwarded-For": "10.1.2.3", "X-Own": "kept", "Connection": "X-Hop", "X-Hop": "dropped"}
        async with client.put(f"{url}/a%2Fb?c=%20d", data=b"x" * 300_000, headers=sent) as answer:
            told = await answer.json()
        assert (told["method"], told["path"], told["length"]) == ("PUT", "/a%2Fb?c=%20d", 300_000)
        headers = told["headers"]
        assert headers["X-Forwarded-For"] == "10.1.2.3, 127.0.0.1"
        assert (headers["X-Forwarded-Proto"], headers["X-Forwarded-Port"]) == ("http", "8080")
        assert headers["X-Amzn-Trace-Id"].startswith("Root=1-")
        assert headers["X-Own"] == "kept"
        assert headers["Host"] == url.removeprefix("http://")
        assert "X-Hop" not in headers
        assert headers["Content-Length"] == "300000"


async def test_connections_are_kept_on_both_sides(
    stack: Stack, group: str, host: str, client: aiohttp.ClientSession
) -> None:
    async with serving(stack, group, host, _echo) as url:
        peers = set()
        for _ in range(5):
            async with client.get(url) as answer:
                await answer.read()
                peers.add(answer.headers["X-Peer"])
                assert answer.version == aiohttp.HttpVersion11
        assert len(peers) == 1


async def test_chunked_bodies_stream_both_ways(
    stack: Stack, group: str, host: str, client: aiohttp.ClientSession
) -> None:
    async def double(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        async for line in request.content:
            await response.write(line + line)
        return response

    received = asyncio.Event()

    async def lines() -> AsyncIterator[bytes]:
        yield b"first\n"
        await received.wait()
        yield b"second\n"

    async with serving(stack, group, host, double) as url, client.post(url, data=lines()) as answer:
        assert await answer.content.readexactly(12) == b"first\nfirst\n"
        received.set()
        assert await answer.read() == b"second\nsecond\n"


async def test_head_and_empty_answers(stack: Stack, group: str, host: str, client: aiohttp.ClientSession) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=304) if request.path == "/304" else web.Response(body=b"x" * 1234)

    async with serving(stack, group, host, handler) as url:
        async with client.head(url) as answer:
            assert answer.headers["Content-Length"] == "1234"
        async with client.get(f"{url}/304") as answer:
            assert (answer.status, await answer.read()) == (304, b"")


async def test_expect_continue(stack: Stack, group: str, host: str, client: aiohttp.ClientSession) -> None:
    async with serving(stack, group, host, _echo) as url, client.post(url, data=b"abc", expect100=True) as answer:
        assert (await answer.json())["length"] == 3


async def test_without_targets_503(stack: Stack, group: str, client: aiohttp.ClientSession) -> None:
    await until(lambda: _port_open(stack))
    async with client.get(stack.url) as answer:
        assert (answer.status, answer.headers["Server"]) == (503, "awselb/2.0")
    assert group


def _port_open(stack: Stack) -> bool:
    host, port = stack.url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


async def test_a_target_that_hangs_up_gives_502(
    stack: Stack, group: str, host: str, client: aiohttp.ClientSession
) -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serving(stack, group, host, hang_up) as url, client.post(url, data=b"x") as answer:
        assert answer.status == 502
    async with client.get(url) as answer:  # nobody listens any more
        assert answer.status == 502


async def test_a_target_slower_than_the_idle_timeout_gives_504(
    stack: Stack, group: str, host: str, client: aiohttp.ClientSession
) -> None:
    async def sleep(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    stack.idle_timeout(1)
    async with serving(stack, group, host, sleep) as url, client.get(url) as answer:
        assert answer.status == 504


async def test_an_answer_that_breaks_off_is_not_made_whole(
    stack: Stack, group: str, host: str, client: aiohttp.ClientSession
) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(stack, group, host, break_off) as url, client.get(url) as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_a_client_that_leaves_frees_the_target(
    stack: Stack, group: str, host: str, client: aiohttp.ClientSession
) -> None:
    begun, left = asyncio.Event(), asyncio.Event()

    async def wait(request: web.Request) -> web.Response:
        begun.set()
        transport = request.transport
        await until(lambda: transport is None or transport.is_closing())
        left.set()
        return web.Response()

    async with serving(stack, group, host, wait) as url:
        asking = asyncio.create_task(client.get(url).__aenter__())
        await begun.wait()
        asking.cancel()
        await asyncio.wait_for(left.wait(), 60)


async def test_an_idempotent_request_survives_a_closed_kept_connection(
    stack: Stack, group: str, host: str, client: aiohttp.ClientSession
) -> None:
    served = 0

    async def close_every_second(request: web.Request) -> web.Response:
        nonlocal served
        served += 1
        if served % 2 == 0 and request.transport is not None:
            request.transport.abort()
        return web.Response()

    async with serving(stack, group, host, close_every_second) as url:
        for _ in range(4):
            async with client.get(url) as answer:
                assert answer.status == 200
        async with client.get(url) as answer:
            assert answer.status == 200
        before = served
        async with client.put(url, data=b"once") as answer:
            assert answer.status in (200, 502)
        assert served == before + 1


async def test_rules_redirect_and_answer_by_themselves(stack: Stack, group: str, client: aiohttp.ClientSession) -> None:
    (listener,) = stack.elbv2.describe_listeners(LoadBalancerArn=stack.load_balancer)["Listeners"]
    fixed: FixedResponseActionConfigTypeDef = {
        "StatusCode": "418",
        "MessageBody": '{"a": 1}',
        "ContentType": "application/json",
    }
    stack.elbv2.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=20,
        Conditions=[{"Field": "path-pattern", "Values": ["/tea*"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
    )
    stack.elbv2.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=10,
        Conditions=[{"Field": "path-pattern", "Values": ["/tea/old"]}],
        Actions=[{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Path": "/tea"}}],
    )
    await until(lambda: _port_open(stack))
    async with client.get(f"{stack.url}/tea/green") as answer:
        assert (answer.status, json.loads(await answer.read())) == (418, {"a": 1})
    async with client.get(f"{stack.url}/tea/old?x=1", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (301, f"{stack.url}/tea?x=1")
    assert group


async def test_health_follows_the_checks(stack: Stack, group: str, host: str) -> None:
    stack.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": host, "Port": 8080}])
    assert health(stack, group, host)["State"] == "initial"
    stack.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": host, "Port": 8080}])
    assert health(stack, group, host)["Reason"] == "Target.DeregistrationInProgress"
    await until(lambda: not health(stack, group, host))


async def test_a_group_that_no_listener_uses_is_unused(stack: Stack, host: str) -> None:
    lonely = stack.target_group()
    stack.elbv2.register_targets(TargetGroupArn=lonely, Targets=[{"Id": host, "Port": 8080}])
    await until(lambda: health(stack, lonely, host)["State"] == "unused")
    assert health(stack, lonely, host)["Reason"] == "Target.NotInUse"


def test_a_taken_port_fails_the_listener_with_a_sentence(stack: Stack) -> None:
    group = stack.target_group()
    host = stack.url.removeprefix("http://").partition(":")[0]
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, 8080))
        other.listen()
        with pytest.raises(ClientError, match=rf"{host}:8080 can't be listened on .* choose another port"):
            stack.listen(group)
