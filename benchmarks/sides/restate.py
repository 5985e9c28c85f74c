"""Restate: its server, and a service with its Python SDK.

Usage: python -m benchmarks.sides.restate SERVER FOLDER. SERVER is the program, FOLDER where it may keep its data. Each
execution is a request to the server's ingress, which calls the service over HTTP/2 and answers at the end; each step is
journaled by `run`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial

import restate
import uvloop
from hypercorn.asyncio import serve as serve_http
from hypercorn.config import Config

from benchmarks.sides.protocol import Job, commands, serve
from benchmarks.sides.sockets import HttpClient, await_port, free_ports

WIDTH = 100
STEPS = ("Reserve", "Charge", "Ship")

orders = restate.Service("orders")


async def _step(done: int) -> int:
    return done + 1


async def three_steps(context: restate.Context, done: int) -> int:
    """Run three steps, one after the other."""
    for name in STEPS:
        done = await context.run_typed(name, _step, done=done)
    return done


async def parallel(context: restate.Context, done: int) -> int:
    """Run a hundred steps side by side."""
    steps = [context.run_typed(f"Step{index}", _step, done=done) for index in range(WIDTH)]
    return len(await restate.gather(*steps))


orders.handler("three_steps")(three_steps)
orders.handler("parallel")(parallel)


def jobs(ingress: HttpClient) -> dict[str, Job]:
    """What can be run, by HTTP requests to the ingress."""

    async def run(handler: str) -> None:
        await ingress.post(f"/orders/{handler}", 0)

    return {"three-steps": partial(run, "three_steps"), "parallel": partial(run, "parallel")}


async def main(server: str, folder: str) -> None:
    """Run until stdin ends."""
    ingress, admin, node, service = free_ports(4)
    addresses = {
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
    }
    quiet = {"RUST_LOG": "warn", "DO_NOT_TRACK": "1", "RESTATE_DISABLE_TELEMETRY": "true"}
    arguments = ("--base-dir", folder, "--listen-mode", "tcp", "--no-logo")
    process = await asyncio.create_subprocess_exec(
        server, *arguments, env={**os.environ, **addresses, **quiet}, stdin=asyncio.subprocess.DEVNULL, stdout=2
    )
    stop = asyncio.Event()
    config = Config.from_mapping(bind=[f"127.0.0.1:{service}"], h2_max_concurrent_streams=10_000)
    app = restate.app([orders])
    serving = asyncio.create_task(serve_http(app, config, shutdown_trigger=stop.wait))
    try:
        await asyncio.gather(*map(await_port, (ingress, admin, service)))
        await HttpClient(admin).post("/deployments", {"uri": f"http://127.0.0.1:{service}"})
        await serve(commands(jobs(HttpClient(ingress))), {})
    finally:
        process.terminate()
        await process.wait()
        stop.set()
        await serving


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))
