"""WebSocket as far as the load client needs it: it offers no extension, so what a server sends is whole text frames."""

import base64
import os
from collections.abc import Iterator
from typing import NamedTuple

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA

_FINAL, _MASKED = 0x80, 0x80
_FINAL_TEXT = _FINAL | TEXT
_SHORT = 126
_UNMASKING = bytes(4)
"""A mask of zeros leaves the payload as it is, and is as good as any other."""


class Frame(NamedTuple):
    """A frame of a server."""

    opcode: int
    payload: bytes


def upgrade(path: str) -> bytes:
    """Return the request that opens a socket for `graphql-transport-ws`."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: graphql-transport-ws",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def client_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Return a frame as a client sends it."""
    length = len(payload)
    if length < _SHORT:
        head = bytes([_FINAL | opcode, _MASKED | length])
    else:
        head = bytes([_FINAL | opcode, _MASKED | _SHORT]) + length.to_bytes(2)
    return head + _UNMASKING + payload


def scan(data: bytes) -> tuple[int, int, bool]:
    """Count whole frames, reading nothing but their heads.

    Args:
        data: Bytes of which the first begins a frame.

    Returns:
        How many text frames there are, where the last whole frame ends, and whether there are frames of other kinds.
    """
    texts = position = 0
    others = False
    size = len(data)
    while size - position >= 2:
        length = data[position + 1]
        body = position + 2
        if length >= _SHORT:
            body += 2 if length == _SHORT else 8
            if body > size:
                break
            length = int.from_bytes(data[position + 2 : body])
        if body + length > size:
            break
        if data[position] == _FINAL_TEXT:
            texts += 1
        else:
            others = True
        position = body + length
    return texts, position, others


def frames_in(data: bytes) -> Iterator[Frame]:
    """Yield the frames that whole bytes of a server are.

    Raises:
        ValueError: Where they are not whole, or a frame is not one that a server should send here.
    """
    position = 0
    while position < len(data):
        first, length = data[position], data[position + 1]
        position += 2
        if length >= _SHORT:
            size = 2 if length == _SHORT else 8
            length = int.from_bytes(data[position : position + size])
            position += size
        if not first & _FINAL or first & 0x70 or position + length > len(data):
            raise ValueError(f"bytes of a server are no whole frame: {first:#x}, {length} bytes")
        yield Frame(first & 0x0F, bytes(data[position : position + length]))
        position += length
