"""What the order workflow calls: a warehouse, a payment gateway, carriers.

Each effect is recorded in a ledger under the task's idempotency key before its result is given back, so that a task
that runs again, because it timed out or because the engine was killed before it could commit the result, finds what
it did the first time and does nothing twice.
"""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

import msgspec

from engine.tasks import TaskContext, TaskError, handler

Result = dict[str, Any]
Effect = Callable[[], Result]

PRICES = {"coffee-grinder": 8900, "beans-1kg": 1950, "espresso-machine": 74900}
MOST_PER_ORDER = {"coffee-grinder": 5, "beans-1kg": 40, "espresso-machine": 2}
SCHEMA = """
create table if not exists effects (key text primary key, step text, order_id text, result text, attempt int)
"""
SHIPPED_TO = frozenset({"DE", "ES", "FR", "GB", "PT", "US"})


class Item(msgspec.Struct):
    """A line of an order."""

    sku: str
    quantity: int


class Address(msgspec.Struct):
    """Where an order goes."""

    country: str
    city: str


class Ledger(Protocol):
    """Effects by idempotency key."""

    def once(self, context: TaskContext, order_id: str, effect: Effect) -> Result:
        """The result recorded for this task, or that of `effect`, recorded now."""
        ...


class MemoryLedger:
    """A ledger that ends with the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._results: dict[str, Result] = {}

    def once(self, context: TaskContext, order_id: str, effect: Effect) -> Result:  # noqa: ARG002 - a ledger's
        """The result recorded for this task, or that of `effect`, recorded now."""
        with self._lock:
            if context.idempotency_key not in self._results:
                self._results[context.idempotency_key] = effect()
            return self._results[context.idempotency_key]


class FileLedger:
    """A ledger in a SQLite file that engines on one machine can share."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "ledger.db"
        with closing(self._connect()) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.execute(SCHEMA)

    def once(self, context: TaskContext, order_id: str, effect: Effect) -> Result:
        """The result recorded for this task, or that of `effect`, recorded now."""
        with closing(self._connect()) as connection:
            connection.execute("begin immediate")
            known = connection.execute(
                "select result from effects where key = ?", (context.idempotency_key,)
            ).fetchone()
            result: Result = json.loads(known[0]) if known else effect()
            if known is None:
                row = (context.idempotency_key, context.state_name, order_id, json.dumps(result), context.attempt)
                connection.execute("insert into effects values (?, ?, ?, ?, ?)", row)
            connection.execute("commit")
        return result

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30, isolation_level=None)


def open_ledger() -> Ledger:
    """The ledger in the folder that ORDER_LEDGER names, else one in memory."""
    folder = os.environ.get("ORDER_LEDGER")
    return FileLedger(Path(folder)) if folder else MemoryLedger()


LEDGER = open_ledger()


def identifier(kind: str, context: TaskContext) -> str:
    """An identifier that is the same whenever the same task makes it."""
    return f"{kind}-{uuid5(NAMESPACE_URL, context.idempotency_key).hex[:12]}"


@handler("reserve-stock")
def reserve_stock(order_id: str, items: list[Item], context: TaskContext) -> Result:
    """Set the items aside. Fails with OutOfStock when the warehouse can't give as many."""
    for item in items:
        left = MOST_PER_ORDER.get(item.sku, 0)
        if item.quantity > left:
            raise TaskError("OutOfStock", f"{item.quantity} of {item.sku} were ordered and {left} can be had")
    total = sum(PRICES[item.sku] * item.quantity for item in items)
    return LEDGER.once(context, order_id, lambda: {"id": identifier("reservation", context), "total": total})


@handler("release-stock")
def release_stock(order_id: str, reservation_id: str, context: TaskContext) -> Result:
    """Put reserved items back on the shelf."""
    return LEDGER.once(context, order_id, lambda: {"released": reservation_id})


@handler("charge-card")
def charge_card(order_id: str, card: str, amount: int, context: TaskContext) -> Result:
    """Take the money; `amount` is in cents. Fails with CardDeclined, or GatewayUnavailable, which passes."""
    if card == "tok_declined":
        raise TaskError("CardDeclined", f"the bank declined {amount / 100:.2f} for {order_id}")
    if card == "tok_visa_flaky" and context.attempt == 1:
        raise TaskError("GatewayUnavailable", "the payment gateway closed the connection")
    return LEDGER.once(context, order_id, lambda: {"id": identifier("charge", context), "amount": amount})


@handler("refund-payment")
def refund_payment(order_id: str, charge_id: str, amount: int, context: TaskContext) -> Result:
    """Give the money back."""
    return LEDGER.once(context, order_id, lambda: {"refunded": charge_id, "amount": amount})


@handler("review-order")
async def review_order(order_id: str, amount: int, country: str) -> Result:
    """Look twice at a large order. Fails with OrderRejected."""
    if country not in SHIPPED_TO:
        raise TaskError(
            "OrderRejected", f"{order_id} over {amount / 100:.2f} goes to {country}, where nobody signs for it"
        )
    return {"approved": True}


@handler("ship")
def ship(order_id: str, carrier: str, address: Address, context: TaskContext) -> Result:
    """Book a carrier. Fails with UndeliverableAddress."""
    if address.country not in SHIPPED_TO:
        raise TaskError("UndeliverableAddress", f"no {carrier} goes to {address.city}, {address.country}")
    number = identifier(carrier, context)
    return LEDGER.once(context, order_id, lambda: {"carrier": carrier, "trackingNumber": number})


@handler("send-invoice")
def send_invoice(order_id: str, email: str, amount: int, context: TaskContext) -> Result:
    """Write the invoice and send it to `email`."""
    number = identifier("invoice", context)
    return LEDGER.once(context, order_id, lambda: {"number": number, "to": email, "amount": amount})
