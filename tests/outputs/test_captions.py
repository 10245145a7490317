"""Caption tracks: their times, their lines, and what they may not hold."""

import re

import pytest
from matrix_cinema.outputs.caption_track import captions_of, srt, vtt

pytestmark = pytest.mark.one_blender

BEATS = [
    ("it looks at animal & no other word <so far>, with a weight of 0.62 of all that there is", 1.0, 48.5),
    ("  ", 48.5, 60.0),
    ("and at\nnothing else", 60.0, 97.0),
]


def test_a_track_says_when_each_beat_speaks():
    captions = captions_of(BEATS, 1, 96, 24.0)
    assert [(one.start, one.end) for one in captions] == [(0.0, 47.5 / 24), (59 / 24, 4.0)]
    blocks = srt(captions).split("\n\n")
    assert blocks[0].startswith("1\n00:00:00,000 --> 00:00:01,979\nit looks at animal & no other word")
    assert blocks[1] == "2\n00:00:02,458 --> 00:00:04,000\nand at nothing else\n"
    assert max(len(line) for line in srt(captions).splitlines()) <= 42


def test_webvtt_escapes_what_it_would_take_for_marks():
    text = vtt(captions_of(BEATS, 1, 96, 24.0))
    assert text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.979\n")
    assert "animal &amp; no" in text and "&lt;so\nfar&gt;" in text and "<" not in text
    assert len(re.findall(r"^\d\d:\d\d:\d\d\.\d{3} --> ", text, re.M)) == 2


def test_a_part_of_a_film_has_its_part_of_the_track():
    (one,) = captions_of(BEATS, 49, 72, 12.0)
    assert (one.start, one.end) == (11 / 12, 2.0)
    assert captions_of(BEATS, 50, 55, 24.0) == [] and vtt([]) == "WEBVTT\n"


def test_hours_are_counted():
    assert "01:00:01,500 --> 01:00:02,000" in srt(captions_of([("a", 3601.5 + 1, 3602 + 1)], 1, 9999, 1.0))
