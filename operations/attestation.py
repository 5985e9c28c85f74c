"""What goes with an image: a list of what is in it (SBOM), and a signature; by option, with the tools made for it.

`syft` lists the packages of the pushed image, as SPDX JSON. `cosign` signs the image's digest with a key (a file, or
one of AWS KMS as awskms:///ALIAS) or, without one, with the identity of whoever runs it, and attaches the list to the
image as a signed attestation. Both read the image from the registry, so that they are about what is deployed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from operations.errors import OperationError, RefusedError
from tools.progress import say

LISTER, SIGNER = "syft", "cosign"
KEYLESS = ""
"""A signature by an identity in place of a key."""


@dataclass(frozen=True)
class Login:
    """A registry and how to log in to it."""

    registry: str
    username: str
    password: str


@dataclass(frozen=True)
class Attestation:
    """What is wanted.

    Attributes:
        sbom: the file to write the list to; None for no list.
        key: the key to sign with, KEYLESS for an identity; None for no signature.
    """

    sbom: Path | None = None
    key: str | None = None

    def require_tools(self) -> None:
        """Raise RefusedError where a tool for what is wanted isn't on PATH."""
        for tool, wanted in ((LISTER, self.sbom is not None), (SIGNER, self.key is not None)):
            if wanted and shutil.which(tool) is None:
                raise RefusedError(f"{tool} is not on PATH: install it, or leave its option out.")

    def make(self, reference: str, login: Login) -> None:
        """List and sign the image `reference` (repository@digest), as far as it is wanted."""
        if self.sbom is not None:
            say(f"listing what is in the image: {self.sbom}")
            credentials = {
                "SYFT_REGISTRY_AUTH_AUTHORITY": login.registry,
                "SYFT_REGISTRY_AUTH_USERNAME": login.username,
                "SYFT_REGISTRY_AUTH_PASSWORD": login.password,
            }
            _run(LISTER, "scan", f"registry:{reference}", "--output", f"spdx-json={self.sbom}", environment=credentials)
        if self.key is not None:
            self._sign(reference, login, self.key)

    def _sign(self, reference: str, login: Login, key: str) -> None:
        say(f"signing {reference} with {key or 'the identity of whoever runs this'}")
        _run(SIGNER, "login", "--username", login.username, "--password-stdin", login.registry, text=login.password)
        how = ["--yes", *(["--key", key] if key else [])]
        _run(SIGNER, "sign", *how, reference)
        if self.sbom is not None:
            _run(SIGNER, "attest", *how, "--type", "spdxjson", "--predicate", str(self.sbom), reference)


def _run(program: str, *words: str, environment: Mapping[str, str] | None = None, text: str | None = None) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [program, *words], env={**os.environ, **(environment or {})}, input=text, text=True, check=False
    )
    if done.returncode != 0:
        raise OperationError(f"`{program} {words[0]}` failed; what it said stands above. The image itself is pushed.")
