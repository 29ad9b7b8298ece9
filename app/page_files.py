"""The files of pages: what is listed is served, and nothing else of their directory."""

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
