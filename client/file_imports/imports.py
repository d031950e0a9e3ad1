"""Imports in the background: a file is kept until it is imported, whatever dies meanwhile.

An import without an end is begun again when the console starts: every import adds nothing twice,
so that it ends as if nothing had happened.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from client.audiences import import_audience
from client.codes import import_codes
from client.engine import Engine
from client.errors import ClientError, WrongInput, explanation_of
from client.file_entries import FileEntry, enter
from client.file_imports.folder import KEPT_FOR, ImportFolder, copy_private
from client.file_imports.model import ImportEnd, ImportKind, ImportOrder, ImportStanding
from client.suppressions import import_suppressions
from domain.errors import DomainError
from domain.explanation import Explanation, explained
from domain.installation import Happened
from domain.suppression import covered_by
from store.kernel.errors import StoreUnavailable

MOST_WAITING = 5
"""Imports at a time, with those that are being uploaded: each is a file on the disk."""

_TIDY_EVERY = timedelta(minutes=10)
_log = logging.getLogger("frontfoot.files")

_ACTS = {
    ImportKind.AUDIENCE: Happened.AUDIENCE_IMPORTED,
    ImportKind.SUPPRESSIONS: Happened.SUPPRESSIONS_IMPORTED,
    ImportKind.CODES: Happened.CODES_IMPORTED,
}


@dataclass
class _Running:
    """What is known of an import only while its process lives; threads write to it."""

    again: bool
    since: float | None = None
    read: int = 0
    rows: int = 0
    task: asyncio.Task[None] | None = None

    def has_read(self, done: int, _: int) -> None:
        self.read = done

    def has_stored(self, rows: int) -> None:
        self.rows = rows


class FileImports:
    """All imports of one console, one running at a time."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self._engine = engine
        self._folder = ImportFolder(root)
        self._running: dict[str, _Running] = {}
        self._arriving: set[str] = set()
        self._turn = asyncio.Lock()
        self._tidying: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Remove what never arrived whole, and go on with what did not end."""
        for name in await asyncio.to_thread(self._folder.unfinished):
            self._run(name, again=True)
        self._tidying = asyncio.create_task(self._tidy())

    async def close(self) -> None:
        """Stop; what has not ended is begun again by the next ``start``."""
        tasks = [one.task for one in self._running.values() if one.task is not None]
        if self._tidying is not None:
            tasks.append(self._tidying)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def arrive(self) -> str:
        """The id of a new import whose file is about to arrive: ``accept`` or ``forget`` it.

        ``ClientError`` if too many are under way.
        """
        if len(self._running) + len(self._arriving) >= MOST_WAITING:
            raise ClientError(
                f"{MOST_WAITING} files are being imported or uploaded already.",
                "Wait until one of them is done, then choose your file again.",
                means="Nothing of this file was taken.",
            )
        name = secrets.token_hex(8)
        self._arriving.add(name)
        try:
            await asyncio.to_thread(self._folder.begin, name)
        except BaseException:
            self._arriving.discard(name)
            raise
        return name

    def path_for(self, name: str, file_name: str) -> Path:
        """Where the file of a new import belongs, under a name that its messages may repeat."""
        return self._folder.file(name, file_name)

    async def accept(self, name: str, file: Path, order: ImportOrder) -> None:
        """Import a file that has arrived whole: from now on it survives the end of this process."""
        order.check()
        await asyncio.to_thread(self._folder.keep, name, file, order)
        self._arriving.discard(name)
        self._run(name, again=False)

    async def accept_once(self, name: str, file: Path, order: ImportOrder) -> str:
        """The id of the import that the order's request has begun: this one, unless there is one.

        Whoever asked may have had no answer, and have sent the file again.
        """
        found = await asyncio.to_thread(self._folder.all) if order.request else []
        begun = next((one.id for one in found if one.kept.order.request == order.request), None)
        if begun is None:
            await self.accept(name, file, order)
        return begun or name

    async def forget_unless_kept(self, name: str) -> None:
        """Remove what arrived and became no import."""
        if name in self._arriving:
            await self.forget(name)

    async def forget(self, name: str) -> None:
        """Remove everything of an import that is not running."""
        self._arriving.discard(name)
        if name not in self._running:
            await asyncio.to_thread(self._folder.remove, name)

    async def go_on(self, name: str) -> None:
        """Begin an import that failed again, with the file that is still there; else do nothing."""
        standing = await self.standing(name)
        if standing.end is None or standing.end.failure is None:
            return
        if not standing.end.may_go_on:
            raise WrongInput("The file of this import is gone.", "Choose it again.")
        await asyncio.to_thread(self._folder.reopen, name)
        # Somebody may have pressed the button twice.
        if name not in self._running:
            self._run(name, again=True)

    async def settled(self, name: str, within: timedelta) -> None:
        """Wait until an import has ended, but not for long."""
        running = self._running.get(name)
        if running is not None and running.task is not None:
            await asyncio.wait([running.task], timeout=within.total_seconds())

    async def standing(self, name: str) -> ImportStanding:
        """How far an import is, or what came of it; ``WrongInput`` if it is not here."""
        found = await asyncio.to_thread(self._folder.read, name)
        if found is None:
            raise WrongInput(
                "This import is not here any more.",
                "See the audience, the pool or the list that it was for.",
                means=f"What became of an import is kept for {KEPT_FOR.days} day.",
            )
        return self._now(found)

    async def all(self) -> list[ImportStanding]:
        """Every import that is under way or ended lately, the newest first."""
        found = await asyncio.to_thread(self._folder.all)
        standing = [self._now(one) for one in found]
        return sorted(standing, key=lambda one: one.kept.asked_at, reverse=True)

    async def copy_rejects(self, name: str, rows: int, output: Path) -> int:
        """Copy the ``rows`` rejected rows of an import to a file of this user; return how many."""
        await asyncio.to_thread(copy_private, self._folder.rejects(name), output)
        return rows

    # --- running ------------------------------------------------------------------------------

    def _run(self, name: str, *, again: bool) -> None:
        running = self._running[name] = _Running(again)
        running.task = asyncio.create_task(self._import(name, running))

    async def _import(self, name: str, running: _Running) -> None:
        try:
            found = await asyncio.to_thread(self._folder.read, name)
            if found is None:
                return
            # One at a time: each remembers the rows that it has seen, and the ledger takes one
            # writer anyway.
            async with self._turn:
                running.since = time.monotonic()
                end = await self._done(found, running)
            await asyncio.to_thread(self._folder.end, name, end)
        except Exception as error:  # noqa: BLE001 - nobody awaits this task; it is begun again
            _log.error("an import could not be finished", exc_info=error)
        finally:
            self._running.pop(name, None)

    async def _done(self, found: ImportStanding, running: _Running) -> ImportEnd:
        try:
            end = await self._imported(found, running)
            await self._enter(found, end)
        except Exception as error:  # noqa: BLE001 - told to whoever asked, and logged if unplanned
            # Another attempt would read the same file and refuse it again.
            final = isinstance(error, WrongInput | DomainError)
            end = ImportEnd(
                ended_at=datetime.now(UTC),
                failure=_failure(error),
                entered=running.rows,
                may_go_on=not final,
                again=running.again,
            )
            if end.entered:
                # Where the ledger is away, whoever goes on with it is entered.
                with suppress(StoreUnavailable):
                    await self._enter(found, end)
        return end

    async def _enter(self, found: ImportStanding, end: ImportEnd) -> None:
        """Enter it in the installation's record; raises where the ledger does not take that."""
        order, report = found.kept.order, end.report
        entry = FileEntry(
            act=_ACTS[order.kind],
            actor=order.actor,
            about=order.name or order.reason.value,
            rows=report.usable if report is not None else end.entered,
            rejected=report.rejected if report is not None else 0,
            number=found.id,
        )
        await enter(self._engine, entry)

    async def _imported(self, found: ImportStanding, running: _Running) -> ImportEnd:
        order, rejects = found.kept.order, self._folder.rejects(found.id)
        file = self._folder.file(found.id, found.kept.file_name)
        engine, read, stored = self._engine, running.has_read, running.has_stored
        came: dict[str, int]
        if order.kind is ImportKind.AUDIENCE:
            people = await import_audience(
                engine, file, order.name, address_column=order.column, rejects=rejects,
                read=read, stored=stored,
            )  # fmt: skip
            came, report = people.model_dump(include={"added", "already_there"}), people.report
        elif order.kind is ImportKind.CODES:
            codes = await import_codes(
                engine, file, order.name, code_column=order.column, rejects=rejects,
                read=read, stored=stored, cleared=order.cleared,
            )  # fmt: skip
            came, report = codes.model_dump(exclude={"pool", "report"}), codes.report
        else:
            listed = await import_suppressions(
                engine, file, order.reason, covered_by(order.reason), by=order.actor.person,
                why=order.why, address_column=order.column, rejects=rejects,
                read=read, stored=stored,
            )  # fmt: skip
            came, report = {"added": listed.entered.added}, listed.report
        return ImportEnd(
            ended_at=datetime.now(UTC),
            report=report,
            entered=running.rows,
            again=running.again,
            **came,
        )

    def _now(self, found: ImportStanding) -> ImportStanding:
        if found.end is not None:
            return found
        running = self._running.get(found.id)
        if running is None:
            return found.model_copy(update={"waits": False, "stalled": True})
        return _measured(found, running)

    async def _tidy(self) -> None:
        while True:
            with suppress(OSError):
                await asyncio.to_thread(self._folder.remove_old)
            await asyncio.sleep(_TIDY_EVERY.total_seconds())


def _measured(found: ImportStanding, running: _Running) -> ImportStanding:
    seconds = time.monotonic() - running.since if running.since is not None else 0.0
    left = seconds * (found.kept.size - running.read) / running.read if running.read else None
    return found.model_copy(
        update={
            "read": running.read,
            "rows": running.rows,
            "waits": running.since is None,
            "per_second": running.rows / seconds if seconds else 0.0,
            "seconds_left": left,
        }
    )


def _failure(error: Exception) -> Explanation:
    explanation = explanation_of(error)
    if explanation is None:
        number = secrets.token_hex(4)
        _log.error("unplanned error %s in an import", number, exc_info=error)
        return explained(
            f"Something went wrong here (number {number}).",
            "Begin it again. The console's log has the number.",
        )
    return explanation
