"""Progress: percentages, times and how each style writes them."""

import io
import json
import sys

import pytest
from matrix_cinema.outputs.progress import Progress, clock_time, tell


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock():
    return Clock()


def test_time_left_is_judged_by_what_this_run_did(clock):
    progress = Progress("rendering", total=10, done=6, style="quiet", clock=clock)
    assert progress.seconds_left(clock.now) is None
    clock.now = 20.0
    progress.update(8)
    assert progress.seconds_left(clock.now) == pytest.approx(20.0)


def test_progress_never_goes_back_nor_beyond_the_end(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    progress = Progress("rendering", total=4, style="json", clock=clock)
    for done in (2.0, 1.0, 9.0):
        clock.now += 1
        progress.update(done)
    told = [json.loads(line)["done"] for line in sys.stderr.getvalue().splitlines()]
    assert told == [2.0, 2.0, 4]


def test_json_is_one_object_a_line(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    progress = Progress("rendering", total=4, style="json", clock=clock)
    clock.now = 2.0
    progress.update(1, "frame 1")
    progress.finish()
    first, last = map(json.loads, sys.stderr.getvalue().splitlines())
    assert first == {
        "job": "rendering",
        "done": 1,
        "total": 4,
        "percent": 25.0,
        "elapsed": 2.0,
        "left": 6.0,
        "note": "frame 1",
    }
    assert (last["percent"], last["left"]) == (100.0, 0.0)


def test_lines_come_every_few_seconds_where_there_is_no_terminal(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    progress = Progress("rendering", total=100, clock=clock)
    for done in range(100):
        clock.now = done * 0.2
        progress.update(done)
    progress.finish()
    lines = sys.stderr.getvalue().splitlines()
    assert len(lines) == 5  # at 0, 5, 10 and 15 of 20 seconds, and at the end
    assert lines[1] == "rendering: 25 %  0:05 elapsed, 0:15 left"
    assert "100 %" in lines[-1] and "\r" not in sys.stderr.getvalue()


def test_a_terminal_gets_one_bar_no_wider_than_itself(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = Progress("rendering", total=3, clock=clock)
    for done in (1, 2):
        clock.now += 61
        progress.update(done, "a note that is longer than the terminal has columns, far longer")
    progress.finish()
    text = sys.stderr.getvalue()
    assert text.count("\n") == 1 and text.endswith("\n")
    assert all(len(part) <= 79 for part in text.strip().split("\r"))
    assert "2:02 elapsed, 1:01 left" in text


def test_a_percentage_of_100_means_done(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    Progress("rendering", total=1000, clock=clock).update(999.9)
    assert "99 %" in sys.stderr.getvalue()


@pytest.mark.parametrize(
    "seconds, text",
    [(None, "-:--"), (0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (3599, "59:59"), (3661, "1:01:01")],
)
def test_clock_time(seconds, text):
    assert clock_time(seconds) == text


@pytest.mark.skipif(sys.platform == "win32", reason="terminals as POSIX has them")
@pytest.mark.parametrize("columns", [20, 50, 79, 80, 132])
def test_a_bar_never_wraps_wherever_standard_output_goes(columns, clock, monkeypatch):
    """The terminal is that of standard error: Blender's output is sent to a file while it renders."""
    import fcntl
    import os
    import struct
    import termios

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    with open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("COLUMNS", "200")
        progress = Progress("rendering", total=3, clock=clock)
        for done in (1, 2):
            clock.now += 61
            progress.update(
                done, "frame 1 of a film that has a rather long note behind it, beyond 80 columns"
            )
        shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert all(len(part) < columns for part in shown.split("\r")) and "rendering" in shown


def test_messages_are_json_where_progress_is(capsys):
    tell("two\nlines", "json")
    tell("one", "lines")
    tell("none", "quiet")
    message, line = capsys.readouterr().err.splitlines()
    assert json.loads(message) == {"message": "two lines"} and line == "one"
