"""What a copy template may contain, checked before an incident and not in the middle of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import TemplateSyntaxError, nodes

from domain.copy_language import HTML, TESTS, TEXT, syntax_problem
from domain.errors import Problem
from domain.suggest import did_you_mean

Names = Mapping[str, frozenset[str] | None]
"""What a template may name: a value (None), or a group and the names of the values in it."""


def find_problems(
    source: str, file: str, names: Names, *, html: bool = False, first_line: int = 1
) -> list[Problem]:
    """Everything in a template that can never work, whatever the values: syntax, names, filters.

    ``first_line`` is the line of ``file`` on which ``source`` begins.
    """
    environment = HTML if html else TEXT
    try:
        found = [
            Problem(file, detail, line=line + first_line - 1, next_step=next_step)
            for line, detail, next_step in _walk(environment.parse(source), names)
        ]
        if not found:
            environment.compile(source)
    except TemplateSyntaxError as error:
        return [syntax_problem(error, file, first_line)]
    except (RecursionError, SyntaxError):
        return [Problem(file, "is nested too deeply to be read.", next_step="Make it simpler.")]
    return found


_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.If, nodes.CondExpr,
    nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand, nodes.Concat, nodes.Keyword,
)  # fmt: skip
_Finding = tuple[int, str, str]


def _walk(node: nodes.Node, names: Names) -> Iterator[_Finding]:
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        yield from _look_up(node, names)
        return
    if isinstance(node, nodes.Name):
        if node.name not in names:
            shown = did_you_mean(node.name, names, "{{ {} }}")
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
        yield (
            node.lineno,
            f"a template cannot do this ({type(node).__name__.lower()}).",
            "It can show values with {{ … }} and choose with {% if … %}.",
        )
        return
    for child in node.iter_child_nodes():
        yield from _walk(child, names)


def _look_up(node: nodes.Getattr | nodes.Getitem, names: Names) -> Iterator[_Finding]:
    if isinstance(node, nodes.Getattr):
        key: object = node.attr
    else:
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    group = node.node.name if isinstance(node.node, nodes.Name) else ""
    if group not in names and group:
        groups = [name for name, fields in names.items() if fields]
        shown = did_you_mean(group, groups, f"{{{{ {{}}.{key} }}}}")
        yield node.lineno, f"{{{{ {group}.{key} }}}} is not known to templates.", shown
        return
    fields = names.get(group)
    if not fields or not isinstance(key, str):
        yield node.lineno, "there is nothing inside this value to show.", "Show the value itself."
    elif key not in fields:
        meant = did_you_mean(key, fields, f"{{{{ {group}.{{}} }}}}")
        yield node.lineno, f"{{{{ {group}.{key} }}}} is not known to templates.", meant
