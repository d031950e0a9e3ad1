"""Text as files have it: UTF-8, with or without a mark, and nothing else."""

from __future__ import annotations

NEXT_STEP = "In the editor, choose Save As with the encoding UTF-8."

_LOOKED_AT = 64
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")


class NotText(ValueError):
    """Bytes that are no UTF-8 text: ``detail`` says what they are, from ``line`` on."""

    def __init__(self, detail: str, line: int) -> None:
        self.detail = detail
        self.line = line
        super().__init__(f"line {line} {detail}")


def read_utf8(content: bytes) -> str:
    """``content`` as text. ``NotText`` says where it is none."""
    beginning = content[:_LOOKED_AT]
    if content.startswith(_WIDE) or 3 * beginning.count(0) > len(beginning):
        raise NotText("is not UTF-8 text: it is UTF-16 or UTF-32.", 1)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Its place is one in what follows the mark.
        before = content.removeprefix(b"\xef\xbb\xbf")[: error.start]
        raise NotText("is not UTF-8 text.", _line(before)) from None
    if "\0" in text:
        raise NotText("is not text: it has a NUL character.", _line(content.partition(b"\0")[0]))
    return text


def _line(before: bytes) -> int:
    ends = before.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return ends.count(b"\n") + 1
