"""The token itself: whom it speaks for, and what it opens."""

from __future__ import annotations

from fastapi import APIRouter, Request

from surfaces.api.access import BASE, bearer
from surfaces.api.resource import Resource
from surfaces.api.shapes import Shown, Time

router = APIRouter(route_class=Resource, prefix=BASE, tags=["token"])


class TokenShown(Shown):
    """A token: its person, its scopes, and the abilities and roles that its person has now."""

    id: str
    name: str
    person: str
    scopes: list[str]
    abilities: list[str]
    roles: list[str]
    expires_at: Time


@router.get("/token")
async def read_token(request: Request) -> TokenShown:
    """What this token is."""
    found = bearer(request)
    return TokenShown(
        id=found.token.id,
        name=found.token.name,
        person=found.person.id,
        scopes=[one.value for one in found.token.scopes],
        abilities=[one.value for one in found.person.abilities],
        roles=list(found.person.roles),
        expires_at=found.token.expires_at,
    )
