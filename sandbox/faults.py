"""Misbehaviour on demand: which requests go wrong, how, and how often they did."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.book import Book


class Provider(StrEnum):
    SENDGRID = "sendgrid"
    TWITTER = "twitter"
    FACEBOOK = "facebook"
    MASTODON = "mastodon"


class Operation(StrEnum):
    SEND = "send"
    POST = "post"
    LIST = "list"
    DELETE = "delete"
    COMMENT = "comment"
    EVENTS = "events"
    ANY = "*"


class FaultKind(StrEnum):
    """What goes wrong; `before`: nothing was accepted, `after`: it was accepted first."""

    LATENCY = "latency"
    THROTTLE = "throttle"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    HALF_ANSWER = "half_answer"
    DEAD_TOKEN = "dead_token"
    CREDITS = "credits"
    NETWORK_HANG = "network_hang"
    EVENTS_DUPLICATE = "events_duplicate"
    EVENTS_SHUFFLE = "events_shuffle"
    EVENTS_DELAY = "events_delay"
    EVENTS_LOSE = "events_lose"


BEFORE = frozenset(
    {
        FaultKind.THROTTLE,
        FaultKind.ERROR_BEFORE,
        FaultKind.DROP_BEFORE,
        FaultKind.DEAD_TOKEN,
        FaultKind.CREDITS,
        FaultKind.NETWORK_HANG,
    }
)
AFTER = frozenset({FaultKind.ERROR_AFTER, FaultKind.DROP_AFTER, FaultKind.HALF_ANSWER})
SLOW = frozenset({FaultKind.LATENCY})


class FaultRule(BaseModel):
    """One rule, as posted to `/_sandbox/faults`.

    `seconds` is the latency, the time until a throttle's reset, how long a hang lasts (none: until
    the client gives up) or how much later events come. `factor` is how often a duplicated event
    arrives. `token` narrows a dead token to one credential. `times` and `after` count matches of
    this rule only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: Provider | Literal["*"] = "*"
    operation: Operation = Operation.ANY
    kind: FaultKind
    probability: float = Field(default=1.0, ge=0.0, le=1.0)
    times: int | None = Field(default=None, ge=0)
    after: int = Field(default=0, ge=0)
    status: Literal[500, 502, 503] = 500
    seconds: float | None = Field(default=None, ge=0.0)
    factor: int = Field(default=2, ge=1, le=100)
    token: str | None = None


class _RuleInForce:
    """A rule with its two counters."""

    def __init__(self, rule: FaultRule, matched: int = 0, fired: int = 0) -> None:
        self.rule = rule
        self.matched = matched
        self.fired = fired


@dataclass(frozen=True, slots=True)
class Struck:
    """Which of many mail events a rule struck, in their order."""

    rule: FaultRule
    struck: list[bool]


class Faults:
    """The rules in force, kept in the book so that a restart changes nothing."""

    def __init__(self, book: Book, rng: random.Random) -> None:
        self._book = book
        self._rng = rng
        self._rules: dict[int, _RuleInForce] = {}
        rows = book.db.execute("SELECT id, rule, matched, fired FROM fault ORDER BY id")
        for number, text, matched, fired in rows:
            rule = FaultRule.model_validate_json(text)
            self._rules[number] = _RuleInForce(rule, matched, fired)

    def add(self, rule: FaultRule) -> int:
        """Put a rule in force and return its number."""
        with self._book.transaction() as db:
            cursor = db.execute(
                "INSERT INTO fault (rule, matched, fired) VALUES (?, 0, 0)",
                (rule.model_dump_json(),),
            )
        number = cursor.lastrowid
        assert number is not None
        self._rules[number] = _RuleInForce(rule)
        return number

    def remove(self, number: int | None = None) -> int:
        """Lift one rule, or all of them; returns how many were lifted."""
        gone = [n for n in self._rules if number is None or n == number]
        with self._book.transaction() as db:
            for n in gone:
                del self._rules[n]
                db.execute("DELETE FROM fault WHERE id = ?", (n,))
        return len(gone)

    def fire(
        self,
        provider: Provider,
        operation: Operation,
        kinds: Collection[FaultKind],
        token: str = "",
    ) -> FaultRule | None:
        """The first rule that strikes this request, counted; None if there is none."""
        for number, rule_in_force in self._rules.items():
            rule = rule_in_force.rule
            if rule.kind not in kinds or rule.provider not in ("*", provider):
                continue
            if rule.operation not in (Operation.ANY, operation):
                continue
            if rule.token is not None and rule.token != token:
                continue
            struck = self._strikes(rule_in_force)
            # `after` must survive a restart as `times` does, or a fault would strike late.
            if struck or rule_in_force.matched <= rule.after:
                self._store(number, rule_in_force)
            if struck:
                return rule
        return None

    def strike_each(self, kind: FaultKind, count: int) -> Struck | None:
        """Roll for each of `count` mail events; None when no rule of that kind is in force."""
        for number, rule_in_force in self._rules.items():
            rule = rule_in_force.rule
            if rule.kind is kind and rule.provider in ("*", Provider.SENDGRID):
                struck = [self._strikes(rule_in_force) for _ in range(count)]
                self._store(number, rule_in_force)
                return Struck(rule, struck)
        return None

    def shuffle(self, items: list[dict[str, Any]]) -> None:
        """Shuffle mail events in place, from the sandbox's own seeded source."""
        self._rng.shuffle(items)

    def report(self) -> list[dict[str, object]]:
        """Every rule with how many requests it matched and how often it fired."""
        return [
            {
                "id": number,
                **rule_in_force.rule.model_dump(mode="json"),
                "matched": rule_in_force.matched,
                "fired": rule_in_force.fired,
            }
            for number, rule_in_force in self._rules.items()
        ]

    def _strikes(self, rule_in_force: _RuleInForce) -> bool:
        rule = rule_in_force.rule
        if rule.times is not None and rule_in_force.fired >= rule.times:
            return False
        rule_in_force.matched += 1
        struck = rule_in_force.matched > rule.after and self._rng.random() < rule.probability
        rule_in_force.fired += struck
        return struck

    def _store(self, number: int, rule_in_force: _RuleInForce) -> None:
        self._book.db.execute(
            "UPDATE fault SET matched = ?, fired = ? WHERE id = ?",
            (rule_in_force.matched, rule_in_force.fired, number),
        )
