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


def test_a_font_says_how_wide_letters_beyond_the_first_65536_are(tmp_path):
    groups = struct.pack(
        ">6I", ord("A"), ord("B"), 1, 0x1F600, 0x1F601, 2
    )  # the last glyph twice: it repeats
    tables = {
        b"head": struct.pack(">18xH16x4h10x", 1000, 0, -200, 900, 800),
        b"hhea": struct.pack(">34xH", 3),
        b"hmtx": struct.pack(">6H", 500, 0, 600, 0, 700, 0),
        b"cmap": struct.pack(">HHHHI2H3I", 0, 1, 3, 10, 12, 12, 0, 40, 0, 2) + groups,
    }
    listed, start = b"", 12 + 16 * len(tables)
    for tag, table in tables.items():
        listed += struct.pack(">4sIII", tag, 0, start, len(table))
        start += len(table)
    path = tmp_path / "type.ttf"
    path.write_bytes(struct.pack(">4s4H", b"\0\1\0\0", 4, 0, 0, 0) + listed + b"".join(tables.values()))
    font = read_font(path)
    assert font.advances == {ord("A"): 0.6, ord("B"): 0.7, 0x1F600: 0.7, 0x1F601: 0.7} and font.box == 1.0


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
