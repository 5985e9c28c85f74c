"""TLS to servers of an authority of one's own: databases and brokers."""

from __future__ import annotations

import ssl
from pathlib import Path


def verifying(root_certificate: Path | str | None) -> ssl.SSLContext:
    """Give what makes sure who is talked to, as libpq and Kafka's own client do: by chain, dates and name.

    Python 3.13 would ask more: that every certificate has the extensions of RFC 5280, section 4.2. Authorities of
    companies and of clouds' databases often leave some out, and no other client of theirs minds.

    Args:
        root_certificate: PEM file of the authorities that may vouch for the server; None for the system's.

    Raises OSError or ssl.SSLError when the file can't be read.
    """
    context = ssl.create_default_context(cafile=root_certificate)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
