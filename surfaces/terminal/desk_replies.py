"""``desk reply`` and what follows it: how each reply stands, agreeing, taking back, settling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from client import answering, replies
from client.cluster_replies import answer_cluster
from client.errors import WrongInput
from client.replies import ReplyRow
from domain.printable import in_one_line
from domain.publication import PublicationState
from domain.reply_states import ReplyGroup, states_of
from surfaces.terminal.options import By, Json, actor, slug_of
from surfaces.terminal.printing import clock, say, say_json
from surfaces.terminal.session import run
from surfaces.terminal.wording import told

_S = PublicationState
_SHORT = 200

Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="N...", min=1, help="The mentions' numbers.")
]
ReplyNumber = Annotated[int, typer.Argument(metavar="R", min=1, help="The reply's number.")]


def reply(
    numbers: Numbers = None,
    cluster: Annotated[
        int | None,
        typer.Option(metavar="C", min=1, help="All that is open in this cluster instead."),
    ] = None,
    text: Annotated[str, typer.Option(metavar="TEXT", help="Your own words.")] = "",
    saved: Annotated[
        str, typer.Option(metavar="NAME", help="A saved reply; see frontfoot desk saved.")
    ] = "",
    wording: Annotated[
        int | None, typer.Option(metavar="K", min=1, help="That wording of the saved reply.")
    ] = None,
    by: By = "",
) -> None:
    """Answer a mention, or several with the same saved reply, or a whole cluster.

    It is sent as soon as the account's limits allow. With several, each gets another wording.

    Example: frontfoot desk reply 12 --saved refund --as lea
    """
    who = actor(by)
    if not saved and not text.strip():
        raise WrongInput("There is no reply.", "Give --saved NAME, or your own words with --text.")
    numbers = sorted(set(numbers or []))
    if bool(numbers) == (cluster is not None):
        raise WrongInput(
            "It is not said what to answer.", "Give the numbers of mentions, or --cluster C."
        )
    if len(numbers) == 1:
        place = wording - 1 if wording is not None else None
        row = run(
            lambda engine: answering.answer(
                engine, numbers[0], actor=who, text=text, saved=saved, wording=place
            )
        )
        for line in reply_lines(row):
            say(line)
        return
    if text or wording is not None:
        raise WrongInput(
            "Several mentions get the same answer only as a saved reply.",
            "Give --saved NAME alone, or answer them one by one.",
        )
    done = run(
        lambda engine: (
            answering.answer_many(engine, numbers, actor=who, saved=saved)
            if cluster is None
            else answer_cluster(engine, cluster, actor=who, saved=saved)
        )
    )
    count = len(done.planned)
    say(f"{count:,} {'reply is' if count == 1 else 'replies are'} planned.")
    for why, left in done.left.items():
        say(f"{left:,} not: {in_one_line(why, _SHORT)}")


def list_replies(
    which: Annotated[ReplyGroup, typer.Option(help="Which of them.")] = ReplyGroup.ALL,
    incident: Annotated[str, typer.Option(metavar="SLUG", help="Only of this incident.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List our replies, and how each stands; --which waiting: those for a second person.

    Example: frontfoot desk replies --which waiting
    """
    found = run(
        lambda engine: replies.list_replies(
            engine,
            states_of(which),
            waiting=which is ReplyGroup.WAITING,
            incident=slug_of(incident) if incident else "",
            limit=limit,
        )
    )
    if as_json:
        say_json([one.model_dump(mode="json") for one in found])
        return
    for why in run(replies.waiting_accounts):
        say(told(why), "bold red")
    if not found:
        say("There are none.")
    for row in found:
        for line in reply_lines(row):
            say(line)


def agree(number: ReplyNumber, by: By = "") -> None:
    """Let a reply out that waits for a second person, after reading it.

    Example: frontfoot desk agree 7 --as ben
    """
    who = actor(by)
    row = run(lambda engine: replies.agree_to_reply(engine, number, actor=who))
    for line in reply_lines(row):
        say(line)


def take_back(number: ReplyNumber, by: By = "") -> None:
    """Withdraw a reply before it is sent. Its mention stays open.

    Example: frontfoot desk take-back 7 --as lea
    """
    who = actor(by)
    row = run(lambda engine: replies.take_back(engine, number, actor=who))
    say(f"Reply {number} is withdrawn. Mention {row.mention} is open.")


def settle(
    number: ReplyNumber,
    went_out: Annotated[
        bool | None,
        typer.Option(
            "--went-out/--did-not-go-out", help="What you saw at the platform.", show_default=False
        ),
    ] = None,
    url: Annotated[str, typer.Option(metavar="URL", help="Where it can be read.")] = "",
    by: By = "",
) -> None:
    """Enter, after looking at the platform, whether an unknown reply went out.

    Example: frontfoot desk settle 7 --did-not-go-out --as lea
    """
    who = actor(by)
    if went_out is None:
        raise WrongInput(
            "It is not said whether the reply went out.",
            "Look at the platform, then add --went-out or --did-not-go-out.",
        )
    row = run(
        lambda engine: replies.settle_reply(engine, number, sent=went_out, actor=who, url=url)
    )
    for line in reply_lines(row):
        say(line)


def reply_lines(row: ReplyRow) -> Iterator[str]:
    """One reply: to what, how it stands and by whom, then its words, and what is wrong."""
    saved = f", saved reply {row.ground.saved}" if row.ground.saved else ""
    second = f" with {row.ground.second}" if row.ground.second else ""
    yield (
        f"{row.number}  to mention {row.mention}, {row.channel}, {_state(row)}, "
        f"by {row.ground.by}{second}{saved}, {clock(row.planned_at)}"
    )
    yield f"  {in_one_line(row.text, _SHORT)}"
    if row.receipt is not None and row.receipt.url:
        yield f"  {row.receipt.url}"
    if row.explanation is not None:
        yield f"  {told(row.explanation)}"


def _state(row: ReplyRow) -> str:
    if row.waits and row.state is _S.PLANNED:
        return "waits for a second person"
    return "answered" if row.answers else str(row.state)


def register(desk: typer.Typer) -> None:
    """Add these commands to those of the desk."""
    desk.command()(reply)
    desk.command("replies")(list_replies)
    desk.command()(agree)
    desk.command("take-back")(take_back)
    desk.command()(settle)
