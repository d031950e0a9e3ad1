"""What a copy template may contain, checked before an incident and not in the middle of one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from jinja2 import TemplateSyntaxError, nodes

from domain.copy_language import HTML, TESTS, TEXT, syntax_problem
from domain.errors import Problem
from domain.near_misses import Names, instead_of, near_misses
from domain.public_text import forbidden_in
from domain.suggest import did_you_mean

__all__ = ["ANY", "Names", "find_problems"]


class _Any(frozenset[str]):
    """The names in a group that could not be read, so that no name is called unknown."""

    def __contains__(self, name: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True

    # An empty group is another thing, whose problems are other ones.
    __eq__ = object.__eq__
    __hash__ = object.__hash__


ANY = _Any()


def find_problems(
    source: str, file: str, names: Names, *, html: bool = False, first_line: int = 1
) -> list[Problem]:
    """Everything in a template that can never work, whatever the values: syntax, names, filters.

    ``first_line`` is the line of ``file`` on which ``source`` begins.
    """
    return list(_find_problems(source, file, frozenset(names.items()), html, first_line))


# The same few templates are read again and again: with each message, and while somebody types.
@lru_cache(maxsize=1024)
def _find_problems(
    source: str,
    file: str,
    groups: frozenset[tuple[str, frozenset[str] | None]],
    html: bool,
    first_line: int,
) -> tuple[Problem, ...]:
    names = dict(groups)
    odd = forbidden_in(source)
    if odd is not None and odd.line is not None:
        line = odd.line + first_line - 1
        return (Problem(file, f"{odd.detail}.", line, odd.column, odd.next_step),)
    environment = HTML if html else TEXT
    try:
        tree = environment.parse(source)
        found = tuple(
            Problem(file, detail, line=line + first_line - 1, next_step=next_step)
            for line, detail, next_step in (
                *_walk(tree, names),
                *_misspelt(tree, names, html=html),
                *(_eaten_styles(source) if html else ()),
            )
        )
        if not found:
            environment.compile(source)
    except TemplateSyntaxError as error:
        return (_syntax(error, source, file, names, first_line),)
    except (RecursionError, SyntaxError):
        return (Problem(file, "is nested too deeply to be read.", next_step="Make it simpler."),)
    return found


_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.If, nodes.CondExpr,
    nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand, nodes.Concat, nodes.Keyword,
)  # fmt: skip
_Finding = tuple[int, str, str]
_STYLE = re.compile(r"<style\b.*?</style\s*>|\sstyle\s*=\s*([\"']).*?\1", re.DOTALL | re.IGNORECASE)
_UNKNOWN_TAG = re.compile(r"unknown tag '(\w+)'")


def _misspelt(tree: nodes.Template, names: Names, *, html: bool) -> Iterator[_Finding]:
    """Our names in the spelling of some other template language."""
    for data in tree.find_all(nodes.TemplateData):
        for miss in near_misses(data.data, names, html=html):
            what = f"nobody fills in {miss.written}"
            yield data.lineno + miss.lines_before, f"{what}.", miss.instead


def _eaten_styles(source: str) -> Iterator[_Finding]:
    """Style sheets in which a brace and a # or % begin a comment or a tag of the template."""
    for style in _STYLE.finditer(source):
        for match in re.finditer(r"\{[#%](?![\s-]|if|el|end)", style[0]):
            line = source.count("\n", 0, style.start() + match.start()) + 1
            yield (
                line,
                f"`{match[0]}` begins {'a comment' if '#' in match[0] else 'a tag'} of the "
                "template, and the styles after it are lost.",
                f"Put a space between {{ and {match[0][1]}.",
            )


def _syntax(
    error: TemplateSyntaxError, source: str, file: str, names: Names, first_line: int
) -> Problem:
    """What keeps the template from being read, with what was probably meant."""
    for line, detail, next_step in _eaten_styles(source):
        return Problem(file, detail, line + first_line - 1, next_step=next_step)
    problem = syntax_problem(error, file, first_line)
    tag = _UNKNOWN_TAG.search(error.message or "")
    instead = instead_of(tag[1], names) if tag else ""
    lines = source.split("\n")
    wrong = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
    if "{{{" in wrong:
        instead = "Write two braces: {{ title }}."
    elif "end of comment" in (error.message or ""):
        instead = "{# begins a comment, and #} ends it. If none is meant, put a space after {."
    return problem._replace(next_step=instead) if instead else problem


def _walk(node: nodes.Node, names: Names) -> Iterator[_Finding]:
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        yield from _look_up(node, names)
        return
    if isinstance(node, nodes.Name):
        if node.name not in names:
            shown = instead_of(node.name, names) or did_you_mean(node.name, names, "{{ {} }}")
            yield node.lineno, f"{{{{ {node.name} }}}} is not known to templates.", shown
    elif isinstance(node, nodes.Filter):
        known = node.environment.filters if node.environment else {}
        if node.name not in known:
            meant = did_you_mean(node.name, known)
            yield node.lineno, f"no filter is called {node.name}.", meant
    elif isinstance(node, nodes.Test):
        if node.name not in TESTS:
            meant = did_you_mean(node.name, TESTS)
            yield node.lineno, f"no test is called {node.name}.", meant
    elif not isinstance(node, _ALLOWED):
        hyphened = _hyphened(node)
        yield (
            node.lineno,
            f"a template cannot do this ({type(node).__name__.lower()}).",
            (instead_of(hyphened, names) if hyphened else "")
            or "It can show values with {{ … }} and choose with {% if … %}.",
        )
        return
    for child in node.iter_child_nodes():
        yield from _walk(child, names)


def _hyphened(node: nodes.Node) -> str:
    """The name in ``{{ next-update-by }}``, which reads as a subtraction; "" for anything else."""
    if isinstance(node, nodes.Name):
        return node.name
    if not isinstance(node, nodes.Sub):
        return ""
    parts = [_hyphened(node.left), _hyphened(node.right)]
    return "-".join(parts) if all(parts) else ""


def _look_up(node: nodes.Getattr | nodes.Getitem, names: Names) -> Iterator[_Finding]:
    if isinstance(node, nodes.Getattr):
        key: object = node.attr
    else:
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    group = node.node.name if isinstance(node.node, nodes.Name) else ""
    if group not in names and group:
        groups = [name for name, fields in names.items() if fields]
        shown = _personal(key, names) or did_you_mean(group, groups, f"{{{{ {{}}.{key} }}}}")
        yield node.lineno, f"{{{{ {group}.{key} }}}} is not known to templates.", shown
        return
    fields = names.get(group)
    if not fields or not isinstance(key, str):
        yield node.lineno, "there is nothing inside this value to show.", "Show the value itself."
    elif key not in fields:
        meant = _personal(key, names) or did_you_mean(key, fields, f"{{{{ {group}.{{}} }}}}")
        yield node.lineno, f"{{{{ {group}.{key} }}}} is not known to templates.", meant


def _personal(key: object, names: Names) -> str:
    """What to write for ``{{ user.code }}``; "" if the key is no personal field."""
    instead = instead_of(str(key), names)
    return instead if "[[" in instead else ""
