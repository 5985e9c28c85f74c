import msgspec
import pytest

from sandbox.compute.definition import read


def test_defaults_are_those_of_fargate() -> None:
    (one,) = read([{"name": "a", "image": "i", "unknown": 1}], None)
    assert (one.essential, one.stop_timeout, one.start_timeout, one.depends_on) == (True, 30, 180, [])


def test_overrides_replace_the_command_and_add_to_the_environment() -> None:
    containers: list[dict[str, object]] = [
        {"name": "a", "image": "i", "command": ["serve"], "environment": [{"name": "X", "value": "1"}]},
        {"name": "b", "image": "i"},
    ]
    change = {"name": "a", "command": ["migrate"], "environment": [{"name": "Y", "value": "2"}]}
    first, second = read(containers, {"containerOverrides": [change]})
    assert first.command == ["migrate"]
    assert [(variable.name, variable.value) for variable in first.environment] == [("X", "1"), ("Y", "2")]
    assert second.command is None


def test_an_unknown_dependency_is_named() -> None:
    with pytest.raises(msgspec.ValidationError, match="a depends on b, which isn't there"):
        read([{"name": "a", "image": "i", "dependsOn": [{"containerName": "b", "condition": "START"}]}], None)


def test_an_unknown_condition_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value 'LATER'"):
        read([{"name": "a", "image": "i", "dependsOn": [{"containerName": "a", "condition": "LATER"}]}], None)
