"""The rules for the head of a request, beyond what the parser enforces.

A server and the proxy in front of it must agree where a request ends (RFC 9112, section 11.2). A head that leaves that
open is refused, and its connection closes. The parser rejects malformed lines; framing, the Host and repeated fields
are left to its caller.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from ipaddress import AddressValueError, IPv6Address

import orjson

from schema.request_errors import BAD_USER_INPUT

MAX_HEAD_BYTES = 64 * 1024
"""Of the request line and all fields together."""

_MAX_FIELD_BYTES = 8 * 1024
"""Of the value of one field, where it has no smaller bound."""

_MAX_PARSED_BYTES = 1024
_MAX_BYTES = {b"accept": _MAX_PARSED_BYTES, b"content-type": _MAX_PARSED_BYTES}
"""Of the values that are parsed for every request, and remembered."""

_MAX_FIELDS = 128

_SINGLE = frozenset(
    (b"authorization", b"content-length", b"content-type", b"expect", b"host", b"origin", b"transfer-encoding")
)
"""Fields whose value is no list: a second line makes the request ambiguous (RFC 9110, section 5.3)."""

_LISTS = frozenset((b"accept", b"connection", b"upgrade"))
"""Fields whose lines are joined by commas (RFC 9110, section 5.2)."""

_RARE = frozenset((b"expect", b"transfer-encoding"))

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]*|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{1,5}))?")
_MAX_PORT = 65_535


class RefusedHead(Exception):
    """A request that is refused before its body is read.

    Attributes:
        status: The status of the response.
        message: A sentence that says why.
    """

    def __init__(self, status: HTTPStatus, message: str) -> None:
        """Say why."""
        super().__init__(message)
        self.status = status
        self.message = message

    def response(self, default_headers: list[tuple[bytes, bytes]]) -> bytes:
        """Return the response, in the form of GraphQL's request errors; it closes the connection.

        Args:
            default_headers: Headers of every response.
        """
        error = {"message": self.message, "extensions": {"code": BAD_USER_INPUT}}
        body = orjson.dumps({"errors": [error]})
        headers = [
            *default_headers,
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        fields = b"".join(b"%b: %b\r\n" % each for each in headers)
        return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (self.status, self.status.phrase.encode(), fields, body)


def head_too_large() -> RefusedHead:
    """Return the refusal of a head that is too large.

    It is made anew each time, as all of them are: an exception that is raised again keeps the frames of every time
    before, and with them what each client has sent.
    """
    return RefusedHead(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        f"A request may have {_MAX_FIELDS} headers of {_MAX_FIELD_BYTES} bytes, and {MAX_HEAD_BYTES} bytes before its"
        f" body; {' and '.join(f'{name.decode().title()} {most}' for name, most in _MAX_BYTES.items())} bytes.",
    )


def malformed() -> RefusedHead:
    """Return the refusal of what cannot be read as a request."""
    return _bad("This is no well-formed request of HTTP/1.1.")


def checked_fields(headers: list[tuple[bytes, bytes]], head_bytes: int, version: str) -> dict[bytes, bytes]:
    """Return the fields of a head by their names, once it is certain where its request ends.

    Args:
        headers: Its fields, their names in lower case. The lines of a list are joined there, too.
        head_bytes: How many bytes of the request have arrived with it.
        version: Its version of HTTP, such as `1.1`.

    Raises:
        RefusedHead: Where that is not certain, or the request is not for a server like this.
    """
    fields = dict(headers)
    if len(fields) != len(headers):
        _join_lists(headers)
        fields = dict(headers)
    if head_bytes > _MAX_PARSED_BYTES:
        _check_sizes(headers, fields)
    if version != "1.1" and version != "1.0":  # noqa: PLR1714 - it is faster than a set
        raise RefusedHead(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Use HTTP/1.1.")
    host = fields.get(b"host")
    if host is None and version == "1.1":
        raise _bad("A request of HTTP/1.1 has a Host.")
    if host is not None and not _is_host(host):
        raise _bad("The Host must be a name or an address, with a port or without one.")
    if not _RARE.isdisjoint(fields):
        _check_rare(fields, version)
    return fields


def opens_websocket(fields: Mapping[bytes, bytes], method: bytes, version: str) -> bool:
    """Return whether a head that asks for an upgrade is the handshake of a WebSocket (RFC 6455, section 4.1).

    Raises:
        RefusedHead: Where it is one with a body, which would be taken for the first frames; where it asks for a tunnel.
    """
    if method == b"CONNECT":
        raise RefusedHead(HTTPStatus.NOT_IMPLEMENTED, "This server is no proxy.")
    if method != b"GET" or version != "1.1" or fields.get(b"upgrade", b"").lower() != b"websocket":
        return False
    if b"transfer-encoding" in fields or int(fields.get(b"content-length", 0)):
        raise _bad("The handshake of a WebSocket has no body.")
    return True


def _join_lists(headers: list[tuple[bytes, bytes]]) -> None:
    """Have one line of each list; of what is no list there must not be several."""
    lines = Counter(name for name, _ in headers)
    for name in (name for name, count in lines.items() if count > 1):
        if name in _SINGLE:
            raise _bad(f"The header {name.decode()} must not be repeated.")
        if name in _LISTS:
            joined = b", ".join(value for each, value in headers if each == name)
            headers[:] = [each for each in headers if each[0] != name]
            headers.append((name, joined))


def _check_rare(fields: Mapping[bytes, bytes], version: str) -> None:
    coding = fields.get(b"transfer-encoding")
    if coding is not None and (coding.lower() != b"chunked" or version != "1.1" or b"content-length" in fields):
        raise _bad("The only transfer coding is `chunked`, in HTTP/1.1 and without a Content-Length.")
    if fields.get(b"expect", b"100-continue").lower() != b"100-continue":
        raise RefusedHead(HTTPStatus.EXPECTATION_FAILED, "The only expectation is `100-continue`.")


def _check_sizes(headers: list[tuple[bytes, bytes]], fields: Mapping[bytes, bytes]) -> None:
    if len(headers) > _MAX_FIELDS or any(len(value) > _MAX_FIELD_BYTES for _, value in headers):
        raise head_too_large()
    if any(len(fields.get(name, b"")) > most for name, most in _MAX_BYTES.items()):
        raise head_too_large()


@lru_cache(maxsize=64)
def _is_host(host: bytes) -> bool:
    """Return whether a Host is a name or an address, with a port or without one (RFC 9112, section 3.2)."""
    parts = _HOST.fullmatch(host)
    if parts is None:
        return False
    address, port = parts.groups()
    try:
        return (port is None or int(port) <= _MAX_PORT) and (address is None or bool(IPv6Address(address.decode())))
    except AddressValueError:
        return False


def _bad(message: str) -> RefusedHead:
    return RefusedHead(HTTPStatus.BAD_REQUEST, message)
