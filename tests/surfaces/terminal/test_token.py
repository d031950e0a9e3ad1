"""Tokens at a terminal: made with one command, shown once, removed with another."""

from __future__ import annotations

import re

from surfaces.terminal.failures import ExitCode
from tests.terminal import Terminal

CREATE = "token create --person noor --scope incidents:read --as maya"


def test_a_token_is_made_listed_and_removed(terminal: Terminal) -> None:
    done = terminal.type(f"{CREATE} --scope events:read --expires 7d --name pager")
    assert done.exit_code == 0, done.output
    assert re.search(r"^ff_[\w-]{43}$", done.stdout, re.M)
    [one] = terminal.read("token list")
    assert (one["person"], one["name"], one["used_at"]) == ("noor", "pager", None)
    assert one["scopes"] == ["incidents:read", "events:read"]
    assert "pager" in terminal.type("token list").stdout
    gone = terminal.type(f"token remove {one['id'][:8]} --as maya")
    assert (gone.exit_code, terminal.read("token list")) == (0, [])


def test_what_makes_no_sense_is_said(terminal: Terminal) -> None:
    terminal.read(CREATE)
    for line, words in (
        (CREATE.replace("noor", "nobody"), "Nobody here goes by"),
        (CREATE.replace("incidents:read", "everything"), "is no scope"),
        (f"{CREATE} --expires never", "Write days, such as 90d"),
        (f"{CREATE} --expires 9999d", "the most are 730d"),
        ("token remove 00000000 --as maya", "is not the id of one token"),
        ("token remove 0 --as maya", "8 or more digits"),
    ):
        done = terminal.type(line)
        assert (done.exit_code, words in " ".join(done.output.split())) == (ExitCode.USAGE, True)
    assert len(terminal.read("token list")) == 1
