"""Gives a user of Kafka another password, by a request that its clients for Python don't have."""

from __future__ import annotations

import hashlib
import os
from typing import ClassVar, Final

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int8, Int16, Int32, Schema, TaggedFields

_API_KEY: Final = 51
_SCRAM_SHA_512: Final = 2
_ITERATIONS: Final = 4096
_TEXT: Final = CompactString("utf-8")


class _Answer(Response):
    API_KEY = _API_KEY
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(("user", _TEXT), ("error_code", Int16), ("error_message", _TEXT), ("tags", TaggedFields)),
        ),
        ("tags", TaggedFields),
    )


class _Change(RequestStruct):
    """Kafka's AlterUserScramCredentials, version 0."""

    API_KEY = _API_KEY
    API_VERSION = 0
    FLEXIBLE_VERSION: ClassVar[bool] = True
    RESPONSE_TYPE = _Answer
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", _TEXT), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", _TEXT),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _Password(Request[_Change]):
    API_KEY = _API_KEY

    def __init__(self, user: str, password: str) -> None:
        salt = os.urandom(16)
        salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
        self._upsertion: tuple[object, ...] = (user, _SCRAM_SHA_512, _ITERATIONS, salt, salted, {})

    def build(self, request_struct_class: type[_Change]) -> _Change:
        return request_struct_class([], [self._upsertion], {})


async def set_password(servers: str, user: str, password: str) -> None:
    """Give a user of SCRAM-SHA-512, new or known, this password; connections that are open stay."""
    client = AIOKafkaClient(bootstrap_servers=servers)
    await client.bootstrap()
    try:
        answer = await client.send(client.get_random_node(), _Password(user, password))
        assert [error for _, error, _, _ in answer.results] == [0], answer
    finally:
        await client.close()
