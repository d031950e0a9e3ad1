"""The goodwill offer: what each recipient gets, and what all of it may cost.

How its codes are made and read is in ``domain.codes``; those functions are exported here too.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from domain.codes import ALPHABET, CODE_LENGTH, check_symbol, derive_code, read_code, show_code
from domain.errors import DomainError
from domain.model import Written
from domain.plural import plural
from domain.public_text import PublicLine

__all__ = [
    "ALPHABET",
    "CODE_LENGTH",
    "CodeSource",
    "OfferTerms",
    "check_symbol",
    "derive_code",
    "read_code",
    "show_code",
]


class CodeSource(StrEnum):
    """Where the codes of an offer come from."""

    DERIVED = "derived"
    """Made here from the worker's secret; the shop loads the exported list."""

    POOL = "pool"
    """The shop's own, imported beforehand under a name."""

    STRIPE = "stripe"
    """Made here, and entered at Stripe as promotion codes of a coupon."""


class OfferTerms(Written):
    """What one recipient gets, and what all of it may cost at most.

    ``worth`` is the value of one code and ``budget_cap`` the most that all codes of the incident
    may be worth together, both in ``currency``. A code is good until the end of the day
    ``expires``, in UTC. ``source_name`` is the imported pool, or Stripe's id of the coupon; codes
    that are only derived have none.
    """

    title: PublicLine
    worth: Decimal = Field(gt=0, max_digits=12, decimal_places=2)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    budget_cap: Decimal = Field(gt=0, max_digits=16, decimal_places=2)
    expires: date | None = None
    version: int = Field(default=1, ge=1)
    source: CodeSource = CodeSource.DERIVED
    source_name: str | None = Field(default=None, min_length=1, max_length=64)

    @field_validator("worth", "budget_cap")
    @classmethod
    def _in_hundredths(cls, amount: Decimal) -> Decimal:
        # One amount, one spelling: 10 and 10.00 must not give two digests.
        return amount.quantize(Decimal("0.01"))

    @model_validator(mode="after")
    def _source_is_named(self) -> OfferTerms:
        meant = {CodeSource.POOL: "the pool's name", CodeSource.STRIPE: "the id of the coupon"}
        if self.source in meant and self.source_name is None:
            raise PydanticCustomError(
                "offer_source",
                "codes come from `source: {source}`, so `source_name` must be {meant}",
                {"source": self.source.value, "meant": meant[self.source]},
            )
        if self.source not in meant and self.source_name is not None:
            # Ignoring it would mail codes that the shop does not know.
            raise PydanticCustomError(
                "offer_source", "`source_name` needs `source: pool` or `source: stripe` beside it"
            )
        return self

    def cost(self, recipients: int) -> Decimal:
        """What codes for ``recipients`` people are worth together."""
        return self.worth * recipients

    def refuse_over_budget(self, recipients: int) -> None:
        """Raise ``DomainError`` if codes for ``recipients`` people would exceed the budget cap."""
        if self.cost(recipients) > self.budget_cap:
            raise DomainError(
                f"{plural(recipients, 'code')} of {self.worth} {self.currency} would cost "
                f"{self.cost(recipients):,} {self.currency}, over the cap of "
                f"{self.budget_cap:,} {self.currency}.",
                "Lower the worth, choose a smaller audience, or have finance raise the cap in "
                "the playbook and open a new incident with it.",
            )

    def has_expired(self, today: date) -> bool:
        """Whether codes of this offer have expired on the day ``today`` (UTC)."""
        return self.expires is not None and today > self.expires
