"""The HTML of a mail, made from the text that the approvers read, so that both say the same."""

from __future__ import annotations

import html
import re

from domain.message import PERSONAL_FIELD
from domain.public_text import ADDRESS_START
from domain.subscribers import MANAGE_FIELD, UNSUBSCRIBE_FIELD

_LINK = re.compile(ADDRESS_START + r"[^\s<>\"']+")
_BULLET = re.compile(r"[-*•]\s+")
_PAGE = """\
<!doctype html>
<html>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
<title>{title}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 Helvetica,Arial,sans-serif;color:#1a1a1a">
<div style="max-width:600px;margin:0 auto">
{body}
</div>
</body>
</html>
"""


def html_page(text: str, title: str) -> str:
    """A whole HTML page that says ``text``: no images, no scripts, nothing loaded from anywhere."""
    return _PAGE.format(title=html.escape(title), body=html_paragraphs(text))


def html_paragraphs(text: str) -> str:
    """Plain text as escaped HTML: paragraphs, lists of ``- ``, links, bold ``[[code]]``."""
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return "\n".join(_block(block.strip().split("\n")) for block in blocks if block.strip())


def _block(lines: list[str]) -> str:
    parts: list[str] = []
    while lines:
        listed = bool(_BULLET.match(lines[0]))
        taken = 0
        while taken < len(lines) and bool(_BULLET.match(lines[taken])) is listed:
            taken += 1
        some, lines = lines[:taken], lines[taken:]
        if listed:
            items = "".join(f"<li>{_inline(_BULLET.sub('', one, count=1))}</li>" for one in some)
            parts.append(f"<ul>{items}</ul>")
        else:
            parts.append(f"<p>{'<br>'.join(map(_inline, some))}</p>")
    return "\n".join(parts)


def _inline(line: str) -> str:
    parts: list[str] = []
    position = 0
    for match in _LINK.finditer(line):
        parts.append(_emphasise(html.escape(line[position : match.start()])))
        link = _without_punctuation(match[0])
        # No emphasis inside: a [[code]] in a link must stay a part of its address.
        address = html.escape(link)
        parts.append(f'<a href="{address}">{address}</a>')
        position = match.start() + len(link)
    parts.append(_emphasise(html.escape(line[position:])))
    return "".join(parts)


def _without_punctuation(link: str) -> str:
    """The link without a full stop, comma or bracket that belongs to the surrounding sentence."""
    kept = link.rstrip(".,;:!?)]}")
    fields = [match.end() for match in PERSONAL_FIELD.finditer(link)]
    return link[: max([len(kept), *fields])]


def _emphasise(escaped: str) -> str:
    return PERSONAL_FIELD.sub(_shown, escaped)


def _shown(field: re.Match[str]) -> str:
    if field[0] in (UNSUBSCRIBE_FIELD, MANAGE_FIELD):
        return f'<a href="{field[0]}">{field[0]}</a>'
    return f'<strong style="font-size:20px">{field[0]}</strong>'
