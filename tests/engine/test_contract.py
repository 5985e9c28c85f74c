"""The contract file itself."""

from pathlib import Path

import msgspec
import pytest

from engine.contract import contract, read_contract
from engine.settings.values import to_value


def test_every_default_is_a_value_of_its_type() -> None:
    for setting in contract().setting:
        if setting.default is not None:
            to_value(setting, setting.default, setting.unit)


def test_no_name_comes_twice() -> None:
    names = [setting.name for setting in contract().setting]
    assert len(set(names)) == len(names)


def test_aliases_are_not_names_of_other_settings() -> None:
    names = {setting.name for setting in contract().setting}
    aliases = {alias.name for setting in contract().setting for alias in setting.aliases}
    assert not names & aliases


def test_secrets_are_known_by_every_name() -> None:
    secrets = contract().secret_names
    assert {"WORKFLOW_DB_PASSWORD", "DATABASE_URL", "REDIS_URL", "JWT_SECRET", "API_ACCESS_KEYS"} <= secrets
    assert "WORKFLOW_DB_HOST" not in secrets


def test_a_field_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "contract.toml"
    file.write_text('obsolete = []\n[[setting]]\nname = "X"\ntype = "string"\ndescription = ""\nsecrets = true\n')
    with pytest.raises(msgspec.ValidationError, match="secrets"):
        read_contract(file)
