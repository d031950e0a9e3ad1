"""The tormentor: lets torments loose at their moments, and can take all of them back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

import httpx

from chaos.arms import Arms, Strike
from chaos.ground import ChaosStack
from chaos.ledger_torments import LedgerTorments
from chaos.plan import Deed, Point, Torment
from chaos.record import Record
from embedded.processes import signal_group

_LOOK_EVERY = 0.05
_CLOCK_WRONG_FOR = 4.0
_LOST_FOR = 3.0
_HELD = 1.2
"""Seconds for which the sandbox holds a request whose sender is to die while it is under way."""
_EVENTS_LATE = ("events_delay", "events_lose")
_PROVIDERS = {"email": ("sendgrid", "send")}


class Tormentor:
    """Everything that goes wrong in one round."""

    def __init__(
        self,
        stack: ChaosStack,
        sandbox: httpx.AsyncClient,
        arms: Arms,
        ledger: LedgerTorments,
        record: Record,
        say: Callable[[str], None],
    ) -> None:
        self._say = say
        self._stack = stack
        self._sandbox = sandbox
        self._arms = arms
        self._ledger = ledger
        self._record = record
        self._loose: set[asyncio.Task[None]] = set()
        self._frozen: set[int] = set()
        self._armed: dict[str, Torment] = {}
        self._rules: dict[int, str] = {}
        self._holding = 0
        self._watching = asyncio.create_task(self._watch())

    def let_loose(self, torments: tuple[Torment, ...]) -> None:
        """Let each strike at its own moment from now."""
        for one in torments:
            if one.point is not None:
                self._arm(one)
            task = asyncio.create_task(self._strike(one))
            self._loose.add(task)
            task.add_done_callback(self._loose.discard)

    async def lift(self) -> None:
        """End everything that is wrong; what was killed is started again by the stack."""
        for task in list(self._loose):
            task.cancel()
        await asyncio.gather(*self._loose, return_exceptions=True)
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        self._arms.disarm()
        self._arms.set_clock(0.0)
        self._count_points()
        self._thaw()
        await self._ledger.lift()
        await self._stack.wait_ready()
        await self._lift_faults()

    def kills(self) -> int:
        """How many processes have been killed so far."""
        return sum(times for name, times in self._record.struck.items() if name.startswith("kill"))

    def holds_somebody(self) -> bool:
        """Whether a process is stopped, or an attempt held up, at this moment."""
        return bool(self._frozen) or self._holding > 0

    # --- one torment --------------------------------------------------------------------------

    async def _strike(self, torment: Torment) -> None:
        await asyncio.sleep(torment.at)
        self._say(f"{torment.name} {torment.seconds:g} s" if torment.seconds else torment.name)
        match torment.deed:
            case Deed.KILL:
                self._kill(torment)
            case Deed.FREEZE:
                await self._freeze(torment)
            case Deed.PROVIDER:
                await self._misbehave(torment)
            case Deed.LOCK:
                self._note(torment, await self._ledger.lock(torment.seconds))
            case Deed.FULL:
                self._note(torment, await self._ledger.fill(torment.seconds))
            case Deed.CLOCK:
                await self._jump(torment)
            case Deed.POINT_KILL | Deed.POINT_FREEZE | Deed.POINT_HOLD:
                if torment.point is Point.REQUEST_LEFT:
                    await self._hold_answers(torment.target)

    def _kill(self, torment: Torment) -> None:
        part = self._stack.part(torment.target)
        if part.running:
            self._record.events_troubled |= torment.target in ("webhooks", "sandbox")
            self._frozen.discard(part.pid)
            part.kill()
            self._record.struck[torment.name] += 1

    async def _freeze(self, torment: Torment) -> None:
        part = self._stack.part(torment.target)
        if not part.running:
            return
        pid = part.pid
        self._record.events_troubled |= torment.target in ("webhooks", "sandbox")
        self._frozen.add(pid)
        signal_group(pid, signal.SIGSTOP)
        self._record.struck[torment.name] += 1
        try:
            await asyncio.sleep(torment.seconds)
        finally:
            signal_group(pid, signal.SIGCONT)
            self._frozen.discard(pid)

    def _arm(self, torment: Torment) -> None:
        assert torment.point is not None
        number = self._arms.arm(torment.point, torment.target, torment.deed, torment.seconds)
        self._armed[number] = torment

    async def _hold_answers(self, channel: str) -> None:
        provider, operation = _PROVIDERS.get(channel, (channel, "post"))
        rule = {"provider": provider, "operation": operation, "kind": "latency", "times": 1}
        await self._add_rule(rule | {"seconds": _HELD}, "")

    async def _misbehave(self, torment: Torment) -> None:
        rule = dict(torment.rule)
        if rule["kind"] in _EVENTS_LATE:
            self._record.events_troubled = True
        number = await self._add_rule(rule, torment.name)
        if rule["kind"] == "events_lose" and number is not None:
            await asyncio.sleep(_LOST_FOR)
            await self._lift_faults(number)

    async def _jump(self, torment: Torment) -> None:
        self._record.clock_jumped = True
        self._record.struck[torment.name] += 1
        self._arms.set_clock(torment.seconds)
        await asyncio.sleep(_CLOCK_WRONG_FOR)
        self._arms.set_clock(0.0)

    def _note(self, torment: Torment, why_not: str) -> None:
        if why_not:
            self._record.skipped[torment.name] = why_not
        else:
            # Events that cannot be entered are late.
            self._record.events_troubled = True
            self._record.struck[torment.name] += 1

    # --- points -------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Wake up, in time, whoever stopped itself at a point."""
        known: set[str] = set()
        while True:
            for number, strike in self._arms.struck().items():
                if number in known:
                    continue
                known.add(number)
                self._say(f"{strike.deed}: {strike.point} on {strike.channel}")
                if strike.deed is Deed.POINT_KILL:
                    continue
                if strike.deed is Deed.POINT_FREEZE:
                    self._frozen.add(strike.pid)
                task = asyncio.create_task(self._wait_out(strike))
                self._loose.add(task)
                task.add_done_callback(self._loose.discard)
            await asyncio.sleep(_LOOK_EVERY)

    async def _wait_out(self, strike: Strike) -> None:
        self._holding += 1
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            self._holding -= 1
            if strike.deed is Deed.POINT_FREEZE:
                self._continue(strike.pid)

    def _count_points(self) -> None:
        for number in self._arms.struck():
            if number in self._armed:
                self._record.struck[self._armed.pop(number).name] += 1

    def _thaw(self) -> None:
        for strike in self._arms.struck().values():
            if strike.deed is Deed.POINT_FREEZE:
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
