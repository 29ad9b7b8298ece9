"""The results as a drawing, written as SVG by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from xml.sax.saxutils import escape

from benchmarks.contestants import MERCURIUS
from benchmarks.results import Results
from benchmarks.rounds import Cost

_WIDTH = 900
_LEFT, _BARS, _ROW = 200, 540, 26
_SERVER, _DATABASE = "#2563eb", "#f59e0b"
_CUT = 6
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
    'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>'
)


@dataclass(frozen=True)
class Bar:
    """A labelled bar of one or more parts.

    Attributes:
        label: Whose it is.
        parts: Length and colour of each part.
        value: What is written behind it.
    """

    label: str
    parts: Sequence[tuple[float, str]]
    value: str


def draw(results: Results) -> str:
    """Return the drawing of whatever was measured."""
    elements: list[str] = []
    top = 10
    for panel in (_list_page, _sizes, _claims, _deliveries):
        drawn, height = panel(results, top)
        elements += drawn
        top += height
    return "\n".join([_HEAD.format(width=_WIDTH, height=top + 10), *elements, "</svg>"]) + "\n"


def _text(x: float, y: float, words: str, extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {extra}>{escape(words)}</text>'


def _title(top: float, words: str) -> str:
    return _text(16, top + 20, words, 'font-weight="bold" font-size="15"')


def _legend(top: float, first: str, second: str) -> list[str]:
    return [
        _text(_LEFT, top + 40, f"■ {first}", f'fill="{_SERVER}"'),
        _text(_LEFT + 190, top + 40, f"■ {second}", f'fill="{_DATABASE}"'),
    ]


def _bars(bars: Sequence[Bar], top: float, longest: float) -> list[str]:
    """Return bars below each other; one longer than `longest` is cut off there, and its value tells its length."""
    elements = []
    for number, bar in enumerate(bars):
        y = top + number * _ROW
        elements.append(_text(_LEFT - 8, y + 15, bar.label, 'text-anchor="end"'))
        x = float(_LEFT)
        for length, colour in bar.parts:
            width = min(length / longest * _BARS, _LEFT + _BARS - x)
            elements.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="18" fill="{colour}"/>')
            x += width
        cut = " (cut off)" if sum(length for length, _ in bar.parts) > longest else ""
        elements.append(_text(x + 6, y + 15, bar.value + cut))
    return elements


def _list_page(results: Results, top: float) -> tuple[list[str], int]:
    if not results.list_page:
        return [], 0
    costs = results.list_page
    longest = min(max(cost.together for cost in costs.values()), _CUT * costs[MERCURIUS].together)
    bars = [
        Bar(name, [(cost.server, _SERVER), (cost.database, _DATABASE)], f"{cost.server:.2f} + {cost.database:.2f}")
        for name, cost in costs.items()
    ]
    title = _title(top, "The list page: CPU milliseconds for one request")
    elements = [title, *_legend(top, "server", "PostgreSQL"), *_bars(bars, top + 52, longest)]
    return elements, 72 + _ROW * len(bars)


def _claims(results: Results, top: float) -> tuple[list[str], int]:
    elements: list[str] = []
    height = 0
    for shape in (results.hot, results.spread):
        costs = results.claims.get(shape.name, {})
        if not costs:
            continue
        bars = [Bar(name, [(cost.per_second, _SERVER)], f"{cost.per_second:,.0f}") for name, cost in costs.items()]
        elements.append(_title(top + height, f"Claims a second, {shape.name}"))
        elements += _bars(bars, top + height + 34, max(cost.per_second for cost in costs.values()))
        height += 54 + _ROW * len(bars)
    return elements, height


def _deliveries(results: Results, top: float) -> tuple[list[str], int]:
    if results.deliveries is None:
        return [], 0
    bursts = results.deliveries.at_once
    bars = [Bar(name, [(each.per_second, _SERVER)], f"{each.per_second:,.0f}") for name, each in bursts.items()]
    elements = [_title(top, f"Deliveries a second, a burst to {results.deliveries.scale.listeners:,} listeners")]
    elements += _bars(bars, top + 34, max(each.per_second for each in bursts.values()))
    return elements, 54 + _ROW * len(bars)


def _sizes(results: Results, top: float) -> tuple[list[str], int]:
    if not results.sizes:
        return [], 0
    sizes = [item.orders for item in results.sizes]
    pages: tuple[tuple[list[Cost], str], ...] = (
        ([item.first for item in results.sizes], _SERVER),
        ([item.deep for item in results.sizes], _DATABASE),
    )
    highest = 1.25 * max(cost.together for costs, _ in pages for cost in costs)
    elements = [
        _title(top, "Cost against size: CPU milliseconds of our server and PostgreSQL for a page"),
        *_legend(top, "first page", "deep page"),
        f'<path d="M{_LEFT} {top + 60}V{top + 200}H{_LEFT + _BARS}" fill="none" stroke="#888"/>',
        _text(_LEFT - 8, top + 204, "0", 'text-anchor="end"'),
        _text(_LEFT - 8, top + 64, f"{highest:.1f}", 'text-anchor="end"'),
    ]
    places = [
        _LEFT + 40 + (_BARS - 80) * log10(size / sizes[0]) / max(1, log10(sizes[-1] / sizes[0])) for size in sizes
    ]
    for size, x in zip(sizes, places, strict=True):
        elements.append(_text(x, top + 218, f"{size:,} orders", 'text-anchor="middle"'))
    for costs, colour in pages:
        points = [(x, top + 200 - 140 * cost.together / highest) for x, cost in zip(places, costs, strict=True)]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        elements.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
        elements += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
    return elements, 244
