"""Whether a mail server's reply is about us or about the addressee.

A reply about us (our sender, account, address on the network, rate) must never cost an addressee
the mail, and a reply about one addressee must never stop the others. The enhanced status code
decides (RFC 3463, 5248, 7372, 7505 and, from 5.7.100, Exchange Online's own), then the reply code
(RFC 5321), and only where those leave it open, whole phrases that servers are known to use. What is
still open is ``UNCLEAR``: whether others are accepted then shows whom it was about.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Fault(StrEnum):
    """Whom a reply is about."""

    OURS = "ours"
    ADDRESSEE = "addressee"
    UNCLEAR = "unclear"


_ENHANCED = re.compile(
    # At the start of a line, or as qmail has it: "no mailbox here by that name (#5.1.1)". Not the
    # first numbers of an IP address.
    r"(?:^\W{0,2}|\(#)[245]\.(\d{1,3})\.(\d{1,3})\b(?!\.\d)",
    re.MULTILINE,
)
_ADDRESSEE = frozenset(
    {(1, detail) for detail in (1, 2, 3, 4, 6, 10)}
    | {(2, detail) for detail in (1, 2, 4)}
    | {(7, detail) for detail in (17, 18)}
    # Exchange: this recipient takes no mail from outside, or from us.
    | {(7, detail) for detail in range(120, 200)}
)
_OURS = frozenset(
    # The sender's address; the mail system itself; congestion, which Gmail says of daily limits;
    # the protocol; and security, from who may log in to how a sender proves its name.
    {(1, 7), (1, 8), (4, 5)}
    | {(3, detail) for detail in range(1, 6)}
    | {(5, detail) for detail in range(2, 7)}
    | ({(7, detail) for detail in (*range(3, 120), *range(200, 1000))} - _ADDRESSEE)
)
"""All others are open: "other", "policy", routes, content, and codes that no document has."""

_CODES_ABOUT_US = frozenset({421, 454, *range(500, 505), 521, 530, 534, 535, 538, 555})
_TAKES_NO_MAIL = 556

_RELAYING = re.compile(
    r"\brelay(?:ing)?(?: mail)?(?: access)? (?:is |was )?"
    r"(?:denied|prohibited|disabled|not (?:permitted|allowed))\b"
    r"|\b(?:unable|refus\w+|cannot|not (?:permitted|allowed|authori[sz]ed)) to relay\b"
    r"|\b(?:do|does|will) not relay\b|\bno relaying\b|\brcpthosts\b",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?:daily|hourly|sending|send|submission|outbound|outgoing|relay|message|messages|rate"
    r"|24[- ]hours?|per[- ](?:day|hour)) (?:\w+ ){0,3}(?:limit|quota|threshold)s?\b"
    r"|\b(?:limit|quota|maximum) (?:\w+ ){0,4}(?:per|a|each) (?:day|hour)\b"
    r"|\b(?:sending|submission|message) rate\b|\brate[- ]limit"
    r"|\bexceeded the max(?:imum)? (?:e-?mails|messages|defers)\b"
    r"|\bSubmissionQuotaExceeded"
    r"|\btoo many (?:messages|e-?mails|mails|connections|sessions|requests|recipients)\b",
    re.IGNORECASE,
)
_LIMIT_OF_A_DAY = re.compile(r"\b(?:daily|day|24[- ]hours?)\b", re.IGNORECASE)
_US = re.compile(
    r"\bsender (?:address |domain |name |id )?(?:is |was |has been )?"
    r"(?:rejected|refused|denied|blocked|banned|invalid|unknown|not "
    r"(?:allowed|authori[sz]ed|accepted|verified|owned|permitted))\b"
    r"|\bsender verif\w+ (?:failed|error)\b"
    r"|\b(?:invalid|unknown|bad|forged|unverified|banned) (?:outbound )?sender\b"
    r"|\bnot owned by (?:user|the)\b|\b(?:e-?mail )?address(?:es)? (?:is|are) not verified\b"
    r"|\b(?:envelope |header )?from address\b.{0,40}\b(?:rejected|denied|not allowed|match)"
    r"|\bsend(?:ing)? as (?:this|that) (?:sender|user|address)\b|\bSendAsDenied\b"
    r"|\bauthenticat(?:ion|e)(?: is)? (?:required|first)\b|\bmust (?:authenticate|log in)\b"
    r"|\b(?:client|helo|ehlo) (?:host|name|command|address)\b.{0,80}\b(?:rejected|blocked|denied)\b"
    r"|\byour (?:reverse |mail )?(?:ip|host|hostname|server|network|domain|account|access)\b"
    r"|\bsending (?:ip|host|server|domain)\b"
    r"|\bconnections? (?:will not be accepted|refused) from\b|\bfrom your (?:ip|network|host)\b"
    r"|\b(?:blocked|listed) (?:using|at|in|on) (?:\w[\w-]*\.)+\w+"
    r"|\b(?:spamhaus|spamcop|barracuda|sorbs)\w*\b|\b(?:black|block|deny)[- ]?list(?:ed)?\b"
    r"|\b(?:poor|bad|low) reputation\b|\breverse dns\b|\bptr record\b|\b(?:spf|dkim|dmarc)\b",
    re.IGNORECASE,
)
_THEM = re.compile(
    r"\b(?:no such|unknown|invalid|unroute?able|non-?existent|undeliverable) (?:\w+ )?"
    r"(?:user|recipient|mailbox|address|person|customer|alias|domain)\b"
    r"|\b(?:user|recipient|mailbox|addressee|alias)(?: account| address)? (?:is |was |has been )?"
    r"(?:unknown|not found|disabled|inactive|full|over quota|not local|"
    r"does(?: not|n't) exist|rejected)\b"
    r"|\bno mailbox (?:here )?by that name\b|\bdoes(?: not|n't) have an? \S+ account\b"
    r"|\bover (?:its |the )?quota\b",
    re.IGNORECASE,
)


def fault_of(code: int, text: str) -> Fault:
    """Whom a reply after MAIL FROM is about; ``text`` is the reply without its code."""
    found = _ENHANCED.search(text)
    place = (int(found[1]), int(found[2])) if found else None
    if place in _ADDRESSEE:
        return Fault.ADDRESSEE
    if place in _OURS or code in _CODES_ABOUT_US:
        return Fault.OURS
    if code == _TAKES_NO_MAIL:
        return Fault.ADDRESSEE
    if says_no_relaying(text) or says_limit(text) or _US.search(text):
        return Fault.OURS
    return Fault.ADDRESSEE if _THEM.search(text) else Fault.UNCLEAR


def says_no_relaying(text: str) -> bool:
    """Whether a reply says in words that this server does not relay mail for us."""
    return _RELAYING.search(text) is not None


def says_limit(text: str) -> bool:
    """Whether a reply speaks of a limit on what we send."""
    found = _ENHANCED.search(text)
    congested = found is not None and found.groups() == ("4", "5")
    return congested or _LIMIT.search(text) is not None


def says_daily_limit(text: str) -> bool:
    """Whether that limit is one of a day: waiting for minutes is of no use then."""
    return says_limit(text) and _LIMIT_OF_A_DAY.search(text) is not None
