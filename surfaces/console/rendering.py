"""Pages from templates: one environment, strict about names, with times and counts as people read.

``|safe`` is nowhere: what comes from outside is escaped by Jinja, once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from client.gate_view import gate_view
from client.signing_in import Session
from domain.abilities import Ability
from domain.coverage import RULES
from domain.explanation import Explanation, NextStep, explained
from domain.facts import COPY_FACTS, PRIVATE_FACTS, TIME_FACTS, Facts
from domain.message import Document
from domain.plural import plural
from domain.printable import clean, in_one_line
from domain.times import in_utc, show_clock, show_day, show_moment, show_on_its_day
from domain.wall_time import on_the_wall, show_wall
from surfaces.console.abilities import lacking, why_only_reading
from surfaces.console.access import only_reads
from surfaces.console.wording import Button, button_of, kind_words

HERE = Path(__file__).parent
STATIC = HERE / "static"
_GLANCE = 180


def page(request: Request, name: str, title: str, status: int = 200, **context: Any) -> Response:
    """The page ``name``; ``context`` is all that its template may read, beside who is signed in."""
    session: Session | None = getattr(request.state, "session", None)
    html = (
        _environment()
        .get_template(f"pages/{name}.html")
        .render(
            title=title,
            session=session,
            why_not=_why_not(request),
            rehearsal=getattr(request.app.state, "rehearsal", False),
            only_reading=why_only_reading(request) if only_reads(request) else None,
            now=datetime.now(UTC),
            **context,
        )
    )
    return HTMLResponse(html, status)


def part(request: Request, name: str, **context: Any) -> str:
    """The HTML of the part ``name``, for a live region of whoever is signed in."""
    template = _environment().get_template(f"parts/_{name}.html")
    return template.render(now=datetime.now(UTC), why_not=_why_not(request), **context)


def see(path: str) -> Response:
    """Lead to the page that shows the new state, after something was done."""
    return RedirectResponse(path, 303)


def how_long(seconds: float) -> str:
    """``40 s``, ``12 min``, ``2 h 5 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days"


@cache
def asset(name: str) -> str:
    """The address of a file in ``static/``, which changes with its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{digest}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        day=show_day,
        clock=lambda at: _time(at, show_clock(at)),
        moment=lambda at: _time(at, show_moment(at)),
        on_its_day=lambda at: _time(at, show_on_its_day(at, datetime.now(UTC))),
        second=lambda at: _time(at, f"{in_utc(at):%H:%M:%S} UTC"),
        shown_in=lambda person, roster: roster.shown(person),
        wall=_wall,
        wall_clock=_wall_clock,
        differs=_differs,
        words=lambda text: str(text).replace("_", " "),
        # Unlike Jinja's own, it leaves "UTC" as it is.
        sentence=lambda text: text[:1].upper() + text[1:],
        kind=kind_words,
        how_long=how_long,
        clean=clean,
        in_one_line=in_one_line,
    )
    made.globals.update(gate_view=gate_view, asset=asset, plural=plural, left=_left, glance=_glance)
    made.globals.update(button_of=_button_of, rules=RULES)
    made.globals.update(fact_hints=_hints(COPY_FACTS), private_hints=_hints(PRIVATE_FACTS))
    made.globals.update(time_facts=TIME_FACTS)
    return made


def _hints(names: Iterable[str]) -> dict[str, str]:
    return {name: Facts.model_fields[name].description or name for name in names}


def _why_not(request: Request) -> Callable[[str], Explanation | None]:
    """For templates: why whoever is signed in may not do something, by the name of the ability."""

    def why_not(ability: str) -> Explanation | None:
        if getattr(request.state, "session", None) is None:
            return explained("Nobody is signed in.")
        return lacking(request, Ability(ability))

    return why_not


@pass_context
def _button_of(context: Context, step: NextStep) -> Button | None:
    """The button of a step, for whoever may press it."""
    button = button_of(step)
    if button is None or button.needs is None:
        return button
    return button if context["why_not"](button.needs.value) is None else None


def _time(at: datetime, shown: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(
        in_utc(at).isoformat(timespec="seconds").replace("+00:00", "Z"), shown
    )


def _wall(at: datetime, zone: str) -> Markup:
    """A moment on the clocks of a zone, and in UTC."""
    differs = _differs(at, zone)
    utc = f" ({show_moment(at)})" if differs else ""
    return _in_zone(at, f"{show_wall(at, zone)}{'' if differs else ' UTC'}", utc)


def _differs(at: datetime, zone: str) -> bool:
    """Whether the clocks of a zone show something else than UTC."""
    return bool(on_the_wall(at, zone).utcoffset())


def _wall_clock(at: datetime, zone: str) -> Markup:
    """A time of day on the clocks of a zone."""
    return _in_zone(at, f"{on_the_wall(at, zone):%H:%M}", "")


def _in_zone(at: datetime, shown: str, utc: str) -> Markup:
    # With a title, clock.js does not add a third time to the two.
    return Markup('<time datetime="{}" title="{}">{}</time>{}').format(
        in_utc(at).isoformat(timespec="seconds").replace("+00:00", "Z"), show_moment(at), shown, utc
    )


def _glance(document: Document) -> str:
    """The beginning of a message's shortest copy."""
    if document.replies is not None:
        return document.replies.in_words
    if document.holding is not None:
        return document.holding.in_words
    text = min((copy.text for copy in document.copies), key=len)
    return text if len(text) <= _GLANCE else text[: _GLANCE - 1] + "…"


def _left(at: datetime) -> str:
    """``12 min left``, or that it has passed."""
    left: timedelta = at - datetime.now(UTC)
    if left <= timedelta():
        return f"passed {how_long(-left.total_seconds())} ago"
    return f"{how_long(left.total_seconds())} left"
