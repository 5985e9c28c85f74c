"""Signatures of messages, as the Standard Webhooks specification has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

ENCODED: Final = "whsec_"
"""How a secret begins whose rest is base64."""

LEAST_KEY_BYTES: Final = 24


def signing_key(secret: str) -> bytes:
    """Give the key that a secret stands for; raises ValueError for one that is too short, or no base64."""
    if secret.startswith(ENCODED):
        key = base64.b64decode(secret.removeprefix(ENCODED), validate=True)
    else:
        key = secret.encode()
    if len(key) < LEAST_KEY_BYTES:
        raise ValueError(f"A key of {len(key)} bytes is too short: {LEAST_KEY_BYTES} or more are needed.")
    return key


def signed_headers(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the headers of a message: its id, when it was sent, and an HMAC-SHA256 of these and the body."""
    signature = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": f"v1,{base64.b64encode(signature).decode()}",
    }
