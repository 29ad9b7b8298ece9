"""The HTTP protocol of the server: uvicorn's, with one request of a connection at a time and coalesced writes.

uvicorn parses whatever has arrived, starts a request while others of the same connection wait, and gives a request that
asks for an upgrade no body. Here the parser is fed up to the end of the current request and no further, so that each
request ends where its head says (RFC 9112, section 6), and what is read ahead is bounded.
"""

import asyncio
from typing import Any, Literal

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.http.request_head import (
    MAX_HEAD_BYTES,
    RefusedHead,
    checked_fields,
    head_too_large,
    malformed,
    opens_websocket,
)
from app.http.transport import CoalescingTransport, HoldableFlow
from app.sockets import SEND_SECONDS

_MAX_OVERHEAD = 8
"""How many times a body may grow by being sent in small chunks."""

_PIECE_BYTES = 2048
"""Of a head, or of a body in chunks, which can hold hundreds of the smallest fields or chunks."""

_MAX_PIECES = 2
"""Parsed before other connections have their turn."""

_WHOLE_SECONDS = 20.0
"""A connection is checked this often; one whose request was incomplete at the last check and still is, ends."""

_EMPTY_LINE = b"\r\n\r\n"
"""Ends a head, and a body in chunks with or without trailers."""


class CoalescingHttpProtocol(HttpToolsProtocol):
    """One connection.

    It is `idle`, reads a `head`, a `body` of known length or `chunks`, and is `busy` from the end of a request to the
    end of its response; a head that asks for an `upgrade` is looked at again.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Take what uvicorn gives to each connection."""
        super().__init__(config, server_state, app_state, _loop)
        # uvicorn's own takes data after the last request of a connection for another one.
        self.parser = httptools.HttpRequestParser(self)
        self._phase: Literal["idle", "head", "upgrade", "body", "chunks", "busy"] = "idle"
        self._refusal: RefusedHead | None = None
        self._unparsed = b""
        self._at = 0
        self._tail = b""
        self._request_bytes = 0
        self._body_left = 0
        self._flow: HoldableFlow
        self._send_timer: asyncio.TimerHandle | None = None
        self._check_timer: asyncio.TimerHandle | None = None
        self._incomplete: object = None
        self._opens_websocket = False

    # Called by the transport.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to serve a client."""
        joined: Any = CoalescingTransport(transport, self.loop)
        super().connection_made(joined)
        self.flow = self._flow = HoldableFlow(joined)
        self._check_timer = self.loop.call_later(_WHOLE_SECONDS, self._check_progress)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._unparsed, self._at = b"", 0
        self._cancel_send_timer()
        self._cancel_check_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client has sent."""
        is_between = self._phase == "idle" and not self._unparsed and not self._tail
        head_end = data.find(_EMPTY_LINE, 0, _PIECE_BYTES) if is_between else -1
        if head_end >= 0:
            # Most requests arrive whole and alone. Theirs are the first two pieces, parsed without `_parse`.
            begin = head_end + len(_EMPTY_LINE)
            self._unparsed, self._at = data, begin
            self._feed(data[:begin])
            if self._phase == "body" and self._body_left == len(data) - begin:
                self._unparsed, self._at, self._body_left = b"", 0, 0
                self._feed(data[begin:])
                return
        else:
            self._unparsed, self._at = self._unparsed[self._at :] + data, 0
        self._parse()

    def pause_writing(self) -> None:
        """Wait for the client to take what was sent, for a bounded time."""
        super().pause_writing()
        self._send_timer = self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._cancel_send_timer()
        super().resume_writing()

    def shutdown(self) -> None:
        """Drain streams, and end as soon as no request is being answered."""
        self.config.loaded_app.sockets.begin_to_drain()
        super().shutdown()

    # Called by the parser.

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._phase != "idle":
            # No piece reaches into a second request. Were one to, nothing of it may be parsed.
            raise malformed()
        # Not before: a client that sends empty lines between requests keeps no connection open.
        self._unset_keepalive_if_required()
        super().on_message_begin()
        self._phase = "head"

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; trailers are ignored (RFC 9110, section 6.5.1)."""
        if self._phase == "head":
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Start the application, unless the head is refused, asks for an upgrade, or did not arrive alone."""
        version = self.parser.get_http_version()
        try:
            fields = checked_fields(self.headers, self._request_bytes, version)
            is_upgrade = self.parser.should_upgrade()
            if is_upgrade:
                self._opens_websocket = opens_websocket(fields, self.parser.get_method(), version)
        except RefusedHead as fault:
            self._refusal = fault
            raise
        if is_upgrade:
            self._phase, self.scope["method"] = "upgrade", self.parser.get_method().decode()
            return
        self.expect_100_continue = b"expect" in fields and version == "1.1"
        super().on_headers_complete()
        if self.expect_100_continue:
            # A final response in place of `100 Continue` leaves open whether the body comes (RFC 9110, section 10.1.1).
            self.cycle.keep_alive = False
        self._phase = "chunks" if b"transfer-encoding" in fields else "body"
        self._body_left = int(fields.get(b"content-length", 0))

    def on_message_complete(self) -> None:
        """Note the end of the request."""
        if self._phase != "upgrade":
            super().on_message_complete()
            self._phase = "idle" if self.cycle.response_complete else "busy"
            self._request_bytes = 0

    # Called by uvicorn.

    def on_response_complete(self) -> None:
        """Go on with what has arrived since, after others have had their turn."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._unparsed, self._at = b"", 0
        elif self._phase == "busy":
            self._phase = "idle"
            if self._unparsed:
                self.loop.call_soon(self._parse)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection, and what arrived behind the handshake, to the WebSocket protocol."""
        rest, self._unparsed, self._at = self._unparsed[self._at :], b"", 0
        self._cancel_check_timer()
        self._flow.release()
        joined: Any = self.transport
        joined.flush()
        self.transport = joined.transport
        super().handle_websocket_upgrade()
        if rest and not self.transport.is_closing():
            protocol: Any = self.transport.get_protocol()
            protocol.data_received(rest)

    # Parsing.

    def _parse(self) -> None:
        """Feed the parser, piece by piece, up to the end of the current request; keep the rest, and read no more."""
        pieces = 0
        while self._at < len(self._unparsed):
            if self._phase == "busy" or pieces == _MAX_PIECES:
                self._flow.hold()
                if self._phase != "busy":
                    self.loop.call_soon(self._parse)
                return
            pieces += 1
            data, begin = self._unparsed, self._at
            if self._phase == "body":
                self._at = min(begin + self._body_left, len(data))
                self._body_left -= self._at - begin
            else:
                self._at = self._end_of_lines(data, begin)
            if self._at == len(data) and self._flow.is_held:
                # Before it is parsed: a body that is too large to be kept pauses reading again.
                self._flow.release()
            self._feed(data[begin : self._at])
        self._unparsed, self._at = b"", 0

    def _end_of_lines(self, data: bytes, begin: int) -> int:
        """Return up to where the next piece of a head, or of a body in chunks, goes: to the next empty line."""
        if self._tail:
            # The line may have begun in what was parsed before.
            seam = (self._tail + data[begin : begin + 3]).find(_EMPTY_LINE)
            if seam >= 0:
                end = begin + seam + len(_EMPTY_LINE) - len(self._tail)
                self._tail = b""
                return end
        most = min(begin + _PIECE_BYTES, len(data))
        found = data.find(_EMPTY_LINE, begin, most)
        if found >= 0:
            self._tail = b""
            return found + len(_EMPTY_LINE)
        self._tail = (self._tail + data[max(begin, most - 3) : most])[-3:]
        return most

    def _feed(self, piece: bytes) -> None:
        """Parse a piece, unless the request is too large with it."""
        self._request_bytes += len(piece)
        if self._request_bytes > MAX_HEAD_BYTES and self._is_refused_as_too_large():
            return
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            if self._opens_websocket:
                self.handle_websocket_upgrade()
            else:
                self._ignore_upgrade()
        except httptools.HttpParserError:
            self._refuse(self._refusal or malformed())

    def _ignore_upgrade(self) -> None:
        """Parse the head again without its Upgrade (RFC 9110, section 7.8), so that the parser reads its body."""
        start = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        fields = [b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self._phase, self._request_bytes = "idle", 0
        self._feed(b"".join((start, *fields, b"\r\n")))

    def _is_refused_as_too_large(self) -> bool:
        """End the connection where more comes than a request may have; a body alone is refused by who reads it."""
        if self._phase in ("idle", "head"):
            self._refuse(head_too_large())
            return True
        max_body = self.config.loaded_app.sockets.limits.message_bytes
        if self._request_bytes > MAX_HEAD_BYTES + _MAX_OVERHEAD * max_body:
            self._unparsed, self._at = b"", 0
            self.transport.abort()
            return True
        return False

    def _refuse(self, refusal: RefusedHead) -> None:
        """Answer a request whose end is not certain, and close the connection."""
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(refusal.response(self.server_state.default_headers))
        self.transport.close()
        self._unparsed, self._at = b"", 0
        # Its traceback holds this connection, which would wait for the garbage collector with all that was sent.
        self._refusal = None

    # Time.

    def _check_progress(self) -> None:
        """End the connection of a client that has begun a request, or none, and does not go on with it."""
        is_waiting = self._phase in ("head", "body", "chunks") or self.scope is None
        if is_waiting and self._incomplete is (self.scope or self):
            self.transport.abort()
            return
        self._incomplete = (self.scope or self) if is_waiting else None
        self._check_timer = self.loop.call_later(_WHOLE_SECONDS, self._check_progress)

    def _cancel_check_timer(self) -> None:
        if self._check_timer is not None:
            self._check_timer.cancel()
            self._check_timer = None

    def _cancel_send_timer(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None
