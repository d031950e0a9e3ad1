"""The stack of a round: the embedded one, with workers that faults can strike."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

from chaos.fault_points import FaultPoints
from chaos.plan import RoundPlan, Times
from client.stack.ports import Ports
from embedded import part as parts
from embedded.part import PartPlan, StackPart
from embedded.stack import Stack
from embedded.starting import Command
from settings import HERE, Settings
from store.files.playbook_folder import read_playbook

PLAYBOOK = "site-compromised"
# A part that is killed often would be left alone for up to half a minute.
parts.LONGEST_PAUSE = 1.0
FORGETS_SOON = ('history.transferProcessorUpdateAckInterval="1s"',)
"""The server deletes an ended workflow only after its next note of what it has done: every 30 s,
unless it is told otherwise."""


class ChaosStack(Stack):
    """A stack with several workers that have fault points, and a ledger in a given place."""

    def __init__(
        self,
        state: Path,
        plan: RoundPlan,
        fault_points: FaultPoints,
        database_url: str,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(state, ports=Ports.free(), say=say)
        self.temporal_settings = FORGETS_SOON
        self._plan_of_round = plan
        self._fault_points = fault_points
        self._database_url = database_url
        self._extra: list[str] = []
        read = str(plan.times.read.total_seconds())
        for channel in ("EMAIL", "TWITTER", "FACEBOOK"):
            self._given[f"FRONTFOOT_{channel}_READ_TIMEOUT"] = read
        self._given["FRONTFOOT_SANDBOX_SEED"] = str(plan.seed)

    @property
    def workers(self) -> list[str]:
        """The names of the worker processes."""
        return ["worker", *self._extra]

    async def start(self) -> None:
        """Start everything, the further workers last."""
        await super().start()
        try:
            for number in range(2, self._plan_of_round.workers + 1):
                plan = self._worker()
                name = f"worker{number}"
                log = plan.log.with_name(f"{name}.log")
                self._extra.append(name)
                await self._start(dataclasses.replace(plan, name=name, log=log))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End everything."""
        for name in self._extra:
            if name in self.parts:
                await self.parts.pop(name).stop()
        await super().stop()

    def part(self, name: str) -> StackPart:
        """One of the processes."""
        return self.parts[name]

    def settings(self) -> Settings:
        """What a person at this stack's terminal has: its ledger, and the sandbox's accounts."""
        return self._settings()

    def _settings(self) -> Settings:
        return super()._settings().model_copy(update={"database_url": self._database_url})

    def _worker(self) -> PartPlan:
        plan = super()._worker()
        arguments = [str(self._fault_points.folder)]
        if self._plan_of_round.blind:
            arguments.append("--blind")
        command = Command(arguments, "chaos.worker_with_faults")
        return dataclasses.replace(plan, command=command)


class SmallDisk:
    """A file system of its own for the ledger, so that it can be full without harm to others.

    Needs the right to mount; without it ``why_not`` says so, and nothing is ever full.
    """

    def __init__(self, folder: Path, mebibytes: int) -> None:
        self.folder = folder
        self.why_not = ""
        folder.mkdir(parents=True, exist_ok=True)
        if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
            self.why_not = "mounting a small disk needs root on Linux"
            return
        options = f"size={mebibytes}m,mode=700"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "frontfoot-chaos", str(folder)],
            capture_output=True,
            check=False,
        )
        if mounted.returncode:
            self.why_not = "this machine does not let us mount a small disk"

    def unmount(self) -> None:
        """Unmount it, and keep its files in its place."""
        if self.why_not:
            return
        self.why_not = "it has been unmounted"
        kept = self.folder.with_name(f"{self.folder.name}.kept")
        shutil.copytree(self.folder, kept)
        subprocess.run(["umount", str(self.folder)], capture_output=True, check=True)
        self.folder.rmdir()
        kept.rename(self.folder)


def shortened(plan: RoundPlan) -> dict[str, str]:
    """The shipped playbook with this round's waiting times and batches."""
    files = dict(read_playbook(HERE / "playbooks" / PLAYBOOK))
    book = yaml.safe_load(files["playbook.yaml"])
    times: Times = plan.times
    book["broadcast"] = {
        "batch_size": plan.batch_size,
        "in_flight": plan.in_flight,
        "unknown_window": f"{times.unknown_window.total_seconds():.0f}s",
    }
    book["looking"] = {"looks": times.looks, "apart": f"{times.apart.total_seconds():.0f}s"}
    return {**files, "playbook.yaml": yaml.safe_dump(book, sort_keys=False)}
