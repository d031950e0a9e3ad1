"""What a notification says: a title and a line, with one link and a code.

No copy of a message, no address, and nothing that lets anybody do anything: the link opens a page
of the console, and who somebody is comes from their session.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.model import Value
from domain.notifications import NotificationReason, shown_code
from domain.plural import plural
from domain.severity import Severity
from domain.times import show_on_its_day

_R = NotificationReason


class Thing(Value):
    """One thing that somebody is notified about, or about which that is over.

    ``ending`` is why it is over, ``by`` who ended it, and ``ended_at`` when.
    """

    incident: str
    about: str
    reason: NotificationReason
    severity: Severity
    message: int | None = None
    due: datetime | None = None
    ending: str = ""
    by: str = ""
    ended_at: datetime | None = None


class Wording(Value):
    """What is sent: plain text. ``link`` is in ``text``, too."""

    title: str
    text: str
    link: str
    code: str

    @property
    def whole(self) -> str:
        """The text with its link and code, for what shows no title of its own."""
        return f"{self.text}\n{self.link}\nCode: {shown_code(self.code)}"


def worded(
    things: Sequence[Thing], *, link: str, code: str, now: datetime, breaks_quiet: bool = False
) -> Wording:
    """Everything that waits for one person in one incident, as one message."""
    first = things[0]
    if first.reason is _R.CONTACT_TEST:
        text = "Nothing has happened. Open the link and acknowledge, so that it is known to work."
        return Wording(title="Test of this contact method", text=text, link=link, code=code)
    worst = min(one.severity for one in things)
    if len(things) == 1:
        title, text = f"{_TITLES[first.reason]}: {first.incident}", f"{_line(first, now)}."
    else:
        title = f"{plural(len(things), 'thing')} wait for you: {first.incident}"
        text = f"{plural(len(things), 'thing')} wait for you in incident {first.incident}."
        dues = [one.due for one in things if one.due is not None]
        if dues:
            text += f" The first is due by {show_on_its_day(min(dues), now)}."
    text += f" It has {worst.in_words}."
    if breaks_quiet:
        text += " At this severity your quiet hours do not hold."
    return Wording(title=title, text=text, link=link, code=code)


def worded_ending(things: Sequence[Thing], *, link: str, code: str, now: datetime) -> Wording:
    """That somebody need not act any more, as one message."""
    first = things[0]
    lines = list(dict.fromkeys(_ending(one, now) for one in things))
    if len(lines) > 1:
        lines = [f"{plural(len(things), 'thing')} that waited for you are settled."]
    return Wording(
        title=f"Settled: {first.incident}",
        text=f"{lines[0]} There is nothing to do for you.",
        link=link,
        code=code,
    )


def worded_asking(
    reason: NotificationReason,
    people: Sequence[str],
    *,
    message: int | None,
    due: datetime | None,
    now: datetime,
) -> str:
    """For the team's room: who is asked for what."""
    thing = Thing(
        incident="x",
        about="",
        reason=reason,
        severity=Severity.MAJOR,
        message=message,
        due=due,
    )
    return f"{_line(thing, now)}. Asked: {', '.join(people)}."


_TITLES = {
    _R.DECIDE: "Your decision is needed",
    _R.PROMISE_NEAR: "A promised update is due soon",
    _R.PROMISE_DUE: "A promised update is due now",
    _R.PROMISE_BROKEN: "A promise was broken",
    _R.FOLLOW_UP: "A follow-up is due",
    _R.DEADLINE_NEAR: "A deadline is near",
    _R.UNREACHABLE: "Somebody cannot be reached",
    _R.REVIEW: "A review is needed",
    _R.CONTACT_TEST: "Test of this contact method",
}


def title_of(reason: NotificationReason) -> str:
    """What it is about, in a few words."""
    return _TITLES[reason]


def subject_of(reason: NotificationReason, message: int | None) -> str:
    """What somebody was notified about, for others who read it."""
    what = f"message {message}" if message is not None else "a message"
    promised = f"Update that {what} promised" if message is not None else "First word"
    return {
        _R.DECIDE: f"Decision on {what}",
        _R.PROMISE_NEAR: promised,
        _R.PROMISE_DUE: promised,
        _R.PROMISE_BROKEN: promised,
        _R.FOLLOW_UP: "Follow-up of the prevention",
        _R.DEADLINE_NEAR: "Deadline to an authority",
        _R.UNREACHABLE: "Somebody who cannot be reached",
        _R.REVIEW: f"Review of {what}",
        _R.CONTACT_TEST: _TITLES[_R.CONTACT_TEST],
    }[reason]


def _line(thing: Thing, now: datetime) -> str:
    what = f"Message {thing.message}" if thing.message is not None else "It"
    by = "" if thing.due is None else f" by {show_on_its_day(thing.due, now)}"
    return {
        _R.DECIDE: f"{what} waits for a decision{by}",
        _R.PROMISE_NEAR: f"The next public update was promised{by}",
        _R.PROMISE_DUE: f"The public update that was promised{by} is not out",
        _R.PROMISE_BROKEN: f"The public update that was promised{by} did not come",
        _R.FOLLOW_UP: f"What was promised publicly is to be followed up{by}",
        _R.DEADLINE_NEAR: f"A deadline has to be met{by}",
        _R.UNREACHABLE: "Somebody who is needed cannot be reached",
        _R.REVIEW: f"{what} has to be reviewed{by}",
        _R.CONTACT_TEST: "This is a test",
    }[thing.reason]


def _ending(thing: Thing, now: datetime) -> str:
    what = f"Message {thing.message}" if thing.message is not None else _TITLES[thing.reason]
    by = f" by {thing.by}" if thing.by else ""
    at = f" at {show_on_its_day(thing.ended_at, now)}" if thing.ended_at else ""
    return f"{what}: {thing.ending.replace('_', ' ')}{by}{at}."
