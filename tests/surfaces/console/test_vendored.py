"""The scripts that are kept here are those that the documents name."""

from __future__ import annotations

import hashlib
import json
import re
import struct

from surfaces.console.rendering import STATIC
from tests.terminal import ROOT

ROW = re.compile(r"^\| `surfaces/console/static/(\S+)` .* `([0-9a-f]{64})` \|$", re.MULTILINE)
OURS = {
    "apple-touch-icon.png",
    "clock.js",
    "console.css",
    "desk.js",
    "icon-192.png",
    "icon-512.png",
    "icon.svg",
    "manifest.webmanifest",
    "passkeys.js",
    "push.js",
    "push_worker.js",
}


def test_each_foreign_file_has_the_hash_that_is_written_down() -> None:
    written = dict(ROW.findall((ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")))
    there = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in STATIC.iterdir()
        if path.name not in OURS
    }
    assert there == written


def test_each_icon_of_a_home_screen_is_there_in_its_size() -> None:
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text(encoding="utf-8"))
    assert (manifest["display"], manifest["scope"]) == ("standalone", "/")
    sizes = {}
    for one in manifest["icons"]:
        picture = (STATIC / one["src"]).read_bytes()
        if picture.startswith(b"\x89PNG"):
            sizes[one["sizes"]] = "{}x{}".format(*struct.unpack(">II", picture[16:24]))
    assert sizes == {"192x192": "192x192", "512x512": "512x512"}
