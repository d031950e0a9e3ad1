"""What each part of the embedded stack is told: addresses, secrets, and which accounts are real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import settings as settings_module

STRIPE_KEY = "FRONTFOOT_STRIPE_API_KEY"
_KEPT_IN_SANDBOX = ("_FROM_ADDRESS", "_FROM_NAME", "_CONNECT_TIMEOUT", "_READ_TIMEOUT")
_PLAIN = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TMPDIR", "TZ", "USER")


@dataclass(frozen=True)
class ChannelAccess:
    """What a channel needs to speak to its provider, and what the sandbox takes in its place.

    The sandbox's credentials are well-known words: it cannot hold a live one.
    """

    needs: tuple[str, ...]
    stands_in: Mapping[str, str]
    provider: str


ACCOUNTS: Mapping[str, ChannelAccess] = {
    "email": ChannelAccess(
        needs=("FRONTFOOT_EMAIL_API_KEY",),
        stands_in={
            "FRONTFOOT_EMAIL_API_KEY": "SG.sandbox",
            "FRONTFOOT_EMAIL_BASE_URL": "{sandbox}",
        },
        provider="https://api.sendgrid.com",
    ),
    "twitter": ChannelAccess(
        needs=(
            "FRONTFOOT_TWITTER_CONSUMER_KEY",
            "FRONTFOOT_TWITTER_CONSUMER_SECRET",
            "FRONTFOOT_TWITTER_TOKEN",
            "FRONTFOOT_TWITTER_TOKEN_SECRET",
        ),
        stands_in={
            "FRONTFOOT_TWITTER_CONSUMER_KEY": "sandbox-consumer-key",
            "FRONTFOOT_TWITTER_CONSUMER_SECRET": "sandbox-consumer-secret",
            "FRONTFOOT_TWITTER_TOKEN": "sandbox-token",
            "FRONTFOOT_TWITTER_TOKEN_SECRET": "sandbox-token-secret",
            "FRONTFOOT_TWITTER_USER_ID": "7000000001",
            "FRONTFOOT_TWITTER_HANDLE": "acme",
            "FRONTFOOT_TWITTER_BASE_URL": "{sandbox}",
            "FRONTFOOT_TWITTER_SITE_URL": "{sandbox}",
        },
        provider="https://api.x.com",
    ),
    "facebook": ChannelAccess(
        needs=("FRONTFOOT_FACEBOOK_PAGE_ID", "FRONTFOOT_FACEBOOK_PAGE_TOKEN"),
        stands_in={
            "FRONTFOOT_FACEBOOK_PAGE_ID": "100000000000001",
            "FRONTFOOT_FACEBOOK_PAGE_TOKEN": "sandbox-page-token",
            "FRONTFOOT_FACEBOOK_BASE_URL": "{sandbox}",
            "FRONTFOOT_FACEBOOK_SITE_URL": "{sandbox}/facebook",
        },
        provider="https://graph.facebook.com",
    ),
}


@dataclass(frozen=True)
class ChosenAccess:
    """Which channels there are, where each speaks to, and what a person has to be told of it."""

    channels: tuple[str, ...]
    environment: Mapping[str, str]
    live: tuple[str, ...] = ()
    notices: tuple[str, ...] = field(default=())


def choose_accounts(
    channels: tuple[str, ...], given: Mapping[str, str], sandbox: str, *, live: bool
) -> ChosenAccess:
    """Say which channels use the credentials in ``given`` and which the sandbox at ``sandbox``.

    Without ``live`` no credential of the caller's passes, and a channel that the sandbox does not
    know is left out.
    """
    kept: list[str] = []
    real: list[str] = []
    notices: list[str] = []
    result: dict[str, str] = {}
    for channel in channels:
        prefix = f"FRONTFOOT_{channel.upper()}_"
        own = {name: value for name, value in given.items() if name.startswith(prefix) and value}
        account = ACCOUNTS.get(channel)
        if account is None:
            if not live:
                notices.append(f"{channel} is left out: the sandbox cannot stand in for it.")
                continue
            kept.append(channel)
            real.append(channel)
            result |= own
            notices.append(f"LIVE: {channel} speaks to its real provider.")
            continue
        kept.append(channel)
        lacking = [name for name in account.needs if name not in own]
        if live and not lacking:
            real.append(channel)
            result |= own
            where = own.get(f"{prefix}BASE_URL", account.provider)
            notices.append(f"LIVE: {channel} speaks to {where} with your credentials.")
            continue
        if live and len(lacking) < len(account.needs):
            notices.append(
                f"{channel} speaks to the sandbox, because {', '.join(lacking)} is not set."
            )
        result |= {name: own[name] for name in own if name.endswith(_KEPT_IN_SANDBOX)}
        result |= {
            name: value.replace("{sandbox}", sandbox) for name, value in account.stands_in.items()
        }
    if live and given.get(STRIPE_KEY):
        notices.append(
            "LIVE: offers with `source: stripe` enter their codes at your Stripe account."
        )
    return ChosenAccess(tuple(kept), result, tuple(real), tuple(notices))


def plain(given: Mapping[str, str]) -> dict[str, str]:
    """What any program needs, and nothing of ours: for parts that must not see a key."""
    return {name: given[name] for name in _PLAIN if name in given}


def for_python(given: Mapping[str, str]) -> dict[str, str]:
    """``plain``, so that ``python -P -m`` finds our modules wherever they are installed."""
    home = str(Path(settings_module.__file__).resolve().parent)
    return {**plain(given), "PYTHONPATH": home, "PYTHONUNBUFFERED": "1"}
