"""The small language of copy templates: show a value, choose with ``{% if %}``, nothing else.

It is Jinja with most of it taken away. There are no loops, calls, macros, arithmetic or files, so
that a template always ends, cannot grow beyond its input, and can use nothing but the values
named here (``domain.copy_check`` refuses the rest). Values come as ``{{ title }}`` or in a group,
``{{ facts.cause }}``. One that is not filled yet counts as false in an ``{% if %}``, and is an
error, with its place, wherever it would be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import NoReturn

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, pass_context
from jinja2.exceptions import FilterArgumentError, UndefinedError
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from domain.errors import PlaybookInvalid, Problem
from domain.mail_html import html_paragraphs
from domain.times import show_clock, show_day, show_moment, show_on_its_day

OUTPUT_LIMIT = 200_000
"""The most characters that one template may come to."""

WRITTEN_AT = "_written_at"
"""The value that templates cannot name: when the copy is written."""

Values = Mapping[str, object]
"""What to fill in, by name; a group is a mapping. None and "" are *not filled yet*."""


def fill(source: str, file: str, values: Values, *, html: bool = False, first_line: int = 1) -> str:
    """The template with its values in it. With ``html`` every value is escaped.

    Raises ``PlaybookInvalid`` naming the file, the line and the value that is not filled yet.
    ``source`` must have passed ``domain.copy_check``.
    """
    context = {name: _as_seen(name, value) for name, value in values.items()}
    try:
        return "".join(_capped(_compiled(source, file, html).generate(context), file))
    except TemplateSyntaxError as error:
        raise PlaybookInvalid([syntax_problem(error, file, first_line)]) from error
    except UndefinedError as error:
        name = str(error)
        problem = Problem(
            file,
            f"{{{{ {name} }}}} is not filled yet: nothing is known to put there.",
            line=_line_of(error, file, first_line),
            next_step=f"Fill it in, or put {{% if {name} %}} … {{% endif %}} around the sentence.",
        )
        raise PlaybookInvalid([problem]) from error
    except (TemplateError, TypeError, ValueError) as error:
        detail = (
            str(error) if isinstance(error, FilterArgumentError) else "this cannot be filled in."
        )
        line = _line_of(error, file, first_line)
        raise PlaybookInvalid([Problem(file, detail, line=line)]) from error


@lru_cache(maxsize=256)
def _compiled(source: str, file: str, html: bool) -> Template:
    environment = HTML if html else TEXT
    code = environment.compile(source, name=file, filename=file)
    return Template.from_code(environment, code, environment.make_globals(None))


# --- what a template sees ---------------------------------------------------------------------


class _Unfilled(StrictUndefined):
    """False in a condition, an error wherever it would be shown."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]  # its own are one method for all
        return False


class _Group:
    """The values of a group, as attributes; only what is filled is there."""

    __slots__ = ("_name", "_values")

    def __init__(self, name: str, values: Mapping[str, object]) -> None:
        self._name = name
        self._values = {key: one for key, one in values.items() if one is not None and one != ""}

    def __bool__(self) -> bool:
        return bool(self._values)

    def __str__(self) -> str:
        raise UndefinedError(self._name)

    def look_up(self, key: object) -> object:
        if isinstance(key, str) and key in self._values:
            return self._values[key]
        return _Unfilled(hint=f"{self._name}.{key}")


def _as_seen(name: str, value: object) -> object:
    if isinstance(value, Mapping):
        return _Group(name, value)
    if value is None or value == "":
        return _Unfilled(hint=name)
    return value


class _Environment(SandboxedEnvironment):
    """Looks things up in groups and nowhere else: no object has attributes here."""

    def getattr(self, obj: object, attribute: str) -> object:
        return obj.look_up(attribute) if isinstance(obj, _Group) else _refuse_look_up()

    def getitem(self, obj: object, argument: object) -> object:
        return obj.look_up(argument) if isinstance(obj, _Group) else _refuse_look_up()

    def is_safe_callable(self, obj: object) -> bool:
        return False


def _refuse_look_up() -> NoReturn:
    raise FilterArgumentError("there is nothing inside this value to show.")


@pass_context
def _clock(context: Context, value: object) -> str:
    at, written_at = _time(value, "clock"), context.get(WRITTEN_AT)
    return show_on_its_day(at, written_at) if isinstance(written_at, datetime) else show_clock(at)


def _moment(value: object) -> str:
    return show_moment(_time(value, "moment"))


def _time(value: object, name: str) -> datetime:
    if isinstance(value, StrictUndefined):
        str(value)
    if not isinstance(value, datetime):
        raise FilterArgumentError(f"`{name}` shows times, and this is not one.")
    return value


def _day(value: object) -> str:
    if isinstance(value, StrictUndefined):
        str(value)
    if not isinstance(value, date):
        raise FilterArgumentError("`day` shows days, and this is not one.")
    return show_day(value)


def _short(value: object, limit: int = 90) -> str:
    text = " ".join(str(value).split())
    if len(text) <= limit:
        return text
    whole, _, _ = text[:limit].rpartition(" ")
    return (whole or text[: limit - 1]).rstrip(" .,;:–-") + "…"


def _paragraphs(value: object) -> Markup:
    return Markup(html_paragraphs(str(value)))


def _shown(value: object) -> object:
    """Times and days are shown as people write them, also without a filter."""
    if isinstance(value, datetime):
        return show_moment(value)
    return show_day(value) if isinstance(value, date) else value


_FILTERS = {"clock": _clock, "moment": _moment, "day": _day, "short": _short}
_BORROWED = ("capitalize", "d", "default", "lower", "title", "trim", "upper")
_TESTS = ("defined", "undefined", "none")


def _environment(*, html: bool) -> _Environment:
    environment = _Environment(
        undefined=_Unfilled, autoescape=html, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    borrowed = {name: environment.filters[name] for name in _BORROWED}
    environment.filters = {**borrowed, **_FILTERS, **({"paragraphs": _paragraphs} if html else {})}
    environment.tests = {name: environment.tests[name] for name in _TESTS}
    environment.globals = {}
    return environment


TEXT = _environment(html=False)
HTML = _environment(html=True)
TESTS = frozenset(_TESTS)


def _capped(pieces: Iterator[str], file: str) -> Iterator[str]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > OUTPUT_LIMIT:
            detail = f"comes to more than {OUTPUT_LIMIT:,} characters."
            raise PlaybookInvalid([Problem(file, detail, next_step="Shorten it or its facts.")])
        yield piece


def syntax_problem(error: TemplateSyntaxError, file: str, first_line: int) -> Problem:
    """What Jinja could not read, in its words but at our line."""
    # Jinja's message goes on about tags that this language does not have.
    detail = (error.message or "this is not a template").split(". ")[0].rstrip(".")
    return Problem(
        file,
        f"{detail[:200]}.",
        line=error.lineno + first_line - 1,
        next_step="Every {{ needs its }}, and every {% if %} its {% endif %}.",
    )


def _line_of(error: BaseException, file: str, first_line: int) -> int | None:
    line = None
    trace = error.__traceback__
    while trace is not None:
        # Jinja puts the template's own lines into the traceback, under the name given to compile.
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno + first_line - 1
        trace = trace.tb_next
    return line
