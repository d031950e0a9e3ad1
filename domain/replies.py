"""Replies: our answer to exactly one mention, why it may go out, and what an account may send."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from domain.ids import Slug
from domain.model import Value


class ReplyBasis(StrEnum):
    """What lets a reply out: a signed *form*, or a *role* whose free words are let out."""

    FORM = "form"
    ROLE = "role"


class ReplyGround(Value):
    """Why a reply may go out: the opened gate of the incident's reply rules, and by which of them.

    ``number`` and ``revision`` name the message whose gate was opened. *form*: the words are
    wording ``wording``, counted from 0, of the saved reply ``saved``, with its blanks filled.
    *role*: the words are free, by ``by``; ``second`` is who agreed to them, if anybody did.
    """

    basis: ReplyBasis
    incident: Slug
    number: int = Field(ge=1)
    revision: int = Field(ge=1)
    saved: str = ""
    wording: int = Field(default=0, ge=0)
    by: str = ""
    second: str = ""


class AccountLimit(Value):
    """At most ``count`` publications of an account, replies and others, in each ``window``."""

    count: int = Field(ge=1)
    window: timedelta


class ReplyTerms(Value):
    """What a provider lets an account reply, and what it charges, as known on ``checked_on``.

    Prices are in US dollars. ``same_words_refused``: the platform refuses a text that the account
    has used lately. ``limits`` is empty where none is published.
    """

    checked_on: date
    limits: tuple[AccountLimit, ...] = ()
    price: Decimal = Decimal(0)
    price_with_link: Decimal = Decimal(0)
    same_words_refused: bool = False
    higher_plan: str = ""

    @property
    def link_costs(self) -> bool:
        """Whether a reply with a link costs more than one without."""
        return self.price_with_link > self.price


RESERVE = 20
"""One in so many publications of an account is kept for announcements: they never wait."""


def for_replies(limit: AccountLimit) -> int:
    """How many of a limit's publications replies may use, and leave some for announcements."""
    return max(limit.count - max(limit.count // RESERVE, 1), 1)
