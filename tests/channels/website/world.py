"""Pages for the tests: one on a bad Saturday, with all that a page can show, and a quiet one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from channels.website.markdown import html_of
from domain.ids import MessageRef, publication_key
from domain.message import MessageKind
from domain.page_entry import ComponentCut, ComponentState, Impact, PageEntry, PageStatus
from domain.status_page import (
    Component,
    InstallationHead,
    PageIncident,
    PageUpdate,
    StatusPage,
    component_id,
    incident_id,
)

NOW = datetime(2026, 11, 28, 14, 5, 12, tzinfo=UTC)
URL = "https://status.example.com"
COMPONENTS = (
    ("Checkout", "Shop", "Cart, payment and receipts"),
    ("Product pages", "Shop", None),
    ("Search", "Shop", None),
    ("Posting to social networks", None, "Scheduled and immediate posts"),
    ("Sign-in", None, None),
    ("API", "For developers", None),
    ("Webhooks", "For developers", "Events that we send to your servers"),
)

ARTICLE = """\
On Saturday, posts that our customers did not write appeared in their accounts. That was our fault.

## What happened

Somebody took **access tokens** from our database. The tokens were not encrypted.

![A line that rises at 14:00 and falls at 16:10](https://example.com/posts.png)

| when (UTC) | what |
|---|---|
| 14:02 | the first post that nobody wrote |
| 14:40 | posting is switched off |

## What we have done

1. Every token was replaced.
2. Tokens are encrypted. [How](https://example.com/how).

### And what comes next

> We will tell you by the end of January what an outside team has found.
"""


def update(
    slug: str,
    number: int,
    status: PageStatus,
    text: str,
    at: datetime,
    *,
    kind: MessageKind = MessageKind.PROGRESS_UPDATE,
    impact: Impact = Impact.CRITICAL,
    states: dict[str, ComponentState] | None = None,
    headline: str | None = None,
    due: datetime | None = None,
) -> PageUpdate:
    """An update as the ledger gives it."""
    cuts = tuple(
        ComponentCut(name=name, description=about, group=group, state=(states or {}).get(name))
        for name, group, about in COMPONENTS
    )
    entry = PageEntry(
        status=status,
        impact=impact,
        components=cuts,
        article=headline is not None,
        headline=headline,
    )
    return PageUpdate(
        id=publication_key(MessageRef(incident=slug, number=number, revision=1), "website"),
        number=number,
        kind=kind,
        mark=f"Update {number}, {at:%d %b %H:%M} UTC, ref {incident_id(slug)[:4]}",
        text=text,
        html=html_of(text),
        at=at,
        entry=entry,
        next_update_by=due,
    )


def incident(slug: str, title: str, *updates: PageUpdate) -> PageIncident:
    """An incident with the id that belongs to its name."""
    return PageIncident(id=incident_id(slug), title=title, updates=updates)


def components(**states: ComponentState) -> tuple[Component, ...]:
    """All components, in the given states by the first word of their names."""
    return tuple(
        Component(
            id=component_id(name),
            name=name,
            group=group,
            description=about,
            state=states.get(name.partition(" ")[0], ComponentState.OPERATIONAL),
            since=NOW - timedelta(days=400),
            updated_at=NOW - timedelta(days=3),
        )
        for name, group, about in COMPONENTS
    )


def quiet(**changed: object) -> StatusPage:
    """A page on which nothing has ever happened."""
    page = StatusPage(
        number=3, generated_at=NOW, name="Frontfoot status", url=URL, components=components()
    )
    return page.model_copy(update=changed)


def spam() -> PageIncident:
    """An open incident with four updates."""
    slug, start = "spam-saturday", NOW - timedelta(hours=2)
    name, outage = "Posting to social networks", ComponentState.MAJOR_OUTAGE
    return incident(
        slug,
        "Spam was posted through some customers' accounts",
        update(
            slug, 1, PageStatus.INVESTIGATING,
            "We are sorry: posts that you did not write appear in some accounts. "
            "We have stopped all posting and are looking for the cause.",
            start, kind=MessageKind.ANNOUNCEMENT, states={name: outage},
        ),
        update(
            slug, 2, PageStatus.INVESTIGATING,
            "Posting stays off. Please:\n\n- **delete** posts that you did not write\n"
            "- do *not* change your password yet\n\nMore at <https://help.example.com/spam>.",
            start + timedelta(minutes=35),
        ),
        update(
            slug, 3, PageStatus.INVESTIGATING,
            "We wrote that Facebook was not concerned. It is.",
            start + timedelta(minutes=50), kind=MessageKind.CORRECTION,
        ),
        update(
            slug, 4, PageStatus.IDENTIFIED,
            "Somebody has taken access tokens from us. We are replacing every one of them.",
            start + timedelta(minutes=80), due=NOW + timedelta(minutes=40),
            states={name: outage, "Sign-in": ComponentState.DEGRADED_PERFORMANCE},
        ),
    )  # fmt: skip


def past() -> tuple[PageIncident, ...]:
    """Two incidents that are over, one of them with an article and over midnight, one last year."""
    slug, start = "slow-search", NOW - timedelta(days=6, hours=16)
    down = {"Search": ComponentState.PARTIAL_OUTAGE}
    up = {"Search": ComponentState.OPERATIONAL}
    slow = incident(
        slug,
        "Search answers slowly & shows <old> results",
        update(
            slug, 1, PageStatus.INVESTIGATING, "Search is slow.", start,
            kind=MessageKind.ANNOUNCEMENT, impact=Impact.MAJOR, states=down,
        ),
        update(
            slug, 2, PageStatus.MONITORING, "A new index is in place.",
            start + timedelta(hours=3), impact=Impact.MAJOR,
        ),
        update(
            slug, 3, PageStatus.RESOLVED, "Search is as fast as before.",
            start + timedelta(hours=4, minutes=5), kind=MessageKind.RESOLUTION_NOTE,
            impact=Impact.NONE, states=up,
        ),
        update(
            slug, 4, PageStatus.POSTMORTEM, ARTICLE, start + timedelta(days=4),
            kind=MessageKind.GOODWILL_OFFER, impact=Impact.NONE,
            headline="What we did wrong, and what we owe you",
        ),
    )  # fmt: skip
    old, then = "sign-in-down", NOW - timedelta(days=400)
    sign_in = incident(
        old,
        "Nobody could sign in",
        update(old, 1, PageStatus.INVESTIGATING, "Sign-in is down.", then, impact=Impact.MINOR),
        update(
            old, 2, PageStatus.RESOLVED, "Sign-in works.", then + timedelta(minutes=25),
            impact=Impact.MINOR,
        ),
    )  # fmt: skip
    return slow, sign_in


def busy(**changed: object) -> StatusPage:
    """A page in the middle of an incident, with a past."""
    states = components(
        Posting=ComponentState.MAJOR_OUTAGE, **{"Sign-in": ComponentState.DEGRADED_PERFORMANCE}
    )
    page = quiet(
        number=12,
        home="https://example.com",
        components=states,
        incidents=(spam(), *past()),
        record=InstallationHead(hash="ab" * 32, seal="c2VhbA==", key="SHA256:abcd"),
    )
    return page.model_copy(update=changed)
