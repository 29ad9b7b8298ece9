"""`/` of the demonstration: two terminals side by side, each a client of the public API.

The page is an example of a client. It has no rights of its own: whatever it shows it asks `/graphql` for.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request
from starlette.routing import Route

from app.page_files import PAGE_HEADERS, PageFile, PageFiles

_WAY = "/terminals"
_HOME = Path(__file__).parent / "pages" / "terminals"

PAGE = "index.html"
FILES = (
    "page.css",
    "icon.svg",
    "page.js",
    "terminal.js",
    "board.js",
    "views.js",
    "head-view.js",
    "log-view.js",
    "dialogs.js",
    "notices.js",
    "documents.js",
    "graphql-client.js",
    "live-log.js",
    "element.js",
    "texts.js",
)
"""What the page loads; whatever else may be in its directory is not served."""

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]+)?|\[[0-9A-Fa-f:]+\](:[0-9]+)?")


def terminals_routes() -> Sequence[Route]:
    """Return where the page and its files are served."""
    page = (_HOME / PAGE).read_text("utf-8")

    async def answer(request: Request) -> Response:
        policy = _policy(request.headers.get("host", ""))
        return HTMLResponse(
            page, headers={**PAGE_HEADERS, "Cache-Control": "no-cache", "Content-Security-Policy": policy}
        )

    files = PageFiles(_WAY, {name: PageFile(_HOME / name) for name in FILES})
    return [Route("/", answer, methods=["GET"]), files.route]


def _policy(host: str) -> str:
    """Return what the page may do: load its own files, and ask this server.

    Not every browser takes 'self' to cover the WebSocket of the same host, so that is named. The client says what
    `host` is; what is no name of a host does not come into the header.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
