import pytest

from sandbox.compute.definition import ContainerDefinition, NameValue, SecretReference
from sandbox.compute.environment import Machine, SecretError, build
from sandbox.images import LocalImage
from tests.sandbox.stack import REGION, Stack

MACHINE = Machine("http://127.0.0.1:4566", REGION, "127.77.1.1")
IMAGE = LocalImage(("/opt/app/bin/python", "-m", "app"), "/srv", {"A": "image", "B": "image"})


def _build(*secrets: SecretReference, environment: list[NameValue] | None = None) -> dict[str, str]:
    definition = ContainerDefinition("main", "image", environment=environment or [], secrets=list(secrets))
    return build(definition, IMAGE, MACHINE)


def test_the_definition_overrides_the_image_and_the_machine_both() -> None:
    built = _build(environment=[NameValue("B", "definition"), NameValue("HOST", "elsewhere")])
    assert (built["A"], built["B"], built["HOST"]) == ("image", "definition", "127.77.1.1")
    assert built["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert built["PATH"].startswith("/opt/app/bin:")


def test_secrets_come_whole_or_by_key_and_stage(stack: Stack) -> None:
    arn = stack.secrets.create_secret(Name=stack.name, SecretString='{"a": "x", "n": 5}')["ARN"]
    stack.secrets.put_secret_value(SecretId=arn, SecretString='{"a": "y"}')
    built = _build(
        SecretReference("WHOLE", arn),
        SecretReference("KEY", f"{arn}:a::"),
        SecretReference("BEFORE", f"{arn}:n:AWSPREVIOUS:"),
    )
    assert (built["WHOLE"], built["KEY"], built["BEFORE"]) == ('{"a": "y"}', "y", "5")


def test_what_cannot_be_fetched_is_named_and_never_shown(stack: Stack) -> None:
    arn = stack.secrets.create_secret(Name=stack.name, SecretString="hush")["ARN"]
    document = stack.secrets.create_secret(Name=f"{stack.name}-2", SecretString='{"a": "hush"}')["ARN"]
    for value_from, why in [
        (f"{arn}:a::", "the secret isn't a JSON object"),
        (f"{document}:b::", "did not contain json key b"),
        (f"arn:aws:secretsmanager:{REGION}:123456789012:secret:none", "from Secrets Manager"),
        (f"arn:aws:ssm:{REGION}:123456789012:parameter/p", "only ARNs of Secrets Manager"),
    ]:
        with pytest.raises(SecretError, match=why) as caught:
            _build(SecretReference("SECRET", value_from))
        assert "hush" not in str(caught.value)
