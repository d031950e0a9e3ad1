"""How the Saturday went, by the ledger and by the sandbox's own records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import httpx
from rich.console import Console
from rich.table import Table

from client.broadcasts import unknown_batches
from client.codes import count_codes
from client.engine import Engine
from client.mail_progress import MailProgress, mails_of
from client.publications import list_publications
from client.stack.sandbox_records import Reconciliation, reconcile_mail, reconcile_posts
from client.timeline import verify_timeline
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.model import Value
from domain.plural import plural
from domain.publication import Outcome, PublicationState
from domain.status import IncidentStatus
from embedded.demo.faults import fired
from embedded.demo.scenario import INCIDENT, Story


class Score(Value):
    """The content of the scorecard; ``wrong`` has the reasons why it is not a pass."""

    status: IncidentStatus
    mail: Reconciliation
    posts: Reconciliation
    mails: dict[int, MailProgress]
    first_accepted: dict[str, datetime]
    urls: dict[str, str]
    codes: int
    struck: dict[str, int]
    unknown: tuple[str, ...] = ()
    record_findings: tuple[str, ...]
    wrong: tuple[str, ...] = ()


async def add_up(
    engine: Engine, sandbox: httpx.AsyncClient, status: IncidentStatus, story: Story
) -> Score:
    """Compare the ledger with the sandbox's records and find everything that is wrong."""
    rows = await list_publications(engine, INCIDENT)
    mails = {
        message.number: found
        for message in status.messages
        for found in await mails_of(engine, INCIDENT, message)
    }
    first: dict[str, datetime] = {}
    for row in rows:
        if row.number == 1 and row.receipt is not None and row.started_at is not None:
            # A post that was found again has the platform's time, in whole seconds.
            first[row.channel] = max(row.receipt.at, row.started_at)
    if 1 in mails and mails[1].counts.first_accepted_at is not None:
        first["email"] = mails[1].counts.first_accepted_at
    score = Score(
        status=status,
        mail=await reconcile_mail(engine, INCIDENT, sandbox),
        posts=await reconcile_posts(engine, INCIDENT, sandbox),
        mails=mails,
        first_accepted=first,
        urls={
            f"{row.number}/{row.channel}": row.receipt.url
            for row in rows
            if row.receipt is not None and row.receipt.url
        },
        codes=await count_codes(engine, INCIDENT),
        struck=await fired(sandbox),
        unknown=tuple([one async for one in _unknown(engine, status)]),
        record_findings=tuple(one.what for one in (await verify_timeline(engine, INCIDENT)).found),
    )
    return score.model_copy(update={"wrong": tuple(_wrong(score, story))})


async def _unknown(engine: Engine, status: IncidentStatus) -> AsyncIterator[str]:
    """Every batch of which nobody knows whether it went out."""
    for message in status.messages:
        for outcome in message.outcomes:
            if outcome.audience is None or outcome.state is not PublicationState.UNKNOWN:
                continue
            for batch in await unknown_batches(
                engine, INCIDENT, message.number, outcome.channel, outcome.audience
            ):
                yield (
                    f"message {message.number} on {outcome.channel}, batch {batch.number}: nobody "
                    f"knows whether its {plural(batch.recipients, 'mail')} went out "
                    f"(key {batch.key} at the provider)"
                )


def _wrong(score: Score, story: Story) -> list[str]:
    """Everything that makes this run fail, in words."""
    wrong: list[str] = [*score.unknown]
    if story.broke_off:
        wrong.append(f"the story did not come to its end: {story.broke_off}")
    for name, compared in (("mail", score.mail), ("posts", score.posts)):
        if not compared.agrees or not compared.accepted:
            wrong.append(
                f"{name}: ledger and sandbox differ: {compared.lost} lost, "
                f"{compared.doubled} doubled, "
                f"{compared.unentered} not in our ledger, {compared.accepted} accepted"
            )
    for message in score.status.messages:
        if message.phase is not MessagePhase.SETTLED:
            wrong.append(f"message {message.number} is {message.phase}, not settled")
        for outcome in message.outcomes:
            if outcome.state is not PublicationState.ACCEPTED:
                wrong.append(
                    f"message {message.number} on {outcome.channel} is {outcome.state}: "
                    f"{_why(outcome)}"
                )
        mail = score.mails.get(message.number)
        people = mail.counts if mail is not None else None
        if people is not None:
            ended = people.delivered + people.bounced + people.dropped + people.suppressed
            if ended != people.recipients:
                wrong.append(
                    f"message {message.number}: {people.recipients - ended:,} mails have no end "
                    "yet (delivered, bounced, dropped or suppressed)"
                )
        if message.kind is MessageKind.GOODWILL_OFFER and people is not None:
            due = people.recipients - people.suppressed
            if score.codes != due:
                wrong.append(f"{score.codes:,} codes for {due:,} recipients")
    if len(score.status.messages) != 4:
        wrong.append(f"{len(score.status.messages)} messages instead of 4")
    if story.killed_at is None or story.killed_at >= story.of:
        wrong.append("the worker was not killed in the middle of the broadcast")
    if len(story.refusals) != 3:
        wrong.append(f"{len(story.refusals)} wrong decisions were refused instead of 3")
    wrong += [
        f"this fault never struck: {name}" for name, times in score.struck.items() if not times
    ]
    wrong += score.record_findings
    return wrong


def show(console: Console, score: Score, story: Story) -> None:
    """Print the scorecard."""
    console.print()
    console.rule("[bold]Scorecard", align="left")
    console.print(_told(score))
    console.print(_messages(score))
    console.print(_mail_table(score))
    console.print(_approvals(score))
    console.print("[bold]Refused[/bold]")
    for refusal in story.refusals:
        console.print(f"  {refusal.who}, {refusal.tried}: {refusal.why}", highlight=False)
    struck = ", ".join(f"{name} {times}x" for name, times in score.struck.items())
    console.print(f"[bold]Faults that struck[/bold]\n  {struck}", highlight=False)
    if story.killed_at is not None:
        console.print(
            f"  worker killed with SIGKILL when {story.killed_at:,} of {story.of:,} mails were out",
            highlight=False,
        )
    console.print(_beside_2013(score))
    for wrong in score.wrong:
        console.print(f"[bold red]not right:[/bold red] {wrong}", highlight=False)
    if not score.wrong:
        console.print("[bold green]Nothing lost, nothing sent twice, by the sandbox's own books.")


def _told(score: Score) -> Table:
    table = Table(title="First acknowledgement", title_justify="left")
    for name in ("channel", "after opening", "after approval"):
        table.add_column(name, justify="left" if name == "channel" else "right")
    messages = score.status.messages
    approved = messages[0].approved_at if messages else None
    for channel, at in sorted(score.first_accepted.items(), key=lambda one: one[1]):
        since = (at - score.status.opened_at).total_seconds()
        after = f"{(at - approved).total_seconds():.2f} s" if approved else ""
        table.add_row(channel, f"{since:.2f} s", after)
    return table


def _messages(score: Score) -> Table:
    table = Table(title="Messages", title_justify="left")
    for name in ("message", "channel", "state", "tries", "where"):
        table.add_column(name, overflow="fold")
    for message in score.status.messages:
        for outcome in message.outcomes:
            where = score.urls.get(f"{message.number}/{outcome.channel}") or _why(outcome)
            tries = str(outcome.attempts) if outcome.receipt else ""
            kind = f"{message.number} {message.kind.value.replace('_', ' ')}"
            table.add_row(kind, outcome.channel, str(outcome.state), tries, where)
    return table


def _why(outcome: Outcome) -> str:
    return outcome.explanation.what if outcome.explanation else ""


def _mail_table(score: Score) -> Table:
    table = Table(title="Mail", title_justify="left")
    table.add_column("message")
    for name in ("recipients", "accepted", "delivered", "bounced", "a second"):
        table.add_column(name, justify="right")
    for message in score.status.messages:
        mail = score.mails.get(message.number)
        people = mail.counts if mail is not None else None
        if people is None:
            continue
        speed = ""
        if people.first_accepted_at and people.last_accepted_at:
            seconds = (people.last_accepted_at - people.first_accepted_at).total_seconds()
            speed = f"{people.went_out / seconds:,.0f}" if seconds > 0 else ""
        table.add_row(
            f"{message.number} {message.kind.value.replace('_', ' ')}",
            f"{people.recipients:,}",
            f"{people.went_out:,}",
            f"{people.delivered:,}",
            f"{people.bounced:,}",
            speed,
        )
    return table


def _approvals(score: Score) -> Table:
    table = Table(title="Approvals", title_justify="left")
    for name in ("message", "digest", "signed by"):
        table.add_column(name, overflow="fold")
    for message in score.status.messages:
        signed = ", ".join(
            f"{one.actor.person} as {'/'.join(one.roles)} ({one.actor.surface})"
            for one in message.decisions
        )
        table.add_row(str(message.number), message.digest[:16], signed)
    return table


def _beside_2013(score: Score) -> Table:
    """Buffer's figures are its own, from its report of 26 October 2013."""
    table = Table(title="Beside Buffer, 26 October 2013", title_justify="left")
    for name in ("", "Buffer", "here"):
        table.add_column(name)
    told = score.mails[1].counts.went_out if 1 in score.mails else 0
    channels = ", ".join(sorted(score.first_accepted))
    table.add_row("customers told", "over 1,000,000", f"{told:,}")
    table.add_row("channels", "e-mail, Facebook, Twitter", channels)
    table.add_row("mentions in a day", "5,676, all answered", "not in this version")
    table.add_row("codes for goodwill", "none", f"{score.codes:,}")
    table.add_row("lost / doubled", "not told", f"{_lost(score)} / {_doubled(score)}")
    return table


def _lost(score: Score) -> int:
    return score.mail.lost + score.posts.lost


def _doubled(score: Score) -> int:
    return score.mail.doubled + score.posts.doubled
