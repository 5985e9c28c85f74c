"""One entry of the table: what neither botocore's service model nor `pulumi_aws` says about a resource type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from sandbox.aws.api import Api
from sandbox.aws.values import Properties

Build = Callable[[Properties], Properties]
"""Called with the inputs and the region; returns parameters of the creating operation."""
Change = Callable[[Api, str, Properties, Properties], None]
"""Called with the ID, the old inputs (none for a new resource) and the new ones."""
BeforeDelete = Callable[[Api, str, Properties], None]
"""Called with the resource's ID and state."""
Reader = Callable[[Api, Mapping[str, object], Properties], Properties]
"""Called with the object that was read and the state so far; returns more of the state."""
Wait = Callable[[Api, str, Properties, float], None]
"""Called with the ID, the state and a time limit in seconds; returns when the resource is ready."""


@dataclass(frozen=True)
class Update:
    """An operation that changes inputs in place."""

    operation: str
    each: bool = False
    """Takes one input a call."""
    whole: bool = False
    """Takes the whole resource, not the changed inputs alone (the Put operations)."""
    always: frozenset[str] = frozenset()
    """Inputs that every call takes along, changed or not."""


@dataclass(frozen=True)
class Attributes:
    """Inputs that AWS keeps as a list or map of named strings beside the resource."""

    read: str
    write: str
    names: Mapping[str, str]
    """The attribute's name by the input's."""


@dataclass(frozen=True)
class Autoname:
    """An input that gets the resource's name and seven random hexadecimal digits when it isn't given."""

    input: str
    longest: int
    """Characters AWS allows."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """How a resource type is created, found, changed and deleted through the AWS API."""

    type: str
    """The type token, such as `aws:ec2/vpc:Vpc`."""
    service: str
    """The client's name in boto3."""
    create: str
    create_where: Mapping[str, str] = field(default_factory=dict)
    """Another operation that creates the resource, by the input with which it does."""
    id: str
    """Of a new resource: JMESPath into the answer of `create`, or a template over it, the inputs and `accountId`."""
    read: str
    found: str
    """JMESPath to the object in the answer of `read`, with `{property}` from the state; null when it is gone."""
    delete: str | None
    created: str | None = None
    """JMESPath to the object in the answer of `create`, where `key` needs more of it than the ID."""
    updates: Sequence[Update] = ()
    key: Mapping[str, object] = field(default_factory=dict)
    """Parameters that identify the resource, as templates over its state; a plural member takes a list of one."""
    send: Mapping[str, str] = field(default_factory=dict)
    """Dotted path in the parameters, by input; `A|B` where operations differ; `a.b` sends a nested property alone."""
    receive: Mapping[str, str] = field(default_factory=dict)
    """JMESPath in the found object, by output."""
    computed: Mapping[str, Callable[[Properties], object]] = field(default_factory=dict)
    """Outputs that the provider itself makes from the others."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Member, or dotted path of members, that a nested property becomes, by its own dotted path."""
    nouns: Sequence[str] = ()
    """Words that the API's names carry and the inputs' don't; the type's own name is always one."""
    translate: Mapping[str, Mapping[object, object]] = field(default_factory=dict)
    """The API's value by the input's."""
    create_with: Mapping[str, object] = field(default_factory=dict)
    update_with: Mapping[str, object] = field(default_factory=dict)
    delete_with: Mapping[str, object] = field(default_factory=dict)
    attributes: Attributes | None = None
    replaces: frozenset[str] = frozenset()
    """Inputs whose change needs a new resource, after the provider's documentation."""
    local: frozenset[str] = frozenset()
    """Inputs that steer the provider and never reach AWS."""
    handled: frozenset[str] = frozenset()
    """Inputs that the functions below send."""
    hidden: frozenset[str] = frozenset()
    """Inputs that AWS doesn't give back as they were sent."""
    empty: frozenset[str] = frozenset()
    """Outputs that AWS leaves empty for such a resource; `*` stands for any end of a name."""
    autoname: Autoname | None = None
    one_at_a_time: bool = False
    """A replacement can't exist beside what it replaces, though it has no name of its own."""
    tag_type: str | None = None
    """ResourceType of an EC2 tag specification."""
    tagged_by: str = "arn"
    """Output that the tagging operations identify the resource by."""
    build: Build | None = None
    change: Change | None = None
    """Sends handled inputs: after creation, and after an update in which one of them changed."""
    before_delete: BeforeDelete | None = None
    reader: Reader | None = None
    ready: Wait | None = None
    """Waits after creation and update."""
    gone: Wait | None = None
    """Waits after deletion."""

    @property
    def name(self) -> str:
        """The type's own name, such as `LoadBalancer`."""
        return self.type.rsplit(":", 1)[1]

    def creating(self, inputs: Mapping[str, object]) -> str:
        """Return the operation that creates a resource with these inputs."""
        return next((operation for given, operation in self.create_where.items() if inputs.get(given)), self.create)

    def tag_identity(self, state: Mapping[str, object]) -> str:
        """Return what the tagging operations identify a resource by: EC2 takes its ID, others an ARN or a name."""
        return str(state["id" if self.tag_type else self.tagged_by])

    def leaves_empty(self, name: str) -> bool:
        """Tell whether AWS gives no value for an output."""
        return any(fnmatchcase(name, pattern) for pattern in (*self.empty, "namePrefix", "identifierPrefix"))
