"""YAML that remembers the position of each value, so that a mistake can be pointed out.

A plain subset, on purpose: mappings, lists and texts. Every value is read as the text that was
typed, and the model gives it its type: a price of ``10.00`` keeps its two digits, and ``no`` or
``12:30`` is not silently turned into something else. Anchors, aliases and tags are
refused, and with them files that expand to gigabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import yaml

from domain.errors import Problem
from domain.yaml_mistakes import Unquoted, explain_syntax, unquoted

SIZE_LIMIT = 1_000_000
"""The most characters of a file."""

Place = tuple[str | int, ...]
"""The keys and list positions that lead to a value."""

Plain = dict[str, "Plain"] | list["Plain"] | str | None
_KINDS = frozenset(
    {"bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value"}
)
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True)
class PlacedYaml:
    """The content of a file, the position of each part, and what is wrong with its form.

    ``unquoted`` are the values without quotes that somebody may have meant otherwise.
    """

    file: str
    content: Plain = None
    problems: list[Problem] = field(default_factory=list)
    unquoted: dict[Place, Unquoted] = field(default_factory=dict)
    lines: Sequence[str] = ()
    _marks: dict[Place, tuple[int, int]] = field(default_factory=dict)

    def position(self, place: Sequence[str | int]) -> tuple[int | None, int | None]:
        """The line and column (from 1) of the value at ``place``, or of what is nearest around it.

        For a value in a mapping that is the position of its key.
        """
        for length in range(len(place), -1, -1):
            mark = self._marks.get(tuple(place[:length]))
            if mark is not None:
                return mark
        return None, None

    def complain(self, mark: yaml.Mark | None, detail: str, next_step: str = "") -> None:
        """Add a problem at a position of the parser's."""
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (None, None)
        self.problems.append(Problem(self.file, detail, line, column, next_step))

    def read(self, node: yaml.Node, place: Place, seen: set[int]) -> Plain:
        """Turn a node into plain values, recording the position of each."""
        if id(node) in seen:
            self.complain(
                node.start_mark, "refers to another part of the file (&, *).", "Repeat it."
            )
            return None
        seen.add(id(node))
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _KINDS:
            self.complain(
                node.start_mark, "has a tag (!), which means nothing here.", "Take it out."
            )
        if isinstance(node, yaml.SequenceNode):
            items: list[Plain] = []
            for number, item in enumerate(node.value):
                self._mark((*place, number), item)
                items.append(self.read(item, (*place, number), seen))
            return items
        if isinstance(node, yaml.MappingNode):
            return self._read_mapping(node, place, seen)
        if isinstance(node, yaml.ScalarNode) and self._at(node.start_mark) == "&":
            self.complain(
                node.start_mark,
                "begins with &, which does not belong to the text but names a part of the file.",
                "Put quotes around the whole text.",
            )
        odd = unquoted(node, self.lines)
        if odd is not None:
            self.unquoted[place] = odd
        text = str(node.value)
        quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
        return None if text in _NOTHING and not quoted else text

    def _read_mapping(self, node: yaml.MappingNode, place: Place, seen: set[int]) -> Plain:
        pairs: dict[str, Plain] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.complain(key.start_mark, "a key must be one word.")
                continue
            name = str(key.value)
            if name in pairs:
                line, _ = self.position((*place, name))
                self.complain(
                    key.start_mark,
                    f"`{name[:60]}` is here a second time; the first is on line {line}.",
                    "Keep one of them.",
                )
                continue
            self._mark((*place, name), key)
            pairs[name] = self.read(value, (*place, name), seen)
        return pairs

    def _at(self, mark: yaml.Mark) -> str:
        line = self.lines[mark.line] if mark.line < len(self.lines) else ""
        return line[mark.column : mark.column + 1]

    def _mark(self, place: Place, node: yaml.Node) -> None:
        self._marks[place] = (node.start_mark.line + 1, node.start_mark.column + 1)


def read_yaml(text: str, file: str) -> PlacedYaml:
    """Read a YAML file; every problem of form that can be told at once is in ``problems``."""
    placed = PlacedYaml(file, lines=text.splitlines(), _marks={(): (1, 1)})
    if len(text) > SIZE_LIMIT:
        placed.complain(None, f"is longer than {SIZE_LIMIT:,} characters.", "Is it the right file?")
        return placed
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        placed.content = placed.read(node, (), set()) if node is not None else None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        detail = "contains a character that does not belong in a text."
        placed.problems.append(Problem(file, detail, line, next_step="Type this line again."))
    except yaml.MarkedYAMLError as error:
        placed.complain(*explain_syntax(error, placed.lines))
    except RecursionError:
        placed.complain(None, "is nested too deeply to be read.", "Make it simpler.")
    return placed
