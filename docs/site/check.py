"""Finds what is broken in a built site: links and pictures that lead nowhere, and anything had from elsewhere."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}
"""What a browser loads by itself, and would ask another site for."""

_NOT_LOADED = {"canonical", "next", "prev", "alternate"}


class _Page(HTMLParser):
    """What one page points at, and the places in it that can be pointed at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.pointers: list[tuple[str, bool]] = []
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag."""
        attributes = dict(attrs)
        self.anchors.update(value for name in ("id", "name") if (value := attributes.get(name)))
        for name in ("href", "src"):
            if (value := attributes.get(name)) and attributes.get("rel") not in _NOT_LOADED:
                self.pointers.append((value, (tag, name) in _LOADED))


def faults(site: Path) -> Iterator[str]:
    """Yield a sentence for each broken link or anchor, and for each thing that another site would be asked for.

    Args:
        site: The folder with the built site.
    """
    pages = {path: _Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        # Its links are from the top of wherever the site is put.
        if path.name == "404.html":
            continue
        for pointer, loaded in page.pointers:
            fault = _fault(path, pointer, loaded, pages)
            if fault is not None:
                yield f"{path.relative_to(site)}: {pointer} {fault}"


def _fault(path: Path, pointer: str, loaded: bool, pages: dict[Path, _Page]) -> str | None:
    url = urlsplit(pointer)
    if url.scheme == "data":
        return None
    if url.scheme or url.netloc:
        return "is loaded from another site" if loaded else None
    target = (path.parent / unquote(url.path)).resolve() if url.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "is not there"
    if target in pages and unquote(url.fragment) not in pages[target].anchors:
        return "has no such place"
    return None
