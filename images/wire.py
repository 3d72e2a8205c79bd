"""Messages between the bot and its image workers: a JSON object and bytes, each with its length before it."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_LENGTHS = struct.Struct("!II")
MAX_PART = 256 * 2**20


@dataclass(frozen=True)
class Message:
    """Fields that are JSON values, and bytes."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""


def send(channel: socket.socket, message: Message) -> None:
    """Send a message whole; raises OSError, TimeoutError among them."""
    fields = json.dumps(message.fields).encode()
    channel.sendall(_LENGTHS.pack(len(fields), len(message.body)) + fields + message.body)


def receive(channel: socket.socket, deadline: float | None = None) -> Message:
    """Receive a message whole, by a moment of the monotonic clock if one is given.

    Raises EOFError when the other end is gone, TimeoutError, and ValueError for what is no message.
    """
    fields, body = _LENGTHS.unpack(_exactly(channel, _LENGTHS.size, deadline))
    if fields > MAX_PART or body > MAX_PART:
        raise ValueError("a message of an impossible length")
    return Message(json.loads(_exactly(channel, fields, deadline)), _exactly(channel, body, deadline))


def _exactly(channel: socket.socket, count: int, deadline: float | None) -> bytes:
    data = bytearray()
    while len(data) < count:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            channel.settimeout(left)
        chunk = channel.recv(min(count - len(data), 2**20))
        if not chunk:
            raise EOFError("the other end is gone")
        data += chunk
    return bytes(data)
