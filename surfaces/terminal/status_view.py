"""An incident on the screen: stages, messages, promises, mentions, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.text import Text

from client.mail_progress import MailProgress
from domain.coverage import RULES, CoverageReport
from domain.plural import plural
from domain.stage import Stage
from domain.status import IncidentStatus
from surfaces.terminal.message_view import is_over, message_title, message_view
from surfaces.terminal.printing import clean, clock, say_json, show
from surfaces.terminal.scorecard_view import score_line
from surfaces.terminal.wording import happened, next_lines

_ALL_SHOWN = 3


def show_incident(status: IncidentStatus, as_json: bool) -> None:
    """Show the status of an incident after a command has changed it."""
    if as_json:
        say_json(status.model_dump(mode="json"))
    else:
        show(incident_view(status))


def incident_view(
    status: IncidentStatus,
    mails: Sequence[MailProgress] = (),
    previews: Mapping[int, str] | None = None,
    notices: Sequence[str] = (),
    coverage: CoverageReport | None = None,
    *,
    brief: bool = False,
    ended: bool = False,
) -> RenderableType:
    """Lay out the whole incident for 80 columns or more.

    ``previews`` has the beginning of the copy of messages that wait to be signed. ``brief`` gives
    one line to each message that is over, so that the newest fits on a screen. ``ended`` is
    true if nothing more can be done in it.
    """
    parts: list[RenderableType] = [_heading(status), _strip(status.stage), Text("")]
    if status.locked is not None:
        parts += [Text(clean(f"LOCKED: {happened(status.locked)}"), style="bold red"), Text("")]
    for one in status.delegations:
        signs = f"{one.to} signs for {one.holder} until {clock(one.until)}"
        parts.append(Text(clean(signs), style="yellow"))
    if status.stopped is not None:
        held = happened(status.stopped.explanation())
        parts += [Text(clean(f"STOPPED: {held}"), style="bold red"), Text("")]
    for message in status.messages:
        own = [mail for mail in mails if mail.message == message.number]
        older = message is not status.messages[-1]
        if (brief or len(status.messages) > _ALL_SHOWN) and older and is_over(message):
            parts.append(message_title(message))
            continue
        preview = (previews or {}).get(message.number, "")
        parts += [message_view(message, own, preview, status.incident), Text("")]
    parts += _promises(status, ended=ended)
    parts += [Text(clean(notice), style="yellow") for notice in notices]
    if coverage is not None:
        parts += _mentions(coverage)
    parts += _record(status)
    if not ended:
        parts += [Text(line, no_wrap=True, overflow="ignore") for line in next_lines(status)]
    return Group(*parts)


def _promises(status: IncidentStatus, *, ended: bool) -> Iterator[RenderableType]:
    """By when the public should hear from us, in UTC and in the reader's zone; and the score."""
    due = status.next_word_by
    if due is not None and not ended:
        late = due <= datetime.now(UTC)
        mine = due.astimezone()
        here = f" ({mine:%A %H:%M %Z} here)" if mine.utcoffset() else ""
        line = f"next word due by {clock(due)}{here}"
        yield Text(f"{line}, which has passed" if late else line, style="bold red" if late else "")
    if status.scorecard.promises:
        broken = status.scorecard.broken
        yield Text(score_line(status.scorecard), style="bold red" if broken else "dim")


def _mentions(report: CoverageReport) -> Iterator[RenderableType]:
    """How much of what people said has an end; by channel, and by whoever answered."""
    if not report.total.all:
        return
    oldest = f", the oldest of {clock(report.oldest_open)}" if report.oldest_open else ""
    style = "yellow" if report.total.open else ""
    yield Text(f"mentions: {report.total.in_words}{oldest}", style=style)
    channels = ", ".join(f"{clean(one.channel)} {one.percent}" for one in report.channels)
    agents = ", ".join(
        f"{clean(one.agent) or RULES} {one.answered + one.dismissed:,}" for one in report.agents
    )
    yield Text(f"   {channels}{f'; by {agents}' if agents else ''}", style="dim")


def _heading(status: IncidentStatus) -> Text:
    when = f"opened {clock(status.opened_at)} by {status.opened_by.person}, plan {status.playbook}"
    if status.severity is not None:
        when += f", {status.severity.in_words}"
    if status.audiences:
        when += f", audience {', '.join(status.audiences)}"
    if status.closed_at:
        when += f", closed {clock(status.closed_at)}"
    text = Text(clean(status.incident), style="bold")
    text.append(f"  {clean(status.title)}", style="not bold")
    text.append(f"\n{clean(when)}", style="not bold dim")
    return text


def _record(status: IncidentStatus) -> Iterator[RenderableType]:
    """The end of the record that the ledger confirmed to the incident, to be compared later."""
    head = status.record
    if not head.entries:
        return
    entries = plural(head.entries, "entry", "entries")
    yield Text(
        f"record: {entries} sealed, the last {head.hash[:16]} by key {head.key[:16]}", style="dim"
    )
    if status.record_branch > 1:
        yield Text(
            f"The record goes on in branch {status.record_branch}: Temporal or the ledger was "
            "reset or restored. Its timeline says more.",
            style="bold red",
        )


def _strip(stage: Stage) -> Text:
    """The stages in a row; the current one in brackets, so that it shows without colour too."""
    order = list(Stage)
    strip = Text()
    for place, one in enumerate(order):
        name = one.value.replace("_", " ")
        if place:
            strip.append(" > ", style="dim")
        if one is stage:
            strip.append(f"[{name}]", style="bold reverse")
        else:
            strip.append(name, style="" if place < order.index(stage) else "dim")
    return strip
