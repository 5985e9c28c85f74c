"""A listener: a port of a load balancer's address, its rules, and their actions."""

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aiohttp import web
from moto.elbv2 import models

from sandbox.balancer import rules
from sandbox.balancer.connection import ConnectionServer
from sandbox.balancer.errors import error_response, refusal
from sandbox.balancer.proxy import forward
from sandbox.balancer.targets import ActiveTargetGroup

_SHUTDOWN_SECONDS = 1.0


class Address(NamedTuple):
    """Where a listener listens, and how many seconds a connection may idle."""

    host: str
    port: int
    idle_timeout: float


class ActiveListener:
    """Serves one listener of the account; `groups` are the balancer's target groups by ARN."""

    def __init__(
        self, listener: models.FakeListener, address: Address, groups: Mapping[str, ActiveTargetGroup]
    ) -> None:
        self.listener = listener
        self.address = address
        self._groups = groups
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Listen; raises OSError where the port is taken."""
        server = ConnectionServer(self._handle, idle_timeout=self.address.idle_timeout)
        runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.address.host, self.address.port, backlog=1024).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner

    async def stop(self) -> None:
        """Close the port and its connections."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if status := refusal(request):
            return error_response(status)
        action = self._action(request)
        match action.get("Type"):
            case "forward":
                return await self._forward(request, action)
            case "redirect":
                return self._redirect(request, _part(action, "RedirectConfig"))
            case "fixed-response":
                return _fixed(_part(action, "FixedResponseConfig"))
            case _:
                return error_response(503)

    def _action(self, request: web.BaseRequest) -> Mapping[str, object]:
        """The last action of the first rule that the request meets: those before it only authenticate."""
        ordered = sorted(
            (rule for rule in self.listener.rules.values() if not rule.is_default), key=lambda rule: int(rule.priority)
        )
        for rule in ordered:
            if rules.meets_all(rule.conditions, request):
                return _last(rule.actions)
        return _last(self.listener.default_actions)

    async def _forward(self, request: web.BaseRequest, action: Mapping[str, object]) -> web.StreamResponse:
        group = self._groups.get(_chosen_group(action))
        target = group.pick() if group is not None else None
        if target is None:
            return error_response(503)
        return await forward(request, target, port=self.address.port, idle_timeout=self.address.idle_timeout)

    def _redirect(self, request: web.BaseRequest, configuration: Mapping[str, str]) -> web.Response:
        location = rules.redirect_location(
            configuration, request, protocol=self.listener.protocol, port=self.address.port
        )
        status = int(configuration.get("StatusCode", "HTTP_302").removeprefix("HTTP_"))
        return web.Response(status=status, headers={"Location": location, "Server": "awselb/2.0"})


def _last(actions: Sequence[models.FakeAction]) -> Mapping[str, object]:
    found: Mapping[str, object] = max(actions, key=lambda action: int(action.data.get("Order") or 0)).data
    return found


def _part(action: Mapping[str, object], name: str) -> Mapping[str, str]:
    found = action.get(name)
    return found if isinstance(found, Mapping) else {}


def _chosen_group(action: Mapping[str, object]) -> str:
    """The ARN of the action's target group, drawn by weight where there are several."""
    configuration = action.get("ForwardConfig")
    groups = configuration.get("TargetGroups", []) if isinstance(configuration, Mapping) else []
    if not groups:
        return str(action.get("TargetGroupArn", ""))
    weights = [int(group.get("Weight", 1)) for group in groups]
    chosen = random.choices(groups, weights)[0] if any(weights) else groups[0]  # noqa: S311
    return str(chosen["TargetGroupArn"])


def _fixed(configuration: Mapping[str, str]) -> web.Response:
    return web.Response(
        status=int(configuration["StatusCode"]),
        text=configuration.get("MessageBody") or "",
        content_type=configuration.get("ContentType") or "text/plain",
        headers={"Server": "awselb/2.0"},
    )
