"""Many rows in one statement: they are one JSON parameter and become a table in the database.

A statement with thousands of parameters would hit the databases' limits, and one statement per
row could neither return rows nor be joined. Both databases read JSON into a table natively.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    SelectBase,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.types import BigInteger, Boolean, Integer, Text

from store.kernel.columns import Moment
from store.kernel.database import DialectName

Kind = Text | Integer | BigInteger | Boolean | Moment | JSON

Scalar = str | int | bool | None | Mapping[str, str]
"""A value of a bulk row. Times come as ``columns.moment_text``, a mapping arrives as JSON text."""


class Bulk:
    """A table made of one parameter: ``table`` to select from, ``parameter()`` to execute with.

    ``columns`` maps each column's name to its type, in the order of the values in each row.
    """

    def __init__(self, dialect: DialectName, **columns: Kind) -> None:
        self._names = tuple(columns)
        self._lists = dialect == "sqlite"
        self.table: FromClause
        if self._lists:
            each = func.json_each(bindparam("rows", type_=Text)).table_valued("value")
            self.table = select(
                *(
                    type_coerce(func.json_extract(each.c.value, f"$[{at}]"), kind).label(name)
                    for at, (name, kind) in enumerate(columns.items())
                )
            ).subquery("bulk")
        else:
            records = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
            self.table = records.table_valued(
                *(column(name, kind) for name, kind in columns.items())
            ).render_derived(name="bulk", with_types=True)

    def select(self, *before: object, order_by: str | None = None) -> SelectBase:
        """All its rows, each after the constants ``before``: what an insert selects from."""
        constants: list[ColumnElement[object]] = [
            value if isinstance(value, ColumnElement) else literal(value) for value in before
        ]
        # SQLite would read the ON of an ON CONFLICT that follows as that of a join.
        rows = select(*constants, *self.table.c).where(text("true"))
        return rows if order_by is None else rows.order_by(self.table.c[order_by])

    def parameter(self, rows: Iterable[Sequence[Scalar]]) -> dict[str, str]:
        """``rows`` as the argument of ``execute``; each has one value per column."""
        if self._lists:
            return {"rows": orjson.dumps([list(row) for row in rows]).decode()}
        named = [dict(zip(self._names, row, strict=True)) for row in rows]
        return {"rows": orjson.dumps(named).decode()}
