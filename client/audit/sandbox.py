"""Reading the sandbox's own records, where it stands in for a provider."""

from __future__ import annotations

import os

import httpx

from client.audit.model import Discrepancy, Kind, Place, ProviderRecord
from client.engine import Engine
from client.stack import stack_file
from client.stack.accounts import choose_accounts
from client.stack.sandbox_records import NOBODYS, mail_by_broadcast, posts_by_publication
from domain.explanation import explained
from domain.plural import plural
from settings import Settings
from store.audit.broadcast_records import BroadcastRecords


def sandbox_of(settings: Settings) -> tuple[str, frozenset[str]] | None:
    """The address of a sandbox that stands in here, and the channels that it stands in for."""
    running = stack_file.read(settings.state_dir)
    if running is None or not running.runs() or "sandbox" not in running.addresses:
        return None
    address = running.addresses["sandbox"]
    chosen = choose_accounts(settings.channels, os.environ, address, live=running.live)
    return address, frozenset(chosen.sandboxed)


async def read_sandbox(
    engine: Engine,
    address: str,
    channels: frozenset[str],
    slug: str,
    mails: list[BroadcastRecords],
) -> tuple[dict[Place, ProviderRecord], list[Discrepancy]]:
    """What its records show for each place on ``channels``, and what in them belongs to nobody."""
    known: dict[Place, ProviderRecord] = {}
    strangers: list[Discrepancy] = []
    places = {
        mail.key: Place(mail.number, mail.channel, mail.audience)
        for mail in mails
        if mail.channel in channels
    }
    async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as sandbox:
        posts = await posts_by_publication(engine, slug, sandbox)
        post_total = posts.pop(NOBODYS)
        for (number, channel), found in posts.items():
            if channel in channels:
                there = found.accepted - found.lost + found.doubled + found.unentered
                detail = plural(there, "post")
                known[Place(number, channel)] = ProviderRecord(
                    detail=detail, read=True, reconciled=found
                )
        by_broadcast = await mail_by_broadcast(engine, slug, sandbox)
    for key, found in by_broadcast.items():
        there = found.accepted - found.lost + found.doubled + found.unentered
        if key in places:
            # The newest revision's broadcast stands for the message; earlier ones sent nothing.
            known[places[key]] = ProviderRecord(
                detail=plural(there, "mail"), read=True, reconciled=found
            )
        elif there:
            strangers.append(
                _stranger(f"{plural(there, 'mail')} that no broadcast in the ledger sent")
            )
    for place in places.values():
        nothing = ProviderRecord(detail="0 mails", read=True)
        known.setdefault(place, nothing)
    if post_total.unentered:
        posts_there = plural(post_total.unentered, "post")
        many = f"{posts_there} that no message in the ledger accounts for"
        strangers.append(_stranger(many))
    return known, strangers


def _stranger(what: str) -> Discrepancy:
    return Discrepancy(
        kind=Kind.UNENTERED,
        where="the provider",
        explanation=explained(
            f"It shows {what}.",
            "Was the ledger replaced while the sandbox kept its records? If not, find out who else "
            "uses the account.",
        ),
    )
