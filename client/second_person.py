"""Where one person's word is not enough: a passkey that nothing has proven waits for a second.

A link is given to somebody by whoever can print it. So what is added in a session that a link has
begun shows nothing of who it is, until an administrator has confirmed it. On the own machine, with
the sandbox, there is one owner and nobody to ask.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from client.engine import Engine
from client.errors import NotAllowed, WrongInput
from client.signing_in import Session
from client.stack import stack_file
from domain.abilities import Ability
from domain.actor import Surface
from domain.explanation import Action, Explanation, NextStep, explained
from settings import Settings
from store.people import credentials
from store.people.sessions import BY_CODE, BY_PASSKEY, BY_PROVIDER


def asks_second_person(settings: Settings) -> bool:
    """Whether passkeys wait here: with live accounts, and where the console has another name than
    this machine's own."""
    stack = stack_file.read(settings.state_dir)
    if stack is not None and stack.runs() and stack.real:
        return True
    host = urlsplit(settings.console_url).hostname or ""
    return not (host == "localhost" or host.endswith(".localhost"))


def is_vouched(session: Session) -> bool:
    """Whether a passkey, a code that came from one, or the company's account shows who it is."""
    return session.begun_by in (BY_PASSKEY, BY_CODE, BY_PROVIDER)


def waits(settings: Settings, session: Session) -> bool:
    """Whether a passkey that is added in this session waits to be confirmed."""
    return asks_second_person(settings) and not is_vouched(session)


def refuse_unvouched(settings: Settings, session: Session, what: str) -> None:
    """``NotAllowed`` for what a link alone does not allow here."""
    if waits(settings, session):
        raise NotAllowed(
            explained(
                f"You may not {what}: you are signed in by a link.",
                NextStep(
                    action=Action.ENROL_PASSKEY,
                    advice="Sign in with a passkey that was confirmed, then do it.",
                ),
                means="A link shows only that somebody has given it to you. Nothing was done.",
            )
        )


def who_may_confirm(session: Session, person: str) -> tuple[str, ...]:
    """The names of those who may confirm a passkey of ``person``."""
    return tuple(
        one.shown
        for one in session.everybody
        if Ability.ADMINISTRATE in one.abilities and one.id != person
    )


def why_waiting(session: Session) -> Explanation:
    """What somebody whose passkey waits is told."""
    others = who_may_confirm(session, session.person.id)
    return explained(
        "Until somebody has confirmed it, it signs nothing.",
        f"Tell {' or '.join(others)} its digits, in another way than the one your link came on."
        if others
        else NextStep(
            action=Action.CONFIRM_PASSKEY,
            advice="Nobody else administrates yet. Have it confirmed where Frontfoot runs.",
        ),
        means="You added it while you were signed in by a link, which shows only that somebody "
        "has given it to you.",
    )


async def confirm_passkey(engine: Engine, named: str, session: Session) -> None:
    """Let a passkey that waits count from now on.

    ``NotAllowed`` for one's own, and for somebody who is signed in by a link; ``WrongInput`` if it
    does not wait.
    """
    refuse_unvouched(engine.settings, session, "confirm a passkey")
    ledger, by = await engine.ledger(), session.person.id
    found = await credentials.find(ledger, named)
    if found is not None and found.credential.person == by:
        others = who_may_confirm(session, by)
        raise NotAllowed(
            explained(
                "You may not confirm your own passkey.",
                f"Ask {' or '.join(others)}."
                if others
                else NextStep(
                    action=Action.CONFIRM_PASSKEY,
                    advice="Nobody else administrates. Have it confirmed where Frontfoot runs.",
                ),
                means="It waits for a second person. Nothing was done.",
            )
        )
    now = datetime.now(UTC)
    if found is None or not await credentials.confirm(
        ledger, found.credential.id, by, now, surface=Surface.CONSOLE
    ):
        raise WrongInput(
            "This passkey does not wait to be confirmed.",
            NextStep(action=Action.ADMINISTRATE, advice="See which do."),
            means="It was confirmed or removed meanwhile.",
        )
