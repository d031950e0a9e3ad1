"""What docs/adding-a-channel.md shows can be copied and works."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from channels.registry import GROUP

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "adding-a-channel.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The page's blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_example_of_a_package_declares_a_channel() -> None:
    [written] = blocks("toml")
    package = tomllib.loads(written)
    assert GROUP in package["project"]["entry-points"]
    assert package["project"]["dependencies"] == ["frontfoot"]


def test_the_example_of_a_test_passes(tmp_path: Path) -> None:
    [example] = [block for block in blocks("python") if "ChannelContract" in block]
    [package] = blocks("toml")
    (tmp_path / "test_webhook.py").write_text(example, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(package, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:]
    assert " passed" in ran.stdout
    assert "failed" not in ran.stdout
