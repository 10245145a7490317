"""Progress: what a job tells, percentages, times, and how each style writes them."""

import io
import json
import sys

import pytest
from matrix_cinema.cli.progress import ProgressWriter
from matrix_cinema.outputs.progress import Tracker, clock_time, tell


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


@pytest.fixture
def said(capsys):
    """What is written on standard error, which is no terminal, so far."""
    return lambda: capsys.readouterr().err


def test_what_a_job_tells():
    """It never goes back nor beyond the end, and only the last word of it says that it is finished."""
    heard = []
    tracker = Tracker("rendering", 4, heard.append, done=1)
    for done in (1, 2.5, 2, 9):
        tracker.update(done, f"at {done}")
    tracker.finish()
    tell(heard.append, "a message")
    assert [(one.done, one.total, one.finished) for one in heard[:-1]] == [
        (1, 4, False), (2.5, 4, False), (2.5, 4, False), (4, 4, False), (4, 4, True)
    ]  # fmt: skip
    assert heard[0].job == "rendering" and heard[0].note == "at 1" and heard[-1].message == "a message"


def test_json_is_one_object_a_line(clock, said):
    tracker = Tracker("rendering", 10, ProgressWriter("json", clock), done=6)
    tracker.update(6)
    clock.now = 20.0
    tracker.update(8, "frame 8")
    tracker.finish()
    begun, half, last = map(json.loads, said().splitlines())
    assert begun["left"] is None and begun["done"] == 6
    assert half == {
        "job": "rendering",
        "done": 8,
        "total": 10,
        "percent": 80.0,
        "elapsed": 20.0,
        "left": 20.0,  # judged by what this run did, not by what it found done
        "note": "frame 8",
    }
    assert (last["percent"], last["left"]) == (100.0, 0.0)


def test_lines_come_every_few_seconds_where_there_is_no_terminal(clock, said):
    tracker = Tracker("rendering", 100, ProgressWriter(clock=clock))
    for done in range(100):
        clock.now = done * 0.2
        tracker.update(done)
    tracker.finish()
    text = said()
    lines = text.splitlines()
    assert len(lines) == 5  # at 0, 5, 10 and 15 of 20 seconds, and at the end
    assert lines[1] == "rendering: 25 %  0:05 elapsed, 0:15 left"
    assert "100 %" in lines[-1] and "\r" not in text


def test_each_job_has_its_own_time(clock, said):
    writer = ProgressWriter("lines", clock)
    for job in ("rendering", "encoding"):
        tracker = Tracker(job, 2, writer)
        tracker.update(0)
        clock.now += 10
        tracker.update(1)
        tracker.finish()
    times = [line for line in said().splitlines() if "50 %" in line]
    assert times == [f"{job}: 50 %  0:10 elapsed, 0:10 left" for job in ("rendering", "encoding")]


def test_a_terminal_gets_one_bar_no_wider_than_itself(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    tracker = Tracker("rendering", 3, ProgressWriter(clock=clock))
    for done in (0, 1, 2):
        tracker.update(done, "a note that is longer than the terminal has columns, far longer")
        clock.now += 61
    tracker.finish()
    text = sys.stderr.getvalue()
    assert text.count("\n") == 1 and text.endswith("\n")
    assert all(len(part) <= 79 for part in text.strip().split("\r"))
    assert "2:02 elapsed, 1:01 left" in text


def test_the_bar_is_left_on_a_line_of_its_own(clock, monkeypatch):
    """Before a message, and when the job fails."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    with ProgressWriter(clock=clock) as writer:
        tracker = Tracker("rendering", 3, writer)
        tracker.update(1)
        tell(writer, "a message")
        tracker.update(2)
    bar, message, again, after = sys.stderr.getvalue().split("\n")
    assert "33 %" in bar and message == "a message" and "66 %" in again and after == ""


def test_a_percentage_of_100_means_done(clock, said):
    Tracker("rendering", 1000, ProgressWriter(clock=clock)).update(999.9)
    assert "99 %" in said()


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
        tracker = Tracker("rendering", 3, ProgressWriter(clock=clock))
        for done in (1, 2):
            clock.now += 61
            tracker.update(done, "frame 1 of a film that has a rather long note behind it, beyond 80 columns")
        shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert all(len(part) < columns for part in shown.split("\r")) and "rendering" in shown


def test_messages_are_json_where_progress_is(said):
    tell(ProgressWriter("json"), "two\nlines")
    tell(ProgressWriter("lines"), "one")
    tell(ProgressWriter("quiet"), "none")
    message, line = said().splitlines()
    assert json.loads(message) == {"message": "two lines"} and line == "one"
