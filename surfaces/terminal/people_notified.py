"""``people notified``: who was notified in an incident, how, and what came of it."""

from __future__ import annotations

from rich.text import Text

from client.notified import NotifiedPerson, who_was_notified
from domain.notifications import DeliveryEnd, NotificationState
from surfaces.terminal.options import Json, Slug
from surfaces.terminal.printing import clean, clock, plain_table, say, say_json, show
from surfaces.terminal.session import run

_STATES = {
    NotificationState.WAITING: ("not sent yet", ""),
    NotificationState.HANDED_OVER: ("no answer yet", "yellow"),
    NotificationState.UNREACHABLE: ("not reached", "bold red"),
    NotificationState.ACKNOWLEDGED: ("acknowledged", "green"),
    NotificationState.ENDED: ("settled", "dim"),
}


def notified(slug: Slug, as_json: Json = False) -> None:
    """Show who was notified in an incident, about what, by which methods, and who acknowledged.

    Methods are shown by their names, never with an address.

    Example: frontfoot people notified site-down
    """
    found = run(lambda engine: who_was_notified(engine, slug))
    if as_json:
        say_json(found.model_dump(mode="json"))
        return
    if not found.people:
        say(f"Nobody was notified in {slug}.")
        return
    table = plain_table("PERSON", "ABOUT", "STATE", "BY")
    for one in found.people:
        words, style = _STATES[one.state]
        table.add_row(
            one.person, clean(one.subject), Text(_state(one, words), style), "\n".join(_tried(one))
        )
    show(table)
    if found.more:
        say("Only the newest are shown.", "dim")


def _state(one: NotifiedPerson, words: str) -> str:
    if one.ended_at is not None:
        by = f" by {one.ended_by}" if one.ended_by else ""
        return f"{one.ending}{by} {clock(one.ended_at)}"
    return f"{words} {clock(one.acknowledged_at)}" if one.acknowledged_at else words


def _tried(one: NotifiedPerson) -> list[str]:
    return [
        f"{each.method} {clock(each.at)}: "
        + ("handed over" if each.ended is DeliveryEnd.HANDED_OVER else each.in_words)
        for each in one.attempts
    ]
