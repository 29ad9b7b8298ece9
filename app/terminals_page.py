"""`/` of the demonstration: two terminals side by side, each a client of the public API.

The page is an example of a client. It has no rights of its own: whatever it shows it asks `/graphql` for.
"""

from collections.abc import Sequence
from pathlib import Path

from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request
from starlette.routing import Route

from app.page_files import PAGE_HEADERS, PageFile, PageFiles, page_policy

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


def terminals_routes() -> Sequence[Route]:
    """Return where the page and its files are served."""
    page = (_HOME / PAGE).read_text("utf-8")

    async def answer(request: Request) -> Response:
        policy = page_policy(request.headers.get("host", ""))
        return HTMLResponse(
            page, headers={**PAGE_HEADERS, "Cache-Control": "no-cache", "Content-Security-Policy": policy}
        )

    files = PageFiles(_WAY, {name: PageFile(_HOME / name) for name in FILES})
    return [Route("/", answer, methods=["GET"]), files.route]
