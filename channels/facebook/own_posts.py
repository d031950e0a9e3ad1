"""What Facebook answers about our own Page: its posts, a new one, a deletion."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from channels.facebook.graph import PROVIDER
from channels.http import Effect, silence

Shape = TypeVar("Shape", bound=BaseModel)


class Created(BaseModel):
    """A post or a comment that was made."""

    id: str = Field(min_length=1)


class Post(BaseModel):
    """A post of ours."""

    id: str = Field(min_length=1)
    message: str = ""
    created_time: AwareDatetime | None = None
    permalink_url: str | None = None


class _Cursors(BaseModel):
    after: str | None = None


class _Paging(BaseModel):
    cursors: _Cursors = _Cursors()
    next: str | None = None


class Posts(BaseModel):
    """A page of them."""

    data: list[Post]
    paging: _Paging = _Paging()


class Done(BaseModel):
    """What became of a deletion."""

    success: bool = False


def parsed(body: dict[str, Any], shape: type[Shape], effect: Effect) -> Shape:
    """What Facebook answered, in the ``shape`` that it has to have; raises as after silence."""
    try:
        return shape.model_validate(body)
    except ValidationError:
        raise silence(effect, PROVIDER, "the answer could not be read") from None
