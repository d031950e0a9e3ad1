"""Two audiences that share people: the worker dies among them, and nobody is told twice."""

from __future__ import annotations

from collections import Counter

from client.stack.sandbox_records import Reconciliation
from domain.publication import PublicationState
from store.people import audiences
from store.people.audiences import AudienceRow
from tests.whole.response import Response
from tests.whole.world import World


async def test_a_worker_killed_among_two_audiences_tells_everybody_in_both_once(
    calm: World, response: Response
) -> None:
    """200 customers and 200 subscribers of the page, 100 of whom are both."""
    page = f"{response.slug}-page"
    subscribers = [AudienceRow(response.address(n), {}) for n in range(101, 301)]
    await audiences.import_rows(calm.ledger, page, subscribers)
    await response.open(recipients=200, in_flight=2, also=page)
    await calm.fault("sendgrid", "send", "latency", seconds=0.3)
    await calm.fault("sendgrid", "send", "drop_after", times=1, after=3)
    await response.approve(await response.propose())

    await response.mailed(lambda mail: mail.went_out > 0)
    await calm.kill("worker")

    message = await response.settled()
    mails = [(one.audience, one.state) for one in message.outcomes if one.channel == "email"]
    accepted = PublicationState.ACCEPTED
    assert mails == [(response.slug, accepted), (page, accepted)]
    everybody = Counter(response.address(number) for number in range(1, 301))
    assert await response.mails_by_address() == everybody
    assert (await response.books())["mail"] == Reconciliation(accepted=300)
