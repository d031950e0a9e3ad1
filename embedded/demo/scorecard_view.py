"""The scorecard as tables on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from domain.ids import SUBSCRIBERS
from domain.plural import plural
from domain.times import show_clock
from embedded.demo.scorecard import Score, why
from embedded.demo.silence import Silence
from embedded.demo.story import Story


def show(console: Console, score: Score, story: Story) -> None:
    """Print the scorecard."""
    console.print()
    console.rule("[bold]Scorecard", align="left")
    console.print(_told(score))
    console.print(_messages(score))
    console.print(_mail_table(score))
    console.print(_page_table(score))
    console.print(_desk_table(score))
    console.print(_approvals(score))
    again = f", {score.told.repeated:,} of them twice" if score.told.repeated else ""
    console.print(
        f"[bold]Webhooks[/bold]\n  {plural(len(score.told.types), 'event')} arrived at the help "
        f"desk{again}",
        highlight=False,
    )
    if story.stood_in is not None:
        one = story.stood_in
        console.print(
            f"[bold]Nobody answers[/bold]\n  {one.silent} was asked to sign message {one.message} "
            f"and never answered; {one.person} was asked after {one.after:.0f} s ({one.rung}), and "
            "signed",
            highlight=False,
        )
    if score.silence.promised:
        lines = _silence(score.silence)
        console.print("[bold]An owner goes silent[/bold]", *lines, sep="\n  ", highlight=False)
    card = score.status.scorecard
    console.print(
        f"[bold]Promises[/bold]\n  {card.kept} of {card.promises} kept, {card.kept_by_fallback} by "
        f"words approved in advance, {card.moved} moved, {card.broken} broken",
        highlight=False,
    )
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
        console.print(f"[bold green]{score.desk.in_words}.")
        console.print(
            "[bold green]Nothing lost, nothing sent twice, by the sandbox's own books; "
            "every decision proven, by our audit."
        )


def _silence(one: Silence) -> list[str]:
    due = show_clock(one.due) if one.due else ""
    where = ", ".join(f"{channel} {times}x" for channel, times in one.copies.items())
    rang = f"Before the time the phones of {', '.join(one.rang) or 'nobody'} rang"
    lines = [
        f"{one.owner} promised the next update by {due} in message {one.promised}, and did no more",
        f"asked: {'; then '.join(one.asked)}. {rang}",
    ]
    if one.fallback:
        lines.append(f"message {one.fallback} went out by itself, in the sandbox: {where}")
    if one.kept_by:
        lines.append(f"what that promised was kept by message {one.kept_by}")
    return lines


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
            where = score.urls.get(f"{message.number}/{outcome.channel}") or why(outcome)
            tries = str(outcome.attempts) if outcome.receipt else ""
            kind = f"{message.number} {message.kind.value.replace('_', ' ')}"
            table.add_row(kind, str(outcome.destination), str(outcome.state), tries, where)
    return table


def _mail_table(score: Score) -> Table:
    table = Table(title="Mail", title_justify="left")
    for name in ("message", "to"):
        table.add_column(name)
    for name in ("recipients", "accepted", "delivered", "bounced", "a second"):
        table.add_column(name, justify="right")
    kinds = {message.number: message.kind for message in score.status.messages}
    for mail in score.mails:
        people = mail.counts
        speed = ""
        if people.first_accepted_at and people.last_accepted_at:
            seconds = (people.last_accepted_at - people.first_accepted_at).total_seconds()
            speed = f"{people.went_out / seconds:,.0f}" if seconds >= 1 else ""
        table.add_row(
            f"{mail.message} {kinds[mail.message].value.replace('_', ' ')}",
            mail.audience,
            f"{people.recipients:,}",
            f"{people.went_out:,}",
            f"{people.delivered:,}",
            f"{people.bounced:,}",
            speed,
        )
    return table


def _page_table(score: Score) -> Table:
    """What anybody can read on the status page, and who was told of it."""
    table = Table(title="Status page", title_justify="left")
    for name in ("", "here"):
        table.add_column(name)
    shown = f"{score.page.accepted - score.page.lost} of {score.page.accepted}"
    table.add_row("updates on the page, in its JSON and in its feed", shown)
    told = [mail for mail in score.mails if mail.audience == SUBSCRIBERS]
    table.add_row("mails to subscribers", f"{sum(mail.counts.went_out for mail in told):,}")
    most = max((max(mails.values(), default=0) for mails in score.both.values()), default=0)
    table.add_row(
        "customers who are subscribers too",
        f"{len(score.both):,}, at most {plural(most, 'mail')} each for one message",
    )
    return table


def _desk_table(score: Score) -> Table:
    """What strangers said, and what they got for it, counted in the sandbox's own book."""
    title = "What people said, by the sandbox's own book"
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.add_column("channel")
    for name in ("said", "on the desk", "answered", "dismissed", "deleted", "twice", "unanswered"):
        table.add_column(name, justify="right")
    total = score.desk.total
    for one in (*score.desk.channels, total):
        last = one is total
        if last:
            table.add_section()
        there = score.crowd.heard if last else score.crowd.channels.get(one.channel, 0)
        numbers = (one.said, there, one.once, one.dismissed, one.gone, one.twice, one.none)
        table.add_row(one.channel, *(f"{number:,}" for number in numbers))
    told = score.webhooks
    table.caption = (
        f"{total.automatic:,} of those dismissed were mail that machines wrote. Webhooks told of "
        f"{told.once + told.twice:,} at once, {told.twice:,} of them twice, of {told.late:,} late, "
        f"and of the others never; {told.refused:,} forged ones were refused."
    )
    return table


def _approvals(score: Score) -> Table:
    """Who signed what, and what the audit says of the proof, by itself and afterwards."""
    table = Table(title="Approvals", title_justify="left")
    for name in ("message", "digest", "signed by", "proof"):
        table.add_column(name, overflow="fold")
    verified = {(one.message, one.person): one.verified_by for one in score.decisions}
    for message in score.status.messages:
        for one in message.decisions:
            signed = f"{one.actor.person} as {'/'.join(one.roles)} ({one.actor.surface})"
            by = verified.get((message.number, one.actor.person), "")
            proof = f"{by}: verified" if by else "none"
            table.add_row(str(message.number), message.digest[:16], signed, proof)
    return table


def _beside_2013(score: Score) -> Table:
    """Buffer's figures are its own, from its report of 26 October 2013."""
    table = Table(title="Beside Buffer, 26 October 2013", title_justify="left")
    for name in ("", "Buffer", "here"):
        table.add_column(name)
    first = score.customers(1)
    told = first.counts.went_out if first is not None else 0
    channels = ", ".join(sorted(score.first_accepted))
    table.add_row("customers told", "over 1,000,000", f"{told:,}")
    table.add_row("channels", "e-mail, Facebook, Twitter", channels)
    table.add_row("mentions in a day", "5,676, all answered", score.desk.in_words)
    table.add_row("codes for goodwill", "none", f"{score.codes:,}")
    table.add_row("lost / doubled", "not told", f"{_lost(score)} / {_doubled(score)}")
    return table


def _lost(score: Score) -> int:
    unheard = score.crowd.said - score.crowd.heard
    return score.mail.lost + score.posts.lost + score.page.lost + unheard


def _doubled(score: Score) -> int:
    return score.mail.doubled + score.posts.doubled + score.page.doubled + score.crowd.doubled
