"""Verifying every proof of an incident again, with the ledger alone.

Who decided is known from two sealed places: the openings of gates, and the timeline, which also has
decisions that opened nothing. Each is compared with the proof that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from pydantic import ValidationError

from client.audit.model import AuditedDecision, Discrepancy, Kind
from client.engine import Engine
from client.record_key import trusted_key
from domain.explanation import explained
from domain.gate import Gate, Requirement, Verdict
from domain.model import Value
from domain.opening import SealedOpening
from domain.proof import Proof
from domain.proof_check import Decided, decided_in, proven_with
from domain.record import SealedEntry
from domain.record_check import FIND_OUT
from domain.sealing import Keys
from domain.status import MessageStatus
from store.kernel.database import Database
from store.record import keys, openings, proofs, timeline
from store.recovery import snapshots

_VERDICTS = {"approved": Verdict.APPROVE, "rejected": Verdict.REJECT}
_ABOUT = re.compile(
    r"message (?P<message>\d+) (?P<digest>[0-9a-f]{8}) as (?P<roles>[^:]*?)"
    r"(?: for [a-z][a-z0-9_.-]*)?(?:, proof (?P<proof>[0-9a-f]{8}))?(?:: .*)?"
)


async def audit_proofs(
    engine: Engine, slug: str, messages: Iterable[MessageStatus] | None
) -> tuple[tuple[AuditedDecision, ...], tuple[Discrepancy, ...]]:
    """Every decision with what its proof is worth, and what does not add up.

    ``messages`` say what their gates require; None if the incident could not be asked, whose last
    snapshot in the ledger says it then.
    """
    ledger = await engine.ledger()
    required = (
        await _required_by_snapshot(ledger, slug)
        if messages is None
        else {one.number: one.requires for one in messages}
    )
    decided = decisions_of(
        await openings.of_incident(ledger, slug), await timeline.read_sealed(ledger, slug)
    )
    all_keys = await keys.read_keys(ledger)
    anchor = trusted_key(engine.settings)
    trusted = all_keys.trusted(anchor) if anchor else frozenset().union(*all_keys.groups())
    audit = _Audit(slug, await proofs.of_incident(ledger, slug), all_keys, trusted, required)
    return tuple(audit.decision(one) for one in decided), tuple(audit.found)


async def _required_by_snapshot(ledger: Database, slug: str) -> dict[int, Requirement]:
    kept = await snapshots.load(ledger, slug)
    try:
        state = _Kept.model_validate_json(kept.state if kept is not None else "")
    except ValidationError:
        return {}
    return {one.number: one.gate.policy.requires for one in state.messages}


class _KeptMessage(Value):
    number: int
    gate: Gate


class _Kept(Value):
    """What is read of an incident's snapshot here."""

    messages: tuple[_KeptMessage, ...] = ()


def decisions_of(opened: Iterable[SealedOpening], entries: Iterable[SealedEntry]) -> list[Decided]:
    """Every decision that counted, once, by message; the opening's account comes first."""
    found: dict[tuple[int, str, str], Decided] = {}
    told = [one for opening in opened for one in decided_in(opening)]
    for one in [*told, *filter(None, map(_in_timeline, entries))]:
        found.setdefault((one.message, one.digest[:8], one.person), one)
    return sorted(found.values(), key=lambda one: (one.message, one.person, one.digest))


class _Audit:
    def __init__(
        self,
        slug: str,
        kept: Sequence[Proof],
        all_keys: Keys,
        trusted: frozenset[str],
        required: Mapping[int, Requirement],
    ) -> None:
        self._slug = slug
        self._kept = kept
        self._keys = all_keys
        self._trusted = trusted
        self._required = required
        self._used: dict[str, Decided] = {}
        self.found: list[Discrepancy] = []

    def decision(self, decided: Decided) -> AuditedDecision:
        """What the proof of a decision is worth: its method, or "" if it is worth nothing."""
        method = ""
        if decided.proof:
            method, problem = self._verified(decided)
            if problem:
                self._find(decided, problem, "Somebody else may have decided in their name.")
        elif self._required.get(decided.message, Requirement.NONE) is not Requirement.NONE:
            self._find(decided, "has no proof, and the gate requires one", "")
        return AuditedDecision(
            message=decided.message,
            person=decided.person,
            verdict=decided.verdict.value,
            proof=decided.proof[:8],
            verified_by=method,
        )

    def _verified(self, decided: Decided) -> tuple[str, str]:
        """How it was proven, and what is wrong; one of them is ""."""
        named = [one for one in self._kept if one.id.startswith(decided.proof)]
        if len(named) != 1 or named[0].verified is None:
            return "", "names a proof that the ledger does not have"
        proof = named[0]
        kind, problem = proven_with(proof, self._slug, decided, self._keys, self._trusted)
        if kind is None:
            return "", problem
        other = self._used.setdefault(proof.id, decided)
        if other is not decided:
            return "", f"has the proof of {other}"
        return kind.value, ""

    def _find(self, decided: Decided, problem: str, means: str) -> None:
        what = f"{decided} {problem}."
        said = explained(f"{what[0].upper()}{what[1:]}", FIND_OUT, means=means)
        where = f"message {decided.message}"
        self.found.append(Discrepancy(kind=Kind.DIFFERS, where=where, explanation=said))


def _in_timeline(entry: SealedEntry) -> Decided | None:
    verdict, about = _VERDICTS.get(entry.what), _ABOUT.fullmatch(entry.about)
    if verdict is None or about is None:
        return None
    return Decided(
        int(about["message"]),
        None,
        about["digest"],
        verdict,
        entry.who,
        tuple(filter(None, about["roles"].split(", "))),
        about["proof"] or "",
    )
