"""A record in a file: exported from a ledger, and verified without one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
from pydantic import ValidationError

from client.engine import Engine
from client.errors import WrongInput
from client.incidents import refuse_unknown
from domain.errors import DomainError
from domain.record import FORMAT, Record
from domain.record_check import Checked, check_record
from domain.sealing import check_fingerprint
from store.desk.coverage import read_coverage
from store.kernel import private_files
from store.record.records import read_record


async def export_record(engine: Engine, slug: str, path: Path) -> Record:
    """Write the record of an incident to ``path`` as JSON, for this user only; return it.

    It has the entries with their hashes and seals, the openings, and the public keys: all that
    verifying needs. How much of what people said had an end is beside it, and not sealed.
    ``UnknownIncident`` if the ledger has nothing of it.
    """
    record = await read_record(await engine.ledger(), slug)
    if not record.entries:
        await refuse_unknown(engine, slug)
    content = record.model_dump(mode="json")
    last = record.entries[-1] if record.entries else None
    content["keys"] = [
        {"key_id": one.key_id, "fingerprint": one.fingerprint, **one.model_dump()}
        for one in record.keys
    ]
    content["head"] = last and {
        "link": last.link, "hash": last.hash, "key_id": last.key_id, "seal": last.seal
    }  # fmt: skip
    coverage = await read_coverage(await engine.ledger(), slug, datetime.now(UTC))
    content["mentions"] = {
        **coverage.total.model_dump(mode="json"),
        **coverage.model_dump(mode="json"),
    }
    private_files.put(path, orjson.dumps(content, option=orjson.OPT_INDENT_2))
    return record


def verify_file(path: Path, key: str = "") -> tuple[Record, Checked]:
    """Check an exported record; ``key`` is a fingerprint that the reader has from elsewhere.

    Needs no database, no Temporal, no network and no secret. ``WrongInput`` if the file is no
    record.
    """
    try:
        content = orjson.loads(path.read_bytes())
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise WrongInput(f"{path} is not an exported record.", "Is it the right file?")
        record = Record.model_validate(content)
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise WrongInput(
            f"{path} is not an exported record, or it was changed so that it cannot be read.",
            "Is it the right file?",
        ) from error
    try:
        trusted = check_fingerprint(key) if key else None
    except DomainError as error:
        raise WrongInput(error.what, error.explanation.next_step) from error
    return record, check_record(record, trusted)
