"""What an administrator sees and does: everybody's passkeys, keys, tokens and sessions.

The people themselves are in a file, which is changed there and only shown here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from client.engine import Engine
from client.errors import WrongInput
from client.installation import verify_installation
from client.signing_in import AT_MOST_FOR, IDLE_FOR, people_here
from client.webhook_state import SeenEndpoint
from client.webhooks import list_endpoints
from domain.actor import Surface
from domain.explanation import Action, NextStep
from domain.installation import Happened, KeptEntry
from domain.installation_check import CheckedInstallation
from domain.model import Value
from domain.people import PEOPLE_FILE, Member
from domain.tokens import Token
from store.installation import entries
from store.people import credentials, recovery_codes, sessions, tokens
from store.people.credentials import Enrolled
from store.people.sessions import HANDLE_DIGITS, SessionRow

RECENTLY = timedelta(days=7)
"""How long a sign-in with a recovery code stays on top of the page."""

_NEWEST = 10
_HANDLE = re.compile(rf"[0-9a-f]{{{HANDLE_DIGITS}}}")


class OneOfUs(Value):
    """A person with what they sign with and where they are signed in.

    ``known`` is false for somebody who is not in the file any more and still has something here.
    """

    member: Member
    credentials: tuple[Enrolled, ...] = ()
    sessions: tuple[SessionRow, ...] = ()
    codes_left: int = 0
    tokens: tuple[Token, ...] = ()
    known: bool = True


class Administration(Value):
    """Everything of the page: ``waiting`` are passkeys that somebody has to confirm, and
    ``recoveries`` the recent sign-ins with a recovery code, the newest first. ``endpoints`` are
    the other systems that are told what happens."""

    file: str
    people: tuple[OneOfUs, ...]
    waiting: tuple[Enrolled, ...]
    recoveries: tuple[KeptEntry, ...]
    newest: tuple[KeptEntry, ...]
    endpoints: tuple[SeenEndpoint, ...]
    checked: CheckedInstallation


async def administration(engine: Engine) -> Administration:
    """Everybody, and what is in force of theirs, as of now."""
    ledger, now = await engine.ledger(), datetime.now(UTC)
    found = [one for one in await credentials.all_of_them(ledger) if one.removed_at is None]
    signed_in = await sessions.open_sessions(ledger, since=now - AT_MOST_FOR, seen=now - IDLE_FOR)
    everybody = await people_here(engine)
    known = {one.id for one in everybody}
    every_token = await tokens.in_force(ledger)
    theirs = {one.credential.person for one in found} | {one.person for one in every_token}
    gone = sorted(theirs - known)
    people = [
        *(OneOfUs(member=one) for one in everybody),
        # What they have signs nothing without a role, and should go.
        *(OneOfUs(member=Member(id=one, roles=("none",)), known=False) for one in gone),
    ]
    left = await recovery_codes.left_of(ledger)
    used = await entries.of_kind(ledger, Happened.CODE_USED, since=now - RECENTLY)
    return Administration(
        file=f"{engine.settings.playbooks_dir.resolve().name}/{PEOPLE_FILE}",
        people=tuple(
            one.model_copy(
                update={
                    "codes_left": left.get(one.member.id, 0),
                    "tokens": tuple(each for each in every_token if each.person == one.member.id),
                    "credentials": tuple(
                        each for each in found if each.credential.person == one.member.id
                    ),
                    "sessions": tuple(
                        each for each in signed_in if each.person == one.member.id and one.known
                    ),
                }
            )
            for one in people
        ),
        waiting=tuple(one for one in found if one.waits),
        recoveries=tuple(used),
        newest=tuple(await entries.newest(ledger, _NEWEST)),
        endpoints=tuple(await list_endpoints(engine)),
        checked=await verify_installation(engine),
    )


async def waiting_passkeys(engine: Engine) -> int:
    """How many passkeys wait for somebody to confirm them."""
    return sum(one.waits for one in await credentials.all_of_them(await engine.ledger()))


async def credential_of(engine: Engine, named: str) -> Enrolled:
    """A passkey or key that is in force or waits; ``WrongInput`` if there is none of that id."""
    found = await credentials.find(await engine.ledger(), named)
    if found is None or found.removed_at is not None:
        raise WrongInput(
            "There is no such passkey or key, or it was removed.",
            NextStep(action=Action.ADMINISTRATE, advice="See which there are."),
        )
    return found


async def remove_credential(engine: Engine, named: str, *, by: str) -> None:
    """Let anybody's passkey or key count for nothing from now on; sessions begun with it end."""
    found = await credential_of(engine, named)
    ledger, now = await engine.ledger(), datetime.now(UTC)
    await credentials.remove(ledger, found.credential.id, by, now, surface=Surface.CONSOLE)


async def end_sessions(engine: Engine, *, by: str, session: str = "", person: str = "") -> int:
    """End one session, named by its first digits, or all of a person; how many were open.

    ``WrongInput`` if it names neither.
    """
    if not person and not _HANDLE.fullmatch(session):
        raise WrongInput(
            "This names no session.",
            NextStep(action=Action.ADMINISTRATE, advice="See which there are."),
        )
    ledger, now = await engine.ledger(), datetime.now(UTC)
    return len(await sessions.revoke(ledger, by, now, id_hash=session, person=person))
