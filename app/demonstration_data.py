"""What the pages of the demonstration need to know: who there is, a token for each, and what to try things with.

It holds the tokens of all its users, so it is sent only to a request with the code of this start. The program
prints the code at the end of the addresses to open, in the fragment, which a browser sends to no server.

The request must come from a browser, or program, on the machine that serves, and from no page but the server's own.
That the peer is this machine says little by itself: a tunnel connects from here for everyone, a page of any site can
have its browser ask, and by a name of its own that leads here (DNS rebinding) it would even be shown the answer. So the
name by which the server is asked must be one that leads nowhere else, and a browser must say that its own page asks. A
tunnel may send `Host: localhost`: against that there is the code.
"""

import hmac
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse, Response
from starlette.requests import Request
from starlette.routing import Route

from app.load_demonstration import Scene
from app.page_files import PageFile, PageFiles
from app.tokens import Tokens
from schema.global_id import encode_id

DATA_PATH = "/demonstration.json"
ACCESS_PATH = "/demonstration/access.js"
"""The module by which a page asks for the data."""

CODE_HEADER = "Demonstration-Code"

_HOME = Path(__file__).parent / "pages" / "demonstration"

_OF_THE_SERVER = frozenset({"same-origin", "none"})
_LIFETIME = timedelta(hours=24)


class DemonstrationData:
    """Tells the pages of the demonstration what they need."""

    def __init__(self, scene: Scene, tokens: Tokens, code: str) -> None:
        """Keep what there is to tell.

        Args:
            scene: The demonstration, as it was loaded.
            tokens: Signs.
            code: The code that a request must have; another one each time that the program starts.
        """
        self._scene = scene
        self._tokens = tokens
        self._code = code.encode()

    @property
    def routes(self) -> Sequence[Route]:
        """Where it is told, and where a page gets the module that asks for it."""
        directory, _, name = ACCESS_PATH.rpartition("/")
        module = PageFiles(directory, {name: PageFile(_HOME / name)})
        return [Route(DATA_PATH, self.answer, methods=["GET"]), module.route]

    async def answer(self, request: Request) -> Response:
        """Tell whoever may know, with tokens that hold for 24 hours."""
        headers = {"Cache-Control": "no-store"}
        if not asks_from_here(request):
            return JSONResponse({"detail": "This is told to the server's own pages on its own machine."}, 403, headers)
        if not self._has_code(request):
            return JSONResponse({"detail": "Open the address that the server printed when it started."}, 403, headers)
        return JSONResponse(self._told(), headers=headers)

    def _has_code(self, request: Request) -> bool:
        given = request.headers.getlist(CODE_HEADER)
        return len(given) == 1 and hmac.compare_digest(given[0].encode(), self._code)

    def _told(self) -> dict[str, object]:
        scene = self._scene
        return {
            "organisation": encode_id("Organisation", scene.organisation_id),
            "people": [
                {
                    **asdict(person),
                    "id": encode_id("User", person.id),
                    "token": self._tokens.sign(person.reference, _LIFETIME),
                }
                for person in scene.people
            ],
            "orders": {reference: encode_id("Order", order_id) for reference, order_id in scene.orders.items()},
            "sharedOrder": encode_id("SharedOrder", scene.shared_order_id),
        }


def asks_from_here(request: Request) -> bool:
    """Return whether a request comes from this machine, and from no page of another site."""
    peer = request.client.host if request.client is not None else ""
    asked = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    site = request.headers.get("sec-fetch-site", "none")
    return _is_loopback(peer) and (asked == "localhost" or _is_loopback(asked)) and site in _OF_THE_SERVER


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
