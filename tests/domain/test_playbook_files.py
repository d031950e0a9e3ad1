"""A comms person's mistakes are found before the incident, all at once, each at its place."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from domain.errors import PlaybookInvalid
from domain.playbook_files import examine_playbook, parse_playbook

PLAN = """\
name: site-down
title: The site is down
company: Example Co
roster:
  - id: maya
    roles: [comms_lead]
  - id: noor
    roles: [founder]
  - id: ines
    roles: [founder, security]
voices:
  email:
    name: Noor
    address: noor@example.com
messages:
  announcement:
    channels: [email, twitter]
    gate:
      roles: [founder]
      quorum: 1
"""
FILES = {
    "playbook.yaml": PLAN,
    "announcement.email.j2": "subject: Sorry\n---\nHello",
    "announcement.twitter.j2": "Sorry. {{ mark }}",
}
OFFER = "offer: {title: Credit, worth: 10.00, currency: USD, budget_cap: 100}\n"


def with_plan(*changes: tuple[str, str], more: str = "") -> dict[str, str]:
    text = PLAN
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return {**FILES, "playbook.yaml": text + more}


def told(files: Mapping[str, str]) -> list[str]:
    """What is wrong, each with its next step, as a person reads it."""
    with pytest.raises(PlaybookInvalid) as refused:
        parse_playbook(files)
    return [f"{one} {one.next_step}".strip() for one in refused.value.problems]


def warned(files: Mapping[str, str]) -> list[str]:
    examined = examine_playbook(files)
    assert examined.playbook is not None, examined.problems
    return [f"{one} {one.next_step}".strip() for one in examined.warnings]


def test_a_folder_without_mistakes_is_a_playbook_without_warnings() -> None:
    assert (parse_playbook(FILES).name, warned(FILES)) == ("site-down", [])


def test_a_price_keeps_the_digits_that_were_typed() -> None:
    terms = parse_playbook(with_plan(more=OFFER)).offer
    assert terms is not None
    assert str(terms.worth) == "10.00"


def test_words_that_yaml_takes_for_something_else_stay_words() -> None:
    book = parse_playbook(with_plan(("Example Co", "No"), ("The site is down", "12:30")))
    assert (book.company, book.title) == ("No", "12:30")


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (
            with_plan(("company:", "compnay:")),
            "playbook.yaml, line 3, column 1: `compnay` is not a word this file knows. "
            "Did you mean `company`?",
        ),
        (
            with_plan(("company: Example Co\n", "")),
            "playbook.yaml, line 1, column 1: `company` is missing. Add a line `company: …` there.",
        ),
        (
            with_plan(("    name: Noor\n", "    nmae: Noor\n")),
            "playbook.yaml, line 13, column 5: `nmae` is not a word this file knows. "
            "Did you mean `name`?",
        ),
        (
            with_plan(("    name: Noor\n", "")),
            "playbook.yaml, line 12, column 3: `name` is missing in voices.email. "
            "Add a line `name: …` there.",
        ),
        (
            with_plan(("      quorum: 1", "      qourum: 1")),
            "playbook.yaml, line 20, column 7: `qourum` is not a word this file knows. "
            "Did you mean `quorum`?",
        ),
        (
            with_plan(("      quorum: 1", "      quorum: one")),
            "playbook.yaml, line 20, column 7: messages.announcement.gate.quorum: "
            "input should be a valid integer, unable to parse string as an integer.",
        ),
        (
            with_plan(("      quorum: 1", "      quorum: 3")),
            "playbook.yaml, line 20, column 7: messages.announcement.gate.quorum is 3, but only 2 "
            "in the roster have one of founder.",
        ),
        (
            with_plan(
                ("      quorum: 1", "      quorum: 1\n      by_severity:\n        1: {quorum: 3}")
            ),
            "playbook.yaml, line 22, column 13: messages.announcement.gate.by_severity.1 quorum is "
            "3, but only 2 in the roster have one of founder.",
        ),
        (
            with_plan(more="escalation:\n  1: {remind: 5m, deputy: 4m, hold: 10m}\n"),
            "playbook.yaml, line 22, column 3: escalation.1: each rung comes later than the one "
            "before: remind, deputy, next_role.",
        ),
        (
            with_plan(more="escalation:\n  1: {remind: 5m}\n"),
            "playbook.yaml, line 22, column 3: escalation.1: a ladder ends with `hold` or with "
            "`release_preapproved`, and not both.",
        ),
        (
            with_plan(("roles: [founder, security]", "roles: [founder, Security]")),
            "playbook.yaml, line 10, column 22: roster, number 3 roles, number 2: "
            "string should match pattern '^[a-z][a-z0-9_]{0,39}$'.",
        ),
        (
            with_plan(("id: ines", "id: maya")),
            "playbook.yaml, line 9, column 5: roster, number 3 id names maya, who is in the "
            "roster already.",
        ),
        (
            with_plan(("  announcement:", "  anouncement:")),
            "playbook.yaml, line 16, column 3: `anouncement` cannot be a key here. "
            "Did you mean `announcement`?",
        ),
        (
            with_plan(("title: The", "name: again\ntitle: The")),
            "playbook.yaml, line 2, column 1: `name` is here a second time; the first is on "
            "line 1. Keep one of them.",
        ),
        (
            with_plan(("[email, twitter]", "[email, Twitter]")),
            "playbook.yaml, line 17, column 23: messages.announcement.channels, number 2: "
            "'Twitter' cannot name a channel. Use a lower-case letter, then up to 30 lower-case "
            "letters, digits or underscores.",
        ),
        (
            with_plan(more="looking:\n  apart: 20\n"),
            "playbook.yaml, line 22, column 3: looking.apart: a duration is a number and a unit: "
            "30s, 10m, 4h or 1d.",
        ),
        (
            with_plan(more="ofer: {}\n"),
            "playbook.yaml, line 21, column 1: `ofer` is not a word this file knows. "
            "Did you mean `offer`?",
        ),
        (
            with_plan(("title: The site is down", "title: Bad: very")),
            "playbook.yaml, line 2, column 11: mapping values are not allowed here. A text with a "
            "colon in it needs quotes around it, or the line above ends too early.",
        ),
        (
            with_plan(("  - id: maya", "\t- id: maya")),
            "playbook.yaml, line 5, column 1: found character '\\t' that cannot start any token. "
            "Indent with spaces, not with tabs.",
        ),
        (
            with_plan(("roles: [comms_lead]", "roles: &lead [comms_lead]"), more="link: *lead\n"),
            "playbook.yaml, line 6, column 12: refers to another part of the file (&, *). "
            "Repeat it.",
        ),
        (
            with_plan(("title: The site is down", "title: !!python/name:os.system x")),
            "playbook.yaml, line 2, column 8: has a tag (!), which means nothing here. "
            "Take it out.",
        ),
        (
            with_plan(("Example Co", "Example\x07 Co")),
            "playbook.yaml, line 3: contains a character that does not belong in a text. "
            "Type this line again.",
        ),
        (
            {**FILES, "playbook.yaml": "just words"},
            "playbook.yaml, line 1: contains no keys and values. "
            "It begins with `name:`, `title:` and `company:`.",
        ),
        (
            {**FILES, "playbook.yaml": ""},
            "playbook.yaml, line 1: contains no keys and values. "
            "It begins with `name:`, `title:` and `company:`.",
        ),
        (
            {},
            "playbook.yaml: is missing. "
            "A playbook is a folder with a playbook.yaml and its templates in it.",
        ),
        (
            {**FILES, "playbook.yaml": "a: " + "[" * 5000},
            "playbook.yaml: is nested too deeply to be read. Make it simpler.",
        ),
        (
            {**FILES, "playbook.yaml": "#" * 1_000_001},
            "playbook.yaml: is longer than 1,000,000 characters. Is it the right file?",
        ),
        (
            {**FILES, "announcement.twitter.j2": "Sorry.\n{{ facts.cuase }}"},
            "announcement.twitter.j2, line 2: {{ facts.cuase }} is not known to templates. "
            "Did you mean {{ facts.cause }}?",
        ),
        (
            {**FILES, "announcement.email.j2": "Hello"},
            "announcement.email.j2, line 1: a mail needs a subject. "
            "Begin it with `subject: …`, then a line of three hyphens (---).",
        ),
        (
            {**FILES, "announcement.twitter.j2": "[[code]] {{ mark }}"},
            "announcement.twitter.j2, line 1: a post is the same for everybody, so it cannot "
            "contain a [[field]]. Take it out, or move it to the mail.",
        ),
        (
            {**FILES, "announcement.email.html.j2": "[[cod]]"},
            "announcement.email.html.j2, line 1: nobody fills in [[cod]]. Did you mean [[code]]?",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_remedy(
    files: Mapping[str, str], problem: str
) -> None:
    assert problem in told(files)


def test_a_missing_template_is_named_with_the_file_that_was_probably_meant() -> None:
    files = dict(FILES)
    files["anouncement.twitter.j2"] = files.pop("announcement.twitter.j2")
    assert told(files) == [
        "announcement.twitter.j2: is missing: announcement is planned for twitter, and has no "
        "copy. Did you mean anouncement.twitter.j2?"
    ]


def test_mistakes_in_the_plan_and_in_the_templates_are_told_together() -> None:
    files = with_plan(("company:", "compnay:"), ("quorum: 1", "quorum: one"))
    files["announcement.twitter.j2"] = "{{ tilte }}\n{{ fcats.cause }}"
    del files["announcement.email.j2"]
    places = [one.partition(": ")[0] for one in told(files)]
    assert places == [
        "playbook.yaml, line 20, column 7",
        "playbook.yaml, line 3, column 1",
        "announcement.email.j2",
        "announcement.twitter.j2, line 1",
        "announcement.twitter.j2, line 2",
    ]


def test_many_mistakes_are_read_as_a_list() -> None:
    files = {**FILES, "announcement.twitter.j2": "{{ one }}{{ two }}"}
    with pytest.raises(PlaybookInvalid) as refused:
        parse_playbook(files)
    assert str(refused.value).splitlines()[0] == "The playbook has 2 problems:"
    assert str(refused.value).splitlines()[-1] == "Fix them and try again."


def test_no_mistake_is_told_with_the_address_that_was_typed() -> None:
    """Problems reach logs; a voice's address is somebody's."""
    files = with_plan(("address: noor@example.com", "adress: noor@example.com"))
    assert "noor@example.com" not in " ".join(told(files))


@pytest.mark.parametrize(
    ("files", "warning"),
    [
        (
            {**FILES, "anouncement.email.j2": "Hello"},
            "anouncement.email.j2: is used by no message. Did you mean announcement.email.j2?",
        ),
        (
            with_plan(("  email:\n    name", "  emial:\n    name")),
            "playbook.yaml, line 12, column 3: no message goes to emial. Did you mean email?",
        ),
        (
            with_plan(("    address: noor@example.com\n", "")),
            "playbook.yaml, line 12, column 3: mail needs the sender's `address`.",
        ),
        (
            with_plan(more="facts:\n  help: https://example.com/help\n"),
            "playbook.yaml, line 22, column 3: no template shows the fact help.",
        ),
        (
            with_plan(("quorum: 1", "quorum: 2")),
            "playbook.yaml, line 18, column 5: everybody who may sign a announcement has to, so "
            "none of them can write it or be away. Name a deputy.",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning_and_no_obstacle(
    files: Mapping[str, str], warning: str
) -> None:
    assert warned(files) == [warning]


def test_a_file_of_html_beside_a_planned_mail_is_used() -> None:
    assert warned({**FILES, "announcement.email.html.j2": "<p>{{ title }}</p>"}) == []


# --- what YAML makes of a slip ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("'It's down'", "an apostrophe ends a text in single quotes"),
        ("'Noor's site'", "an apostrophe ends a text in single quotes"),
        ("'the users''s site's'", "an apostrophe ends a text in single quotes"),
        ('"The "new" site"', "a quotation mark ends a text in double quotes"),
        ("'The site", "a text in quotes begins here and does not end"),
        ('"C:\\path"', "a backslash in double quotes has a meaning of its own"),
        ("@example is down", "A text cannot begin with @"),
        ("`site` is down", "A text cannot begin with `"),
        ("%site is down", "A text cannot begin with %"),
        ("*site is down", "A text cannot begin with *"),
        ("[Sign-in] is down", "A text cannot begin with ["),
        ("{Sign-in} is down", "A text cannot begin with {"),
        ("- the site", "A text cannot begin with -"),
        ("&site is down", "begins with &"),
        ("Bad: very", "A text with a colon in it needs quotes"),
    ],
)
def test_a_text_that_needs_quotes_is_one_problem_at_its_line(typed: str, says: str) -> None:
    """The template's names were called unknown besides, because the plan could not be read."""
    facts = "facts:\n  help_page: https://example.com/\n"
    files = with_plan(("title: The site is down", f"title: {typed}"), more=facts)
    files["announcement.twitter.j2"] = "{{ facts.help_page }} {{ mark }}"
    (only,) = told(files)
    assert (only.startswith("playbook.yaml, line 2, "), says in only) == (True, True), only


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("company:", "compnay:"),
        ("messages:", "mesages:"),
        ("voices:", "vioces:"),
        ("    gate:", "    gaet:"),
    ],
)
def test_a_misspelt_key_is_not_also_missing(old: str, new: str) -> None:
    (only,) = told(with_plan((old, new)))
    assert f"Did you mean `{old.strip().rstrip(':')}`?" in only


def test_facts_below_a_misspelt_key_are_not_called_unknown() -> None:
    files = with_plan(more="fcats:\n  help_page: https://example.com/\n")
    files["announcement.twitter.j2"] = "{{ facts.help_page }} {{ mark }}"
    (only,) = told(files)
    assert "Did you mean `facts`?" in only


def test_a_misspelt_role_is_one_mistake() -> None:
    files = with_plan(
        ("      roles: [founder]\n      quorum: 1", "      roles: [foundr]\n      quorum: 1")
    )
    (only,) = told(files)
    assert "Did you mean founder?" in only


def test_the_same_name_twice_on_a_line_is_one_mistake() -> None:
    files = {**FILES, "announcement.twitter.j2": "{% if facts.x %}{{ facts.x }}{% endif %}"}
    assert len(told(files)) == 1


@pytest.mark.parametrize("typed", ["#1 Agency", "", "~", "null"])
def test_a_value_that_is_none_is_named_as_such(typed: str) -> None:
    (only,) = told(with_plan(("company: Example Co", f"company: {typed}")))
    assert ("playbook.yaml, line 3" in only, "company has no value" in only) == (True, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("company: Example Co", "company: Agency #1 Ltd"),
        ("company: Example Co", "company: Agency # 1 Ltd"),
        ("title: The site is down", "title: Outage #7"),
        ("    name: Noor", "    name: Noor #1"),
    ],
)
def test_a_text_that_is_cut_at_a_number_sign_is_told(old: str, new: str) -> None:
    """ "wrong at Agency" went out."""
    (only,) = warned(with_plan((old, new)))
    assert "ends before the #" in only


@pytest.mark.parametrize(
    "new",
    ["company: Example Co   # ours", 'company: "Agency #1 Ltd"', "company: Agency#1"],
)
def test_a_comment_and_a_sign_inside_a_text_are_left_alone(new: str) -> None:
    assert warned(with_plan(("company: Example Co", new))) == []


@pytest.mark.parametrize("typed", ["no", "Yes", "on", "12:30", "1e3", "007", "1.0", "2026-11-28"])
def test_a_text_that_yaml_would_take_for_something_else_stays_and_is_told(typed: str) -> None:
    files = with_plan(("company: Example Co", f"company: {typed}"))
    (only,) = warned(files)
    assert (parse_playbook(files).company, "put quotes around it" in only) == (typed, True)
    assert warned(with_plan(("company: Example Co", f'company: "{typed}"'))) == []


# --- codes ------------------------------------------------------------------------------------

GOODWILL = """\
  goodwill_offer:
    channels: [email]
    gate:
      roles: [founder]
"""


def goodwill(mail: str, **more: str) -> dict[str, str]:
    files = with_plan(more=GOODWILL + OFFER)
    files["goodwill_offer.email.j2"] = f"subject: Sorry\n---\n{mail}"
    return {**files, **more}


def test_goodwill_mail_with_the_code_in_text_and_html_is_well() -> None:
    html = {"goodwill_offer.email.html.j2": "<p>[[code]]</p>"}
    assert warned(goodwill("[[code]]", **html)) == []


@pytest.mark.parametrize(
    ("files", "file"),
    [
        (goodwill("Here is a credit."), "goodwill_offer.email.j2"),
        (goodwill("{# [[code]] #}Here is a credit."), "goodwill_offer.email.j2"),
        (
            goodwill("[[code]]", **{"goodwill_offer.email.html.j2": "<p>Hello</p>"}),
            "goodwill_offer.email.html.j2",
        ),
    ],
)
def test_goodwill_mail_without_its_code_is_not_used(files: Mapping[str, str], file: str) -> None:
    (only,) = told(files)
    assert only.startswith(f"{file}: promises something to each recipient")


def test_a_code_in_mail_that_offers_nothing_is_not_used() -> None:
    (only,) = told({**FILES, "announcement.email.j2": "subject: x\n---\nHello\n[[code]]"})
    assert only.startswith("announcement.email.j2, line 4: only a goodwill offer carries codes")


def test_a_field_that_only_a_comment_mentions_is_no_field() -> None:
    files = {**FILES, "announcement.twitter.j2": "{# no [[code]] here #}{{ mark }}"}
    assert warned(files) == []
