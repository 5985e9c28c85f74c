"""Rules of roles and secrets."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from infra.policy.resources import Resource, mappings
from infra.policy.rule import Rule, StackRule, must_have
from infra.policy.statements import Statement, statements

_POLICIES = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy", "aws:iam/role:Role")
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_DECRYPTING = ("kms:decrypt", "kms:reencryptfrom")
_ALL_KEYS = re.compile(r"^(\*|arn:[^:]*:kms:[^:]*:[^:]*:(\*|key/\*))$")
_BROAD = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


def granted(resource: Resource) -> Iterator[Statement]:
    """What a policy grants, or the inline policies of a role."""
    yield from statements(resource.document("policy"))
    for inline in mappings(resource.items("inlinePolicies")):
        yield from statements(Resource(resource.urn, resource.type, inline).document("policy"))


def administers(resource: Resource) -> Iterator[str]:
    """A policy that allows everything, or the attachment of one of AWS's own that does nearly so."""
    if any(statement.allows and "*" in statement.actions for statement in granted(resource)):
        yield "it allows every action"
    name = str(resource.get("policyArn")).rsplit("/", 1)[-1]
    if name in _BROAD:
        yield f"it attaches {name}"


def wild_actions(resource: Resource) -> Iterator[str]:
    """Actions with a wildcard and no reason."""
    for statement in granted(resource):
        for action in sorted({action for action, _ in statement.wildcards() if "*" in action or action[:1] == "!"}):
            yield f"it allows {action}"


def wild_resources(resource: Resource) -> Iterator[str]:
    """Actions on everything without a reason."""
    for statement in granted(resource):
        for action, on in statement.wildcards():
            if "*" not in action:
                yield f"it allows {action} on {on}"


def decrypts_with_all_keys(resource: Resource) -> Iterator[str]:
    """A policy that allows to decrypt with every key of an account."""
    for statement in granted(resource):
        actions = [
            action for action in statement.actions if any(fnmatchcase(each, action.lower()) for each in _DECRYPTING)
        ]
        if statement.allows and actions and any(_ALL_KEYS.match(each) for each in statement.resources or ("*",)):
            yield f"it allows {', '.join(actions)} with every key"


RULES: tuple[Rule | StackRule, ...] = (
    Rule(
        "IAM.1",
        "No policy allows everything.",
        "Name the actions that the role needs.",
        (*_POLICIES, _ATTACHMENT),
        administers,
    ),
    Rule(
        "IAM.21",
        "Policies name the actions that they allow.",
        "Name the actions in place of the wildcard, or give its reason in infra/policy/statements.py.",
        _POLICIES,
        wild_actions,
    ),
    Rule(
        "KMS.1",
        "No policy allows to decrypt with every key.",
        "Name the ARNs of the keys.",
        ("aws:iam/policy:Policy",),
        decrypts_with_all_keys,
    ),
    Rule(
        "KMS.2",
        "No inline policy allows to decrypt with every key.",
        "Name the ARNs of the keys.",
        ("aws:iam/rolePolicy:RolePolicy", "aws:iam/role:Role"),
        decrypts_with_all_keys,
    ),
    StackRule(
        "SecretsManager.1",
        "Secrets are rotated by themselves.",
        "Add an aws.secretsmanager.SecretRotation for the secret.",
        ("aws:secretsmanager/secret:Secret",),
        must_have("aws:secretsmanager/secretRotation:SecretRotation", "secretId"),
    ),
    Rule(
        "Workflow.4",
        "Policies name the resources that they are about.",
        "Name the resources in place of the wildcard, or give its reason in infra/policy/statements.py.",
        _POLICIES,
        wild_resources,
    ),
)
