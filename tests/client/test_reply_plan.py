"""The plan counts what is open, what came lately, and what an account has published already."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from client import reply_plan
from client.engine import Engine
from domain.replies import AccountLimit, ReplyTerms
from domain.reply_plan import Ends
from store.desk import entering
from store.kernel.database import Database
from store.record import publications
from tests.store.desk.said import crowd, mention
from tests.store.world import DIGEST, ref

HOUR = timedelta(hours=1)
TERMS = ReplyTerms(checked_on=date(2026, 11, 1), limits=(AccountLimit(count=20, window=HOUR),))


async def publish(ledger: Database, number: int, at: datetime) -> None:
    it = ref(number=number)
    await publications.plan(ledger, it, "twitter", DIGEST, at)
    assert (await publications.reserve(ledger, it, "twitter", DIGEST, at, 1)).reserved


async def test_it_counts_what_is_open_and_what_went_out_in_the_window(
    away: Engine, ledger: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = {"twitter": TERMS}
    monkeypatch.setattr(reply_plan, "_terms_of", terms.get)
    now = datetime.now(UTC)
    await entering.enter(ledger, crowd(1, 20), now - 2 * HOUR)
    await entering.enter(ledger, crowd(21, 30), now)
    await entering.enter(ledger, [mention(31, automatic=True)], now)
    await entering.enter(ledger, [mention(32, channel="facebook")], now)
    await publish(ledger, 1, now - 2 * HOUR)
    await publish(ledger, 2, now)

    facebook, twitter = (await reply_plan.plan_replies(away)).channels
    assert (twitter.open, twitter.arriving_an_hour) == (30, 10)
    (use,) = twitter.limits
    assert (use.used, use.reserve, use.left) == (1, 1, 18)
    assert (twitter.ends, facebook.ends) == (Ends.TIME, Ends.UNKNOWN)
    assert (await reply_plan.plan_replies(away, "leak")).channels == ()
