"""The configuration of a sandbox, and the few limits that can be changed while it runs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

ENV_PREFIX = "FRONTFOOT_SANDBOX_"


@dataclass(slots=True)
class Dials:
    """Limits that a test or a demonstration may change while the sandbox runs.

    The defaults are the providers' published numbers; a crowd of thousands answered inside a
    minute needs `x_posts_per_window` turned up first.
    """

    x_posts_per_window: int = 100
    x_window_seconds: float = 900.0
    x_posts_per_day: int = 10_000
    x_reply_rule: bool = True
    x_same_words_rule: bool = True
    x_mention_depth: int = 800
    private_messages: bool = True
    mastodon_posts_per_window: int = 300
    mastodon_window_seconds: float = 10_800.0
    email_activity_per_minute: int = 6
    event_webhook_url: str | None = None


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """One sandbox: where it listens, which file it writes, which accounts it plays.

    The secrets are well-known words on purpose: a sandbox must never be given a live one.
    """

    state: Path
    host: str = "127.0.0.1"
    port: int = 8090
    event_delay: timedelta = timedelta(milliseconds=200)
    event_batch: int = 1000
    seed: int = 1
    dials: Dials = field(default_factory=Dials)
    x_user_id: str = "7000000001"
    x_handle: str = "acme"
    x_name: str = "Acme"
    x_consumer_key: str = "sandbox-consumer-key"
    x_consumer_secret: str = "sandbox-consumer-secret"
    x_token: str = "sandbox-token"
    x_token_secret: str = "sandbox-token-secret"
    page_id: str = "100000000000001"
    page_name: str = "Acme"
    page_token: str = "sandbox-page-token"
    mastodon_id: str = "109000000000000001"
    mastodon_token: str = "sandbox-mastodon-token"


def config_from_arguments(arguments: Sequence[str] | None = None) -> SandboxConfig:
    """Read a configuration from the command line, with the environment behind it.

    Every flag has a variable: `--event-delay-ms` is FRONTFOOT_SANDBOX_EVENT_DELAY_MS.
    """
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A local stand-in for SendGrid, X, Facebook and Mastodon, on one port.",
    )

    def option(flag: str, default: str | None, help_text: str) -> None:
        name = ENV_PREFIX + flag.removeprefix("--").replace("-", "_").upper()
        parser.add_argument(flag, default=os.environ.get(name, default), help=help_text)

    option("--host", "127.0.0.1", "address to listen on (default 127.0.0.1)")
    option("--port", "8090", "port to listen on; 0 takes a free one (default 8090)")
    option("--state", "sandbox.db", "SQLite file for its records (default sandbox.db)")
    option("--event-webhook-url", None, "where signed mail events are posted; none if left out")
    option("--event-delay-ms", "200", "milliseconds between accepting a mail and its events")
    option("--seed", "1", "seed of every random choice")
    option("--x-posts-per-window", "100", "posts one X account may make in a window")
    option("--x-window-seconds", "900", "length of that window in seconds")
    option("--x-mention-depth", "800", "how many of the newest mentions can still be read")
    chosen = parser.parse_args(arguments)
    try:
        return SandboxConfig(
            state=Path(chosen.state),
            host=chosen.host,
            port=int(chosen.port),
            event_delay=timedelta(milliseconds=float(chosen.event_delay_ms)),
            seed=int(chosen.seed),
            dials=Dials(
                x_posts_per_window=int(chosen.x_posts_per_window),
                x_window_seconds=float(chosen.x_window_seconds),
                x_mention_depth=int(chosen.x_mention_depth),
                event_webhook_url=chosen.event_webhook_url or None,
            ),
        )
    except ValueError as error:
        parser.error(f"a number was expected ({error}); correct the flag or its variable")
