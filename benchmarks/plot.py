"""The plot: two panels of SVG, written by hand, in colours that read on light and dark alike."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from xml.sax.saxutils import escape

from benchmarks.results import Results
from benchmarks.summary import LIMIT, Cost, Line, costs, lines

WIDTH = 860
LABELS = 300
"""The room for names, left of the axis."""

RIGHT = WIDTH - 110
ROW = 30
INK, FAINT, OURS, THEIRS, BOUND = "#6e7681", "#8b949e", "#2f81f7", "#6e7681", "#b07d12"
SERIES = ("#2f81f7", "#2f9550", "#b268cf", "#c9741c", "#c4413c", "#6e7681")
FONT = "font-family='system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif'"


def draw(found: Results) -> str:
    """The whole picture."""
    every = lines(found)
    contestants, height = _contestants(every, 0)
    by_size, height = _by_size(costs(found), height + 46)
    label = "Recipients a second by contestant; microseconds for each recipient by size"
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' "
        f"height='{height}' role='img' aria-label='{label}' {FONT} font-size='13'>"
    )
    return "\n".join((head, *contestants, *by_size, "</svg>", ""))


def _contestants(every: Sequence[Line], top: int) -> tuple[list[str], int]:
    """Points on a logarithmic axis: they are three powers of ten apart."""
    low = floor(log10(min(line.per_second for line in every)))
    high = floor(log10(max(line.per_second for line in every))) + 1

    def across(per_second: float) -> float:
        return LABELS + (log10(per_second) - low) / (high - low) * (RIGHT - LABELS)

    parts = [_text(0, top + 20, "Recipients a second (logarithmic)", INK, weight=600)]
    first = top + 52
    bottom = first + ROW * len(every) - ROW // 2
    for power in range(low, high + 1):
        at = across(10**power)
        parts.append(_line(at, first - 16, at, bottom, FAINT, 0.35))
        parts.append(_text(at, bottom + 17, _short(10**power), INK, anchor="middle"))
    for row, line in enumerate(every):
        y = first + ROW * row
        colour = _colour(line.name)
        x = across(line.per_second)
        parts.append(_text(LABELS - 14, y + 4, line.name, INK, anchor="end"))
        parts.append(_line(LABELS, y, x, y, colour, 0.55, 3))
        parts.append(f"<circle cx='{x:.1f}' cy='{y}' r='6' fill='{colour}'/>")
        share = "" if line.of_limit == 1 else f"  ({_share(line.of_limit)})"
        parts.append(_text(x + 12, y + 4, f"{line.per_second:,.0f}{share}", colour, weight=600))
    parts.append(_text(LABELS, bottom + 38, "in brackets: of the physical limit", INK, size=12))
    return parts, bottom + 44


def _by_size(every: Sequence[Cost], top: int) -> tuple[list[str], int]:
    """Lines from zero, so that flat looks flat and nothing looks steeper than it is."""
    groups: dict[str, list[Cost]] = {}
    for cost in every:
        groups.setdefault(cost.line.name, []).append(cost)
    sizes = sorted({cost.recipients for cost in every})
    highest = _round_up(max(cost.whole for cost in every))
    first, bottom = top + 44, top + 244

    def across(size: int) -> float:
        if len(sizes) == 1:
            return (LABELS + RIGHT) / 2
        span = log10(sizes[-1]) - log10(sizes[0])
        return LABELS + 40 + (log10(size) - log10(sizes[0])) / span * (RIGHT - LABELS - 80)

    def up(cost: float) -> float:
        return bottom - cost / highest * (bottom - first)

    heading = "Frontfoot: microseconds for each recipient, approval to last acceptance, by size"
    parts = [_text(0, top + 20, heading, INK, weight=600)]
    for step in range(5):
        value = highest * step / 4
        parts.append(_line(LABELS, up(value), RIGHT, up(value), FAINT, 0.35))
        parts.append(_text(LABELS - 10, up(value) + 4, f"{value:g}", INK, anchor="end"))
    for size in sizes:
        parts.append(_text(across(size), bottom + 18, f"{size:,}", INK, anchor="middle"))
    for number, (name, group) in enumerate(groups.items()):
        colour = SERIES[number % len(SERIES)]
        points = [(across(cost.recipients), up(cost.whole)) for cost in group]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(
            f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2.5'/>"
        )
        parts += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4.5' fill='{colour}'/>" for x, y in points]
        y = first + 22 * number
        parts.append(f"<circle cx='6' cy='{y}' r='5' fill='{colour}'/>")
        parts.append(_text(18, y + 4, name.removeprefix("Frontfoot, "), INK))
    return parts, bottom + 30


def _colour(name: str) -> str:
    if name.startswith("Frontfoot"):
        return OURS
    return BOUND if name.startswith(LIMIT) else THEIRS


def _share(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def _short(number: int) -> str:
    for size, name in ((1_000_000, " million"), (1_000, ",000")):
        if number >= size:
            return f"{number // size}{name}"
    return str(number)


def _round_up(value: float) -> float:
    """The next value that divides well into four."""
    unit: float = 10.0 ** floor(log10(value))
    return next(unit * step for step in (1, 2, 4, 6, 8, 10) if unit * step >= value)


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, opacity: float, width: int = 1
) -> str:
    return (
        f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' "
        f"stroke-opacity='{opacity}' stroke-width='{width}'/>"
    )


def _text(
    x: float,
    y: float,
    words: str,
    colour: str,
    *,
    anchor: str = "start",
    weight: int = 400,
    size: int = 13,
) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' fill='{colour}' text-anchor='{anchor}' "
        f"font-weight='{weight}' font-size='{size}'>{escape(words)}</text>"
    )
