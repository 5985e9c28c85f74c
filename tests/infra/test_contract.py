"""The engine's contract, as the deployment reads it."""

from pathlib import Path

import pytest

from infra.contract import PROVIDED, Contract, EngineValue, Setting, read_contract
from tests.infra.stacks import CONTRACT

SMALL = Contract(
    [
        Setting("LEVEL", "choice", allowed=("low", "high"), default="low"),
        Setting("POOL", "integer", default=5, minimum=1, maximum=9),
        Setting("RATE", "number", minimum=0),
        Setting("WAIT", "duration", unit="milliseconds", default=500, minimum=100),
        Setting("QUIET", "boolean", default=False),
        Setting("TITLE", "string"),
        Setting("KEY", "string", secret=True),
    ]
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEVEL", "high"),
        ("POOL", 9),
        ("RATE", 0.5),
        ("RATE", 2),
        ("WAIT", 100),
        ("WAIT", "1s"),
        ("QUIET", True),
        ("TITLE", ""),
    ],
)
def test_accepted(name: str, value: EngineValue) -> None:
    assert SMALL.check(name, value) is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LEVEL", "middle", 'is "middle": must be one of low, high'),
        ("POOL", 0, "is 0: must be an integer of at least 1 and at most 9"),
        ("POOL", 10, "is 10: must be an integer of at least 1 and at most 9"),
        ("POOL", 1.5, "is 1.5: must be an integer of at least 1 and at most 9"),
        ("POOL", True, "is true: must be an integer of at least 1 and at most 9"),
        ("RATE", "fast", 'is "fast": must be a number of at least 0'),
        ("WAIT", "50ms", 'is "50ms": must be a duration of at least 100 milliseconds'),
        ("WAIT", "soon", 'is "soon": must be a duration of at least 100 milliseconds'),
        ("QUIET", "true", 'is "true": must be a boolean'),
        ("TITLE", 7, "is 7: must be a string"),
        ("KEY", "hunter2", "is a secret: the stack's configuration must not hold it, keep it in Secrets Manager"),
        ("TITEL", "x", "is unknown: did you mean TITLE?"),
        ("ZZZ", "x", "is unknown: contract.toml lists the engine's settings"),
    ],
)
def test_refused(name: str, value: EngineValue, said: str) -> None:
    assert SMALL.check(name, value) == said


def test_effective_number() -> None:
    assert SMALL.effective("POOL", {}) == 5
    assert SMALL.effective("POOL", {"POOL": 7}) == 7
    assert SMALL.effective("WAIT", {"WAIT": "2s"}) == 2000
    assert SMALL.effective("WAIT", {"WAIT": "soon"}) == 500
    with pytest.raises(ValueError, match="RATE of the contract has no number as its default"):
        SMALL.effective("RATE", {})


def test_misplaced() -> None:
    plain = {"TITLE": "x", "KEY": "hunter2", "OTHER": "x"}
    assert list(SMALL.misplaced(plain, ())) == [
        "KEY is a secret and may not be a plain value",
        "OTHER is not in contract.toml",
    ]
    assert list(SMALL.misplaced({"KEY": "secretsmanager:arn#key"}, ("KEY",))) == []
    assert list(SMALL.misplaced({}, ("UNKNOWN",))) == ["UNKNOWN is not in contract.toml"]


def test_the_engines_contract() -> None:
    assert {name for name in PROVIDED if name not in CONTRACT.settings} == set()
    assert CONTRACT.settings["WORKFLOW_DB_PASSWORD"].secret
    assert CONTRACT.effective("KEEP_ALIVE_SECONDS", {}) > 75


def test_read_contract(tmp_path: Path) -> None:
    file = tmp_path / "contract.toml"
    file.write_text('[[setting]]\nname = "A"\ntype = "integer"\ndefault = 3\naliases = [{ name = "B" }]\n')
    assert read_contract(file).settings == {"A": Setting("A", "integer", default=3)}
