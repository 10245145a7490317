"""Several processes make the frames of one film, and each is killed again and again: none is made twice."""

import contextlib
import dataclasses
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter

import numpy as np
import pytest
from matrix_cinema.errors import JobError

pytest.importorskip("bpy")

from matrix_cinema.outputs import frames, marks
from matrix_cinema.outputs.files import written_whole
from matrix_cinema.outputs.frames import render_missing
from matrix_cinema.outputs.frames_folder import Job, at_work, finished, frame_mark, frame_path
from pictures import grey_png

pytestmark = pytest.mark.one_blender
JOB = Job("0" * 64, 1, 90, 4, 4, 24, 1.0, "film.mp4")
NUMBERS = range(JOB.first, JOB.last + 1)


class StandIn:
    """Stands in for Rendering: a frame takes a few milliseconds, and the log says who began it. After
    `stuck_after` frames, the process gets stuck in the next one, where it is killed."""

    def __init__(self, log):
        self.log, self.stuck_after = log, np.inf

    def __call__(self, *_):
        return self

    def going_on(self, *_):
        return contextlib.nullcontext()

    def picture(self, n, path, mark):
        with open(self.log, "a") as log:
            log.write(f"{os.getpid()} {n}\n")
        time.sleep(0.002)
        self.stuck_after -= 1
        if self.stuck_after < 0:
            time.sleep(600)
        with written_whole(path) as part:
            grey_png(part, texts={marks.KEYWORD: mark})

    def found(self):
        pass

    def wait(self, *_):
        pass


@pytest.fixture
def log(tmp_path, monkeypatch):
    log = tmp_path / "log"
    log.touch()
    monkeypatch.setattr(frames, "standing", lambda *_: {})
    monkeypatch.setattr(frames, "Rendering", StandIn(log))
    return log


def make(folder):
    with at_work([folder], JOB) as (place, work):
        render_missing(None, JOB, place, work, NUMBERS, None)


def begun(log):
    """(process, frame) in the order in which they were begun."""
    return [tuple(map(int, line.split())) for line in log.read_text().splitlines()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are begun otherwise there")
def test_three_processes_that_are_killed_ten_times_each(tmp_path, log):
    """A frame is begun once, and once more for each process that was killed with it in hand."""
    folder, whole, chance = tmp_path / "film.frames", tmp_path / "whole.frames", random.Random(1)
    killed, workers = [], {}

    def worker(stuck_after):
        pid = os.fork()
        if not pid:
            try:
                frames.Rendering.stuck_after = stuck_after
                make(folder)
            finally:
                os._exit(0)
        workers[pid] = stuck_after
        return pid

    def kill(pid):
        """Kill a process in the frame that it is stuck in."""
        while sum(one == pid for one, _ in begun(log)) <= workers[pid]:
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        killed.append(pid)

    places = [worker(chance.randint(0, 3)) for _ in range(3)]
    for _ in range(10):
        for n, pid in enumerate(places):
            kill(pid)
            places[n] = worker(chance.randint(0, 3))
    for pid in places:
        kill(pid)
    for pid in [worker(np.inf) for _ in range(3)]:
        os.waitpid(pid, 0)

    last = {pid: n for pid, n in begun(log) if pid in killed}
    in_hand = Counter(last.values())
    times = Counter(n for _, n in begun(log))
    assert len(killed) == 33 and set(times) == set(NUMBERS)
    assert times == Counter({n: 1 + in_hand[n] for n in NUMBERS})
    make(whole)
    assert len(finished(folder)) == JOB.last and {p.name for p in folder.iterdir()} == {
        p.name for p in whole.iterdir()
    }
    for n in NUMBERS:
        assert frame_path(folder, n).read_bytes() == frame_path(whole, n).read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is in use is not removed there")
def test_a_folder_that_vanishes_is_named(tmp_path, log, monkeypatch):
    folder = tmp_path / "film.frames"
    picture = StandIn.picture

    def vanish(self, n, path, mark):
        if n == 3:
            shutil.rmtree(folder)
        picture(self, n, path, mark)

    monkeypatch.setattr(StandIn, "picture", vanish)
    with pytest.raises(JobError, match=r"film\.frames.* cannot be written \(No such file or directory\)"):
        make(folder)
    assert [n for _, n in begun(log)] == [1, 2, 3]
    monkeypatch.setattr(StandIn, "picture", picture)
    make(folder)  # the same command again makes what is missing
    assert len(finished(folder)) == JOB.last


def test_frames_of_another_version_are_never_mixed_in(tmp_path, log):
    """Another version has other marks. Its frames are rendered anew, or the job is refused."""
    folder, other = tmp_path / "film.frames", dataclasses.replace(JOB, mark="1" * 64)
    folder.mkdir()
    for n in (1, 2):
        grey_png(frame_path(folder, n), texts={marks.KEYWORD: frame_mark(other, n)})
    make(folder)
    assert [n for _, n in begun(log)] == list(NUMBERS)
