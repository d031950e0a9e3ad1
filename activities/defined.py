"""Binding an activity's code to the signature under which workflows call it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import activity

from activities.signatures.signature import Argument, Signature

Result = TypeVar("Result")
Owner = TypeVar("Owner")


def defined(
    signature: Signature[Argument, Result],
) -> Callable[
    [Callable[[Owner, Argument], Awaitable[Result]]],
    Callable[[Owner, Argument], Awaitable[Result]],
]:
    """Register a method as the activity that ``signature`` names, with its types checked."""

    def bind(
        method: Callable[[Owner, Argument], Awaitable[Result]],
    ) -> Callable[[Owner, Argument], Awaitable[Result]]:
        return activity.defn(name=signature.name)(method)

    return bind


Bound = Callable[..., Awaitable[Any]]
"""A bound activity method, as a worker takes it."""
