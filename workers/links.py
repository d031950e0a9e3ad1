"""The links that mail carries: to unsubscribe, and to confirm or end a subscription."""

from __future__ import annotations

from domain.subscribers import SubscriberLinks
from domain.unsubscribe import UnsubscribeLinks
from settings import Settings


def unsubscribe_links(settings: Settings) -> UnsubscribeLinks | None:
    """Makes unsubscribe links; without both settings goodwill mail goes out without them."""
    if not settings.public_url or settings.link_secret is None:
        return None
    return UnsubscribeLinks(settings.public_url, settings.link_secret.get_secret_value().encode())


def subscriber_links(settings: Settings) -> SubscriberLinks | None:
    """Makes the links of subscribers; without both settings no message goes to them."""
    if not settings.public_url or settings.link_secret is None:
        return None
    return SubscriberLinks(settings.public_url, settings.link_secret.get_secret_value().encode())
