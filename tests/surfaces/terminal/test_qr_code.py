"""The code on the screen is the link's, module by module."""

from __future__ import annotations

from pathlib import Path

import pytest
import segno

from client.errors import WrongInput
from client.signing_in import for_phones
from settings import Settings
from surfaces.terminal.qr_code import qr_code

LINK = "https://console.example.com/enter/" + "Ab1_" * 10 + "xyz"
HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def test_what_is_drawn_is_the_code_of_the_link() -> None:
    lines = qr_code(LINK).plain.splitlines()
    drawn = [[HALVES[sign][half] for sign in line] for line in lines for half in (0, 1)]
    wanted = [
        [int(bool(module)) for module in row]
        for row in segno.make(LINK, micro=False).matrix_iter(border=4)
    ]
    assert drawn[: len(wanted)] == wanted
    assert not any(map(any, drawn[len(wanted) :]))


def test_it_fits_on_a_narrow_terminal() -> None:
    assert max(map(len, qr_code(LINK).plain.splitlines())) <= 60


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a folder where no stack runs."""
    return Settings(state_dir=tmp_path, console_reading_url="")


@pytest.mark.parametrize("console", ["http://localhost:8092", "http://127.0.0.1:8092"])
def test_a_phone_is_not_led_to_itself(settings: Settings, console: str) -> None:
    with pytest.raises(WrongInput, match="on the phone itself"):
        for_phones(settings, console)


def test_a_phone_is_led_to_where_it_can_read(settings: Settings) -> None:
    there = settings.model_copy(update={"console_reading_url": "http://192.168.1.20:8093"})
    assert for_phones(there, "http://localhost:8092") == ("http://192.168.1.20:8093", True)


@pytest.mark.parametrize(
    "url", ["https://console.example.com", "http://localhost.example.com:8092"]
)
def test_a_host_with_a_name_is_fine(settings: Settings, url: str) -> None:
    assert for_phones(settings, url) == (url, False)
