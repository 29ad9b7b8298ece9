"""The opening handshake of a WebSocket: which requests may open one (RFC 6455, section 4.2.1)."""

import logging
from collections.abc import Sequence
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from app.origins import Origins, is_origin
from app.sockets import PROTOCOL

MAX_BYTES = 64 * 1024
"""How long a handshake may be."""

_log = logging.getLogger(__name__)
_log.setLevel(logging.ERROR)
"""`websockets` would log each connection twice, and each refused handshake."""


class HandshakeRefused(Exception):
    """A handshake that opens no socket.

    Attributes:
        status: The status of the answer.
        message: A sentence that says why.
    """

    def __init__(self, status: HTTPStatus, message: str) -> None:
        """Say why."""
        super().__init__(message)
        self.status = status
        self.message = message


UNREADABLE = HandshakeRefused(HTTPStatus.BAD_REQUEST, "The handshake cannot be read.")
TOO_LONG = HandshakeRefused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The handshake is too long.")


def server_protocol(message_bytes: int) -> ServerProtocol:
    """Return the state of a connection before its handshake.

    Args:
        message_bytes: How long a message may be.
    """
    return ServerProtocol(select_subprotocol=_chosen_subprotocol, max_size=message_bytes, logger=_log)


def read_handshake(request: Request, path: str, origins: Origins) -> str | None:
    """Return the `Authorization` header of a handshake that may open a socket.

    Args:
        request: The request.
        path: Where sockets are opened.
        origins: The web pages that may open one.

    Raises:
        HandshakeRefused: Where it may not, or what it says is not certain.
    """
    host = _single(request.headers, "Host")
    origin = _single(request.headers, "Origin")
    authorization = _single(request.headers, "Authorization")
    if host is None:
        # RFC 9112, section 3.2.
        raise HandshakeRefused(HTTPStatus.BAD_REQUEST, "A request must have a Host.")
    if origin is not None and not is_origin(origin):
        raise HandshakeRefused(HTTPStatus.BAD_REQUEST, "The Origin is not one.")
    if request.path.partition("?")[0] != path:
        raise HandshakeRefused(HTTPStatus.NOT_FOUND, "There is nothing here.")
    if not origins.admits(origin, host):
        raise HandshakeRefused(HTTPStatus.FORBIDDEN, "Pages of this origin may not open a socket.")
    return authorization


def _chosen_subprotocol(_connection: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return PROTOCOL if PROTOCOL in offered else None


def _single(headers: Headers, name: str) -> str | None:
    """Return the value of a header that may be sent once; the first of two could be read otherwise elsewhere."""
    values = headers.get_all(name)
    if len(values) > 1:
        raise HandshakeRefused(HTTPStatus.BAD_REQUEST, f"{name} may be sent once.")
    return values[0] if values else None
