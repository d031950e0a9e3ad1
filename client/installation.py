"""The installation's record: reading it, verifying it, exporting it. Needs the ledger alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import orjson
from pydantic import ValidationError

from client.engine import Engine
from client.errors import WrongInput
from client.record_key import trusted_key
from domain.errors import DomainError
from domain.installation import FORMAT, InstallationRecord, KeptEntry
from domain.installation_check import CheckedInstallation, check_installation
from domain.sealing import check_fingerprint
from store.installation import entries
from store.kernel import private_files
from store.record import keys

PAGE = 100


async def read_installation(engine: Engine) -> InstallationRecord:
    """All of the record, with keys, hashes and seals.

    ``DomainError`` if somebody changed a row so that it cannot be read.
    """
    ledger = await engine.ledger()
    while True:
        # A worker may be sealing just now: what is read has to be of one moment.
        end = await entries.end(ledger)
        found = await entries.read(ledger)
        if await entries.end(ledger) == end:
            break
    return InstallationRecord(
        exported_at=datetime.now(UTC).isoformat(timespec="seconds"),
        keys=(await keys.read_keys(ledger)).all(),
        entries=tuple(found),
        end=end,
    )


async def verify_installation(engine: Engine, key: str = "") -> CheckedInstallation:
    """Check that nobody has changed or shortened it; ``key`` is a fingerprint from elsewhere.

    Asks neither Temporal nor any network, and needs no secret.
    """
    trusted = trusted_key(engine.settings, key)
    try:
        record = await read_installation(engine)
    except DomainError as error:
        return CheckedInstallation(entries=0, found=(error.explanation,))
    # Some 0.2 ms for each entry at first, in which nobody else should wait.
    return await asyncio.to_thread(check_installation, record, trusted, datetime.now(UTC))


async def newest_entries(engine: Engine, before: int | None = None) -> list[KeptEntry]:
    """The last ``PAGE`` entries, the newest first; or those before the number ``before``."""
    return await entries.newest(await engine.ledger(), PAGE, before)


def as_json(record: InstallationRecord) -> bytes:
    """The record as a file that can be verified elsewhere."""
    content = record.model_dump(mode="json")
    content["keys"] = [
        {"key_id": one.key_id, "fingerprint": one.fingerprint, **one.model_dump()}
        for one in record.keys
    ]
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)


async def export_installation(engine: Engine, path: Path) -> InstallationRecord:
    """Write the record to ``path``, for this user only; return it."""
    record = await read_installation(engine)
    await asyncio.to_thread(private_files.put, path, as_json(record))
    return record


def verify_installation_file(
    path: Path, key: str = ""
) -> tuple[InstallationRecord, CheckedInstallation] | None:
    """Check an exported record of an installation; None if the file is something else.

    Needs no ledger, no network and no secret; ``WrongInput`` if it cannot be read. Blocks.
    """
    try:
        content = orjson.loads(path.read_bytes())
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            return None
        record = InstallationRecord.model_validate(content)
        exported = datetime.fromisoformat(record.exported_at)
        trusted = check_fingerprint(key) if key else None
    except orjson.JSONDecodeError:
        return None
    except DomainError as error:
        raise WrongInput(error.what, error.explanation.next_step) from error
    except (ValidationError, ValueError) as error:
        raise WrongInput(
            f"{path} was changed so that it cannot be read.", "Is it the right file?"
        ) from error
    return record, check_installation(record, trusted, exported)
