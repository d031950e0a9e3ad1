"""Reading an e-mail address as people type it, into the spelling that we write to.

The rules are those of the ``email-validator`` library. It takes some 20 microseconds, so plain
addresses that it would accept as they are get recognised by one pattern first; a property test
compares the pattern with the library.
"""

from __future__ import annotations

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from domain.errors import DomainError

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN = re.compile(
    r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)"
    rf"@((?:{_LABEL}\.)+([A-Za-z]{{2,63}}))"
)
AROUND = " \t\r\n\xa0\u200b\u2060\ufeff"
"""White space and invisible marks that come with copied addresses."""

_WRAPPED = re.compile(r"(?:[^<>]*<)?(?:mailto:)?([^<>]*?)>?", re.IGNORECASE)
_NO_SMTPUTF8 = "It has letters before the @ that mail providers do not take."
_RESERVED = frozenset(SPECIAL_USE_DOMAIN_NAMES)


class InvalidAddress(DomainError):
    """This address cannot be used; ``what`` says why and does not repeat it."""


def read_address(text: str) -> str:
    """``text`` as mail takes it: domain in lower case and ASCII, the rest as it was typed.

    Plus-addresses stay, international domains become ``xn--…``. ``InvalidAddress`` otherwise,
    also for letters beyond ASCII before the @, which mail providers do not take.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is not None and len(text) <= 254:
        local, domain, top = plain.groups()
        # Two hyphens may begin an encoded label, and reserved names have rules of their own.
        if len(local) <= 64 and "--" not in domain and top.lower() not in _RESERVED:
            return f"{local}@{domain.lower()}"
    try:
        read = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise InvalidAddress(_why(error), "Correct the address.") from None
    if read.ascii_email is None:
        raise InvalidAddress(_NO_SMTPUTF8)
    return read.ascii_email


def unwrapped(text: str) -> str:
    """The address in ``Ann <ann@example.com>``, ``mailto:…`` and the like; else ``text`` itself."""
    bare = text.strip(AROUND)
    found = _WRAPPED.fullmatch(bare)
    return found[1].strip(AROUND) if found is not None else bare


def mailbox_of(address: str) -> str:
    """``address`` as addresses are compared: nobody has two mailboxes that differ in case."""
    return address.lower()


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
