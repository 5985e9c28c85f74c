"""The Pulumi resource provider `aws` of the sandbox, as the engine's protocol has it (`pulumi/provider.proto`)."""

# ruff: noqa: ARG002, N802 -- the protocol's names and parameters

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import grpc
import orjson
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.aws import checks
from sandbox.aws.api import Api
from sandbox.aws.differences import differences, root
from sandbox.aws.errors import AbandonedError, InitializationFailedError, ProviderError, UnknownTypeError
from sandbox.aws.invokes import invoke
from sandbox.aws.lifecycle import Lifecycle
from sandbox.aws.mapping import PropertyMap
from sandbox.aws.statuses import initialization_failed
from sandbox.aws.table import TYPES
from sandbox.aws.tags import strings
from sandbox.aws.values import Properties, parsed_json, to_python, to_struct

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from sandbox.aws.account import Account

VERSION = "7.51.1"
"""The version of the official provider whose properties this one takes."""

Request = TypeVar("Request")
Response = TypeVar("Response")
Method = Callable[["ResourceProvider", Request, grpc.ServicerContext], Response]
PropertyDiff = provider_pb2.PropertyDiff


@dataclass(frozen=True)
class Configuration:
    """What one provider instance of a program is configured with."""

    region: str
    default_tags: Mapping[str, str] = field(default_factory=dict)


def answered(method: Method[Request, Response]) -> Method[Request, Response]:
    """Turn what AWS or the provider refuses into a gRPC status with its message."""

    @functools.wraps(method)
    def wrapper(self: ResourceProvider, request: Request, context: grpc.ServicerContext) -> Response:
        try:
            return method(self, request, context)
        except InitializationFailedError as error:
            context.abort_with_status(initialization_failed(error))
        except (ProviderError, BotoCoreError, ClientError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        raise RuntimeError("a gRPC context that was aborted goes on")

    return wrapper


class ResourceProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves every provider instance of every program; each has a connection, and a configuration, of its own."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._configurations: dict[str, Configuration] = {}
        self._maps: dict[str, PropertyMap] = {}
        self._loading = threading.Lock()

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Say that secrets, resources and outputs come as plain values."""
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Empty:
        """Take an engine that found this server by PULUMI_DEBUG_PROVIDERS."""
        return Empty()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Let what runs come to its end; nothing here takes long without the account saying so."""
        return Empty()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Name the version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """Give the package's name and version; the types are the SDK's."""
        return provider_pb2.GetSchemaResponse(schema=orjson.dumps({"name": "aws", "version": VERSION}).decode())

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Take any configuration: the official provider's settings for endpoints and checks mean nothing here."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Compare configurations; a change never replaces the provider."""
        changed = to_python(request.old_inputs) != to_python(request.news)
        kind = provider_pb2.DiffResponse
        return kind(changes=kind.DIFF_SOME if changed else kind.DIFF_NONE)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Keep the region and the default tags for this connection."""
        settings = {name: parsed_json(value) for name, value in to_python(request.args).items()}
        defaults = settings.get("defaultTags")
        tags = strings(defaults.get("tags")) if isinstance(defaults, Mapping) else {}
        region = str(settings.get("region") or self._account.region)
        self._configurations[context.peer()] = Configuration(region, tags)
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    @answered
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Check inputs and add those that the provider chooses."""
        properties, given = self._map(request.type), to_python(request.news)
        failures = checks.failures(properties, given)
        defaults = self._configuration(context).default_tags
        inputs = checks.completed(
            properties, request.name, request.randomSeed, given, to_python(request.olds), defaults
        )
        failures += checks.too_long(properties, inputs)
        return provider_pb2.CheckResponse(
            inputs=to_struct(inputs),
            failures=[provider_pb2.CheckFailure(property=item.property, reason=item.reason) for item in failures],
        )

    @answered
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Say what changes, and whether that needs a new resource."""
        properties = self._map(request.type)
        old, new = to_python(request.old_inputs), to_python(request.news)
        changes = differences(old, new)
        replaces = sorted({root(path) for path in changes if not properties.updatable(root(path))})
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=replaces,
            diffs=sorted({root(path) for path in changes}),
            detailedDiff={path: _property_diff(kind, root(path) in replaces) for path, kind in changes.items()},
            hasDetailedDiff=True,
            deleteBeforeReplace=bool(replaces) and checks.name_stays(properties, old, new),
        )

    @answered
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Create a resource; a preview gives the inputs back."""
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        inputs = to_python(request.properties)
        life = self._lifecycle(request.type, inputs, context)
        identity, state = life.create(_plain(inputs), request.timeout)
        return provider_pb2.CreateResponse(id=identity, properties=to_struct(state))

    @answered
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """Read a resource; an empty answer says that it is gone."""
        inputs = to_python(request.inputs)
        life = self._lifecycle(request.type, inputs, context)
        found = life.read(request.id, to_python(request.properties), _plain(inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        state, current = found
        kept = {name: value for name, value in inputs.items() if name.startswith("__")}
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct(state), inputs=to_struct({**current, **kept})
        )

    @answered
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Change a resource in place; a preview gives the old state with the new inputs."""
        state, new = to_python(request.olds), to_python(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=to_struct({**state, **_plain(new)}))
        life = self._lifecycle(request.type, new, context)
        result = life.update(request.id, state, _plain(to_python(request.old_inputs)), _plain(new), request.timeout)
        return provider_pb2.UpdateResponse(properties=to_struct(result))

    @answered
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        """Delete a resource."""
        state = to_python(request.properties)
        self._lifecycle(request.type, state, context).delete(request.id, state, request.timeout)
        return Empty()

    @answered
    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        """Call a function."""
        arguments = to_python(request.args)
        result = invoke(request.tok, self._api("sts", arguments, context), arguments)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(result))
        return response

    def _map(self, token: str) -> PropertyMap:
        """Return a type's map, made when the type is first used.

        One thread at a time: pulumi_aws imports its modules when they are first used, and two doing so deadlock.
        """
        if token not in TYPES:
            raise UnknownTypeError(token)
        with self._loading:
            if token not in self._maps:
                self._maps[token] = PropertyMap(TYPES[token])
            return self._maps[token]

    def _configuration(self, context: grpc.ServicerContext) -> Configuration:
        return self._configurations.get(context.peer(), Configuration(self._account.region))

    def _api(self, service: str, properties: Properties, context: grpc.ServicerContext) -> Api:
        """Return an API that the request may use as long as somebody waits for its answer.

        An engine that is killed leaves its requests behind; one that waits for a service would hold its thread on.
        """

        def client(name: str, place: str) -> BaseClient:
            if not context.is_active():
                raise AbandonedError
            made: BaseClient = self._account.client(name, place)
            return made

        region = str(properties.get("region") or self._configuration(context).region)
        return Api(client, service, region, self._account.account_id)

    def _lifecycle(self, token: str, properties: Properties, context: grpc.ServicerContext) -> Lifecycle:
        found = self._map(token)
        return Lifecycle(found, self._api(found.definition.service, properties, context))


def _plain(properties: Properties) -> Properties:
    return {name: value for name, value in properties.items() if not name.startswith("__")}


def _property_diff(change: str, replace: bool) -> provider_pb2.PropertyDiff:  # noqa: FBT001
    kind = PropertyDiff.Kind.Value(f"{change.upper()}_REPLACE" if replace else change.upper())
    return PropertyDiff(kind=kind, inputDiff=True)
