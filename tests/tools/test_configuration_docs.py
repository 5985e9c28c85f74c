"""The configuration page says what the two files say."""

import tomllib

import yaml

from tools import configuration_docs as docs


def test_the_committed_page_is_in_step() -> None:
    project = yaml.safe_load((docs.ROOT / "Pulumi.yaml").read_text())
    contract = tomllib.loads((docs.ROOT / "contract.toml").read_text())

    assert docs.TARGET.read_text() == docs.render(project, contract), "run python -m tools.configuration_docs"


def test_keys_defaults_secrets_and_aliases_are_shown() -> None:
    project = {
        "config": {"aws:region": {"value": "x"}, "taskCpu": {"type": "integer", "default": 256, "description": "a|b"}}
    }
    contract = {
        "setting": [
            {"name": "TOKEN", "type": "string", "secret": True, "description": "d", "aliases": [{"name": "OLD_TOKEN"}]},
            {"name": "WAIT", "type": "duration", "unit": "seconds", "default": 5, "description": "e"},
        ]
    }

    page = docs.render(project, contract)

    assert "| `taskCpu` | integer | `256` | a\\|b |" in page
    assert "| `TOKEN` | string, secret |  | d | `OLD_TOKEN` |" in page
    assert "| `WAIT` | duration, seconds | `5` | e |  |" in page
    assert "aws:region" not in page
