"""Reading an e-mail address as people type it, into the spelling that we write to.

The rules are those of the ``email-validator`` library. It takes some 20 microseconds, so plain
addresses that it would accept as they are get recognised by one pattern first; a property test
compares the pattern with the library.
"""

from __future__ import annotations

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from domain.errors import DomainError
from domain.pasted import code_point, odd_character, without_marks, without_punctuation

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN = re.compile(
    r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)"
    rf"@((?:{_LABEL}\.)+([A-Za-z]{{2,63}}))"
)
_BRACKETED = re.compile(r"[^<>]*<([^<>]*@[^<>]*)>[^<>@]*|[^()]*\(([^()\s]+@[^()\s]+)\)\W*")
# ``mailto:`` of a link, and the other words that directories and forms put there.
_SCHEME = re.compile(r"[a-z]{2,10}\s*:\s*([^?]*).*", re.IGNORECASE | re.DOTALL)
_SEVERAL = re.compile(r"[^\s,;<>]@[^@]*[\s,;<>][^@]*[^\s,;<>]@")
_NO_SMTPUTF8 = "It has letters before the @ that mail providers do not take."
_RESERVED = frozenset(SPECIAL_USE_DOMAIN_NAMES)


class InvalidAddress(DomainError):
    """This address cannot be used; ``what`` says why and does not repeat it."""


def read_address(text: str) -> str:
    """``text`` as mail takes it: domain in lower case and ASCII, the rest as it was typed.

    Plus-addresses stay, international domains become ``xn--…``. ``InvalidAddress`` otherwise,
    also for letters beyond ASCII before the @, which mail providers do not take.
    """
    plain = _plain(text)
    if plain:
        return plain
    try:
        read = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise InvalidAddress(_why(error), "Correct the address.") from None
    if read.ascii_email is None:
        raise InvalidAddress(_NO_SMTPUTF8)
    return read.ascii_email


def read_pasted(text: str) -> tuple[str, bool]:
    """The address in ``text``, and whether more than white space was taken off it.

    Invisible marks, quotes and separators round an address are no part of it, nor are ``mailto:``
    and the name in ``Ann <ann@example.com>``. ``InvalidAddress`` names a character that cannot be
    seen by its code point.
    """
    typed = text.strip()
    plain = _plain(typed)
    if plain:
        return plain, False
    bare = _bare(typed)
    if not bare:
        raise InvalidAddress("There is no address.")
    try:
        return read_address(bare), bare != typed
    except InvalidAddress as error:
        raise InvalidAddress(_reason(bare) or error.what, "Correct the address.") from None


def looks_like_address(text: str) -> bool:
    """Whether ``text`` was meant as an address, be it right or wrong."""
    before, at, after = _bare(text).rpartition("@")
    return bool(at and before and after) and not re.search(r"\s", f"{before}{after}")


def mailbox_of(address: str) -> str:
    """``address`` as addresses are compared: nobody has two mailboxes that differ in case."""
    return address.lower()


def _plain(text: str) -> str:
    """An address that the library would accept as it is, in our spelling; empty for any other."""
    found = _PLAIN.fullmatch(text)
    if found is None or len(text) > 254:
        return ""
    local, domain, top = found.groups()
    # Two hyphens may begin an encoded label, and reserved names have rules of their own.
    if len(local) > 64 or "--" in domain or top.lower() in _RESERVED:
        return ""
    return f"{local}@{domain.lower()}"


def _bare(text: str) -> str:
    """An address without what was pasted with it; anything else without what is at its ends."""
    bare = without_marks(text)
    bracketed = _BRACKETED.fullmatch(bare)
    if bracketed is not None:
        bare = bracketed[1] or bracketed[2] or ""
    bare = without_punctuation(bare)
    scheme = _SCHEME.fullmatch(bare)
    return without_punctuation(scheme[1]) if scheme is not None else bare


def _reason(bare: str) -> str:
    """Why an address cannot be read, where the library does not say it well; else empty."""
    if _SEVERAL.search(bare):
        return "There is more than one address in this cell."
    odd = odd_character(bare)
    if odd:
        return f"It has the character {odd} in it."
    local = bare.rpartition("@")[0]
    foreign = next((letter for letter in local if not letter.isascii()), "")
    return f"{_NO_SMTPUTF8} The first is {code_point(foreign)}." if foreign else ""


def _why(error: EmailNotValidError) -> str:
    # The library's sentences quote parts of the address, so only their kind is kept.
    words = str(error)
    if "special-use" in words:
        return "Its domain is reserved and takes no mail."
    if "too long" in words:
        return "It is too long."
    if "must have an @-sign" in words:
        return "It needs an @."
    if "cannot" in words and "period" in words:
        return "It has a dot where none may be."
    if "nternationalized" in words:
        return _NO_SMTPUTF8
    if "after the @-sign" in words or "domain" in words:
        return "The part after the @ is not a domain that takes mail."
    if "before the @-sign" in words:
        return "The part before the @ is not valid."
    return "It is not an e-mail address."
