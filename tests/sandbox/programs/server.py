"""A small HTTP server, as a container's program: tells what it is, answers slowly or badly when asked to."""

import asyncio
import os
import signal
from pathlib import Path

from aiohttp import web


def broken() -> bool:
    return Path(os.environ.get("BROKEN_FILE", "/nonexistent")).exists()


async def answer(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(float(request.query.get("sleep", "0")))
    if "gate" in request.query:
        await gate(Path(request.query["gate"]))
    body = await request.read()
    if request.path == "/health" and (os.environ.get("HEALTH") == "bad" or broken()):
        return web.Response(status=500)
    if request.path == "/stream":
        return await stream(request)
    return web.json_response(
        {
            "version": os.environ.get("VERSION", ""),
            "pid": os.getpid(),
            "secret": os.environ.get("SECRET", ""),
            "host": os.environ["HOST"],
            "endpoint": os.environ["AWS_ENDPOINT_URL"],
            "method": request.method,
            "path": request.raw_path,
            "received": len(body),
            "headers": dict(request.headers),
            "peer": request.transport.get_extra_info("peername")[1] if request.transport else 0,
        },
        headers={"X-Method": request.method},
    )


async def gate(folder: Path) -> None:
    (folder / "reached").touch()
    while not (folder / "open").exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.02)


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    await response.prepare(request)
    for number in range(int(request.query["chunks"])):
        await response.write(bytes([number % 256]) * 65536)
    if "break" in request.query and request.transport is not None:
        request.transport.abort()
    return response


async def main() -> None:
    application = web.Application(client_max_size=1 << 30)
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, keepalive_timeout=90, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, os.environ["HOST"], int(os.environ.get("PORT", "8080"))).start()
    print("listening", flush=True)  # noqa: T201
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    print("stopping", flush=True)  # noqa: T201
    await runner.cleanup()


asyncio.run(main())
