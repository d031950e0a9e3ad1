"""Codes for a batch of recipients, from the source that the signed offer names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

from pydantic import ValidationError

from channels.stripe_codes import PromotionCode, StripeCodes, StripeSettings
from domain.errors import DomainError
from domain.offer import CodeSource, OfferTerms
from store.kernel.database import Database
from store.offers import code_pool, codes, shop_entries


class MakeSettings(Protocol):
    """``StripeSettings``, which reads the environment."""

    def __call__(self, *, _env_file: str) -> StripeSettings: ...


def within(
    database: Database, secret: bytes | None, incident: str, terms: OfferTerms | None
) -> codes.Issuing | None:
    """What issues codes within a transaction of the ledger; None if that is not enough."""
    if terms is None or terms.source is not CodeSource.DERIVED or secret is None:
        return None
    return codes.Issuing(database.dialect, secret, incident, terms, grouped=True)


async def issue(
    database: Database,
    secret: bytes | None,
    incident: str,
    recipients: Sequence[int],
    terms: OfferTerms,
) -> dict[int, str]:
    """Everybody's code as the mail shows it, by recipient id; issued to whoever has none.

    Safe to repeat after any crash: a recipient has one code of an offer, however often it is asked
    for. Raises ``DomainError`` (cap, pool, secret) or a ``ChannelError`` of the shop; then no
    mail may go out.
    """
    if terms.source is CodeSource.POOL:
        return await code_pool.take_codes(database, incident, recipients, terms)
    refuse_unready(secret, terms)
    assert secret is not None
    if terms.source is CodeSource.DERIVED:
        return await codes.ensure_codes(database, secret, incident, recipients, terms, grouped=True)
    made = await codes.ensure_codes(database, secret, incident, recipients, terms)
    missing = await shop_entries.not_entered(database, incident, recipients, terms)
    if missing:
        async with _stripe() as shop:
            await shop.make_all(
                PromotionCode(
                    code=made[recipient],
                    coupon=terms.source_name or "",
                    incident=incident,
                    recipient=recipient,
                    version=terms.version,
                    expires=terms.expires,
                )
                for recipient in sorted(missing)
            )
        await shop_entries.mark_entered(database, incident, recipients, terms, datetime.now(UTC))
    # Without dashes: Stripe compares what a customer types letter by letter.
    return made


def refuse_unready(secret: bytes | None, terms: OfferTerms) -> None:
    """Raise ``DomainError`` if this worker lacks what it needs to make codes of an offer."""
    if terms.source is not CodeSource.POOL and secret is None:
        raise DomainError(
            "Codes cannot be made: this worker has no code secret.",
            "Set FRONTFOOT_CODE_SECRET to 32 or more random characters, the same on every "
            "worker, and restart.",
        )
    if terms.source is CodeSource.STRIPE:
        _stripe_settings()


@asynccontextmanager
async def _stripe() -> AsyncIterator[StripeCodes]:
    shop = StripeCodes(_stripe_settings())
    try:
        yield shop
    finally:
        await shop.close()


def _stripe_settings() -> StripeSettings:
    make: MakeSettings = StripeSettings
    try:
        return make(_env_file=".env")
    except ValidationError:
        # Not its words: they may quote a key that was pasted wrongly.
        raise DomainError(
            "The offer's codes are made at Stripe, and this worker has no usable key for it.",
            "Set FRONTFOOT_STRIPE_API_KEY in the worker's environment, and look at the other "
            "FRONTFOOT_STRIPE_ variables; then restart it.",
        ) from None
