"""Endpoints: where another system takes webhooks, and what may be written as its address."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from domain.errors import DomainError

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of one's own machine, where there are no certificates."""

LONGEST_URL = 2_000
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is handed out for the internet. What is outside of it may be anybody's own: old
site-local addresses, a network's own NAT64 prefix, IPv4 in forms that are not used any more."""

_NOT_PRINTABLE = re.compile(r"[^\x21-\x7e]")


def check_endpoint_name(text: str) -> str:
    """Return ``text`` if it can name an endpoint; ``DomainError`` otherwise."""
    if not _NAME.fullmatch(text):
        raise DomainError(
            f"{text[:60]!r} cannot name an endpoint.",
            "Use 1 to 40 lower-case letters, digits and inner hyphens, such as helpdesk.",
        )
    return text


def name_from(url: str) -> str:
    """A name for the endpoint at ``url``, made of its host."""
    host = re.sub(r"[^a-z0-9]+", "-", host_of(url))
    return host[:40].strip("-")


def host_of(url: str) -> str:
    """The host in an address, in lower case: all of it that is shown in lists.

    What follows may be a secret: some systems know their callers by it.
    """
    return (urlsplit(url).hostname or "").lower()


def check_url(text: str) -> str:
    """Return ``text`` if webhooks can be sent there; ``DomainError`` says why not, without it."""
    url = text.strip()
    parts = _parsed(url)
    if parts is None or _NOT_PRINTABLE.search(url) or len(url) > LONGEST_URL:
        raise DomainError(
            "This is not an address that webhooks can be sent to.",
            "Give all of it, such as https://helpdesk.example.com/hooks/frontfoot.",
        )
    if parts.username is not None or parts.password is not None:
        raise DomainError(
            "The address holds a name or a password, which everybody would see who sees the "
            "address.",
            "Leave them out: every webhook is signed, and the endpoint can verify that.",
        )
    if parts.fragment:
        raise DomainError(
            "The address has a part after #, which is never sent.", "Leave that part out."
        )
    if parts.scheme != "https" and host_of(url) not in LOCAL_HOSTS:
        raise DomainError(
            "Webhooks are sent over https alone, except to this machine.",
            "Give an address that begins with https://.",
        )
    return url


def is_here(url: str) -> bool:
    """Whether an address names this machine, or one in a private network, in so many words."""
    host = host_of(url)
    try:
        return not is_public(host)
    except ValueError:
        return host in LOCAL_HOSTS


def is_public(text: str) -> bool:
    """Whether an IP address is one of the internet, and leads into nobody's own network."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast


def _parsed(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        # Reading the port checks it.
        return parts if usable and parts.port != 0 else None
    except ValueError:
        return None
