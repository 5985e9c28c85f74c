"""The key of bearer tokens.

Engines read the secret every few minutes, and at once when a token comes that none of their keys has signed. The key
before counts for JWT_EXPIRY more, so that the tokens which it has signed live as long as they would have.
"""

from __future__ import annotations

import secrets

from operations.clients import Clients
from operations.outputs import Outputs
from operations.rotation.secret import Renewed, put, read

KEY_BYTES = 48


def renew(clients: Clients, found: Outputs, name: str) -> Renewed:
    """Put a new key into the secret."""
    arn = found.token_key_secret_arn
    put(clients.secrets, arn, {**read(clients.secrets, arn), "jwtSecret": secrets.token_urlsafe(KEY_BYTES)})
    return Renewed(
        f"Bearer tokens of stack {name} are signed with a new key. Those of the key before count until they expire, "
        "for JWT_EXPIRY at most; rotate once more to refuse them within minutes."
    )
