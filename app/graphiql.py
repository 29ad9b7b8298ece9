"""The page of GraphiQL, which a browser is shown at the address of the API.

It needs nothing but this server: its files are here, unless an operator prefers a content delivery network. A token is
kept in the page's memory alone.
"""

from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse, Response
from starlette.routing import Route

from app.graphiql_files import DIRECTORY, FILES, PublishedFile, are_there
from app.page_files import PAGE_HEADERS, PageFile, PageFiles, page_policy

_WAY = "/graphiql"
_HOME = Path(__file__).parent / "pages" / "graphiql"
_OWN = ("fetcher.js", "journey.js", "page.css", "page.js", "storage.js")
_NOT_HERE = """<!doctype html><html lang="en"><title>GraphiQL</title>
<p>The files of GraphiQL are not here. Run <code>make graphiql</code>, and start the server again.</p></html>
"""


class GraphiQL:
    """The page, and the files that it loads."""

    def __init__(self, network: str = "", data: str = "", directory: Path = DIRECTORY) -> None:
        """Look which files there are.

        Args:
            network: The content delivery network that GraphiQL is loaded from; empty to serve it from here.
            data: The module by which the page learns of people to act as; empty where there are none.
            directory: Where GraphiQL's files are kept.
        """
        self._network = network
        self._is_there = bool(network) or are_there(directory)
        own = {name: PageFile(_HOME / name) for name in _OWN}
        published = (
            {} if network else {file.name: PageFile(directory / file.name, never_changes=True) for file in FILES}
        )
        self._files = PageFiles(_WAY, {**own, **published})
        self._page = Template((_HOME / "index.html").read_text()).substitute(
            styles="\n".join(self._tag(file) for file in FILES if not file.is_script),
            scripts="\n".join(self._tag(file) for file in FILES if file.is_script),
            data=escape(data),
        )

    @property
    def routes(self) -> Sequence[Route]:
        """Where the page's files are served."""
        return [self._files.route]

    def page(self, host: str = "") -> Response:
        """Return the page.

        Args:
            host: The `Host` that the server is asked by.
        """
        headers = {**PAGE_HEADERS, "Content-Security-Policy": self._policy(host), "Cache-Control": "no-cache"}
        if not self._is_there:
            return HTMLResponse(_NOT_HERE, HTTPStatus.SERVICE_UNAVAILABLE, headers)
        return HTMLResponse(self._page, headers=headers)

    def _tag(self, file: PublishedFile) -> str:
        source = escape(file.on(self._network) if self._network else f"{_WAY}/{file.name}")
        checked = f'integrity="{file.integrity}" crossorigin="anonymous"'
        if file.is_script:
            return f'<script defer src="{source}" {checked}></script>'
        return f'<link rel="stylesheet" href="{source}" {checked}>'

    def _policy(self, host: str) -> str:
        """Return what the browser is to let the page do; GraphiQL's style sheet has its letters and pictures in it."""
        parts = urlsplit(self._network)
        sources = f"'self' {parts.scheme}://{parts.netloc}" if self._network else "'self'"
        return page_policy(
            host, {"script-src": sources, "style-src": sources, "font-src": "data:", "img-src": "'self' data:"}
        )
