"""Clients that a load balancer must bear: malformed, hostile, slow, many, large."""

import asyncio
import io
import json

import aiohttp
import psutil
import pytest
from aiohttp import web

from tests.sandbox.balancer.target import health, serving, until
from tests.sandbox.stack import Stack

HOST = b"Host: shop\r\n"
MEGABYTES = 10 * 1024 * 1024


async def _connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


async def _raw(url: str, request: bytes) -> tuple[int, str, bytes]:
    """Send bytes as they are; the status, the Server header and the body of the answer."""
    reader, writer = await _connect(url)
    writer.write(request)
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode()
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    body = await reader.readexactly(int(headers["Content-Length"]))
    writer.close()
    return int(head.split()[1]), headers["Server"], body


async def _headers(request: web.Request) -> web.Response:
    return web.json_response([(name.decode(), value.decode()) for name, value in request.raw_headers])


REFUSED = {
    b"GARBAGE\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n\r\n": 400,  # no Host
    b"GET / HTTP/1.1\r\n" + HOST + b"Bad Header\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n" + HOST + b"X-Forwarded-For: 1.2.3.4\rX-Evil: 1\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n folded\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 20_000 + b"\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X%d: %s\r\n" % (n, b"a" * 4000) for n in range(20)) + b"\r\n": 400,
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde": 400,
    b"CONNECT shop:80 HTTP/1.1\r\n" + HOST + b"\r\n": 400,
    b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n": 400,
    b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n": 405,
    b"GET / HTTP/1.1\r\n" + HOST + b"X-Forwarded-For: " + b", ".join([b"10.0.0.1"] * 31) + b"\r\n\r\n": 463,
}


async def test_malformed_requests_get_an_alb_s_answer_and_reach_no_target(stack: Stack, group: str, host: str) -> None:
    reached = []

    async def note(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    async with serving(stack, group, host, note) as url:
        for request, status in REFUSED.items():
            found, server, body = await _raw(url, request)
            assert (found, server) == (status, "awselb/2.0"), request[:60]
            assert body.startswith(b"<html><head><title>%d" % status)
        assert not reached


async def test_old_and_pipelined_requests_are_answered_in_order(stack: Stack, group: str, host: str) -> None:
    async def path(request: web.Request) -> web.Response:
        await asyncio.sleep(0.1 if request.path == "/1" else 0)
        return web.Response(text=request.path)

    async with serving(stack, group, host, path) as url:
        status, _, body = await _raw(url, b"GET /old HTTP/1.0\r\n\r\n")
        assert (status, body) == (200, b"/old")
        reader, writer = await _connect(url)
        writer.write(b"".join(b"GET /%d HTTP/1.1\r\n%s\r\n" % (number, HOST) for number in range(3)))
        for number in range(3):
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"/%d" % number
        writer.close()


async def test_forwarded_headers_keep_every_earlier_address_and_no_forged_protocol(
    stack: Stack, group: str, host: str
) -> None:
    forged = (
        b"X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n"
    )
    traced = b"X-Amzn-Trace-Id: Self=1-67891233-a;Root=1-67891233-b;user=7\r\n"
    async with serving(stack, group, host, _headers) as url:
        _, _, body = await _raw(url, b"GET / HTTP/1.1\r\n" + HOST + forged + traced + b"\r\n")
    sent = json.loads(body)
    headers = dict(sent)
    assert len(headers) == len(sent)
    assert headers["X-Forwarded-For"] == "1.1.1.1, 2.2.2.2, 127.0.0.1"
    assert (headers["X-Forwarded-Proto"], headers["X-Forwarded-Port"]) == ("http", "8080")
    own, *kept = headers["X-Amzn-Trace-Id"].split(";")
    assert own.startswith("Self=1-")
    assert own != "Self=1-67891233-a"
    assert kept == ["Root=1-67891233-b", "user=7"]


async def test_a_client_that_stops_sending_gets_408(stack: Stack, group: str, host: str) -> None:
    async def read(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    stack.idle_timeout(1)
    async with serving(stack, group, host, read) as url:
        status, server, _ = await _raw(url, b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nabc")
        assert (status, server) == (408, "awselb/2.0")


async def test_a_client_that_stops_reading_or_says_nothing_is_cut_off(stack: Stack, group: str, host: str) -> None:
    async def large(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 4 * MEGABYTES)

    stack.idle_timeout(1)
    async with serving(stack, group, host, large) as url:
        silent, mute = await _connect(url)
        deaf, writer = await _connect(url)
        writer.write(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        await asyncio.sleep(2.5)  # reads nothing, so that every buffer on the way fills
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await asyncio.wait_for(deaf.readexactly(4 * MEGABYTES), 60)
        assert await asyncio.wait_for(silent.read(), 60) == b""
        for end in (mute, writer):
            end.close()


async def test_many_connections_and_large_bodies_leave_nothing_open(stack: Stack, group: str, host: str) -> None:
    async def measure(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async with serving(stack, group, host, measure) as url:
        before = _descriptors()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
            small = (_sent_back(client, url, 1000) for _ in range(200))
            large = (_sent_back(client, url, MEGABYTES) for _ in range(4))
            assert all(await asyncio.gather(*small, *large))
        for _ in range(20):  # gone in the middle of their request
            _, writer = await _connect(url)
            writer.write(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000\r\n\r\nabc")
            await writer.drain()
            writer.close()
        stack.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": host, "Port": 8080}])
        await until(lambda: not health(stack, group, host))
        await until(lambda: _descriptors() <= before)


async def _sent_back(client: aiohttp.ClientSession, url: str, length: int) -> bool:
    async with client.post(url, data=io.BytesIO(b"z" * length)) as answer:
        return answer.status == 200 and len(await answer.read()) == length


def _descriptors() -> int:
    return psutil.Process().num_fds()
