"""Reply rules on the screen: the saved replies with every wording, and who may reply freely."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from client.saved_replies import ReplyRulesView, SavedReplyView
from domain.saved_replies import ReplyRules, SavedReply
from surfaces.terminal.printing import clean


def replies_view(rules: ReplyRules) -> list[RenderableType]:
    """All that is signed of reply rules."""
    parts: list[RenderableType] = []
    for reply in rules.saved:
        parts.append(Rule(Text(clean(f"{reply.name}: {reply.title}"), style="bold"), align="left"))
        parts += [Text(line, style="bold yellow") for line in _cannot(reply)]
        for number, wording in enumerate(reply.wordings, 1):
            body = Text(f"{number}  {clean(wording)}")
            parts.append(Padding(body, (0, 0, 0, 2), expand=False))
        parts.append(Text(""))
    parts.append(Rule(Text("who may reply", style="bold"), align="left"))
    parts.append(Text(clean(rules.in_words)))
    if rules.risk_words:
        words = ", ".join(rules.risk_words)
        parts.append(Text(clean(f"a second person always reads what has one of: {words}")))
    return [*parts, Text("")]


def rules_lines(view: ReplyRulesView) -> Iterator[str]:
    """The rules in force, with what can be sent now."""
    yield f"Message {view.number}, revision {view.revision}, is in force in {view.incident}."
    yield _line(view.rules.in_words)
    for reply in view.saved:
        state = "held" if reply.changed else "not known yet" if reply.unset else "can be sent"
        yield ""
        yield _line(f"{reply.name}: {reply.title} ({state})")
        if reply.why_not is not None:
            yield f"  {_line(reply.why_not.what)}"
        yield from (f"  {line}" for line in _unfit(reply))
        for number, wording in enumerate(reply.wordings, 1):
            yield f"  {number}  {_line(wording)}"


def _cannot(reply: SavedReply) -> Iterator[str]:
    if reply.unset:
        yield clean(f"cannot be sent: nobody knows {', '.join(reply.unset)} yet")
    yield from _unfit(reply)


def _unfit(reply: SavedReply | SavedReplyView) -> Iterator[str]:
    if reply.unfit:
        yield clean(f"not on {', '.join(reply.unfit)}: it does not fit there")


def _line(text: str) -> str:
    return clean(" ".join(text.split()))
