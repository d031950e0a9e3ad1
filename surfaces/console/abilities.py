"""What each page and each form needs: the one place where the console decides who may use it.

Closed by default: a route that is in neither ``OPEN`` nor ``NEEDS`` answers nobody, and fails a
test. What a gate takes is not decided here: it judges each signature itself, by roles.
"""

from __future__ import annotations

import re

from fastapi import Request

from client.abilities import refuse_unable, why_not
from client.errors import NotAllowed
from domain.abilities import Ability
from domain.explanation import Explanation, explained
from surfaces.console.access import only_reads, origin, session, signed_in
from surfaces.console.guard import ONLY_READING

_INCIDENT = "/incidents/{slug}"
_MESSAGE = _INCIDENT + "/messages/{number}"

NEEDS: dict[str, Ability | None] = {
    # Reading, for everybody who is signed in.
    "GET /live": None,
    "GET /readiness": None,
    "POST /readiness": None,
    "GET /people": None,
    "GET /people/calendar": None,
    f"GET {_INCIDENT}": None,
    f"GET {_INCIDENT}/live": None,
    f"GET {_INCIDENT}/timeline": None,
    f"GET {_INCIDENT}/record": None,
    "GET /incidents/{slug}/briefing": None,
    f"GET {_INCIDENT}/follow-up": None,
    "GET /holding": None,
    "GET /desk": None,
    "GET /desk/live": None,
    "GET /desk/replies": None,
    "GET /desk/clusters": None,
    "GET /desk/coverage": None,
    "GET /desk/{number}": None,
    # Signing, and what helps to decide: the gate says who may.
    f"GET {_MESSAGE}/sign": None,
    f"GET {_MESSAGE}/sign/live": None,
    f"GET {_MESSAGE}/mail/{{place}}": None,
    f"POST {_MESSAGE}/statements": None,
    f"POST {_MESSAGE}/decisions": None,
    f"GET {_MESSAGE}/gate": None,
    f"POST {_MESSAGE}/overrides": None,
    f"POST {_MESSAGE}/overrides/statements": None,
    f"POST {_MESSAGE}/review": None,
    f"GET {_INCIDENT}/delegations": None,
    f"POST {_INCIDENT}/delegations": None,
    f"GET {_MESSAGE}/tests": None,
    f"POST {_MESSAGE}/tests": None,
    # One's own passkeys and recovery codes.
    "GET /recovery-codes": None,
    "POST /recovery-codes": None,
    "GET /passkeys": None,
    "POST /passkeys": None,
    "POST /passkeys/requests": None,
    "GET /passkeys/{credential}/remove": None,
    "POST /passkeys/{credential}/removal": None,
    # One's own notifications.
    "GET /n/{code}": None,
    "POST /n/{code}/acknowledgement": None,
    "GET /notifications": None,
    "POST /notifications/devices": None,
    "POST /notifications/devices/{device}/removal": None,
    "POST /notifications/tests": None,
    # Opening.
    "GET /open": Ability.OPEN,
    "POST /incidents": Ability.OPEN,
    # Proposing.
    f"GET {_INCIDENT}/facts": Ability.PROPOSE,
    f"POST {_INCIDENT}/facts": Ability.PROPOSE,
    f"GET {_INCIDENT}/deadlines": Ability.PROPOSE,
    f"POST {_INCIDENT}/deadlines/notifications": Ability.PROPOSE,
    f"GET {_INCIDENT}/deadlines/{{regulation}}": Ability.PROPOSE,
    f"POST {_INCIDENT}/deadlines/{{regulation}}/files": Ability.PROPOSE,
    f"GET {_INCIDENT}/propose": Ability.PROPOSE,
    f"POST {_INCIDENT}/messages": Ability.PROPOSE,
    f"POST {_INCIDENT}/preview": Ability.PROPOSE,
    "POST /holding/proposals": Ability.PROPOSE,
    f"GET {_INCIDENT}/release": Ability.PROPOSE,
    f"POST {_INCIDENT}/releases": Ability.PROPOSE,
    f"GET {_MESSAGE}/revise": Ability.PROPOSE,
    f"POST {_MESSAGE}/revisions": Ability.PROPOSE,
    f"POST {_MESSAGE}/preview": Ability.PROPOSE,
    "GET /previews/{name}": Ability.PROPOSE,
    # Steering.
    f"GET {_INCIDENT}/severity": Ability.STEER,
    f"POST {_INCIDENT}/severities": Ability.STEER,
    f"GET {_INCIDENT}/stop": Ability.STEER,
    f"POST {_INCIDENT}/stops": Ability.STEER,
    "GET /quarantine": None,
    "POST /quarantine/{channel}": Ability.STEER,
    "POST /quarantine/{channel}/lift": Ability.STEER,
    f"POST {_INCIDENT}/resumptions": Ability.STEER,
    f"GET {_INCIDENT}/close": Ability.STEER,
    f"POST {_INCIDENT}/closure": Ability.STEER,
    f"GET {_MESSAGE}/withdraw": Ability.STEER,
    f"POST {_MESSAGE}/withdrawal": Ability.STEER,
    f"GET {_MESSAGE}/mail": Ability.STEER,
    f"POST {_MESSAGE}/mail": Ability.STEER,
    f"GET {_MESSAGE}/publications": Ability.STEER,
    f"POST {_MESSAGE}/retries": Ability.STEER,
    f"POST {_MESSAGE}/settlements": Ability.STEER,
    # Files of people: bringing them in.
    "GET /files": Ability.IMPORT,
    "GET /files/audiences/{name}": Ability.IMPORT,
    "GET /files/import": Ability.IMPORT,
    "POST /files/imports": Ability.IMPORT,
    "GET /files/imports/{import_id}": Ability.IMPORT,
    "GET /files/imports/{import_id}/live": Ability.IMPORT,
    "POST /files/imports/{import_id}/attempts": Ability.IMPORT,
    "POST /files/imports/{import_id}/rejects": Ability.IMPORT,
    # Taking them out: the record has no address and no code in it.
    f"GET {_INCIDENT}/files": None,
    f"POST {_INCIDENT}/files/record": None,
    f"POST {_INCIDENT}/files/codes": Ability.IMPORT,
    f"POST {_INCIDENT}/files/arrivals": Ability.SEE_ADDRESSES,
    # Looking somebody up.
    f"GET {_INCIDENT}/recipient": Ability.SEE_ADDRESSES,
    f"POST {_INCIDENT}/recipient": Ability.SEE_ADDRESSES,
    f"POST {_INCIDENT}/recipient/file": Ability.SEE_ADDRESSES,
    # The desk.
    "POST /desk/hand-overs": Ability.ANSWER,
    "POST /desk/dismissals": Ability.ANSWER,
    "POST /desk/surges/{number}/dismissal": Ability.ANSWER,
    "POST /desk/replies": Ability.ANSWER,
    "POST /desk/replies/{reply}/agreement": Ability.ANSWER,
    "POST /desk/replies/{reply}/withdrawal": Ability.ANSWER,
    "POST /desk/replies/{reply}/settlement": Ability.ANSWER,
    "POST /desk/{number}/replies": Ability.ANSWER,
    "POST /desk/{number}/claims": Ability.ANSWER,
    "POST /desk/{number}/drafts": Ability.ANSWER,
    "POST /desk/{number}/releases": Ability.ANSWER,
    "POST /desk/{number}/dismissal": Ability.ANSWER,
    "POST /desk/{number}/reopening": Ability.ANSWER,
    "POST /desk/{number}/incident": Ability.ANSWER,
    "POST /desk/{number}/cluster": Ability.ANSWER,
    "POST /desk/clusters/{number}/name": Ability.ANSWER,
    "POST /desk/clusters/{number}/replies": Ability.ANSWER,
    "POST /desk/clusters/{number}/merger": Ability.ANSWER,
    # Administrating.
    "GET /administration": Ability.ADMINISTRATE,
    "GET /administration/record": Ability.ADMINISTRATE,
    "POST /administration/exports": Ability.ADMINISTRATE,
    "GET /administration/credentials/{credential}/remove": Ability.ADMINISTRATE,
    "POST /administration/credentials/{credential}/removal": Ability.ADMINISTRATE,
    "POST /administration/credentials/{credential}/confirmation": Ability.ADMINISTRATE,
    "GET /administration/tokens": Ability.ADMINISTRATE,
    "POST /administration/tokens": Ability.ADMINISTRATE,
    "GET /administration/tokens/{token}/remove": Ability.ADMINISTRATE,
    "POST /administration/tokens/{token}/removal": Ability.ADMINISTRATE,
    "GET /administration/webhooks": Ability.ADMINISTRATE,
    "POST /administration/webhooks": Ability.ADMINISTRATE,
    "GET /administration/webhooks/{endpoint}": Ability.ADMINISTRATE,
    "POST /administration/webhooks/{endpoint}/rotations": Ability.ADMINISTRATE,
    "POST /administration/webhooks/{endpoint}/tests": Ability.ADMINISTRATE,
    "POST /administration/webhooks/{endpoint}/replays": Ability.ADMINISTRATE,
    "POST /administration/webhooks/{endpoint}/disablings": Ability.ADMINISTRATE,
    "POST /administration/webhooks/{endpoint}/enablings": Ability.ADMINISTRATE,
    "GET /administration/webhooks/{endpoint}/remove": Ability.ADMINISTRATE,
    "POST /administration/webhooks/{endpoint}/removal": Ability.ADMINISTRATE,
    "POST /notifications/tests-of-all": Ability.ADMINISTRATE,
    "POST /administration/session-ends": Ability.ADMINISTRATE,
}
"""By method and path: which ability it needs; None for everybody who is signed in."""

NEEDS_TOO: dict[str, Ability] = {"POST /holding/proposals": Ability.OPEN}
"""What needs a second one: an incident is opened for what is proposed there."""


async def permitted(request: Request) -> None:
    """Let a request through if whoever is signed in may do that; a dependency of every page.

    ``NotSignedIn`` without a session, ``NotAllowed`` names who may.
    """
    await signed_in(request)
    route = f"{request.method} {request.scope['route'].path}"
    needed = [one for one in (NEEDS[route], NEEDS_TOO.get(route)) if one is not None]
    if needed and only_reads(request):
        raise NotAllowed(why_only_reading(request))
    for ability in needed:
        now = session(request)
        refuse_unable(now.person, ability, now.everybody)


def lacking(request: Request, ability: Ability) -> Explanation | None:
    """Why whoever is signed in may not; None if they may."""
    if only_reads(request):
        # The page says at its top where it can be done.
        return explained("Not at this address: it has no HTTPS.")
    now = session(request)
    return why_not(now.person, ability, now.everybody)


def why_only_reading(request: Request) -> Explanation:
    """Why nothing can be done at this address."""
    return explained(ONLY_READING, f"To sign or to do anything, use {origin(request)}.")


def need_of_page(place: str) -> Ability | None:
    """What the page at ``place`` needs, whatever the names in its braces."""
    return _PAGES.get(_without_names(place))


def _without_names(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


_PAGES = {
    _without_names(route.removeprefix("GET ")): ability
    for route, ability in NEEDS.items()
    if route.startswith("GET ")
}
