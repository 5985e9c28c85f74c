"""What a process is told that shares its addresses with others."""

import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import msgspec

from engine.processes.listening import Kind


class Place(msgspec.Struct, frozen=True):
    """A process's number, from 1, among so many; where it is to listen; and who started it.

    Attributes:
        folder: where each process has a socket that the others ask it through.
        config: the file given with -config.
        listening: file descriptors of bound sockets, by what is served there.
        supervisor: file descriptor of the socket to the process that started it, which ends when that one does.
    """

    number: int
    count: int
    folder: str
    config: str | None
    listening: dict[Kind, tuple[int, ...]]
    supervisor: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `text` wrote, and keep its files from the programs that handlers start."""
        place = msgspec.json.decode(text, type=cls)
        for descriptor in place.descriptors:
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - it takes no names
        return place

    @property
    def text(self) -> str:
        """The place as JSON."""
        return msgspec.json.encode(self).decode()

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Every file that it is given."""
        return (self.supervisor, *(each for those in self.listening.values() for each in those))

    @property
    def config_file(self) -> Path | None:
        """The file given with -config."""
        return None if self.config is None else Path(self.config)

    def sockets(self) -> Mapping[Kind, Sequence[socket.socket]]:
        """The sockets to listen on; they are the caller's now."""
        return {kind: [socket.socket(fileno=each) for each in those] for kind, those in self.listening.items()}
