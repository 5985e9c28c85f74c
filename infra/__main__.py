"""The stack on one screen: its settings, its layers, its exports."""

# ruff: noqa: E402 the path must be set before anything of ours is imported

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # Pulumi puts this folder on the path; `infra` is found from the one above.

import pulumi
from pulumi.runtime.config import CONFIG

from infra.contract import read_contract
from infra.settings import load
from infra.stack.alerting import make_alerting
from infra.stack.data import make_data
from infra.stack.entrance import make_entrance
from infra.stack.exports import export, exports_of
from infra.stack.foundation import lay_foundation
from infra.stack.networking import make_networking
from infra.stack.running import make_running
from infra.stack.watching import make_watching

contract = read_contract(ROOT / "contract.toml")
settings = load(CONFIG.get(), stack=pulumi.get_stack(), contract=contract)

base = lay_foundation(settings)
networking = make_networking(base)
data = make_data(base, networking)
entrance = make_entrance(base, networking)
alerting = make_alerting(base, entrance)
running = make_running(base, contract, networking, data, entrance, alerting)
monitoring = make_watching(base, networking, data, entrance, alerting, running)

export(exports_of(base, networking, data, entrance, alerting, running, monitoring))
