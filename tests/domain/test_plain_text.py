"""Text is UTF-8, and what is not is told with its line."""

from __future__ import annotations

import pytest

from domain.plain_text import NotText, read_utf8


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf8_is_read_with_and_without_its_mark(mark: bytes) -> None:
    assert read_utf8(mark + "Grüße".encode()) == "Grüße"


@pytest.mark.parametrize(
    ("content", "line", "detail"),
    [
        (b"a\r\nb\r\nc\xe9\r\n", 3, "is not UTF-8 text."),
        (b"\xef\xbb\xbfa\n\xe9", 2, "is not UTF-8 text."),
        (b"a\rb\r\xe9", 3, "is not UTF-8 text."),
        (b"abcdefgh\nab\0c", 2, "it has a NUL"),
        ("a=b".encode("utf-16"), 1, "UTF-16"),
        ("a=b".encode("utf-16-be"), 1, "UTF-16"),
        ("a=b".encode("utf-32"), 1, "UTF-32"),
        ("a=b".encode("utf-32-le"), 1, "UTF-32"),
    ],
)
def test_anything_else_is_told_with_its_line(content: bytes, line: int, detail: str) -> None:
    with pytest.raises(NotText, match=detail) as refusal:
        read_utf8(content)

    assert refusal.value.line == line
