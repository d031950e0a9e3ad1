"""Claiming a mention before it is answered, and what was typed so far: kept for the next person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from client.engine import Engine
from client.errors import WrongInput
from client.mention_rows import row_of
from domain.actor import Actor
from domain.claims import LEASE, LONGEST_DRAFT, Claim
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.mentions import MentionState, storable
from domain.plural import plural
from domain.times import show_clock
from store.desk import claiming
from store.desk.reading import MentionRow

SEE_STATES = NextStep(action=Action.LIST_MENTIONS, advice="See in which state each is.")


def holder(row: MentionRow, now: datetime) -> Claim | None:
    """The claim on an open mention whose lease is not over; None if it is free."""
    claim = row.claim
    holds = row.state is MentionState.OPEN and claim is not None and claim.holds(now)
    return claim if holds else None


def current_claim(row: MentionRow) -> Claim | None:
    """The same as of now."""
    return holder(row, datetime.now(UTC))


def refuse_held(rows: Iterable[MentionRow], actor: Actor, now: datetime) -> None:
    """Raise ``DomainError`` if somebody else holds one of them."""
    for row in rows:
        claim = holder(row, now)
        if claim is not None and claim.by != actor.person:
            raise _held(row.number, claim)


async def claim_mention(engine: Engine, number: int, *, actor: Actor) -> Claim:
    """Claim an open mention for three minutes, or renew that; the claim.

    Raises ``WrongInput`` if there is no such mention, and ``DomainError`` if it is not open or
    somebody else holds it: who, and since when.
    """
    return await _claimed(engine, number, actor, None)


async def renew_claim(engine: Engine, number: int, draft: str, *, actor: Actor) -> Claim:
    """Keep what was typed so far, and claim the mention for another three minutes; the claim.

    Raises as ``claim_mention``, and ``WrongInput`` for a draft that is too long.
    """
    if len(draft) > LONGEST_DRAFT:
        raise WrongInput(
            f"The draft has {len(draft):,} characters, and {LONGEST_DRAFT:,} at most are kept.",
            "Make it shorter.",
        )
    return await _claimed(engine, number, actor, storable(draft))


async def release_mention(engine: Engine, number: int, *, actor: Actor) -> None:
    """Let others have a mention; the draft stays.

    Raises ``WrongInput`` if there is no such mention, and ``DomainError`` if the claim is not
    theirs.
    """
    row = await row_of(engine, number)
    if await claiming.release(await engine.ledger(), number, actor.person):
        return
    refuse_held([row], actor, datetime.now(UTC))
    raise DomainError(f"Nobody has claimed mention {number}, so nothing was changed.", SEE_STATES)


async def _claimed(engine: Engine, number: int, actor: Actor, draft: str | None) -> Claim:
    ledger = await engine.ledger()
    await row_of(engine, number)
    at = datetime.now(UTC)
    done = await claiming.claim(ledger, number, actor.person, at, draft)
    row = await row_of(engine, number)
    if done and row.claim is not None and row.claim.by == actor.person:
        return row.claim
    refuse_held([row], actor, at)
    if row.state is MentionState.OPEN:
        # Whoever held it a moment ago has let it go.
        return await _claimed(engine, number, actor, draft)
    raise DomainError(
        f"Mention {number} is {row.state}, so it cannot be claimed.",
        "If it needs a reply after all, reopen it first."
        if row.state is MentionState.DISMISSED
        else SEE_STATES,
    )


def _held(number: int, claim: Claim) -> DomainError:
    minutes = plural(int(LEASE.total_seconds() // 60), "minute")
    return DomainError(
        f"{claim.by} has claimed mention {number} since {show_clock(claim.since)}.",
        f"Ask {claim.by}, or try again after {show_clock(claim.until)}.",
        means=f"Nothing was done. A claim that is not renewed is over after {minutes}.",
    )
