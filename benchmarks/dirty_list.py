"""``python -m benchmarks.dirty_list``: how an import copes with a list as dirty as real ones.

A CSV file of which one row in a hundred is damaged, in every way that we know, among good rows that
look odd. ``frontfoot audience import`` reads it in a separate process. Afterwards the ledger and
the file of rejects are compared with what was written: a good row that is missing or changed, a bad
one without its line and reason, or a count that is not right fails the run.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from client.stack.environment import for_python

ROOT = Path(__file__).resolve().parents[1]
SHOWN = 10
_PYTHON = (sys.executable, "-P", "-m")
_NOT_CLOSED = "A quote is opened and not closed."
_NO_DOMAIN = "The part after the @ is not a domain that takes mail."
_DOT = "It has a dot where none may be."
_DOUBLE = "This address is in the file already."
_HEADER = "email,name,plan"


class DirtyLines(NamedTuple):
    """Some lines of the file and what must become of them: a mailbox and its name, or a reason."""

    text: bytes
    mailbox: str = ""
    name: str = ""
    reason: str = ""


class Expected(NamedTuple):
    """What an import of the whole file must come to."""

    names: dict[str, str]
    reasons: dict[int, str]


Kind = Callable[[int, random.Random], DirtyLines]


def _good(address: str, name: str, mailbox: str = "", kept: str = "") -> DirtyLines:
    text = f"{address},{name},basic"
    return DirtyLines(text.encode(), mailbox or address, kept or name)


def _nameless(address: str, name: bytes) -> DirtyLines:
    """A recipient who is in, without a name that no mail could show."""
    return DirtyLines(b",".join([address.encode(), name, b"basic"]), address)


def _bad(text: str | bytes, reason: str) -> DirtyLines:
    return DirtyLines(text.encode() if isinstance(text, str) else text, reason=reason)


GOOD: dict[str, Kind] = {
    "plus address": lambda n, _: _good(f"p{n}+news@example.com", "Ann"),
    "international domain": lambda n, _: _good(
        f"p{n}@bücher.example", "Ann", f"p{n}@xn--bcher-kva.example"
    ),
    "accents": lambda n, _: _good(f"p{n}@example.com", "José Müller-Łuk 李"),
    "apostrophe": lambda n, _: _good(f"o'neil{n}@example.ie", "O'Neil"),
    "capitals": lambda n, _: _good(f"P{n}@Example.COM", "Ann", f"p{n}@example.com"),
    "comma in quotes": lambda n, _: _good(f"p{n}@example.com", '"Lee, Ann"', "", "Lee, Ann"),
    "quotes in quotes": lambda n, _: _good(f"p{n}@example.com", '"Ann ""Bo"""', "", 'Ann "Bo"'),
    "stray quote": lambda n, _: _good(f"p{n}@example.com", 'Ann 6" Lee', "", 'Ann 6" Lee'),
    "line break in quotes": lambda n, _: _good(
        f"p{n}@example.com", '"Ann\r\nthe first"', "", "Ann the first"
    ),
    "white space": lambda n, _: _good(f"  p{n}@example.com\t", " Ann ", f"p{n}@example.com", "Ann"),
    "unseen marks": lambda n, _: _good(f"\ufeffp{n}@example.com\u200b", "Ann", f"p{n}@example.com"),
    "mailto": lambda n, _: _good(f"mailto:p{n}@example.com", "Ann", f"p{n}@example.com"),
    "quotes round the address": lambda n, _: _good(
        f"'p{n}@example.com'", "Ann", f"p{n}@example.com"
    ),
    "soft hyphen": lambda n, _: _good(f"p{n}@exam\u00adple.com", "Ann", f"p{n}@example.com"),
    "quotes after a space": lambda n, _: _good(f"p{n}@example.com", ' "Lee, Ann"', "", "Lee, Ann"),
    "too few columns": lambda n, _: DirtyLines(
        f"p{n}@example.com,Ann".encode(), f"p{n}@example.com", "Ann"
    ),
    "too many empty columns": lambda n, _: DirtyLines(
        f"p{n}@example.com,Ann,basic,,".encode(), f"p{n}@example.com", "Ann"
    ),
    "NUL": lambda n, _: _nameless(f"p{n}@example.com", b"A\0nn"),
    "control character": lambda n, _: _nameless(f"p{n}@example.com", b"A\x1bnn"),
    "Latin-1 among UTF-8": lambda n, _: _nameless(f"p{n}@example.com", b"Jos\xe9"),
    "half a letter": lambda n, _: _nameless(f"p{n}@example.com", b"Jos\xc3"),
    "long value": lambda n, _: _nameless(f"p{n}@example.com", b"x" * 5_000),
    "name and address": lambda n, _: _good(
        f'"Lee, Ann <p{n}@example.com>"', "Ann", f"p{n}@example.com"
    ),
}

BAD: dict[str, Kind] = {
    "no @": lambda n, _: _bad(f"p{n}.example.com,Ann,basic", "It needs an @."),
    "two @": lambda n, _: _bad(f"p{n}@mail@example.com,Ann,basic", _NO_DOMAIN),
    "no address": lambda n, _: _bad(",Ann,basic", "There is no address."),
    "dots": lambda n, _: _bad(f"p{n}@example..com,Ann,basic", _DOT),
    "no domain": lambda n, _: _bad(f"p{n}@,Ann,basic", _NO_DOMAIN),
    "domain without a dot": lambda n, _: _bad(f"p{n}@localhost,Ann,basic", _NO_DOMAIN),
    "letters beyond ASCII": lambda n, _: _bad(
        f"josé{n}@example.com,Ann,basic",
        "It has letters before the @ that mail providers do not take. The first is U+00E9 "
        "(latin small letter e with acute).",
    ),
    "carriage return": lambda n, _: _bad(
        f"p{n}@example.com,A\rnn,basic", "It has control characters in the middle."
    ),
    "too many columns": lambda n, _: _bad(
        f"p{n}@example.com,Lee,Ann,basic", "It has 4 columns, and the header has 3."
    ),
    "open quote": lambda n, _: _bad(f'p{n}@example.com,"Ann,basic', _NOT_CLOSED),
    "open quote at the start": lambda n, _: _bad(f'"p{n}@example.com,Ann,basic', _NOT_CLOSED),
    "open quote at the end": lambda n, _: _bad(f'p{n}@example.com,Ann,"', _NOT_CLOSED),
    "long line": lambda n, _: _bad(
        f"p{n}@example.com,{'x' * 1_200_000},basic", "The line is longer than 1,048,576 letters."
    ),
    "header again": lambda n, _: _bad(_HEADER, "This is the header again."),
    "header of another file": lambda n, _: _bad(f"\ufeff{_HEADER}", "This is the header again."),
    "double": lambda n, chance: _bad(f"p{chance.randrange(50)}@first.example,Ann,basic", _DOUBLE),
    "double in capitals": lambda n, chance: _bad(
        f"P{chance.randrange(50)}@First.Example,Ann,basic", _DOUBLE
    ),
}

NOTHING: dict[str, Kind] = {
    "empty line": lambda n, _: DirtyLines(b""),
    "white space only": lambda n, _: DirtyLines(b"  \t"),
    "separators only": lambda n, _: DirtyLines(b",,"),
}

_LONG_LINES = 5
"""No more than so many: each is as long as thousands of others."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dirty_list")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ff-dirty-") as folder:
        return _measure(given.rows, given.seed, Path(folder))


def _measure(rows: int, seed: int, folder: Path) -> int:
    path = folder / "customers.csv"
    expected, kinds = write_list(path, rows, seed)
    said, seconds, memory = _import(path, folder)
    wrong = [
        *_compare_ledger(folder / "ledger.db", expected),
        *_compare_rejects(Path(f"{path}.rejects.csv"), expected),
        *_compare_counts(said, expected),
    ]
    listed = ", ".join(f"{name} {count:,}" for name, count in sorted(kinds.items()))
    print(
        f"{rows:,} rows, seed {seed}, {_size(path)}: {len(expected.names):,} good, "
        f"{len(expected.reasons):,} bad\nodd and damaged: {listed}\n"
        f"import: {seconds:.1f} s, {rows / seconds:,.0f} rows/s, at most {memory >> 20} MiB"
    )
    for one in wrong[:SHOWN]:
        print(f"WRONG: {one}")
    print(f"{len(wrong):,} differences" if wrong else "every row is where it belongs")
    return 1 if wrong else 0


def write_list(path: Path, rows: int, seed: int) -> tuple[Expected, Counter[str]]:
    """Write a dirty list of ``rows`` rows; return what must become of them, and what was put in.

    One row in a hundred is damaged and two in a hundred are odd but good; UTF-8 with its mark, two
    kinds of line ends, and none after the last line.
    """
    chance = random.Random(seed)
    expected = Expected({}, {})
    kinds: Counter[str] = Counter()
    line = 2
    with path.open("wb") as file:
        file.write(f"\ufeff{_HEADER}\r\n".encode())
        for n in range(rows):
            one, kind = _row(n, rows, chance, kinds["long line"] < _LONG_LINES)
            kinds.update([kind] if kind else [])
            if one.mailbox:
                expected.names[one.mailbox] = one.name
            elif one.reason:
                expected.reasons[line] = one.reason
            end = b"" if n == rows - 1 else chance.choice((b"\n", b"\r\n"))
            file.write(one.text + end)
            line += 1 + one.text.count(b"\n")
    return expected, kinds


def _row(n: int, rows: int, chance: random.Random, long_lines: bool) -> tuple[DirtyLines, str]:
    if n < 50:
        # The rows that later ones repeat.
        return _good(f"p{n}@first.example", "Ann"), ""
    drawn = chance.random()
    if drawn >= 0.03 or n == rows - 1:
        return _good(f"p{n}@example.com", "Ann"), ""
    kinds = BAD if drawn < 0.01 else NOTHING if drawn < 0.011 else GOOD
    kind = chance.choice(sorted(kinds))
    if kind == "long line" and not long_lines:
        kind = "no address"
    return kinds[kind](n, chance), kind


def _import(path: Path, folder: Path) -> tuple[dict[str, object], float, int]:
    """What the command said, how many seconds it took, and its peak memory in bytes."""
    environment = {
        **for_python(os.environ),
        "FRONTFOOT_DATABASE_URL": f"sqlite:///{folder / 'ledger.db'}",
    }
    command = [*_PYTHON, "cli", "audience", "import", str(path), "--name", "customers", "--json"]
    said = folder / "said.json"
    began = time.perf_counter()
    with said.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"The import ended with {process.returncode}.")
    unit = 1 if sys.platform == "darwin" else 1024
    return json.loads(said.read_bytes()), seconds, usage.ru_maxrss * unit


def _compare_ledger(ledger: Path, expected: Expected) -> list[str]:
    missing = dict(expected.names)
    wrong = []
    with closing(sqlite3.connect(ledger)) as connection:
        for mailbox, columns in connection.execute("SELECT mailbox, columns FROM recipients"):
            name = missing.pop(mailbox, None)
            kept = json.loads(columns).get("name", "")
            if name is None:
                wrong.append(f"{mailbox} is in the ledger and should not be")
            elif name != kept:
                wrong.append(f"{mailbox} is called {kept!r} and should be {name!r}")
    return [*wrong, *(f"{mailbox} is lost" for mailbox in missing)]


def _compare_rejects(rejects: Path, expected: Expected) -> list[str]:
    missing = dict(expected.reasons)
    wrong = []
    with rejects.open(encoding="utf-8", newline="") as file:
        for line, reason, *_ in list(csv.reader(file))[1:]:
            right = missing.pop(int(line), None)
            if right is None:
                wrong.append(f"line {line} is rejected and should not be: {reason}")
            elif right != reason:
                wrong.append(
                    f"line {line} is rejected with {reason!r} and should be with {right!r}"
                )
    return [*wrong, *(f"line {n} is not explained: {why}" for n, why in missing.items())]


def _compare_counts(said: dict[str, object], expected: Expected) -> list[str]:
    doubled = sum(reason == _DOUBLE for reason in expected.reasons.values())
    right = {
        "added": len(expected.names),
        "already_there": 0,
        "rejected": len(expected.reasons),
        "doubled": doubled,
    }
    return [
        f"it says {said.get(name)} {name} and should say {count}"
        for name, count in right.items()
        if said.get(name) != count
    ]


def _size(path: Path) -> str:
    """How large a file is, for people."""
    return f"{path.stat().st_size / 1e6:,.0f} MB"


if __name__ == "__main__":
    raise SystemExit(main())
