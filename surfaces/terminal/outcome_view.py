"""What became of a message at one destination: a post, or mail and how far it is."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.text import Text

from client.mail_progress import MailProgress, under_way
from domain.ids import SUBSCRIBERS
from domain.publication import Outcome, PublicationState
from surfaces.terminal.printing import clean, clock, how_long
from surfaces.terminal.wording import happened

_STYLES = {
    PublicationState.ACCEPTED: "green",
    PublicationState.PARTLY_ACCEPTED: "bold yellow",
    PublicationState.REFUSED: "bold red",
    PublicationState.ABANDONED: "bold red",
    PublicationState.UNKNOWN: "bold yellow",
    PublicationState.SENDING: "cyan",
}

PROBLEMS = (
    PublicationState.PARTLY_ACCEPTED,
    PublicationState.REFUSED,
    PublicationState.ABANDONED,
    PublicationState.UNKNOWN,
)


def outcome_view(
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
    if mail is None or waits or outcome.state in PROBLEMS:
        below += [Text(clean(line), style="yellow") for line in _why(outcome)]
    yield head
    if mail is not None and _goes_on(mail, outcome):
        share = mail.counts.went_out / mail.to_send if mail.to_send else 1.0
        yield ProgressBar(total=1.0, completed=share, width=50)
    yield from below


def _why(outcome: Outcome) -> list[str]:
    """Why it is in that state, and what to do; the commands are below all messages."""
    why = outcome.explanation
    if why is None:
        return []
    return [line for line in (happened(why), why.next_step.advice) if line]


def _unbroken(text: str) -> Text:
    """A link, never wrapped: a wrapped link cannot be opened with a click."""
    return Text(text, no_wrap=True, overflow="ignore")


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
