"""Lines as their glyphs stand: scripts that run to the left, letters that join, vowels before consonants."""

import pytest
from matrix_cinema.look.drawn_order import directed, drawn


@pytest.mark.parametrize(
    ("text", "glyphs"),
    [
        ("plain é 猫 → ไทย", "plain é 猫 → ไทย"),
        ("·שלום", "םולש·"),
        ("שלום (עולם) 12.5 ab 7", "ab 7 12.5 (םלוע) םולש"),
        ("ש(1/2)", "(1/2)ש"),
        # Words in a line that runs to the right keep their places, and an arrow its ends.
        ("attn[שלום, עולם טוב]", "attn[םולש, בוט םלוע]"),
        ("שלום → עולם 0.52", "םולש → םלוע 0.52"),
        # A mark stays behind its letter.
        ("שָב", "בשָ"),
        ("مرحبا", "\ufe8e\ufe92\ufea3\ufeae\ufee3"),
        ("لا", "\ufefb"),
        ("می\u200cم", "\ufee1\ufbfd\ufee3"),  # a joiner keeps letters apart
        ("हिन", "िहन"),
        ("কো", "েকা"),
        ("👩\u200d💻", "👩💻"),
    ],
)
def test_a_line_in_the_order_in_which_it_is_drawn(text, glyphs):
    assert drawn(text) == glyphs


def test_marks_for_programs_that_order_letters():
    assert directed("שלום") == "שלום" and directed("ab (1/2)") == "ab (1/2)"
    right = "\u200e"
    assert directed("שלום → עולם 0.5") == f"{right}שלום{right} → עולם{right} 0.5"
