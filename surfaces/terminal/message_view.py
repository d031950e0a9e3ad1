"""One message on the screen: its gate, who signed, and each destination."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from client.gate_view import gate_view
from client.mail_progress import MailProgress
from domain.gate import Decision, GateState, Requirement, Verdict
from domain.message_kind import MessageKind
from domain.message_state import MessagePhase
from domain.plural import plural
from domain.status import MessageStatus
from surfaces.terminal.copy_view import NOT_NOTIFIED, promise_line
from surfaces.terminal.outcome_view import PROBLEMS, outcome_view
from surfaces.terminal.printing import clean, clock, say_json, show
from surfaces.terminal.wording import told

_INDENT = 3
_TOO_FEW = "not yet, too few channels have it"

_NOT_TOLD = {
    MessagePhase.REJECTED: "no, it was rejected",
    MessagePhase.EXPIRED: "no, nobody decided in time",
    MessagePhase.WITHDRAWN: "no, it was withdrawn",
    MessagePhase.SUPERSEDED: "no, something newer overtook it",
}


def show_message(message: MessageStatus, as_json: bool) -> None:
    """Show the status of a message after a command has changed it."""
    if as_json:
        say_json(message.model_dump(mode="json"))
    else:
        show(message_view(message))


def message_view(
    message: MessageStatus,
    mails: Sequence[MailProgress] = (),
    preview: str = "",
    slug: str = "",
) -> RenderableType:
    """Lay out one message: its gate, who signed, and each channel."""
    parts: list[RenderableType] = [message_title(message)]
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
            inner += outcome_view(outcome, mail, named=len(_audiences(message)) > 1)
    parts += [_indented(one) for one in inner]
    return Group(*parts)


def _effect(message: MessageStatus) -> str:
    """What came of a message that was decided on."""
    if message.kind.published:
        told = "yes" if message.told else _NOT_TOLD.get(message.phase, _TOO_FEW)
        return f"people have been told: {told}"
    statements = message.kind is MessageKind.HOLDING_STATEMENTS
    done = "they may be released" if statements else "replies go out by them"
    if message.phase is MessagePhase.IN_FORCE:
        return f"{done} on {clean(', '.join(message.reply_channels))}"
    return f"{done}: {_NOT_TOLD.get(message.phase, 'not yet')}"


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


def message_title(message: MessageStatus) -> Text:
    """The line with its number, its kind and its state."""
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


def _audiences(message: MessageStatus) -> set[str]:
    return {one.audience for one in message.outcomes if one.audience}


def _indented(what: RenderableType) -> RenderableType:
    if isinstance(what, Text) and what.no_wrap:
        # A padding would cut it off at the width of the terminal.
        return Text(" " * _INDENT, no_wrap=True, overflow="ignore").append_text(what)
    return Padding(what, (0, 0, 0, _INDENT), expand=False)


def is_over(message: MessageStatus) -> bool:
    """Whether a message needs no more attention."""
    over = (MessagePhase.SETTLED, MessagePhase.WITHDRAWN, MessagePhase.SUPERSEDED)
    trouble = any(outcome.state in PROBLEMS for outcome in message.outcomes)
    return message.phase in over and not trouble
