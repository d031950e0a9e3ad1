"""Text that the public may see: it must be visible, and it must read as it is stored.

A control character can break a provider's request or a reader's terminal, a bidirectional override
shows other words than those that were signed, and text of invisible characters says nothing.
Whatever a script or an emoji needs stays: joiners, variation selectors, the direction marks.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from domain.errors import DomainError
from domain.limits import refuse_long
from domain.pasted import BLANK, code_point

_NONCHARACTERS = "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_FORBIDDEN = re.compile(
    # Control characters but tab and line end; line and paragraph separator.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"
    # What reorders text: embeddings, overrides, isolates, deprecated shaping controls.
    "\u202a-\u202e\u2066-\u206f"
    # Halves of a character, annotations, tags, and what Unicode says is no character.
    f"\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f\ufdd0-\ufdef{_NONCHARACTERS}]"
)
# The flags of England, Scotland and Wales are spelt with tags.
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
_INVISIBLE_SYMBOL = "\U0001d159"
_SEEN = frozenset("LNPS")

TAKE_OUT = "Take it out: delete the text around that place and type it again."


class TextFault(NamedTuple):
    """Why a text cannot be published: ``detail`` follows its name; places count from 1."""

    detail: str
    next_step: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        if self.line is None:
            return f"{self.detail}."
        return f"{self.detail} in line {self.line}, character {self.column}."


def is_blank(text: str) -> bool:
    """Whether a reader would see nothing at all."""
    return not any(
        unicodedata.category(letter)[0] in _SEEN and letter != _INVISIBLE_SYMBOL
        for letter in BLANK.sub("", text)
    )


def forbidden_in(text: str) -> TextFault | None:
    """The first character of ``text`` that must not be published; None if there is none."""
    plain = text.replace("\r\n", "\n")
    odd = _FORBIDDEN.search(_FLAG.sub(lambda flag: "x" * len(flag[0]), plain))
    if odd is None:
        return None
    before = plain[: odd.start()]
    line, column = before.count("\n") + 1, odd.start() - before.rfind("\n")
    return TextFault(f"has {code_point(odd[0])}", TAKE_OUT, line, column)


def fault_in(text: str, *, one_line: bool = False) -> TextFault | None:
    """What keeps ``text`` from being published; None if nothing does, or if it is empty."""
    forbidden = forbidden_in(text)
    if forbidden is not None:
        return forbidden
    visible = text.strip()
    if one_line and "\n" in visible:
        return TextFault("must be one line", "Write it in one line.")
    if visible and is_blank(visible):
        detail = f"has nothing that can be seen, only characters such as {code_point(visible[0])}"
        return TextFault(detail, "Write something that people can read.")
    return None


OWN_MACHINE = r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/])"
"""How an address of this machine begins, where there are no certificates."""

ADDRESS_START = rf"(?:https://|{OWN_MACHINE})"
"""How an address begins that people may be given."""


def link_fault(link: str) -> str:
    """The first invisible character of an address, as its code point; else empty."""
    for letter in link:
        if unicodedata.category(letter)[0] in "CZ" or BLANK.match(letter):
            return code_point(letter)
    return ""


def refuse_faulty(text: str, name: str, *, one_line: bool = False) -> None:
    """Raise ``DomainError`` if ``text``, which people know as ``name``, cannot be published."""
    fault = fault_in(text, one_line=one_line)
    if fault is not None:
        raise DomainError(f"{name} {fault}", fault.next_step)


def refuse_unfit(text: str | None, name: str, limit: int, *, one_line: bool = False) -> None:
    """Raise ``DomainError`` if ``text`` cannot be published or is longer than ``limit``.

    For whatever people write beside the copy itself: reasons, waivers, addresses. It is shown on
    every surface, so it is refused where it is typed and again where it arrives.
    """
    refuse_faulty(text or "", name, one_line=one_line)
    refuse_long(name, text, limit)


def check_title(text: str) -> str:
    """Return the title of an incident, without white space around it; ``DomainError`` if unfit."""
    refuse_faulty(text, "The title", one_line=True)
    if not text.strip():
        raise DomainError("The title is empty.", "Say in a few words what happened.")
    return text.strip()


def publishable(text: str) -> str:
    """Return ``text`` if it can be published; ``ValueError`` otherwise."""
    fault = fault_in(text)
    if fault is not None:
        raise ValueError(str(fault))
    return text


def _publishable_line(text: str) -> str:
    fault = fault_in(text, one_line=True)
    if fault is not None or not text.strip():
        raise ValueError(str(fault) if fault else "must not be empty")
    return text


def _publishable_link(link: str) -> str:
    odd = link_fault(link)
    if odd:
        raise ValueError(f"has {odd}")
    return link


PublicText = Annotated[str, AfterValidator(publishable)]
"""Text of a plan that may be published; it may be empty."""

PublicLine = Annotated[str, AfterValidator(_publishable_line)]
"""One line of a plan that may be published; there must be something to see in it."""

PublicLink = Annotated[str, AfterValidator(_publishable_link)]
"""An address of a plan; every character of it can be seen."""
