"""``briefing``: what whoever comes to help has to know."""

from __future__ import annotations

import typer

from client.briefing import Briefing, Said, brief
from surfaces.terminal.options import Json, Slug
from surfaces.terminal.printing import clock, say, say_json
from surfaces.terminal.session import run


def briefing(slug: Slug, as_json: Json = False) -> None:
    """Show what whoever comes to help has to know: what we say, what not, who leads.

    Example: frontfoot briefing site-down
    """
    found = run(lambda engine: brief(engine, slug))
    if as_json:
        say_json(found.model_dump(mode="json"))
        return
    _show(found)


def _show(found: Briefing) -> None:
    say(f"{found.title}, as of {clock(found.at)}", "bold")
    for line in found.unread:
        say(line, "yellow")
    if found.promise is not None:
        words = "was promised" if found.overdue else "is promised"
        say(f"The next update {words} by {clock(found.promise)}.", "bold")
    say("\nWhat we say", "bold")
    if not found.said:
        say("Nothing has been said in public yet. Answer nobody before it has.")
    for one in found.said:
        _show_said(one)
    say("\nWhat we do not say", "bold")
    for line in found.do_not_say:
        say(f"- {line}")
    if not found.do_not_say:
        say("The playbook has no list. Say nothing that is not above.")
    say("\nWhat happened (known inside)", "bold")
    for name, text in found.facts.items():
        say(f"{name.replace('_', ' ')}: {text}")
    if not found.facts:
        say("No facts are recorded yet.")
    say("\nAnswers that may go out", "bold")
    for reply in found.saved:
        held = f" (not now: {reply.why_not.what})" if reply.why_not else ""
        say(f"{reply.name}: {reply.title}{held}")
    say(
        f"Their words: frontfoot desk saved --incident {found.incident}" if found.saved else "None."
    )
    say("\nWho is who", "bold")
    for person in sorted(found.people, key=lambda one: not one.leads):
        leads = ", opened it and leads" if person.leads else ""
        contact = f": {person.contact}" if person.contact else ""
        say(f"{person.name} ({', '.join(person.roles)}{leads}){contact}")
    for who, how in found.contacts.items():
        say(f"{who}: {how}")


def _show_said(one: Said) -> None:
    say(f"{one.kind.replace('_', ' ')}, {clock(one.at)}, on {one.channel} {one.url}".rstrip())
    for line in one.text.splitlines():
        say(f"  {line}")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("briefing")(briefing)
