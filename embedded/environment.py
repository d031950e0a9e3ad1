"""The environments of the stack's parts and clients: addresses, accounts, secrets."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from client.record_key import make_key
from client.stack.accounts import ChosenAccounts, choose_accounts
from client.stack.environment import for_python
from client.stack.ports import LOOPBACK, Ports
from client.stack.state_folder import open_to_write
from settings import Settings, read_env_file

CODE_SECRET = "FRONTFOOT_CODE_SECRET"
LINK_SECRET = "FRONTFOOT_LINK_SECRET"
PUBLIC_URL = "FRONTFOOT_PUBLIC_URL"
RECORD_KEY_FILE = "FRONTFOOT_RECORD_KEY_FILE"
OIDC = "FRONTFOOT_OIDC_"
WEBSITE_FOLDER = "FRONTFOOT_WEBSITE_FOLDER"
PRIVATE_NETWORKS = "FRONTFOOT_OUTBOX_PRIVATE_NETWORKS"
SUBSCRIBERS_FROM = "FRONTFOOT_SUBSCRIBERS_FROM"
PHONES = "FRONTFOOT_CONTACT_STAND_IN"
CONTACT_TESTS = "FRONTFOOT_CONTACT_TESTS"
_SETTINGS = frozenset(f"FRONTFOOT_{name.upper()}" for name in Settings.model_fields)


@dataclass(frozen=True)
class StackEnvironment:
    """Environments of one stack.

    ``clients`` is what clients of the stack need; ``parts`` is for worker and receiver, with the
    secrets and without the credentials of any account, which are in ``access``. ``worker`` is for
    the worker alone: it names the key that seals the record.
    """

    access: ChosenAccounts
    clients: Mapping[str, str]
    parts: Mapping[str, str]
    worker: Mapping[str, str]
    notices: tuple[str, ...]


def stack_environment(
    settings: Settings,
    given: Mapping[str, str],
    ports: Ports,
    *,
    webhooks: str,
    sandbox: str,
    live: bool,
) -> StackEnvironment:
    """The environments, made from ``given``; without ``live``, credentials are left out.

    ``webhooks`` and ``sandbox`` are the URLs of those parts. Writes the state folder's secrets, its
    Temporal profile, and the key that seals the record.
    """
    state = settings.state_dir
    access = choose_accounts(
        settings.channels, given, sandbox, live=live, public=webhooks, state=state
    )
    notices = list(access.notices)
    clients = {
        **temporal_environment(state, ports),
        "FRONTFOOT_STATE_DIR": str(state),
        # Everything of this stack is on one machine, and other systems may well be, too.
        PRIVATE_NETWORKS: given.get(PRIVATE_NETWORKS, "true"),
    }
    if not settings.database_url:
        # A URL of the user's own may contain a password, and their terminals have it anyway.
        clients["FRONTFOOT_DATABASE_URL"] = settings.database()
    kept = {
        **keep_secrets(state, given),
        "FRONTFOOT_DATABASE_URL": settings.database(),
        "FRONTFOOT_CHANNELS": ",".join(access.channels),
    }
    if not access.live:
        kept[PUBLIC_URL] = webhooks
        # Before the first incident no playbook says from whom subscribers get their mail.
        kept[SUBSCRIBERS_FROM] = given.get(SUBSCRIBERS_FROM) or "status@example.com"
        # The sandbox has a phone for everybody: asking people is rehearsed, and wakes up nobody.
        clients[PHONES] = given.get(PHONES, f"{sandbox.replace('http', 'json', 1)}/phones/")
        kept[CONTACT_TESTS] = given.get(CONTACT_TESTS, "false")
    elif not given.get(PUBLIC_URL):
        notices.append(
            f"Goodwill mail carries no unsubscribe link, because {PUBLIC_URL} is not set: "
            "recipients could not reach this machine."
        )
    parts = {
        **for_python(given),
        **_passed_on(given, access.channels, live=live),
        **clients,
        **kept,
    }
    make_key(settings.record_key())
    folder = Path(access.environment.get(WEBSITE_FOLDER, "."))
    if state in folder.parents:
        # Where nothing is for other users to read, the page is not either.
        folder.mkdir(mode=0o700, exist_ok=True)
    worker = {RECORD_KEY_FILE: str(settings.record_key().absolute())}
    return StackEnvironment(access, clients, parts, worker, tuple(notices))


def _passed_on(
    given: Mapping[str, str], channels: tuple[str, ...], *, live: bool
) -> dict[str, str]:
    """Settings of ours in ``given``; in a drill without anything that could be a credential."""
    # The console alone signs people in, and is given that by itself.
    accounts = (OIDC, *(f"FRONTFOOT_{name.upper()}_" for name in channels))
    return {
        name: value
        for name, value in given.items()
        if name.startswith("FRONTFOOT_")
        and not name.startswith(accounts)
        and name != RECORD_KEY_FILE
        and (live or name in _SETTINGS)
    }


def temporal_environment(state: Path, ports: Ports) -> dict[str, str]:
    """How to reach the embedded Temporal, whatever the user's own Temporal profile says."""
    profile = state / "temporal.toml"
    open_to_write(profile).close()
    return {
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{ports.temporal}",
        "TEMPORAL_NAMESPACE": "default",
        "TEMPORAL_CONFIG_FILE": str(profile),
    }


def keep_secrets(state: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The secrets of this folder: made once, kept in ``secrets.env`` for this user only.

    The secret of unsubscribe links is derived from that of codes, so that there is one to keep.
    """
    kept = _kept_secrets(state, given)
    link = given.get(LINK_SECRET) or kept.get(LINK_SECRET)
    return {**kept, LINK_SECRET: link or _derived(kept[CODE_SECRET], "unsubscribe links")}


def _derived(secret: str, purpose: str) -> str:
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def _kept_secrets(state: Path, given: Mapping[str, str]) -> dict[str, str]:
    if given.get(CODE_SECRET):
        return {CODE_SECRET: given[CODE_SECRET]}
    path = state / "secrets.env"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        path.chmod(0o600)
    else:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(
                "# Made by `frontfoot up`. Codes are derived from this secret: if it is lost,\n"
                "# codes that have not been sent yet come out different.\n"
                f"{CODE_SECRET}={secrets.token_hex(32)}\n"
            )
    return read_env_file(path)
