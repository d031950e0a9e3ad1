"""Mentions and sources in lines that fit a phone; strangers' words are made safe when printed."""

from __future__ import annotations

from collections.abc import Iterator

from client.claims import current_claim
from client.conversation import Conversation
from client.mention_authors import author_of
from client.mentions import MentionRow, ShownMention
from client.source_state import SeenSource
from domain.printable import in_one_line
from domain.priorities import MentionPriority
from surfaces.terminal.printing import clock, how_long, moment
from surfaces.terminal.wording import told

_SHORT = 240
_INDENT = "  "


def mention_lines(row: MentionRow) -> Iterator[str]:
    """One mention of a list: who and when, then its words in one line, cut if they are long."""
    mention = row.mention
    edited = ", edited" if mention.changed_at > mention.written_at else ""
    private = ", private" if mention.private else ""
    if mention.is_private_message:
        private = ", private message"
    first = "" if row.priority is MentionPriority.NONE else f"{row.priority} ({row.rule}), "
    yield (
        f"{row.number}  {first}{mention.channel}, {row.state}{private}{edited}, "
        f"{clock(mention.written_at)}, {author_of(mention)}"
    )
    yield _INDENT + _in_one_line(mention.text)


def version_lines(shown: ShownMention) -> Iterator[str]:
    """One mention with everything that is known of it."""
    row, mention = shown.row, shown.row.mention
    yield f"Mention {row.number} on {mention.channel}: {row.state}"
    yield f"By {author_of(mention)}"
    yield f"Written {moment(mention.written_at)} UTC, came {moment(row.arrived_at)} UTC"
    if row.closed_at is not None:
        yield f"Closed {moment(row.closed_at)} UTC{_why(row)}"
    if mention.is_private_message:
        yield "Private message: only we can read it, and it is answered on the platform alone."
    elif mention.private:
        yield "Only we can read it."
    if mention.language:
        yield f"Language: {_in_one_line(mention.language)}"
    if mention.reply_to:
        yield f"Answers: {_in_one_line(mention.reply_to)}"
    if mention.url:
        at = "Answer it at" if mention.is_private_message else "At"
        yield f"{at}: {_in_one_line(mention.url)}"
    if row.priority is not MentionPriority.NONE:
        yield f"Priority: {row.priority}, by the rule {_in_one_line(row.rule)}"
    yield f"Incident: {row.incident or 'none'}"
    if row.cluster is not None:
        yield f"Cluster: {row.cluster}"
    claim = current_claim(row)
    if claim is not None:
        yield f"Claimed by {claim.by} since {clock(claim.since)}, until {clock(claim.until)}"
    for number, version in enumerate(shown.versions, 1):
        several = len(shown.versions) > 1
        yield ""
        if several:
            yield f"Version {number}, {moment(version.changed_at)} UTC:"
        for line in version.text.split("\n"):
            yield _INDENT + line
        if version.cut:
            yield "The text was longer; the rest was not kept."
    if row.draft is not None:
        yield ""
        yield f"Draft by {row.draft.by}, {moment(row.draft.at)} UTC:"
        for line in row.draft.text.split("\n"):
            yield _INDENT + line


def conversation_lines(talk: Conversation) -> Iterator[str]:
    """What the author and we said to each other, the oldest first, and what was mailed to them."""
    for turn in talk.turns:
        when = moment(turn.at)
        if turn.mention is not None:
            yield f"{when}  they, mention {turn.mention.number}, {turn.mention.state}"
            yield _INDENT + _in_one_line(turn.mention.mention.text)
        elif turn.reply is not None:
            receipt = f", receipt {turn.reply.receipt.id}" if turn.reply.receipt else ""
            yield f"{when}  we, by {turn.reply.ground.by}, {turn.reply.state}{receipt}"
            yield _INDENT + _in_one_line(turn.reply.text)
        else:
            yield f"{when}  our mail, {turn.received}"
    for code in talk.received.codes if talk.received else ():
        yield f"Code: {code}"


def source_lines(source: SeenSource) -> Iterator[str]:
    """One source: how it is and when it was read last, then what is wrong."""
    read = clock(source.succeeded_at) if source.succeeded_at else "never"
    item = f"something new last {clock(source.item_at)}" if source.item_at else "nothing new yet"
    yield f"{source.name}: {str(source.health).replace('_', ' ')}"
    yield f"{_INDENT}read every {how_long(source.every)}, last {read}; {item}"
    for problem in source.problems:
        yield _INDENT + told(problem)
    for note in source.notes:
        yield _INDENT + note


def _why(row: MentionRow) -> str:
    if row.reason is None:
        return ""
    reason = str(row.reason).replace("_", " ")
    words = f" ({_in_one_line(row.words)})" if row.words else ""
    return f" by {row.closed_by or 'a rule'}: {reason}{words}"


def _in_one_line(text: str) -> str:
    return in_one_line(text, _SHORT)
