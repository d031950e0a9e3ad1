"""Rows of codes: each has those of up to a thousand recipients, packed.

A batch's codes are one insert. Nobody is in two rows of an offer, because the offer is locked
before its codes are read or entered.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import NamedTuple, TypedDict

from sqlalchemy import Connection, bindparam, select

from domain.codes import CODE_LENGTH
from store.offers.offers import KnownOffer
from store.tables import codes

ROW = 1_000
"""Codes in one row at most, which bounds how far apart its recipients are likely to be."""

_OVERLAPPING = (
    select(codes.c.first, codes.c.last, codes.c.entered_at, codes.c.recipients)
    .where(
        codes.c.offer_id == bindparam("b_offer"),
        codes.c.first.between(bindparam("b_from"), bindparam("b_to")),
        codes.c.last >= bindparam("b_least"),
    )
    .order_by(codes.c.first)
)


def pack(ids: Sequence[int]) -> bytes:
    """Ids of recipients as they are stored: eight bytes each, little-endian."""
    packed = array("Q", ids)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack(stored: bytes) -> array[int]:
    """The ids that ``pack`` was given."""
    ids = array("Q")
    ids.frombytes(stored)
    if sys.byteorder == "big":
        ids.byteswap()
    return ids


def is_run(ids: Sequence[int]) -> bool:
    """Whether nobody is missing between the first and the last of ids in order, as nearly always.

    Such a row of codes stores no ids: they would be two fifths of it, and entering them costs
    PostgreSQL as much again as the codes.
    """
    return ids[-1] - ids[0] + 1 == len(ids)


class NewRow(TypedDict):
    """A row that is to be entered."""

    offer_id: int
    first: int
    last: int
    symbols: bytes
    recipients: bytes


def new_rows(offer_id: int, recipients: Sequence[int], symbols: bytes) -> list[NewRow]:
    """What is entered of these recipients' codes: a row for each ``ROW`` of them."""
    rows: list[NewRow] = []
    for start in range(0, len(recipients), ROW):
        ids = recipients[start : start + ROW]
        rows.append(
            {
                "offer_id": offer_id,
                "first": ids[0],
                "last": ids[-1],
                "symbols": symbols[start * CODE_LENGTH : (start + ROW) * CODE_LENGTH],
                "recipients": b"" if is_run(ids) else pack(ids),
            }
        )
    return rows


class CodeRow(NamedTuple):
    """A row that is there; ``entered``: the shop was told of all its codes."""

    first: int
    entered: bool
    members: Sequence[int]


def overlapping(
    connection: Connection, offer: KnownOffer, everybody: Sequence[int]
) -> list[CodeRow]:
    """The rows that may contain one of these recipients, who are in order."""
    least, most = everybody[0], everybody[-1]
    found = connection.execute(
        _OVERLAPPING,
        {
            "b_offer": offer.id,
            # No row reaches further than the widest one, so few are read.
            "b_from": least - offer.widest,
            "b_to": most,
            "b_least": least,
        },
    )
    return [
        CodeRow(first, at is not None, unpack(members) if members else range(first, last + 1))
        for first, last, at, members in found
    ]
