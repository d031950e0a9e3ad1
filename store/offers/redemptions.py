"""Redemptions: which incident a code belongs to, whether it is valid, and that it is used once.

A wrong code costs the same work as a right one: every code is compared, whatever comes of it, and
how many wrong ones somebody may ask for is limited (``store.offers.guesses``).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select

from domain.codes import CODE_LENGTH, bare, read_code, show_code
from domain.errors import DomainError
from domain.model import Value
from domain.offer import CodeSource, OfferTerms
from store.kernel.database import Database
from store.offers import issued
from store.offers.guesses import begin_guess, forget_guess
from store.tables import code_pool, offers, redemptions

_NO_CODE = "-" * CODE_LENGTH


class CodeState(StrEnum):
    """What a code of ours is worth now."""

    VALID = "valid"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    NOT_GIVEN_OUT = "not given out"
    """It is in a pool, and was not sent to anybody."""


class CheckedCode(Value):
    """One code of ours: the incident that it makes up for, its worth, and its state.

    ``code`` is spelt as its mail shows it. ``reference`` and ``redeemed_at`` tell what it was used
    for. A code that was not given out has no incident and no worth yet.
    """

    code: str
    state: CodeState
    incident: str | None = None
    title: str | None = None
    worth: Decimal | None = None
    currency: str | None = None
    expires: date | None = None
    redeemed_at: datetime | None = None
    reference: str | None = None


class UnknownCode(DomainError):
    """No code of ours is spelt like that."""

    def __init__(self) -> None:
        super().__init__(
            "That is not one of our codes: it is spelt correctly, but was never given out.",
            "Ask the customer to forward the mail that it came in.",
        )


class NotRedeemed(DomainError):
    """A code of ours that cannot be redeemed: expired, or used for something else."""


class _Found(NamedTuple):
    key: str
    offer_id: int | None
    spelling: str


async def check_code(db: Database, text: str, caller: str, now: datetime) -> CheckedCode:
    """The state of a code, as a person may have typed it; changes nothing.

    ``caller`` is whoever asks: wrong guesses count per name. ``DomainError`` for a typing mistake,
    ``UnknownCode``, or ``TooManyGuesses``.
    """
    found = await _find(db, text, caller, now)
    return await _state_of(db, found, now)


async def redeem_code(
    db: Database, text: str, reference: str, caller: str, now: datetime
) -> CheckedCode:
    """Redeem a code for ``reference``, such as an order's number; once, whatever happens.

    The same reference again gets the same answer, also after the code's last day. Raises like
    ``check_code``, and ``NotRedeemed`` with the reason.
    """
    what_for = reference.strip()
    if not what_for or len(what_for) > 200:
        raise DomainError(
            "A redemption needs a reference of at most 200 characters.",
            "Give the order's number: it identifies a repeat.",
        )
    found = await _find(db, text, caller, now)
    before = await _state_of(db, found, now)
    if before.state is CodeState.VALID:
        async with db.write() as connection:
            await connection.execute(
                db.insert_or_ignore(redemptions, ["code"]).values(
                    code=found.key, offer_id=found.offer_id, reference=what_for, redeemed_at=now
                )
            )
        # Somebody else may have been a moment faster, so look again.
        before = await _state_of(db, found, now)
    if before.state is CodeState.REDEEMED and before.reference == what_for:
        return before
    raise _refusal(before)


def _refusal(code: CheckedCode) -> NotRedeemed:
    if code.state is CodeState.REDEEMED and code.redeemed_at is not None:
        return NotRedeemed(
            f"That code was redeemed on {code.redeemed_at:%Y-%m-%d at %H:%M} UTC for "
            f"{code.reference}.",
            "A code counts once. If that order was cancelled, make it good by hand.",
        )
    if code.state is CodeState.EXPIRED:
        return NotRedeemed(
            f"That code expired: its last day was {code.expires} (UTC).",
            "Honour it by hand if you choose to.",
        )
    return NotRedeemed(
        "That code is in a pool, and has not been given to anybody.",
        "Ask where it comes from before you honour it.",
    )


async def _state_of(db: Database, found: _Found, now: datetime) -> CheckedCode:
    if found.offer_id is None:
        return CheckedCode(code=found.spelling, state=CodeState.NOT_GIVEN_OUT)
    async with db.read() as connection:
        offer = (
            await connection.execute(select(offers).where(offers.c.id == found.offer_id))
        ).one()
        used = (
            await connection.execute(select(redemptions).where(redemptions.c.code == found.key))
        ).first()
    terms = OfferTerms.model_validate_json(offer.terms)
    state = CodeState.EXPIRED if terms.has_expired(now.date()) else CodeState.VALID
    return CheckedCode(
        code=show_code(found.key) if terms.source is CodeSource.DERIVED else found.spelling,
        state=state if used is None else CodeState.REDEEMED,
        incident=offer.incident,
        title=terms.title,
        worth=terms.worth,
        currency=terms.currency,
        expires=terms.expires,
        redeemed_at=None if used is None else used.redeemed_at,
        reference=None if used is None else used.reference,
    )


async def _find(db: Database, text: str, caller: str, now: datetime) -> _Found:
    mistake: DomainError | None = None
    try:
        ours = read_code(text)
    except DomainError as error:
        # A pool's codes are spelt as the shop likes, so this is known only after a look.
        ours, mistake = "", error
        if not await _are_pools(db):
            raise
    guess = await begin_guess(db, caller, now)
    key = bare(text)
    pooled = await _in_pools(db, key)
    derived_for = await _in_rows(db, ours[:CODE_LENGTH] or _NO_CODE)
    if pooled is None and derived_for is None:
        raise mistake or UnknownCode()
    await forget_guess(db, guess)
    return pooled or _Found(ours, derived_for, ours)


async def _are_pools(db: Database) -> bool:
    async with db.read() as connection:
        return await connection.scalar(select(code_pool.c.id).limit(1)) is not None


async def _in_pools(db: Database, key: str) -> _Found | None:
    async with db.read() as connection:
        row = (
            await connection.execute(
                select(code_pool.c.offer_id, code_pool.c.code).where(code_pool.c.bare == key)
            )
        ).first()
    return None if row is None else _Found(key, row.offer_id, row.code)


async def _in_rows(db: Database, code: str) -> int | None:
    """The id of the offer that has a derived code of these symbols, or None."""
    wanted = code.encode()
    offer: int | None = None
    async for offer_id, symbols in issued.symbols_of_all(db):
        # No early exit, neither inside a row nor after it: the duration of the answer reveals
        # nothing.
        if symbols.count(wanted) and wanted in _each(symbols):
            offer = offer_id
    return offer


def _each(symbols: bytes) -> list[bytes]:
    # What was found may have begun in the middle of one code and ended in the next.
    return [symbols[at : at + CODE_LENGTH] for at in range(0, len(symbols), CODE_LENGTH)]
