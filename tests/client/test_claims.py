"""Claims in words: who has it and since when, and what is refused meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from client import claims, mentions
from client.claims import holder
from client.engine import Engine
from client.errors import WrongInput
from domain.actor import Actor
from domain.claims import LEASE, LONGEST_DRAFT
from domain.errors import DomainError
from domain.mentions import DismissalReason, Gone
from domain.times import show_clock
from store.desk import claiming, entering
from store.kernel.database import Database
from tests.store.desk.said import crowd, mention

NOW = datetime.now(UTC)
LEA, BEN = Actor.at_terminal("lea"), Actor.at_terminal("ben")


async def said(engine: Engine, ledger: Database) -> int:
    await entering.enter(ledger, [mention(1)], NOW)
    (row,) = (await mentions.list_mentions(engine)).mentions
    return row.number


async def test_everybody_else_is_told_who_has_it_and_since_when(
    away: Engine, ledger: Database
) -> None:
    number = await said(away, ledger)
    everybody = [Actor.at_terminal(f"person-{n}") for n in range(50)]
    tried = await asyncio.gather(
        *(claims.claim_mention(away, number, actor=one) for one in everybody),
        return_exceptions=True,
    )
    (got,) = (one for one in tried if not isinstance(one, BaseException))
    refused = [str(one) for one in tried if isinstance(one, DomainError)]
    assert len(refused) == 49
    begun = f"{got.by} has claimed mention {number} since {show_clock(got.since)}."
    assert all(one.startswith(begun) for one in refused)
    assert f"try again after {show_clock(got.until)}" in refused[0]
    assert holder((await mentions.show_mention(away, number)).row, NOW) == got


async def test_a_draft_is_kept_and_seen_by_others(away: Engine, ledger: Database) -> None:
    number = await said(away, ledger)
    await claims.renew_claim(away, number, "We are\x00", actor=LEA)
    row = (await mentions.show_mention(away, number)).row
    assert row.draft is not None
    assert (row.draft.text, row.draft.by) == ("We are\ufffd", "lea")
    with pytest.raises(DomainError, match="lea has claimed"):
        await claims.renew_claim(away, number, "No", actor=BEN)
    with pytest.raises(WrongInput, match="10,001 characters"):
        await claims.renew_claim(away, number, "w" * (LONGEST_DRAFT + 1), actor=LEA)


async def test_nothing_is_dismissed_if_somebody_else_has_one_of_them(
    away: Engine, ledger: Database
) -> None:
    await entering.enter(ledger, crowd(1, 2), NOW)
    one, other = (row.number for row in (await mentions.list_mentions(away)).mentions)
    await claims.claim_mention(away, one, actor=LEA)
    spam = DismissalReason.SPAM
    with pytest.raises(DomainError, match=f"lea has claimed mention {one}"):
        await mentions.dismiss(away, [one, other], spam, actor=BEN)
    assert await mentions.dismiss(away, [other], spam, actor=BEN) == 1
    assert await mentions.dismiss(away, [one], spam, actor=LEA) == 1


async def test_a_lease_that_is_over_keeps_nobody_from_it(away: Engine, ledger: Database) -> None:
    number = await said(away, ledger)
    await claiming.claim(ledger, number, "lea", datetime.now(UTC) - LEASE)
    assert await mentions.dismiss(away, [number], DismissalReason.SPAM, actor=BEN) == 1


async def test_what_is_not_theirs_is_not_released(away: Engine, ledger: Database) -> None:
    number = await said(away, ledger)
    with pytest.raises(DomainError, match="Nobody has claimed"):
        await claims.release_mention(away, number, actor=LEA)
    await claims.claim_mention(away, number, actor=LEA)
    with pytest.raises(DomainError, match="lea has claimed"):
        await claims.release_mention(away, number, actor=BEN)
    await claims.release_mention(away, number, actor=LEA)
    assert (await claims.claim_mention(away, number, actor=BEN)).by == "ben"


async def test_what_is_closed_or_not_there_cannot_be_claimed(
    away: Engine, ledger: Database
) -> None:
    number = await said(away, ledger)
    await mentions.dismiss(away, [number], DismissalReason.SPAM, actor=BEN)
    with pytest.raises(DomainError, match=r"cannot be claimed\. If it needs"):
        await claims.claim_mention(away, number, actor=LEA)
    await mentions.reopen(away, [number])
    await entering.close_deleted(ledger, [Gone(channel="twitter", id="1")], NOW)
    with pytest.raises(DomainError, match="is deleted, so it cannot be claimed"):
        await claims.claim_mention(away, number, actor=LEA)
    with pytest.raises(WrongInput, match="no mention 4711"):
        await claims.claim_mention(away, 4711, actor=LEA)
