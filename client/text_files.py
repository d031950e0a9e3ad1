"""Texts that people bring in files, or type into a pipe."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from client.errors import WrongInput
from domain.plain_text import NEXT_STEP, NotText, read_utf8

MOST_BYTES = 1_000_000
"""Far more than any channel takes."""


def read_text_file(path: Path) -> str:
    """The text of a file. ``WrongInput`` names the file, and the line where it is no text."""
    try:
        with path.open("rb") as file:
            return read_text(file, str(path))
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise WrongInput(f"{path} cannot be read: {why}.", "Check the path.") from error


def read_text(file: BinaryIO, name: str) -> str:
    """The text of an open file that people know as ``name``; UTF-8, whatever the terminal has."""
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise WrongInput(f"{name} is larger than {MOST_BYTES:,} bytes.", "Is it the right file?")
    try:
        text = read_utf8(content)
    except NotText as error:
        raise WrongInput(f"{name}, line {error.line}: {error.detail}", NEXT_STEP) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
