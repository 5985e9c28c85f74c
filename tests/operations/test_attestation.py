"""What syft and cosign are called with: programs in their places say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.attestation import KEYLESS, Attestation, Login
from operations.errors import OperationError, RefusedError
from tests.operations.programs import Programs

REFERENCE = f"registry.example/workflow@sha256:{'0' * 64}"
LOGIN = Login("registry.example", "AWS", "the-registry's-password")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    made = Programs(tmp_path)
    monkeypatch.setenv("PATH", str(made.directory))
    return made


def test_nothing_is_wanted_by_default(programs: Programs) -> None:
    Attestation().require_tools()
    Attestation().make(REFERENCE, LOGIN)

    assert programs.calls == []


def test_the_list_is_of_the_pushed_image(programs: Programs, tmp_path: Path) -> None:
    programs.add("syft")

    Attestation(sbom=tmp_path / "sbom.json").make(REFERENCE, LOGIN)

    [call] = programs.calls
    assert call.words == ["scan", f"registry:{REFERENCE}", "--output", f"spdx-json={tmp_path / 'sbom.json'}"]


@pytest.mark.parametrize(("key", "given"), [(KEYLESS, []), ("awskms:///alias/images", ["awskms:///alias/images"])])
def test_the_digest_is_signed_and_the_list_with_it(
    programs: Programs, tmp_path: Path, key: str, given: list[str]
) -> None:
    programs.add("syft")
    programs.add("cosign")

    Attestation(tmp_path / "sbom.json", key).make(REFERENCE, LOGIN)

    _, login, sign, attest = programs.calls
    assert login.input == LOGIN.password
    assert [call.words[0] for call in (login, sign, attest)] == ["login", "sign", "attest"]
    for call in (sign, attest):
        assert call.values("--key") == given
        assert call.words[-1] == REFERENCE
    assert attest.values("--predicate") == [str(tmp_path / "sbom.json")]
    assert not any(LOGIN.password in word for call in programs.calls for word in call.words)


@pytest.mark.parametrize(
    ("wanted", "tool"), [(Attestation(sbom=Path("sbom.json")), "syft"), (Attestation(key=KEYLESS), "cosign")]
)
def test_a_missing_tool_is_said_beforehand(programs: Programs, wanted: Attestation, tool: str) -> None:
    with pytest.raises(RefusedError, match=f"{tool} is not on PATH"):
        wanted.require_tools()

    assert programs.calls == []


def test_a_failed_signature_says_that_the_image_is_there(programs: Programs) -> None:
    programs.add("cosign", fails={"sign": "no identity"})

    with pytest.raises(OperationError, match=r"`cosign sign` failed; .* The image itself is pushed\."):
        Attestation(key=KEYLESS).make(REFERENCE, LOGIN)
