"""What notifies our own people."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from temporalio.client import Client

from activities.contacts import Contacts, ContactSecrets
from activities.notification_keeping import NotificationKeeping
from activities.notifications import NotificationActivities, People
from activities.outbox_entering import OutboxEntering
from activities.room_lines import RoomLines
from activities.webhook_request import WebhookRequests
from channels.notifying.own_mail import OwnMail
from channels.notifying.push import Push
from channels.notifying.services import Services
from client.notifying import GatheredStarts, start_notifying, tell_incident
from client.people import KnownPeople
from domain.sealing import RecordKey
from settings import Settings
from store.kernel.database import Database
from store.notifications import devices


class Notifying(NamedTuple):
    """What notifies our own people."""

    secrets: ContactSecrets
    contacts: Contacts
    activities: NotificationActivities
    keeping: NotificationKeeping


async def notifying(
    client: Client,
    settings: Settings,
    database: Database,
    key: RecordKey,
    requests: WebhookRequests,
    outbox: OutboxEntering,
) -> Notifying:
    """Put together what notifies our own people, with the key that browsers know us by."""
    secret = await devices.private_key(database, key, datetime.now(UTC))
    secrets = ContactSecrets(settings.contact_secrets, settings.contact_stand_in)
    contacts = Contacts(
        database,
        secrets,
        Services(),
        OwnMail.from_environment(".env"),
        Push(requests.post, secret, settings.push_contact or settings.console_url),
        secret,
    )
    people: People = KnownPeople(settings)
    start, url = GatheredStarts(partial(start_notifying, client)), settings.console_url
    lines = RoomLines(database, url, outbox.start)
    activities = NotificationActivities(
        database, contacts, people, url, start, partial(tell_incident, client), lines
    )
    keeping = NotificationKeeping(database, contacts, people, start, lines, settings.team_rooms)
    return Notifying(secrets, contacts, activities, keeping)
