"""The base of every value that travels: frozen, and tolerant of fields it does not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value. Unknown fields are ignored.

    A history outlives the code that wrote it: with ``extra="forbid"`` one field from a newer
    worker would fail a workflow task for ever, and silently drop a signal.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Written(Value):
    """A frozen value that a person writes in a file, and that travels afterwards.

    In a file an unknown field is a typo; on the wire it comes from a newer worker. So only the file
    reader forbids it: ``domain.playbook_files`` validates with ``extra="forbid"``.
    """

    model_config = ConfigDict(str_strip_whitespace=True)


def unsaid(value: object) -> bool:
    """Whether a value says nothing. An incident carries thousands: such fields are left out."""
    return not value
