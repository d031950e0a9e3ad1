"""What ``approve`` and ``reject`` share: deciding on exactly what was read."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from client.asking import incident_status
from client.engine import Engine
from client.errors import WrongInput
from client.gate_view import gate_view
from client.messages import load_document, message_of
from client.proofs import decide
from client.signing import may_sign
from domain.actor import Actor
from domain.explanation import Action, NextStep
from domain.gate import GateState, Verdict
from domain.message import SHORT_DIGEST, Document
from domain.message_state import MessagePhase
from domain.promises import overdue
from domain.status import Decided, IncidentStatus, MessageStatus
from surfaces.terminal.copy_view import document_view
from surfaces.terminal.message_view import may_sign_lines
from surfaces.terminal.printing import say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.wording import command_of, told

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


def take(
    slug: str,
    number: int | None,
    digest: str | None,
    who: Actor,
    verdict: Verdict,
    reason: str,
    as_json: bool,
) -> None:
    """Decide as ``who``, and show the result; without a digest, show the copy and ask."""
    if digest is None:
        if not is_interactive():
            raise WrongInput(
                "A decision needs the digest of what it decides, and there is no terminal to ask.",
                NextStep(
                    action=Action.SHOW_COPY,
                    incident=slug,
                    message=number,
                    advice="Read it, then add --digest with the digest shown beside it.",
                ),
            )
        message, document = run(lambda engine: _read(engine, slug, number))
        show(document_view(document, message.digest))
        for line in (*may_sign_lines(message), *gate_view(slug, message).lines):
            say(line)
        if verdict is Verdict.APPROVE:
            _warn(slug, message, who)
        # Asked outside of the event loop, which would swallow the first Ctrl-C.
        if not typer.confirm(f"{str(verdict).capitalize()} this, as {who.person}?", default=False):
            say("Nothing was decided.")
            return
        # What is decided on is the digest of exactly what was shown.
        number, digest = message.number, message.digest
    signed = digest
    decided = run(
        lambda engine: decide(
            engine, slug, actor=who, digest=signed, message=number, verdict=verdict, reason=reason
        )
    )
    if as_json:
        say_json(decided.model_dump(mode="json"))
    else:
        _say(slug, decided)


def _warn(slug: str, message: MessageStatus, who: Actor) -> None:
    """Say before the question why this approval would not count."""
    if message.phase is MessagePhase.WAITING and who.person not in message.may_sign:
        say(f"{who.person} may not approve this: it would be refused.", "bold red")
        roles = message.signs_as.get(who.person, ())
        may = may_sign(slug, message, who.person, roles, datetime.now(UTC), proves=True)
        if may.why_not is not None:
            say(told(may.why_not), "red")
    revising = NextStep(action=Action.REVISE, incident=slug, message=message.number)
    late = overdue(message.next_update_by, datetime.now(UTC), revising)
    if late is not None:
        say(told(late), "bold red")


def _say(slug: str, decided: Decided) -> None:
    if decided.gate is GateState.OPEN:
        effect = "is in force" if decided.in_force else "goes out now"
        say(f"Message {decided.message} is approved and {effect}.", "bold green")
        following = NextStep(action=Action.SHOW_STATUS, incident=slug)
        say(f"Follow it: {command_of(following)} --watch")
    elif decided.gate is GateState.REJECTED:
        say(f"Message {decided.message} is rejected; nothing of it goes out.", "bold")
        revising = NextStep(action=Action.REVISE, incident=slug, message=decided.message)
        say(f"Next: {command_of(revising)}")
    else:
        say(f"Your signature on message {decided.message} counts.", "bold")
        say(f"Still missing: {decided.missing}.")


async def _read(engine: Engine, slug: str, number: int | None) -> tuple[MessageStatus, Document]:
    message = _waiting(await incident_status(engine, slug), number)
    return message, await load_document(engine, slug, message)


def _waiting(status: IncidentStatus, number: int | None) -> MessageStatus:
    if number is not None:
        return message_of(status, number)
    waiting = [one for one in status.messages if one.phase is MessagePhase.WAITING]
    if len(waiting) != 1:
        listed = ", ".join(f"{one.number} ({one.kind})" for one in waiting)
        raise WrongInput(
            f"Several messages wait: {listed}." if waiting else "No message waits to be signed.",
            "Name one by its number." if waiting else "Nothing needs a decision now.",
        )
    return waiting[0]


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
