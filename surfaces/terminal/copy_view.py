"""The copy of a message on the screen, exactly as it would be published."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from domain.message import Copy, Document
from domain.page_entry import PageEntry
from domain.plural import plural
from domain.times import show_on_its_day
from surfaces.terminal.holding_view import forms_view
from surfaces.terminal.printing import clean
from surfaces.terminal.replies_view import replies_view

NOT_NOTIFIED = "Subscribers are not told."

_PREVIEW = 3
_PREVIEW_LETTERS = 220


def document_view(document: Document, digest: str, channel: str | None = None) -> RenderableType:
    """All that an approver signs: every channel's copy, the audience, the offer, the digest."""
    parts: list[RenderableType] = []
    for copy in document.copies:
        if channel is None or copy.channel == channel:
            parts += [Rule(Text(_place(copy), style="bold"), align="left"), _copy(copy), Text("")]
    if document.replies is not None:
        parts += replies_view(document.replies)
    if document.holding is not None:
        parts += [*forms_view(document.holding), Text("")]
    parts.append(Rule(Text("what is signed", style="bold"), align="left"))
    revision = f"revision {document.revision}"
    parts.append(Text(f"message {document.number}, {document.kind}, {revision}"))
    for cut in document.customers:
        parts.append(Text(clean(f"audience {cut.name}: {plural(cut.count, 'recipient')}")))
    if document.subscribers is not None:
        count = plural(document.subscribers.count, "subscriber")
        parts.append(Text(f"and {count} of the status page"))
    if not document.notify and document.copies:
        parts.append(Text(NOT_NOTIFIED))
    if document.offer is not None:
        offer = document.offer
        until = f", until {offer.expires:%Y-%m-%d}" if offer.expires else ""
        parts.append(
            Text(
                f"offer {clean(offer.title)}: {offer.worth} {offer.currency} each{until}, "
                f"at most {offer.budget_cap:,} {offer.currency} in all"
            )
        )
    if document.page is not None:
        parts += [Text(clean(line)) for line in _page_lines(document.page)]
    if document.next_update_by is not None:
        parts.append(promise_line(document.next_update_by))
    parts += [Text(f"digest {digest}"), Text("")]
    return Group(*parts)


def _page_lines(entry: PageEntry) -> list[str]:
    """What the status page shows with the words."""
    kind = "an article" if entry.article else "an update"
    lines = [f"status page: {kind}, {entry.status}, impact {entry.impact}"]
    return [
        *lines,
        *(
            f"status page: {one.name} is set to {one.state.replace('_', ' ')}"
            for one in entry.components
            if one.state is not None
        ),
    ]


def _place(copy: Copy) -> str:
    return copy.channel if copy.audience is None else f"{copy.channel} to {copy.audience}"


def promise_line(at: datetime) -> Text:
    """By when the next update is promised, and whether that has passed."""
    now = datetime.now(UTC)
    late = at <= now
    line = f"promises the next update by {show_on_its_day(at, now)}"
    return Text(f"{line}, which has passed" if late else line, style="bold red" if late else "")


def preview(document: Document) -> str:
    """The first lines of a message's shortest copy, for a glance."""
    if document.replies is not None:
        return document.replies.in_words
    if document.holding is not None:
        return document.holding.in_words
    text = min((copy.text for copy in document.copies), key=len)
    lines = [line for line in text.splitlines() if line.strip()][:_PREVIEW]
    short = "\n".join(lines)
    return short if len(short) <= _PREVIEW_LETTERS else short[: _PREVIEW_LETTERS - 1] + "…"


def _copy(copy: Copy) -> RenderableType:
    heads: list[str] = []
    if copy.voice is not None:
        address = f" <{copy.voice.address}>" if copy.voice.address else ""
        heads.append(f"from: {copy.voice.name}{address}")
        if copy.voice.reply_to:
            heads.append(f"reply to: {copy.voice.reply_to}")
    if copy.subject:
        heads.append(f"subject: {copy.subject}")
    if copy.link:
        heads.append(f"link: {copy.link}")
    if copy.html:
        heads.append("also as HTML (`--json` shows it)")
    fields = ", ".join(copy.personal_fields())
    if fields:
        heads.append(f"filled in for each recipient: {fields}")
    head = Text("\n".join(clean(line) for line in heads), style="dim")
    body = Padding(Text(clean(copy.text)), (0, 0, 0, 2), expand=False)
    return Group(head, Text(""), body) if heads else body
