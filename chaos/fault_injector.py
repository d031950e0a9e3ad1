"""Injects each fault at its moment, and can lift all of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

import httpx
from temporalio.service import RPCError

from chaos.attacks import Attacker
from chaos.disasters import Disasters
from chaos.fault_points import FaultPoints, Strike
from chaos.ledger_faults import LedgerFaults
from chaos.plan import DISASTERS, REPLIES, Attack, Fault, FaultAction, Point
from chaos.record import Record
from chaos.stack import ChaosStack
from embedded.processes import signal_group

_LOOK_EVERY = 0.05
_CLOCK_WRONG_FOR = 4.0
_LOST_FOR = 3.0
_DELAY = 1.2
"""Seconds for which the sandbox delays a request whose sender is to die while it is under way."""
_EVENTS_LATE = ("events_delay", "events_lose")
_PROVIDERS = {"email": ("sendgrid", "send"), REPLIES: ("facebook", "comment")}


class FaultInjector:
    """Everything that goes wrong in one round."""

    def __init__(
        self,
        stack: ChaosStack,
        sandbox: httpx.AsyncClient,
        fault_points: FaultPoints,
        ledger: LedgerFaults,
        attacker: Attacker,
        disasters: Disasters,
        record: Record,
        say: Callable[[str], None],
    ) -> None:
        self._say = say
        self._stack = stack
        self._sandbox = sandbox
        self._fault_points = fault_points
        self._ledger = ledger
        self._attacker = attacker
        self._disasters = disasters
        self._record = record
        self._running: set[asyncio.Task[None]] = set()
        self._carried_through: set[asyncio.Task[None]] = set()
        self._frozen: set[int] = set()
        self._armed: dict[str, Fault] = {}
        self._rules: dict[int, str] = {}
        self._delaying = 0
        self._watching = asyncio.create_task(self._watch())

    def start(self, faults: tuple[Fault, ...]) -> None:
        """Start these faults; each strikes at its own moment, counted from now."""
        for one in faults:
            if one.point is not None:
                self._arm(one)
            task = asyncio.create_task(self._strike(one))
            if one.action in DISASTERS:
                self._carried_through.add(task)
                continue
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def lift(self) -> None:
        """End everything that is wrong; what was killed is started again by the stack."""
        await asyncio.gather(*self._carried_through)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        self._fault_points.disarm()
        self._fault_points.set_clock(0.0)
        self._count_points()
        self._thaw()
        await self._ledger.lift()
        await self._stack.wait_ready()
        await self._lift_faults()

    def kills(self) -> int:
        """How many processes have been killed so far."""
        return sum(times for name, times in self._record.struck.items() if name.startswith("kill"))

    def is_delaying(self) -> bool:
        """Whether a process is stopped, an attempt delayed or a state lost, at this moment."""
        lost = any(not task.done() for task in self._carried_through)
        return bool(self._frozen) or self._delaying > 0 or lost

    # --- one fault --------------------------------------------------------------------------

    async def _strike(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at)
        self._say(f"{fault.name} {fault.seconds:g} s" if fault.seconds else fault.name)
        match fault.action:
            case FaultAction.KILL:
                self._kill(fault)
            case FaultAction.FREEZE:
                await self._freeze(fault)
            case FaultAction.PROVIDER:
                await self._provider_fails(fault)
            case FaultAction.LOCK:
                self._note(fault, await self._ledger.lock(fault.seconds))
            case FaultAction.FULL:
                self._note(fault, await self._ledger.fill(fault.seconds))
            case FaultAction.CLOCK:
                await self._jump(fault)
            case FaultAction.ATTACK:
                await self._attack(fault)
            case FaultAction.TEMPORAL_LOST | FaultAction.TERMINATED | FaultAction.LEDGER_RESTORED:
                await self._disaster(fault)
            case FaultAction.POINT_KILL | FaultAction.POINT_FREEZE | FaultAction.POINT_DELAY:
                if fault.point is Point.REQUEST_LEFT:
                    await self._delay_answers(fault.target)

    def _kill(self, fault: Fault) -> None:
        part = self._stack.part(fault.target)
        if part.running:
            self._record.events_troubled |= fault.target in ("webhooks", "sandbox")
            self._frozen.discard(part.pid)
            part.kill()
            self._record.struck[fault.name] += 1

    async def _freeze(self, fault: Fault) -> None:
        part = self._stack.part(fault.target)
        if not part.running:
            return
        pid = part.pid
        self._record.events_troubled |= fault.target in ("webhooks", "sandbox")
        self._frozen.add(pid)
        signal_group(pid, signal.SIGSTOP)
        self._record.struck[fault.name] += 1
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            signal_group(pid, signal.SIGCONT)
            self._frozen.discard(pid)

    def _arm(self, fault: Fault) -> None:
        assert fault.point is not None
        number = self._fault_points.arm(fault.point, fault.target, fault.action, fault.seconds)
        self._armed[number] = fault

    async def _delay_answers(self, channel: str) -> None:
        provider, operation = _PROVIDERS.get(channel, (channel, "post"))
        rule = {"provider": provider, "operation": operation, "kind": "latency", "times": 1}
        await self._add_rule(rule | {"seconds": _DELAY}, "")

    async def _provider_fails(self, fault: Fault) -> None:
        rule = dict(fault.rule)
        if rule["kind"] in _EVENTS_LATE:
            self._record.events_troubled = True
        number = await self._add_rule(rule, fault.name)
        if rule["kind"] == "events_lose" and number is not None:
            await asyncio.sleep(_LOST_FOR)
            await self._lift_faults(number)

    async def _jump(self, fault: Fault) -> None:
        self._record.struck[fault.name] += 1
        self._fault_points.set_clock(fault.seconds)
        await asyncio.sleep(_CLOCK_WRONG_FOR)
        self._fault_points.set_clock(0.0)

    async def _attack(self, fault: Fault) -> None:
        attack = Attack(fault.target)
        try:
            why_not = await self._attacker.strike(attack, fault.seconds)
        except RPCError:
            # Temporal has just been killed, or nobody answers a query.
            why_not = "Temporal did not answer the attacker"
        except asyncio.CancelledError:
            # It was under way when all faults were lifted.
            self._record.struck[fault.name] += 1
            raise
        if why_not:
            self._record.skipped[fault.name] = why_not
        else:
            # Nothing that a stranger does excuses mail that is sent again.
            self._record.struck[fault.name] += 1

    async def _disaster(self, fault: Fault) -> None:
        try:
            why_not = await self._disasters.strike(fault)
        except TimeoutError as error:
            # Then nobody gets an answer from it any more, and it counts as stuck.
            self._say(str(error))
            why_not = ""
        if why_not:
            self._record.skipped[fault.name] = why_not
        else:
            self._record.struck[fault.name] += 1

    def _note(self, fault: Fault, why_not: str) -> None:
        if why_not:
            self._record.skipped[fault.name] = why_not
        else:
            # Events that cannot be entered are late.
            self._record.events_troubled = True
            self._record.struck[fault.name] += 1

    # --- points -------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Wake each worker that stopped itself at a point, when its time is over."""
        known: set[str] = set()
        while True:
            for number, strike in self._fault_points.struck().items():
                if number in known:
                    continue
                known.add(number)
                self._say(f"{strike.action}: {strike.point} on {strike.channel}")
                if strike.action is FaultAction.POINT_KILL:
                    continue
                if strike.action is FaultAction.POINT_FREEZE:
                    self._frozen.add(strike.pid)
                task = asyncio.create_task(self._wait_out(strike))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            await asyncio.sleep(_LOOK_EVERY)

    async def _wait_out(self, strike: Strike) -> None:
        self._delaying += 1
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            self._delaying -= 1
            if strike.action is FaultAction.POINT_FREEZE:
                self._continue(strike.pid)

    def _count_points(self) -> None:
        for number in self._fault_points.struck():
            if number in self._armed:
                self._record.struck[self._armed.pop(number).name] += 1

    def _thaw(self) -> None:
        for strike in self._fault_points.struck().values():
            if strike.action is FaultAction.POINT_FREEZE:
                self._frozen.add(strike.pid)
        for pid in sorted(self._frozen):
            self._continue(pid)

    def _continue(self, pid: int) -> None:
        ours = {part.pid for part in self._stack.parts.values()}
        if pid in ours:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._frozen.discard(pid)

    # --- the sandbox's faults -----------------------------------------------------------------

    async def _add_rule(self, rule: dict[str, object], name: str) -> int | None:
        for _ in range(40):
            try:
                answer = await self._sandbox.post("/_sandbox/faults", json=rule)
            except httpx.HTTPError:
                # It has just been killed, or stopped.
                await asyncio.sleep(0.25)
                continue
            number = int(answer.raise_for_status().json()["id"])
            self._rules[number] = name
            return number
        return None

    async def _lift_faults(self, number: int | None = None) -> None:
        """Lift one rule or all, and count how often each struck."""
        for _ in range(60):
            try:
                found = await self._sandbox.get("/_sandbox/faults")
                for fault in found.raise_for_status().json()["faults"]:
                    if number in (None, fault["id"]):
                        name = self._rules.pop(fault["id"], "")
                        if name and fault["fired"]:
                            # Of events, each single one that it struck is counted over there.
                            once = fault["kind"].startswith("events")
                            self._record.struck[name] += 1 if once else int(fault["fired"])
                place = "/_sandbox/faults" + ("" if number is None else f"/{number}")
                (await self._sandbox.delete(place)).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.25)
                continue
            return
        raise TimeoutError("the sandbox does not answer")
