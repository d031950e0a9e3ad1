"""Whether there is somebody to confirm a passkey that waits, where passkeys wait."""

from __future__ import annotations

from client.checks.result import CheckKind, CheckResult, fails, works
from client.people import known_people
from client.second_person import asks_second_person
from domain.abilities import Ability
from domain.people import PEOPLE_FILE
from domain.plural import plural
from settings import Settings

_ABOUT = "administrators"


def check_administrators(settings: Settings) -> list[CheckResult]:
    """Two people have to administrate: nobody confirms their own passkey. Blocks."""
    if not asks_second_person(settings):
        return []
    able = [one for one in known_people(settings) if Ability.ADMINISTRATE in one.abilities]
    if len(able) >= 2:
        return [works(_ABOUT, f"{plural(len(able), 'person', 'people')} may administrate.")]
    what = f"{able[0].shown} alone may administrate." if able else "Nobody may administrate."
    return [
        fails(
            _ABOUT,
            f"{what} Passkeys that are added by a link wait here for a second person.",
            f"Add {Ability.ADMINISTRATE.value} to the `may` of two people in {PEOPLE_FILE}.",
            CheckKind.SETTING,
        )
    ]
