"""Type: every text as one line that can be seen, and widths that are Blender's."""

import struct

import pytest
from from_tables import planned_from
from hypothesis import given
from hypothesis import strategies as st
from matrix_cinema.errors import InputError
from matrix_cinema.formats.font import read_font
from matrix_cinema.look.typeface import ELLIPSIS, Typeface, built_in, escaped

SCENE = {"expression": "C = A @ B", "matrices": {"A": {"values": [[1.0]]}, "B": {"values": [[2.0]]}}}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),  # accents join their letters
        ("a\nb\tc\rd", "a↵b→c←d"),
        ("zero\u200bwidth", "zeroU+200Bwidth"),
        ("\u202eright to left", "U+202Eright to left"),
        ("\x00\x7f", "U+0000U+007F"),
        ("\ud800", "U+D800"),  # half of a pair, as in a token cut within a character
        ("\U000e0041", "U+E0041"),
        ("non\u00a0breaking", "non breaking"),
        ("ĠλόγοςĊ▁中文한😀", "ĠλόγοςĊ▁中文한😀"),
    ],
)
def test_whatever_a_token_holds_can_be_seen(text, shown):
    assert built_in().shown(text) == shown
    assert escaped(shown, text) == (shown.count("U+") > 0)


@given(st.text(max_size=60), st.floats(1.0, 20.0))
def test_every_text_is_one_line_and_no_wider_than_asked(text, longest):
    face = built_in()
    shown = face.shown(text, longest)
    assert "\n" not in shown and face.width(shown) <= longest + 1e-9
    assert all(face.has(letter) or letter == " " for letter in shown)
    if face.width(face.shown(text)) > longest:
        assert shown.endswith(ELLIPSIS)


def test_a_font_that_is_none_is_refused_before_anything_is_built(tmp_path):
    def refused(content, match):
        path = tmp_path / "type.ttf"
        path.write_bytes(content)
        with pytest.raises(InputError, match=match):
            planned_from(SCENE | {"look": {"font": str(path)}})

    refused(b"hello", "is not a font")
    refused(b"ttcf" + bytes(40), "a collection of fonts")
    refused(b"OTTO" + bytes(4), "is damaged")
    refused(b"\x00\x01\x00\x00" + struct.pack(">HHHH4sIII", 1, 0, 0, 0, b"head", 0, 9999, 54), "is damaged")
    with pytest.raises(InputError, match="look: font: .*missing.otf: no such font file"):
        planned_from(SCENE | {"look": {"font": "missing.otf"}})


@given(st.binary(max_size=400))
def test_damaged_fonts_are_refused(content):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "type.ttf"
        path.write_bytes(b"\x00\x01\x00\x00" + content)
        with pytest.raises(InputError, match="is damaged"):
            read_font(path)


@pytest.mark.parametrize("text", ["word " * 20_000, "\u0301" * 100_000, "😀" * 100_000])
def test_a_text_without_end_is_measured_once(text):
    """The width of every shorter line was measured: a label of 100 kB took minutes."""
    face, looked_up = built_in(), []

    class Widths(dict):
        def get(self, code, default):
            looked_up.append(code)
            return face.widths.get(code, default)

    counting = Typeface(Widths(face.widths))
    for longest in (None, 9.0):
        shown = counting.shown(text, longest)
        assert shown.endswith(ELLIPSIS) and len(shown) < 10_000
    assert len(looked_up) < 50_000
