"""The order of commands is committed, so that a change of it is seen in review."""

from __future__ import annotations

from tests.replay.commands import COMMITTED, HISTORIES, fingerprint, page


def test_the_committed_order_of_commands_is_that_of_the_histories() -> None:
    written = COMMITTED.read_text(encoding="utf-8")

    assert written == page(), "run: python -m tests.replay.commands"


def test_a_publication_reserves_nothing_before_it_was_planned() -> None:
    file = next(one for one in HISTORIES if one.stem == "approved.message-1-twitter.1")

    assert fingerprint(file)[:2] == ["activity plan_publication", "activity publish_post"]
