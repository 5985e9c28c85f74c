"""Versions of secrets in moto 5.2.5: one that AWSCURRENT is moved to isn't what whoever names no version gets."""

from __future__ import annotations

from functools import wraps

from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

_move = SecretsManagerBackend.update_secret_version_stage


def apply() -> None:
    """Let the label say it."""
    setattr(SecretsManagerBackend, "update_secret_version_stage", moved)  # noqa: B010


@wraps(_move)
def moved(
    self: SecretsManagerBackend,
    secret_id: str,
    version_stage: str,
    remove_from_version_id: str,
    move_to_version_id: str,
) -> tuple[str, str]:
    """UpdateSecretVersionStage: GetSecretValue gives the version that has AWSCURRENT from then on."""
    answer: tuple[str, str] = _move(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
    secret = self.secrets[secret_id]
    if version_stage == "AWSCURRENT" and move_to_version_id and isinstance(secret, FakeSecret):
        secret.set_default_version_id(move_to_version_id)
    return answer
