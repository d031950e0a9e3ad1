"""Names in the spelling of some other template language are found, and ordinary writing is not."""

from __future__ import annotations

import pytest

from domain.near_misses import near_misses
from domain.templates import template_names_for, template_problems

NAMES = template_names_for(frozenset({"help_page"}))
CODE = "Write [[code]]: it is filled in for each recipient."


def instead(text: str, *, html: bool = False) -> list[str]:
    return [one.instead for one in near_misses(text, NAMES, html=html)]


@pytest.mark.parametrize(
    "written",
    [
        "[[ code ]]", "[[CODE]]", "[[Code]]", "[[code ]]", "[[\tcode]]", "[[co\u200bde]]",
        "[\u200b[code]]", "[ [code] ]", "[code]", "[[code]", "[code]]", "\\[\\[code\\]\\]",
        "［［code］］", "【code】", "{code}", "{ code }", "{ { code } }", "{[code]}", "${code}",
        "#{code}", "%{code}", "$code", "$(code)", "%code%", "%%code%%", "%(code)s", "<code>",
        "<<code>>", "<%= code %>", "<% code %>", "*|CODE|*", "@code@", "##code##", "__code__",
        "-code-", "((code))", "«code»",
    ],
)  # fmt: skip
def test_a_code_in_another_spelling_is_found_once(written: str) -> None:
    """Goodwill mail went out with the literal words and without codes."""
    assert instead(f"Yours: {written}, once.") == [CODE]
    assert instead(written) == [CODE]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{company}", "{{ company }}"),
        ("<company>", "{{ company }}"),
        ("%NEXT_UPDATE_BY%", "{{ next_update_by }}"),
        ("{nextUpdateBy}", "{{ next_update_by }}"),
        ("${next-update-by}", "{{ next_update_by }}"),
        ("{facts.summary}", "{{ facts.summary }}"),
        ("{summary}", "{{ facts.summary }}"),
        ("[[summary]]", "{{ facts.summary }}"),
        ("*|HELP_PAGE|*", "{{ facts.help_page }}"),
        ("<offer.title>", "{{ offer.title }}"),
        ("[link]", "{{ link }}"),
        ("{mark}", "{{ mark }}"),
        ("[[unsubscribe_url]]", "{{ unsubscribe_link }}"),
    ],
)
def test_any_of_our_names_is_found_and_spelt_out(written: str, meant: str) -> None:
    assert instead(f"x {written} y") == [f"Write {meant}."]


def test_what_stands_in_double_square_brackets_is_ours_or_wrong() -> None:
    assert instead("[[voucher]]") == ["Known here: [[code]]."]


@pytest.mark.parametrize(
    "text",
    [
        "[[code]]",
        '**[[code]]**, ([[code]]), <[[code]]>, "[[code]]"',
        "It is *right*, _fix_ it, #fix it, ~~wrong~~, **title** (link).",
        "100 % of the code, $5 and $10, 2 * mark * 3, a < title and link > b",
        "| title | link |",
        "Noor <noor@example.com>, mark@code.example",
        "[Summary] What is «right», see [1]. [Incident] Sign-in is down.",
        "a well-right-of thing; code: x, link: y = z; https://example.com/?code=x&title=y",
    ],
)
def test_ordinary_writing_is_left_alone(text: str) -> None:
    assert instead(text) == []


def test_elements_styles_and_comments_of_html_are_not_names() -> None:
    page = (
        "<head><title>x</title><style>mark { a: b } .l[title] {c: d} {code}</style>"
        "<link rel=x></head><!-- {code} --><code>[[code]]</code><mark>a</mark><td>title</td>"
    )
    assert instead(page, html=True) == []
    assert instead(f"{page}{{company}} <offer.title>", html=True) == [
        "Write {{ company }}.",
        "Write {{ offer.title }}.",
    ]


def test_a_page_of_brackets_is_read_in_no_time() -> None:
    assert instead("[" * 100_000 + "{" * 50_000 + "%" * 50_000) == []


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("one\n\n[[ code ]]\n", "line 3: nobody fills in [[ code ]]. Write [[code]]"),
        ("{% if title %}\nx\n{company}{% endif %}", "line 3: nobody fills in {company}."),
        ("{{ code }}", "line 1: {{ code }} is not known to templates. Write [[code]]"),
        ("{{CODE}}", "line 1: {{ CODE }} is not known to templates. Write [[code]]"),
        ("{{ offer.code }}", "Write [[code]]"),
        ("{{ user.code }}", "Write [[code]]"),
        ("{{ Company }}", "Write {{ company }}."),
        ("{{ summary }}", "Write {{ facts.summary }}."),
        ("{{ next-update-by }}", "Write {{ next_update_by }}."),
        ("{% code %}", "Write [[code]]"),
        ("{{{ title }}}", "Write two braces"),
        ("Ticket {#123", "{# begins a comment, and #} ends it"),
    ],
)
def test_a_template_names_the_line_and_what_to_write(source: str, says: str) -> None:
    found = template_problems("announcement.email.j2", source, frozenset())
    assert [one for one in found if says in f"{one} {one.next_step}"], found
    assert len(found) == 1


@pytest.mark.parametrize(
    "styles",
    [
        "<style>@media print{#head{display:none}} a{b:c}</style> {# a note #}",
        "<style>\n@media print{#head{x:y}}\n</style>",
        "<style>a{%b}</style>",
        "<p style='a{#b}'>",
    ],
)
def test_styles_that_the_template_would_eat_are_found(styles: str) -> None:
    (problem,) = template_problems("announcement.email.html.j2", styles, frozenset())
    assert ("styles after it are lost" in problem.detail, "a space" in problem.next_step) == (
        True,
        True,
    )


def test_comments_and_choices_of_the_template_may_stand_in_styles() -> None:
    styles = "<style>{# ours #}{% if company %}a{b:c}{% endif %} p { #x: y }</style>"
    assert template_problems("announcement.email.html.j2", styles, frozenset()) == []
