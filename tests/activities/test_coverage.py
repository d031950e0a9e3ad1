"""An incident does not close over what nobody has answered, whoever asks."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.record import RecordActivities
from activities.signatures.record import CheckCoverage
from domain.mentions import DismissalReason, Mention
from store.desk import closing, entering
from store.kernel.database import Database
from store.tables import mentions
from tests.activities.conftest import NOON
from tests.sealing import KEY

SPAM = closing.Dismissal(reason=DismissalReason.SPAM, by="sam")


async def test_open_mentions_of_the_incident_are_counted_and_no_others(ledger: Database) -> None:
    said = [
        Mention(channel="square", id=str(number), written_at=NOON, changed_at=NOON)
        for number in range(3)
    ]
    await entering.enter(ledger, said, NOON)
    async with ledger.write() as connection:
        await connection.execute(
            update(mentions).where(mentions.c.provider_id != "2").values(incident="spam")
        )
    check, ask = RecordActivities(ledger, KEY).check_coverage, ActivityEnvironment().run

    with pytest.raises(ApplicationError, match="2 mentions of this incident are open"):
        await ask(check, CheckCoverage(incident="spam"))

    await closing.dismiss(ledger, [1, 2, 3], SPAM, NOON)
    await ask(check, CheckCoverage(incident="spam"))
