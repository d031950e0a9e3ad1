"""An incident on the screen: stages, messages, signatures, channels, mail, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from client.gate_view import gate_view
from client.mail_progress import MailProgress, under_way
from domain.coverage import RULES, CoverageReport
from domain.gate import Decision, GateState, Requirement, Verdict
from domain.ids import SUBSCRIBERS
from domain.message_state import MessagePhase
from domain.plural import plural
from domain.publication import Outcome, PublicationState
from domain.stage import Stage
from domain.status import IncidentStatus, MessageStatus
from surfaces.terminal.copy_view import NOT_NOTIFIED, promise_line
from surfaces.terminal.printing import clean, clock, how_long, say_json, show
from surfaces.terminal.scorecard_view import score_line
from surfaces.terminal.wording import happened, next_lines, told

_ALL_SHOWN = 3
_INDENT = 3
_STYLES = {
    PublicationState.ACCEPTED: "green",
    PublicationState.PARTLY_ACCEPTED: "bold yellow",
    PublicationState.REFUSED: "bold red",
    PublicationState.ABANDONED: "bold red",
    PublicationState.UNKNOWN: "bold yellow",
    PublicationState.SENDING: "cyan",
}
_TOO_FEW = "not yet, too few channels have it"
_NOT_TOLD = {
    MessagePhase.REJECTED: "no, it was rejected",
    MessagePhase.EXPIRED: "no, nobody decided in time",
    MessagePhase.WITHDRAWN: "no, it was withdrawn",
    MessagePhase.SUPERSEDED: "no, something newer overtook it",
}
_PROBLEMS = (
    PublicationState.PARTLY_ACCEPTED,
    PublicationState.REFUSED,
    PublicationState.ABANDONED,
    PublicationState.UNKNOWN,
)


def show_incident(status: IncidentStatus, as_json: bool) -> None:
    """Show the status of an incident after a command has changed it."""
    if as_json:
        say_json(status.model_dump(mode="json"))
    else:
        show(incident_view(status))


def show_message(message: MessageStatus, as_json: bool) -> None:
    """Show the status of a message after a command has changed it."""
    if as_json:
        say_json(message.model_dump(mode="json"))
    else:
        show(message_view(message))


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
        signs = f"{one.to} signs for {one.holder} until {clock(one.until)} UTC"
        parts.append(Text(clean(signs), style="yellow"))
    if status.stopped is not None:
        held = happened(status.stopped.explanation())
        parts += [Text(clean(f"STOPPED: {held}"), style="bold red"), Text("")]
    for message in status.messages:
        own = [mail for mail in mails if mail.message == message.number]
        older = message is not status.messages[-1]
        if (brief or len(status.messages) > _ALL_SHOWN) and older and _is_over(message):
            parts.append(_title(message))
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


def message_view(
    message: MessageStatus,
    mails: Sequence[MailProgress] = (),
    preview: str = "",
    slug: str = "",
) -> RenderableType:
    """Lay out one message: its gate, who signed, and each channel."""
    parts: list[RenderableType] = [_title(message)]
    inner: list[RenderableType] = []
    if preview:
        inner.append(Text(f"“{clean(preview)}”", style="italic"))
    gate = gate_view(slug, message)
    inner += [Text(clean(told(one)), style="bold red") for one in gate.alarms]
    inner += [_signature(one) for one in (*message.decisions, *message.overrides)]
    if message.missing and message.phase is MessagePhase.WAITING:
        inner.append(Text(f"missing: {clean(message.missing)}", style="bold yellow"))
        inner += [Text(clean(line)) for line in (*may_sign_lines(message), *gate.lines)]
    if message.next_update_by is not None:
        inner.append(promise_line(message.next_update_by))
    if message.audience_count or message.subscriber_count:
        inner.append(Text(f"to {_how_many(message)}"))
    if not message.notify:
        inner.append(Text(NOT_NOTIFIED))
    if message.approved_at is not None or message.phase is not MessagePhase.WAITING:
        inner.append(Text(_effect(message), style="dim"))
        for outcome in message.outcomes:
            place = (outcome.channel, outcome.audience)
            mail = next((one for one in mails if (one.channel, one.audience) == place), None)
            inner += _channel(outcome, mail, named=len(_audiences(message)) > 1)
    parts += [_indented(one) for one in inner]
    return Group(*parts)


def _effect(message: MessageStatus) -> str:
    """What came of a message that was decided on."""
    if message.kind.published:
        told = "yes" if message.told else _NOT_TOLD.get(message.phase, _TOO_FEW)
        return f"people have been told: {told}"
    if message.phase is MessagePhase.IN_FORCE:
        return f"replies go out by them on {clean(', '.join(message.reply_channels))}"
    return f"replies go out by them: {_NOT_TOLD.get(message.phase, 'not yet')}"


def _how_many(message: MessageStatus) -> str:
    """``1,000 recipients and 12,400 subscribers``, with what codes are worth."""
    promised = f", codes worth {message.codes_worth}" if message.codes_worth else ""
    counts = (message.audience_count, "recipient"), (message.subscriber_count, "subscriber")
    people = [plural(many, one) for many, one in counts if many]
    return f"{' and '.join(people)}{promised}"


def may_sign_lines(message: MessageStatus) -> list[str]:
    """Who may sign a message that waits, who may not because they wrote it, and with what."""
    who = ", ".join(message.may_sign) or "nobody in the roster"
    return [
        f"may sign: {who}",
        f"{message.author} wrote it and cannot approve it",
        f"to be signed with: {SIGNED_WITH[message.requires]}",
    ]


SIGNED_WITH = {
    Requirement.NONE: "a name, which is taken at its word",
    Requirement.KEY: "a key or a passkey",
    Requirement.PASSKEY: "a passkey",
}


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


def _title(message: MessageStatus) -> Text:
    state = {
        MessagePhase.WAITING: "waits for signatures",
        MessagePhase.PUBLISHING: "is going out",
        MessagePhase.IN_FORCE: "is in force",
    }.get(message.phase, str(message.phase))
    text = Text(f"{message.number:>2} ", style="bold")
    text.append(f"{message.kind}", style="bold")
    text.append(f" {state}", style="bold yellow" if message.gate is GateState.WAITING else "")
    revision = f", revision {message.revision}" if message.revision > 1 else ""
    text.append(f"  {message.digest[:8]}{revision}, by {clean(message.author)}", style="dim")
    return text


def _signature(one: Decision) -> Text:
    word = "approved" if one.verdict is Verdict.APPROVE else "rejected"
    for_whom = f" for {one.on_behalf_of}" if one.on_behalf_of else ""
    as_what = f"{', '.join(one.roles) or 'out of policy'}{for_whom}"
    text = Text(f"{word} by {clean(one.actor.person)} ({clean(as_what)}), {clock(one.at)}")
    text.append(f", {clean(one.actor.surface)}", style="dim")
    if one.reason:
        text.append(f": {clean(one.reason)}")
    return text


def _channel(
    outcome: Outcome, mail: MailProgress | None, *, named: bool
) -> Iterator[RenderableType]:
    """One destination: a line with its state, and details below it.

    ``named``: with its audience, because there are several.
    """
    place = str(outcome.destination) if named else outcome.channel
    head = Text(f"{clean(place):<9} ")
    head.append(f"{outcome.state:<10} ", style=_STYLES.get(outcome.state, "dim"))
    below: list[Text] = []
    if mail is not None:
        head.append(_so_far(mail))
        below += [Text(line) for line in _mail_lines(mail, outcome)]
    elif outcome.receipt is not None:
        head.append(clock(outcome.receipt.at))
        where = outcome.receipt.url or f"id {outcome.receipt.id}"
        below.append(_unbroken(clean(where)))
    waits = outcome.state is PublicationState.SENDING
    if mail is None or waits or outcome.state in _PROBLEMS:
        below += [Text(clean(line), style="yellow") for line in _why(outcome)]
    yield head
    if mail is not None and _goes_on(mail, outcome):
        share = mail.counts.went_out / mail.to_send if mail.to_send else 1.0
        yield ProgressBar(total=1.0, completed=share, width=50)
    yield from below


def _audiences(message: MessageStatus) -> set[str]:
    return {one.audience for one in message.outcomes if one.audience}


def _why(outcome: Outcome) -> list[str]:
    """Why it is in that state, and what to do; the commands are below all messages."""
    why = outcome.explanation
    if why is None:
        return []
    return [line for line in (happened(why), why.next_step.advice) if line]


def _unbroken(text: str) -> Text:
    """A link, never wrapped: a wrapped link cannot be opened with a click."""
    return Text(text, no_wrap=True, overflow="ignore")


def _indented(what: RenderableType) -> RenderableType:
    if isinstance(what, Text) and what.no_wrap:
        # A padding would cut it off at the width of the terminal.
        return Text(" " * _INDENT, no_wrap=True, overflow="ignore").append_text(what)
    return Padding(what, (0, 0, 0, _INDENT), expand=False)


def _so_far(mail: MailProgress) -> str:
    share = mail.counts.went_out / mail.to_send if mail.to_send else 1.0
    # Rounded down: "100 %" is a promise.
    return f"{mail.counts.went_out:,} of {mail.to_send:,} accepted, {int(share * 100)} %"


def _goes_on(mail: MailProgress, outcome: Outcome) -> bool:
    """Whether more of it will go out by itself."""
    return under_way(mail) and not outcome.state.settled


def _mail_lines(mail: MailProgress, outcome: Outcome) -> Iterator[str]:
    counts = mail.counts
    if _goes_on(mail, outcome) and mail.per_second:
        left = f", {how_long(mail.seconds_left)} left" if mail.seconds_left is not None else ""
        yield f"{mail.per_second:,.0f} per second{left}"
    known = [
        f"{getattr(counts, name):,} {name}"
        for name in ("delivered", "bounced", "dropped", "refused", "unknown", "withdrawn")
        if getattr(counts, name)
    ]
    if counts.planned and outcome.state.settled:
        known.append(f"{counts.planned:,} not sent")
    if counts.suppressed:
        known.append(f"{counts.suppressed:,} not to be written to")
    if counts.elsewhere:
        why = "written to in another audience"
        if mail.audience == SUBSCRIBERS:
            why += ", or subscribed to other components"
        known.append(f"{counts.elsewhere:,} {why}")
    if known:
        yield ", ".join(known)


def _is_over(message: MessageStatus) -> bool:
    """Whether a message needs no more attention."""
    over = (MessagePhase.SETTLED, MessagePhase.WITHDRAWN, MessagePhase.SUPERSEDED)
    trouble = any(outcome.state in _PROBLEMS for outcome in message.outcomes)
    return message.phase in over and not trouble
