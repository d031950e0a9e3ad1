"""The picture of the desk as shapes: where each bar, line and label of its SVG is.

Bars, a line and a dashed line tell what came, what ended and what is normal, so that it can be read
without colour. The page has the same in numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from domain.desk_picture import DeskPicture
from domain.model import Value

WIDTH, HEIGHT = 480, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 472, 14, 208
"""The frame of the plot, in units of the SVG."""

_STEPS = (1, 2, 5)
_MOST_LABELS = 5


class Bar(Value):
    """What came in ten minutes."""

    x: float
    y: float
    width: float
    height: float


class Label(Value):
    """A label of an axis, and where it belongs."""

    at: float
    words: str


class Chart(Value):
    """All shapes. ``ended`` and ``normal`` are paths; ``normal`` is empty where it is not known."""

    bars: tuple[Bar, ...]
    ended: str
    normal: str
    counts: tuple[Label, ...]
    hours: tuple[Label, ...]


def chart_of(picture: DeskPicture) -> Chart:
    """The shapes of a picture."""
    slots = picture.slots
    most = max([1.0, *(max(one.arrived, one.ended, one.normal or 0) for one in slots)])
    step = _step(most)
    top = step * -(-most // step)
    width = (RIGHT - LEFT) / len(slots)

    def up(count: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * count / top, 1)

    def across(place: float) -> float:
        return round(LEFT + place * width, 1)

    gap = min(1.0, width / 5)
    bars = [
        Bar(
            x=across(place),
            y=up(one.arrived),
            width=round(width - gap, 1),
            height=round(BOTTOM - up(one.arrived), 1),
        )
        for place, one in enumerate(slots)
        if one.arrived
    ]
    middles = [across(place + 0.5) for place in range(len(slots))]
    ended = " L".join(f"{x} {up(one.ended)}" for x, one in zip(middles, slots, strict=True))
    return Chart(
        bars=tuple(bars),
        ended=f"M{ended}",
        normal=_stepped([up(one.normal or 0) for one in slots], across) if picture.days else "",
        counts=tuple(
            Label(at=up(step * n), words=f"{step * n:,.0f}") for n in range(int(top // step) + 1)
        ),
        hours=tuple(_hours(picture, across)),
    )


def _step(most: float) -> float:
    """The distance of two counts, so that there are at most five."""
    power = 1.0
    while True:
        for one in _STEPS:
            if most / (one * power) <= _MOST_LABELS - 1:
                return one * power
        power *= 10


def _stepped(heights: list[float], across: Callable[[float], float]) -> str:
    """A line that is level over each slot; equal neighbours are one piece."""
    path = f"M{across(0)} {heights[0]}"
    for place, (before, height) in enumerate(pairwise(heights), 1):
        if height != before:
            path += f" H{across(place)} V{height}"
    return f"{path} H{across(len(heights))}"


def _hours(picture: DeskPicture, across: Callable[[float], float]) -> Iterator[Label]:
    """Full hours, as many as fit."""
    hours = len(picture.slots) / 6
    every = next(one for one in (1, 2, 3, 6, 12) if hours / one <= _MOST_LABELS)
    for place, slot in enumerate(picture.slots):
        if slot.at.minute == 0 and slot.at.hour % every == 0:
            yield Label(at=across(place), words=f"{slot.at:%H:%M}")
