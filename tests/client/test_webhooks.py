"""Endpoints as people see them: added with a secret that is shown once, and said to fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from client import webhooks
from client.checks.webhooks import check_webhooks
from client.engine import Engine
from client.errors import WrongInput
from client.overview import overview
from client.past_time import past_time
from client.record_key import enter_key, make_key
from client.webhook_state import EndpointHealth
from domain import endpoint_secret
from domain.errors import DomainError
from domain.explanation import Action
from domain.outbox import AttemptEnd, Ended
from settings import Settings
from store.installation import entries as installation
from store.kernel.database import Database
from store.outbox import endpoints, items
from tests.outbox import entries, have_endpoint, have_incident, record
from tests.sealing import KEY, OPENED_AT

URL = "https://helpdesk.example.com/hooks/T0K3N"
FAILED = Ended(end=AttemptEnd.ANSWERED, status=500)


async def attempt(ledger: Database, ended: Ended, at: datetime) -> None:
    """One attempt at whatever is due for the help desk."""
    (item,) = await items.due(ledger, "helpdesk", at, 1)
    assert await items.begin(ledger, item, at)
    await items.end(ledger, item, ended, at, 0.5)


async def problems(engine: Engine) -> str:
    """What the check says that somebody should do something about."""
    return " ".join(str(one.explanation) for one in await check_webhooks(engine) if not one.ok)


async def test_the_secret_is_shown_once_and_workers_alone_can_read_it(away: Engine) -> None:
    ledger = await away.ledger()
    await endpoints.enter_key(ledger, KEY, OPENED_AT)

    made = await webhooks.add_endpoint(away, URL, events=["message.told"], by="maya")

    kept = await endpoints.load(ledger, made.endpoint)
    secret = endpoint_secret.decrypted(kept.secret, made.endpoint, KEY)
    assert made.secret == endpoint_secret.written(secret)
    [seen] = await webhooks.list_endpoints(away)
    assert (seen.name, seen.host) == ("helpdesk-example-com", "helpdesk.example.com")
    assert (seen.health, seen.events) == (EndpointHealth.NEW, ("message.told",))
    [entry] = await installation.newest(ledger, 5)
    assert (entry.what, entry.who) == ("webhook endpoint added", "maya")
    assert "T0K3N" not in entry.about


async def test_what_cannot_be_added_is_refused_in_words(away: Engine) -> None:
    with pytest.raises(WrongInput, match="No worker has run"):
        await webhooks.add_endpoint(away, URL, by="maya")
    await endpoints.enter_key(await away.ledger(), KEY, OPENED_AT)
    for inside in ("http://localhost:80/", "https://192.168.7.7/", "https://[::1]/"):
        with pytest.raises(WrongInput, match="private network"):
            await webhooks.add_endpoint(away, inside, by="maya")
    with pytest.raises(WrongInput, match=r"no event 'message\.read'"):
        await webhooks.add_endpoint(away, URL, events=["message.read"], by="maya")
    await webhooks.add_endpoint(away, URL, name="helpdesk", by="maya")
    with pytest.raises(DomainError, match="There is an endpoint helpdesk already"):
        await webhooks.add_endpoint(away, URL, name="helpdesk", by="maya")


async def test_a_private_address_can_be_allowed(ledger: Database) -> None:
    settings = Settings(_env_file=None, outbox_private_networks=True)
    await endpoints.enter_key(ledger, KEY, OPENED_AT)
    inside = Engine(settings, ledger=ledger)
    await webhooks.add_endpoint(inside, "http://localhost:9000/", name="here", by="maya")


async def test_an_endpoint_that_fails_for_a_moment_is_no_matter_for_anybody(away: Engine) -> None:
    ledger, now = await away.ledger(), datetime.now(UTC)
    await have_incident(ledger)
    await have_endpoint(ledger)
    assert [one.ok for one in await check_webhooks(away)] == [True]
    await record(ledger, entries(), at=now - timedelta(minutes=1))
    await attempt(ledger, FAILED, now)

    assert await problems(away) == ""
    [seen] = await webhooks.list_endpoints(away)
    assert (seen.health, seen.waiting) == (EndpointHealth.FAILS, 8)
    assert "has never taken anything: It answered 500." in str(seen.problems[0])


async def test_one_that_goes_on_failing_shows_in_the_check_and_on_the_home_page(
    away: Engine,
) -> None:
    ledger, now = await away.ledger(), datetime.now(UTC)
    await have_incident(ledger)
    await have_endpoint(ledger)
    await record(ledger, entries(), at=now - timedelta(hours=1))
    await attempt(ledger, Ended(end=AttemptEnd.ANSWERED, status=200), now - timedelta(minutes=50))
    await attempt(ledger, Ended(end=AttemptEnd.NO_TRUST), now)

    said = await problems(away)
    assert "helpdesk has taken nothing since" in said
    assert "Its certificate is not valid" in said
    assert "7 webhooks wait, the oldest since" in said
    assert "Renew its certificate" in said
    notices = (await overview(away, "maya")).notices
    assert said in " ".join(map(str, notices))


async def test_one_that_takes_some_and_not_others_is_found_too(away: Engine) -> None:
    ledger, now = await away.ledger(), datetime.now(UTC)
    await have_incident(ledger)
    await have_incident(ledger, "second-try")
    await have_endpoint(ledger)
    await record(ledger, entries(), at=now - timedelta(hours=1))
    await attempt(ledger, FAILED, now - timedelta(minutes=1))
    await record(ledger, entries("second-try"), incident="second-try", at=now)
    await attempt(ledger, Ended(end=AttemptEnd.ANSWERED, status=200), now)

    assert "does not take some of what it is sent: It answered 500." in await problems(away)


async def test_one_that_is_gone_and_what_was_set_aside_need_somebody(away: Engine) -> None:
    ledger, now = await away.ledger(), datetime.now(UTC)
    await have_incident(ledger)
    await have_endpoint(ledger)
    await record(ledger, entries(), at=now - timedelta(days=2))
    for minutes in range(5):
        await attempt(ledger, FAILED, now + timedelta(hours=minutes))
    await attempt(ledger, Ended(end=AttemptEnd.ANSWERED, status=410), now + timedelta(hours=9))

    said = await problems(away)
    assert "it wants nothing more (410), and is disabled" in said
    assert "One webhook was not taken by helpdesk within a day, and set aside." in said
    actions = [one.explanation.next_step.action for one in await check_webhooks(away)]
    assert actions == [Action.ENABLE_WEBHOOK, Action.REPLAY_WEBHOOKS]
    for asks in (webhooks.ping, webhooks.replay):
        with pytest.raises(WrongInput, match="is disabled"):
            await asks(away, "helpdesk")

    back = await webhooks.enable_endpoint(away, "helpdesk", by="maya")
    # Temporal is away: the workers begin with it by themselves.
    assert (back.items, back.started) == (7, False)
    sent = await webhooks.replay(away, "helpdesk")
    assert sent.items == 8
    assert Action.REPLAY_WEBHOOKS not in {
        one.explanation.next_step.action for one in await check_webhooks(away)
    }
    with pytest.raises(WrongInput, match="is not disabled"):
        await webhooks.enable_endpoint(away, "helpdesk", by="maya")


async def test_another_key_of_the_record_reads_the_secrets_of_before(
    ledger: Database, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.key", tmp_path / "new.key"
    engine = Engine(Settings(_env_file=None, record_key_file=old), ledger=ledger)
    await enter_key(engine, old)
    made = await webhooks.add_endpoint(engine, URL, name="helpdesk", by="maya")
    rotated = await webhooks.rotate_secret(engine, "helpdesk", by="maya")

    await enter_key(engine, new, after=old)

    kept = await endpoints.load(ledger, "helpdesk")
    read = [
        endpoint_secret.written(endpoint_secret.decrypted(one, "helpdesk", make_key(new)))
        for one in kept.secrets(datetime.now(UTC))
    ]
    assert read == [rotated.secret, made.secret]
    again = await webhooks.rotate_secret(engine, "helpdesk", by="maya")
    kept = await endpoints.load(ledger, "helpdesk")
    secret = endpoint_secret.decrypted(kept.secret, "helpdesk", make_key(new))
    assert endpoint_secret.written(secret) == again.secret


def test_a_time_that_has_passed_is_read_as_people_type_it() -> None:
    now = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)
    assert past_time("2h", now) == now - timedelta(hours=2)
    assert past_time("3d", now) == now - timedelta(days=3)
    assert past_time("2026-11-28 09:00 UTC", now) == now - timedelta(hours=6)
    assert past_time("2026-11-28T10:00+01:00", now) == now - timedelta(hours=6)
    for text in ("", "tomorrow", "2026-11-29 09:00", "2w"):
        with pytest.raises(WrongInput, match="not a time that has passed"):
            past_time(text, now)
