"""What a person may do in Frontfoot besides signing, which the gates decide by roles."""

from __future__ import annotations

from enum import StrEnum


class Ability(StrEnum):
    """One thing that a person may or may not do; written in ``people.yaml``."""

    OPEN = "open"
    PROPOSE = "propose"
    STEER = "steer"
    IMPORT = "import"
    SEE_ADDRESSES = "see_addresses"
    ANSWER = "answer"
    ADMINISTRATE = "administrate"

    @property
    def in_words(self) -> str:
        """As it stands after "You may not": ``open incidents``."""
        return _WORDS[self]


_WORDS = {
    Ability.OPEN: "open incidents",
    Ability.PROPOSE: "propose messages or record facts",
    Ability.STEER: "stop, pause, retry, withdraw or close anything",
    Ability.IMPORT: "import or export files",
    Ability.SEE_ADDRESSES: "look up addresses",
    Ability.ANSWER: "claim, answer or dismiss mentions",
    Ability.ADMINISTRATE: "administrate this installation",
}

UNLESS_SAID = tuple(one for one in Ability if one is not Ability.ADMINISTRATE)
"""What somebody may do of whom the file does not say it. Whoever decides on others' passkeys and
sessions has to be named."""
