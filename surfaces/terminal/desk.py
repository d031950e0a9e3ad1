"""``desk``: what people say to us, and whether it is heard."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from client import claims, mentions
from client.conversation import conversation
from client.engine import Engine
from client.mentions import MentionList, Order
from client.saved_replies import ReplyRulesView, refuse_no_rules, reply_rules
from client.surges import current_surges, dismiss_surge
from domain.mentions import DismissalReason, MentionState
from domain.priorities import MentionPriority
from surfaces.terminal import desk_clusters, desk_coverage, desk_hand_over, desk_replies
from surfaces.terminal.desk_view import (
    conversation_lines,
    mention_lines,
    source_lines,
    version_lines,
)
from surfaces.terminal.options import By, Json, actor, slug_of
from surfaces.terminal.printing import clock, say, say_json
from surfaces.terminal.replies_view import rules_lines
from surfaces.terminal.session import run
from surfaces.terminal.wording import told

app = typer.Typer(help="What people say to us, and whether it is heard.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="N", min=1, help="The mention's number.")]
Numbers = Annotated[list[int], typer.Argument(metavar="N...", min=1, help="The mentions' numbers.")]


class Asked(StrEnum):
    """A state to list, or all of them."""

    OPEN = "open"
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    DELETED = "deleted"
    ALL = "all"


@app.command("list")
def list_(
    state: Annotated[Asked, typer.Option(help="Only mentions in this state.")] = Asked.OPEN,
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help="Only on this channel.")] = "",
    author: Annotated[
        str, typer.Option(metavar="AUTHOR", help="Only by this author: a handle or an id.")
    ] = "",
    incident: Annotated[str, typer.Option(metavar="SLUG", help="Only of this incident.")] = "",
    cluster: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only those of this cluster.")
    ] = None,
    language: Annotated[
        str, typer.Option(metavar="CODE", help="Only in this language, as the platform says.")
    ] = "",
    priority: Annotated[
        MentionPriority, typer.Option(help="Only those of this priority or a higher one.")
    ] = MentionPriority.NONE,
    mine: Annotated[
        str, typer.Option(metavar="PERSON", help="Only those that this person has claimed.")
    ] = "",
    order: Annotated[
        Order, typer.Option(help="What comes first: the newest, or what is most urgent.")
    ] = Order.NEWEST,
    after: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only those behind this mention.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=mentions.MOST, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List what people said, the newest first or by priority.

    By priority the oldest of each comes first.

    Example: frontfoot desk list --channel twitter --order priority
    """
    wanted = None if state is Asked.ALL else MentionState(state.value)
    found = run(
        lambda engine: mentions.list_mentions(
            engine,
            state=wanted,
            channel=channel.strip(),
            author=author.strip(),
            incident=slug_of(incident) if incident else "",
            cluster=cluster,
            language=language.strip(),
            priority=priority,
            claimed_by=mine.strip(),
            order=order,
            after=after,
            limit=limit,
        )
    )
    if as_json:
        say_json(found.model_dump(mode="json"))
        return
    for row in found.mentions:
        for line in mention_lines(row):
            say(line)
    say(_summary(found), "bold")
    if found.after is not None:
        what = "Older ones" if order is Order.NEWEST else "The next ones"
        say(f"{what}: add --after {found.after}")


@app.command("show")
def show_(
    number: Number,
    talk: Annotated[
        bool,
        typer.Option("--conversation", help="All that its author and we said to each other."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show one mention: who said it, where, and every version of the words.

    Example: frontfoot desk show 12 --conversation
    """
    shown = run(lambda engine: mentions.show_mention(engine, number))
    if talk:
        found = run(lambda engine: conversation(engine, shown.row, addresses=True))
        if as_json:
            say_json(found.model_dump(mode="json"))
            return
        for line in conversation_lines(found):
            say(line)
        return
    if as_json:
        say_json(shown.model_dump(mode="json"))
        return
    for line in version_lines(shown):
        say(line)


@app.command()
def sources(as_json: Json = False) -> None:
    """Show each channel that is listened to: when it was read last, and what is wrong.

    Example: frontfoot desk sources
    """
    found = run(mentions.list_sources)
    if as_json:
        say_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        say("Nobody listens. It begins with a worker, on each channel that can and is in")
        say("FRONTFOOT_CHANNELS and FRONTFOOT_LISTEN.")
    for one in found:
        for line in source_lines(one):
            say(line)
    for surge in run(current_surges):
        say(f"Surge {surge.number}: {told(surge.told)}")


@app.command("dismiss-surge")
def dismiss_surge_(
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="The surge's number.")],
    by: By = "",
) -> None:
    """Say that a surge needs no incident; a later one is told again.

    Example: frontfoot desk dismiss-surge 3 --as lea
    """
    who = actor(by)
    run(lambda engine: dismiss_surge(engine, number, actor=who))
    say(f"Nobody is told of surge {number} any more.")


@app.command()
def saved(
    incident: Annotated[str, typer.Option(metavar="SLUG", help="The incident.", callback=slug_of)],
    as_json: Json = False,
) -> None:
    """Show the saved replies of an incident that are in force, and which cannot be sent now.

    Example: frontfoot desk saved --incident spam-saturday
    """

    async def look(engine: Engine) -> ReplyRulesView:
        return refuse_no_rules(await reply_rules(engine, incident), incident)

    view = run(look)
    if as_json:
        say_json(view.model_dump(mode="json"))
        return
    for line in rules_lines(view):
        say(line)


@app.command()
def draw(
    numbers: Numbers,
    into: Annotated[str, typer.Option(metavar="SLUG", help="The incident.", callback=slug_of)],
) -> None:
    """Have mentions belong to an incident, such as those that came before it was opened.

    Example: frontfoot desk draw 12 13 --into spam-saturday
    """
    drawn = run(lambda engine: mentions.draw_into(engine, numbers, into))
    them = "1 mention belongs" if drawn == 1 else f"{drawn} mentions belong"
    say(f"{them} to {into} now.")


class Why(StrEnum):
    """Why a mention needs no reply; what machines write is dismissed by itself."""

    SPAM = DismissalReason.SPAM.value
    OURS = DismissalReason.OURS.value
    DUPLICATE = DismissalReason.DUPLICATE.value
    ANSWERED_ELSEWHERE = DismissalReason.ANSWERED_ELSEWHERE.value
    NEEDS_NONE = DismissalReason.NEEDS_NONE.value
    OTHER = DismissalReason.OTHER.value


@app.command()
def dismiss(
    numbers: Numbers,
    why: Annotated[Why, typer.Option(help="Why they need no reply.")],
    words: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="In your words; for duplicate the other one's number, for answered_elsewhere "
            "the address of the answer.",
        ),
    ] = "",
    by: By = "",
) -> None:
    """Close mentions that need no reply, and say why.

    Example: frontfoot desk dismiss 12 13 --why spam --as lea
    """
    who = actor(by)
    reason = DismissalReason(why.value)
    count = run(lambda engine: mentions.dismiss(engine, numbers, reason, actor=who, words=words))
    say(f"Dismissed {_counted(count)}.{_others(count, numbers, 'open')}")


@app.command()
def reopen(numbers: Numbers, by: By = "") -> None:
    """Open mentions again that were dismissed.

    Example: frontfoot desk reopen 12 --as lea
    """
    actor(by)
    count = run(lambda engine: mentions.reopen(engine, numbers))
    say(f"Opened {_counted(count)} again.{_others(count, numbers, 'dismissed')}")


@app.command()
def claim(number: Number, by: By = "") -> None:
    """Claim a mention for three minutes, so that nobody else answers it meanwhile.

    Claiming it again renews that.

    Example: frontfoot desk claim 12 --as lea
    """
    who = actor(by)
    claimed = run(lambda engine: claims.claim_mention(engine, number, actor=who))
    say(f"Mention {number} is yours until {clock(claimed.until)}. Claim it again to renew that.")


@app.command()
def release(number: Number, by: By = "") -> None:
    """Let others have a mention that you have claimed.

    Example: frontfoot desk release 12 --as lea
    """
    who = actor(by)
    run(lambda engine: claims.release_mention(engine, number, actor=who))
    say(f"Mention {number} is free again.")


def _counted(count: int) -> str:
    return f"{count} mention{'' if count == 1 else 's'}"


def _others(count: int, numbers: list[int], state: str) -> str:
    left = len(set(numbers)) - count
    if not left:
        return ""
    return f" {left} {'was' if left == 1 else 'were'} not {state}: nothing was changed there."


def _summary(found: MentionList) -> str:
    counts = {state: count for state, count in found.counts.items() if count}
    if not counts:
        return "Nobody has said anything yet."
    each = ", ".join(f"{count:,} {state}" for state, count in counts.items())
    return f"Of {sum(counts.values()):,}: {each}."


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    desk_replies.register(app)
    desk_clusters.add_to(app)
    desk_coverage.add_to(app)
    desk_hand_over.add_to(app)
    root.add_typer(app, name="desk")
