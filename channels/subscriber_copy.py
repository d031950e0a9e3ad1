"""The copy for subscribers of the status page: as it was written, with the links it must have."""

from __future__ import annotations

from domain.mail_html import html_page, html_paragraphs
from domain.subscribers import MANAGE_FIELD, UNSUBSCRIBE_FIELD
from domain.templates import Rendered


def with_links(rendered: Rendered, company: str) -> Rendered:
    """``rendered`` with visible links to manage the subscription and to end it.

    Whoever writes the template may place both; otherwise they stand at the end.
    """
    text = rendered.text
    if not _has_links(text):
        text = f"{text}\n\n{_closing(company)}"
    html = rendered.html
    if html == html_page(rendered.text, rendered.subject or ""):
        html = html_page(text, rendered.subject or "")
    elif html is not None and not _has_links(html):
        html = _before_the_end(html, html_paragraphs(_closing(company)))
    return rendered.model_copy(update={"text": text, "html": html})


def _has_links(copy: str) -> bool:
    return MANAGE_FIELD in copy and UNSUBSCRIBE_FIELD in copy


def _closing(company: str) -> str:
    return (
        f"You get this because you subscribed to the status page of {company}.\n"
        f"Choose what you are told about: {MANAGE_FIELD}\n"
        f"Unsubscribe: {UNSUBSCRIBE_FIELD}"
    )


def _before_the_end(page: str, more: str) -> str:
    at = page.lower().rfind("</body")
    return f"{page}\n{more}" if at < 0 else f"{page[:at]}{more}\n{page[at:]}"
