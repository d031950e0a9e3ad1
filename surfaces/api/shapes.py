"""What the JSON of several resources is made of. The domain may change; these stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from domain.explanation import Explanation, NextStep
from domain.stopping import Stop
from domain.times import in_utc

MOST = 500
AS_LONG_AS_A_REASON = 2_000

Item = TypeVar("Item")


class Shown(BaseModel):
    """Something that is answered."""

    model_config = ConfigDict(frozen=True)


class Asked(BaseModel):
    """Something that is sent; a field that we do not know is a typing error, and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _can_be_stored(cls, value: object) -> object:
        # PostgreSQL takes every character in a text but this one.
        if any("\0" in text for text in _texts(value)):
            raise ValueError("has a character of code 0, which cannot be stored")
        return value


def _texts(value: object) -> Iterator[str]:
    """Every text in a value, also in its lists and as the names in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for pair in value.items() for one in pair for text in _texts(one))
    elif isinstance(value, Iterable) and not isinstance(value, BaseModel | bytes):
        yield from (text for one in value for text in _texts(one))


Time = Annotated[datetime, AfterValidator(in_utc)]
"""A moment, in UTC."""

SlugInPath = Annotated[
    str,
    Path(
        description="The incident's short name.",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$",
        max_length=48,
        examples=["spam-saturday"],
    ),
]
NumberInPath = Annotated[
    int, Path(description="The message's number.", ge=1, le=100_000, examples=[1])
]
AudienceInPath = Annotated[
    str,
    Path(
        description="The audience's name.",
        pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$",
        max_length=63,
        examples=["customers"],
    ),
]
Limit = Annotated[int, Query(description="The most that one answer has.", ge=1, le=MOST)]
Cursor = Annotated[
    str,
    Query(
        description="`next` of the answer before; leave it out to begin.",
        max_length=1_000,
        pattern=r"^[A-Za-z0-9_=-]*$",
    ),
]
Reason = Annotated[str, Field(max_length=AS_LONG_AS_A_REASON)]


class Listed(Shown, Generic[Item]):
    """Some of a list. `next` is the cursor of what follows; null at the end."""

    items: list[Item]
    next: str | None = None


class Step(Shown):
    """What to do next: an action of Frontfoot's, advice in words, or both."""

    action: str | None = None
    incident: str = ""
    message: int | None = None
    channel: str = ""
    audience: str = ""
    about: str = ""
    advice: str = ""

    @classmethod
    def of(cls, step: NextStep) -> Step | None:
        """The same for the wire; None where there is nothing to do."""
        return cls(**step.model_dump(mode="json")) if step else None


class Told(Shown):
    """What happened, what it means, and what to do next."""

    what: str
    means: str = ""
    next_step: Step | None = None

    @classmethod
    def of(cls, said: Explanation) -> Told:
        """The same for the wire."""
        return cls(what=said.what, means=said.means, next_step=Step.of(said.next_step))


class StopShown(Shown):
    """A stop as it is now; `ended_at` is null while it holds."""

    at: Time
    by: str
    reason: str
    ended_at: Time | None
    ended_by: str | None

    @classmethod
    def of(cls, stop: Stop) -> StopShown:
        """The same for the wire."""
        return cls(
            at=stop.at,
            by=stop.by.person,
            reason=stop.reason,
            ended_at=stop.ended_at,
            ended_by=stop.ended_by.person if stop.ended_by else None,
        )
