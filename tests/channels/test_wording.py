"""What a post says, and how we recognise it after the provider has had its hands on it."""

from __future__ import annotations

import pytest

from channels.contract import CannotExpress, Template
from channels.wording import bears_the_mark, says_the_same, tidy, words_of_post
from domain.message import Copy, Voice

MARK = "Update 2, 20 Nov 14:05 UTC"


def copy(text: str, mark: str = MARK) -> Copy:
    return Copy(channel="twitter", text=text, mark=mark)


def test_a_post_ends_with_its_sign_off_mark_and_link() -> None:
    template = Template(
        text="We are on it. ",
        mark=MARK,
        link="https://acme.example/s",
        voice=Voice(name="Joel", sign_off="– Joel"),
    )
    assert words_of_post(template, "twitter", with_link=True) == (
        f"We are on it.\n– Joel\n{MARK}\nhttps://acme.example/s"
    )


def test_what_the_template_says_already_is_not_said_twice() -> None:
    text = f"{MARK}: we are on it, see https://acme.example/s – Joel"
    template = Template(
        text=text,
        mark=MARK,
        link="https://acme.example/s",
        voice=Voice(name="Joel", sign_off="– Joel"),
    )
    assert words_of_post(template, "twitter", with_link=True) == text


def test_a_longer_link_does_not_stand_for_the_one_that_was_asked_for() -> None:
    template = Template(text="See https://acme.example/blog", link="https://acme.example")
    assert words_of_post(template, "twitter", with_link=True).endswith("\nhttps://acme.example")


def test_a_link_that_travels_beside_the_text_is_not_put_into_it() -> None:
    template = Template(text="We are on it.", link="https://acme.example/s")
    assert words_of_post(template, "facebook", with_link=False) == "We are on it."


def test_a_personal_field_cannot_stand_in_a_public_post() -> None:
    with pytest.raises(CannotExpress, match="no recipients"):
        words_of_post(Template(text="Your code: [[code]]"), "twitter", with_link=True)


def test_line_ends_and_composition_are_settled_before_anybody_signs() -> None:
    assert tidy("Cafe\u0301 \r\nopen\r again  \n\n") == "Café\nopen\n again"


@pytest.mark.parametrize(
    "published", ["We  are on it.\nSoon", "We are on it. Soon ", "We are\u00a0on it.\r\n\r\nSoon"]
)
def test_white_space_makes_no_other_post(published: str) -> None:
    assert says_the_same(published, copy("We are on it.\n\nSoon"))


def test_other_words_make_another_post() -> None:
    assert not says_the_same("We are on it", copy("We are on it."))


def test_a_post_is_recognised_by_its_mark_whatever_became_of_the_rest() -> None:
    assert bears_the_mark(f"We are on… {MARK} https://t.co/x", copy("We are on it."))


def test_a_copy_without_a_mark_is_in_no_post() -> None:
    assert not bears_the_mark("anything", copy("We are on it.", mark=""))
