"""Programs put on PATH in place of docker and its kin: they record what they are given."""

import sys
from pathlib import Path

import msgspec

_PROGRAM = """#!{python} -IS
import json, os, sys, urllib.request
words = sys.argv[1:]
given = sys.stdin.read() if "--password-stdin" in words else ""
if words[0] != "version":
    call = {{"program": {name!r}, "words": words, "input": given, "buildkit": os.environ.get("DOCKER_BUILDKIT")}}
    with open({record!r}, "a") as record:
        record.write(json.dumps(call) + "\\n")
if words[0] in {fails!r}:
    sys.exit({fails!r}[words[0]])
if words[0] == "push" and {registry!r}:
    repository, _, tag = words[-1].partition("/")[2].rpartition(":")
    manifest = json.dumps({{
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {{"digest": "sha256:" + os.urandom(32).hex()}},
        "layers": [],
    }})
    urllib.request.urlopen(urllib.request.Request(
        {registry!r},
        json.dumps({{"repositoryName": repository, "imageTag": tag, "imageManifest": manifest}}).encode(),
        {{
            "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.PutImage",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ecr/aws4_request",
        }},
    ))
"""


class Call(msgspec.Struct, frozen=True):
    """One run of a program: its name, its arguments, what its standard input held, DOCKER_BUILDKIT as it saw it."""

    program: str
    words: list[str]
    input: str
    buildkit: str | None

    def values(self, option: str) -> list[str]:
        """What follows each `option` among the arguments."""
        return [value for word, value in zip(self.words, self.words[1:], strict=False) if word == option]


class Programs:
    """A folder of such programs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "programs"
        self.directory.mkdir()
        self._record = directory / "calls.jsonl"

    def add(self, name: str, *, fails: dict[str, str] | None = None, registry: str = "") -> Path:
        """Make the program `name`.

        `fails` maps a first argument to what the program then says before it exits with 1; `registry` is the endpoint
        of an ECR that `push` puts a manifest into.
        """
        program = self.directory / name
        program.write_text(
            _PROGRAM.format(
                python=sys.executable, record=str(self._record), name=name, fails=fails or {}, registry=registry
            )
        )
        program.chmod(0o755)
        return program

    @property
    def calls(self) -> list[Call]:
        """Every run so far but those of `version`, in order."""
        if not self._record.exists():
            return []
        return [msgspec.json.decode(line, type=Call) for line in self._record.read_bytes().splitlines()]
