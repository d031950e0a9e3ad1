"""The parts of one sandbox, put together in one place."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.book import Book
from sandbox.config import SandboxConfig
from sandbox.crowd import Crowd
from sandbox.dms import MessageBook, PageInbox, XMessages
from sandbox.events import EventSender
from sandbox.faults import Faults, Provider
from sandbox.gate import Outage, SandboxGate
from sandbox.graph import Graph
from sandbox.graphbook import GraphBook
from sandbox.grapherrors import GraphErrors
from sandbox.mailbag import Mailbag
from sandbox.mastodon import Mastodon, MastodonErrors
from sandbox.sendgrid import SendGrid, SendGridErrors
from sandbox.suppressions import Suppressions
from sandbox.tootbook import TootBook
from sandbox.x import X
from sandbox.xbook import XBook
from sandbox.xproblems import XErrors


@dataclass(slots=True)
class SandboxWorld:
    """The parts of a running sandbox; `clock` is unix seconds."""

    config: SandboxConfig
    clock: Callable[[], float]
    book: Book
    faults: Faults
    outage: Outage
    events: EventSender
    mailbag: Mailbag
    posts: XBook
    page: GraphBook
    messages: MessageBook
    toots: TootBook
    crowd: Crowd
    sendgrid: SendGrid
    suppressions: Suppressions
    x: X
    graph: Graph
    mastodon: Mastodon

    @classmethod
    def build(cls, config: SandboxConfig, clock: Callable[[], float] = time.time) -> SandboxWorld:
        """Open the book and connect the parts."""
        rng = random.Random(config.seed)
        book = Book(config.state)
        faults = Faults(book, rng)
        outage = Outage()
        events = EventSender(config, book, faults, clock)
        mailbag = Mailbag(book)
        posts = XBook(config, book, clock)
        page = GraphBook(config, book, clock)
        messages = MessageBook(config, book, clock)
        toots = TootBook(config, book, clock)
        mail_gate = SandboxGate(Provider.SENDGRID, faults, outage, SendGridErrors())
        x_gate = SandboxGate(Provider.TWITTER, faults, outage, XErrors())
        graph_gate = SandboxGate(Provider.FACEBOOK, faults, outage, GraphErrors(config.page_id))
        return cls(
            config=config,
            clock=clock,
            book=book,
            faults=faults,
            outage=outage,
            events=events,
            mailbag=mailbag,
            posts=posts,
            page=page,
            messages=messages,
            toots=toots,
            crowd=Crowd(config, book, posts, page, messages, toots, random.Random(config.seed + 1)),
            sendgrid=SendGrid(config, mailbag, events, mail_gate, clock),
            suppressions=Suppressions(mailbag, mail_gate, clock),
            x=X(config, posts, XMessages(config, messages, posts), x_gate, clock),
            graph=Graph(config, page, PageInbox(config, messages), graph_gate, clock),
            mastodon=Mastodon(
                config,
                toots,
                SandboxGate(Provider.MASTODON, faults, outage, MastodonErrors()),
                clock,
            ),
        )

    def forget(self) -> None:
        """Forget everything; the signing key and the changed limits stay."""
        self.faults.remove()
        self.outage.begin(0.0)
        self.book.reset()
        self.mailbag.reload()
        self.posts.settle_in()
        self.x.forget_usage()
        self.mastodon.forget_usage()
