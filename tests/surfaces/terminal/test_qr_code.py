"""The code on the screen is the link's, module by module."""

from __future__ import annotations

import pytest
import segno

from client.errors import WrongInput
from client.signing_in import refuse_own_machine
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


@pytest.mark.parametrize("console", ["http://localhost:8092", "http://127.0.0.1:8092"])
def test_a_phone_is_not_led_to_itself(console: str) -> None:
    with pytest.raises(WrongInput, match="on the phone itself"):
        refuse_own_machine(console)


def test_a_host_with_a_name_is_fine() -> None:
    refuse_own_machine("https://console.example.com")
    refuse_own_machine("http://localhost.example.com:8092")
