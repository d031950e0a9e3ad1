"""``approve`` and ``reject``: signing, or sending back, exactly what was read."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from client import incidents
from client.errors import WrongUsage
from domain.gate import GateState, Verdict
from domain.message import SHORT_DIGEST, Document
from domain.message_state import MessagePhase
from domain.status import Decided, IncidentStatus, MessageStatus
from surfaces.terminal.copy_view import document_view
from surfaces.terminal.options import By, Json, Slug, person
from surfaces.terminal.printing import say, say_json, show
from surfaces.terminal.session import ledger, run
from wiring import connect

OptionalNumber = Annotated[
    int | None, typer.Argument(metavar="N", min=1, help="The message's number.")
]
DigestOption = Annotated[
    str | None,
    typer.Option(
        metavar="DIGEST",
        help=f"What you decide on: {SHORT_DIGEST} or more digits, shown beside the copy.",
    ),
]


def approve(
    slug: Slug,
    number: OptionalNumber = None,
    digest: DigestOption = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Sign a message. If nothing is missing then, it goes out at once.

    Without --digest the copy is shown and you are asked; a script has to name the digest.

    Example: frontfoot approve site-down 1 --digest 3f2a91bc --as noor
    """
    _decide(slug, number, digest, person(by), Verdict.APPROVE, "", as_json)


def reject(
    slug: Slug,
    number: OptionalNumber = None,
    digest: DigestOption = None,
    reason: Annotated[str, typer.Option(help="Why; the author reads it.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Send a message back to its author, with the reason.

    Example: frontfoot reject site-down 1 --digest 3f2a91bc --reason "Too vague" --as tomas
    """
    if not reason.strip():
        raise WrongUsage("The author needs a reason.", 'Add --reason "what has to change".')
    _decide(slug, number, digest, person(by), Verdict.REJECT, reason.strip(), as_json)


def _decide(
    slug: str,
    number: int | None,
    digest: str | None,
    by: str,
    verdict: Verdict,
    reason: str,
    as_json: bool,
) -> None:
    if digest is None:
        if not is_interactive():
            raise WrongUsage(
                "A decision names the digest of what it decides, and no terminal is here to ask.",
                f"Read it with `frontfoot show {slug} {number or 'N'}`, then add --digest.",
            )
        message, document = run(_read(slug, number))
        show(document_view(document, message.digest))
        # Asked outside of the event loop, which would swallow the first Ctrl-C.
        if not typer.confirm(f"{str(verdict).capitalize()} this, as {by}?", default=False):
            say("Nothing was decided.")
            return
        # What is decided on is the digest of exactly what was shown.
        number, digest = message.number, message.digest
    decided = run(_tell(slug, number, digest, by, verdict, reason))
    if as_json:
        say_json(decided.model_dump(mode="json"))
        return
    if decided.gate is GateState.OPEN:
        say(f"Message {decided.message} is approved and goes out now.", "bold green")
        say(f"Follow it: frontfoot status {slug} --watch")
    elif decided.gate is GateState.REJECTED:
        say(f"Message {decided.message} is rejected; nothing of it goes out.", "bold")
        say(f"Next: frontfoot revise {slug} {decided.message}")
    else:
        say(f"Your signature on message {decided.message} counts.", "bold")
        say(f"Still missing: {decided.missing}.")


async def _read(slug: str, number: int | None) -> tuple[MessageStatus, Document]:
    client = await connect()
    message = _waiting(await incidents.status(client, slug), number)
    async with ledger() as database:
        return message, await incidents.load_document(database, slug, message)


async def _tell(
    slug: str, number: int | None, digest: str, by: str, verdict: Verdict, reason: str
) -> Decided:
    return await incidents.decide(
        await connect(), slug, by=by, digest=digest, message=number, verdict=verdict, reason=reason
    )


def _waiting(status: IncidentStatus, number: int | None) -> MessageStatus:
    if number is not None:
        return incidents.message_of(status, number)
    waiting = [one for one in status.messages if one.phase is MessagePhase.WAITING]
    if len(waiting) != 1:
        listed = ", ".join(f"{one.number} ({one.kind})" for one in waiting)
        raise WrongUsage(
            f"Several messages wait: {listed}." if waiting else "No message waits to be signed.",
            "Name one by its number." if waiting else "Nothing needs deciding now.",
        )
    return waiting[0]


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("approve")(approve)
    app.command("reject")(reject)
