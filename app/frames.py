"""WebSocket frames of text, and the messages of `graphql-transport-ws` in them, as bytes ready to be written."""

from collections.abc import Iterable

import orjson

_SMALL, _MIDDLE = 126, 1 << 16


def text_frame(text: bytes) -> bytes:
    """Return a text in a frame of its own: unfragmented, and unmasked as a server's are (RFC 6455, section 5.2)."""
    return _head(len(text)) + text


class Envelope:
    """The messages of one operation, which differ from another one's by its id alone."""

    __slots__ = ("_before", "_id")

    def __init__(self, operation_id: str) -> None:
        """Write for an operation."""
        # A copy: what orjson returns takes 4 KB, however short it is.
        self._id = bytes(memoryview(orjson.dumps(operation_id)))
        self._before = b'{"id":%b,"type":"next","payload":' % self._id

    def next(self, payloads: Iterable[bytes]) -> bytes:
        """Return the frames that tell of results."""
        before = self._before
        around = len(before) + 1
        parts: list[bytes] = []
        for payload in payloads:
            parts += (_head(around + len(payload)), before, payload, b"}")
        return b"".join(parts)

    def error(self, errors: bytes) -> bytes:
        """Return the frame that tells why an operation has not begun."""
        return text_frame(b'{"id":%b,"type":"error","payload":%b}' % (self._id, errors))

    def complete(self) -> bytes:
        """Return the frame that tells that nothing more comes."""
        return text_frame(b'{"id":%b,"type":"complete"}' % self._id)


def _head(length: int) -> bytes:
    if length < _SMALL:
        return bytes((0x81, length))
    if length < _MIDDLE:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")
