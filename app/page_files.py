"""The files of pages: what is listed is served, and nothing else of their directory."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from fastapi.responses import PlainTextResponse, Response
from starlette.requests import Request
from starlette.routing import Route

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_EACH_TIME = "no-cache"

PAGE_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of pages and their files; a page has a `Content-Security-Policy` besides."""

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]+)?|\[[0-9A-Fa-f:]+\](:[0-9]+)?")


def page_policy(host: str, others: Mapping[str, str] | None = None) -> str:
    """Return what a page may do (https://www.w3.org/TR/CSP3/): load its own files, and ask this server.

    Not every browser takes 'self' to cover the WebSocket of the same host, so that is named. The client says what
    `host` is; what is no name of a host does not come into the header.

    Args:
        host: The `Host` of the request.
        others: What else a page needs, or needs otherwise, by the name of the directive.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self'{sockets}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        **(others or {}),
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


@dataclass(frozen=True)
class PageFile:
    """A file that is served.

    Attributes:
        path: Where it is.
        never_changes: Whether another content would have another name.
    """

    path: Path
    never_changes: bool = False


class PageFiles:
    """Serves files by name."""

    def __init__(self, way: str, files: Mapping[str, PageFile]) -> None:
        """List what is served.

        Args:
            way: The path of the directory that they seem to be in, such as `/pages`.
            files: The files, by the names that they are asked for by.
        """
        self._way = way
        self._files = files

    @property
    def route(self) -> Route:
        """Where they are served."""
        return Route(f"{self._way}/{{name}}", self._answer, methods=["GET", "HEAD"])

    async def _answer(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None or not file.path.is_file():
            return PlainTextResponse("There is nothing here.\n", HTTPStatus.NOT_FOUND, PAGE_HEADERS)
        headers = {**PAGE_HEADERS, "Cache-Control": _FOR_EVER if file.never_changes else _EACH_TIME}
        return Response(file.path.read_bytes(), headers=headers, media_type=_TYPES[file.path.suffix])
