"""A link as a QR code on the terminal, to be opened by a phone's camera."""

from __future__ import annotations

from itertools import zip_longest

import segno
from rich.text import Text

_BORDER = 4
"""The quiet zone in modules, as the standard asks for."""
_BLOCKS = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def qr_code(link: str) -> Text:
    """``link`` drawn with half blocks, two rows of modules to a line.

    Black on white whatever the terminal's colours are: not every camera reads the reverse.
    """
    rows = [list(row) for row in segno.make(link, micro=False).matrix_iter(border=_BORDER)]
    lines = (
        "".join(_BLOCKS[bool(upper), bool(lower)] for upper, lower in zip_longest(*pair))
        for pair in zip_longest(rows[::2], rows[1::2], fillvalue=[0] * len(rows[0]))
    )
    return Text("\n".join(lines), style="black on bright_white")
