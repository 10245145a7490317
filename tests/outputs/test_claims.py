"""Claims: one process has each, whoever is killed; a silent machine has none after a while."""

import os
import subprocess
import sys
import time

import pytest
from matrix_cinema.errors import JobError
from matrix_cinema.outputs import claims
from matrix_cinema.outputs.claims import SILENCE, WORK, Work
from paths import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="where it can be told which process has gone")

# A process at work in the working folder: it claims what it is given, and says which claims it got.
WORKER = f"""
import sys; sys.path.insert(0, {str(ROOT / "scripts")!r})
import matrix_cinema as script; script.load_package()
from pathlib import Path
from matrix_cinema.outputs.claims import Work
work, got = Work(Path(".")), {{}}
print("ready", flush=True)
for line in sys.stdin:
    got[line] = work.claim(line.strip())
    print(got[line] is not None, flush=True)
"""


class Worker:
    """Another process at work in a folder."""

    def __init__(self, folder):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([sys.executable, "-c", WORKER], cwd=folder, **pipes)
        assert self.process.stdout.readline() == "ready\n"

    def claims(self, name):
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline() == "True\n"

    def kill(self):
        self.process.kill()
        self.process.wait()


def test_one_process_has_a_claim_until_it_gives_it_back_or_is_killed(tmp_path):
    work, other = Work(tmp_path), Worker(tmp_path)
    mine = work.claim("0001")
    assert mine and not other.claims("0001") and other.claims("0002")
    assert work.claim("0002") is None and len(work.others()) == 1
    work.release(mine)
    assert other.claims("0001") and work.claim("0001") is None
    other.kill()
    assert work.others() == []
    again = work.claim("0002")
    third = Worker(tmp_path)
    assert again and not third.claims("0002") and third.claims("0001")  # taken over from the dead one
    third.kill()
    work.release(again)
    work.end()
    assert os.listdir(tmp_path) == []


def test_a_process_of_another_machine_has_gone_when_it_was_silent(tmp_path):
    """By the clock of the disk: clocks of machines differ."""
    work = Work(tmp_path)
    worker = tmp_path / WORK / "matrix-cinema-00000000-1-1-worker"
    claim = tmp_path / WORK / "0001.1"
    worker.touch()
    claim.mkdir()
    (claim / worker.name).touch()
    assert work.claim("0001") is None and work.others() == [worker.name]
    past = time.time() - SILENCE - 1
    os.utime(worker, (past, past))
    assert work.others() == [] and work.claim("0001").name == "0001.2"
    worker.unlink()
    claim.with_name("0002.1").mkdir()
    (claim.with_name("0002.1") / worker.name).touch()
    assert work.claim("0002").name == "0002.2"
    work.end()
    assert os.listdir(tmp_path) == []


def test_a_claim_that_was_half_given_back_is_free(tmp_path):
    work = Work(tmp_path)
    (tmp_path / WORK / "0001.1").mkdir()
    assert work.claim("0001").name == "0001.1"
    work.end()


def test_a_disk_that_takes_no_claim_is_no_reason_to_wait(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(30, "Read-only file system")

    work = Work(tmp_path)
    monkeypatch.setattr(claims.os, "rename", refuse)
    with pytest.raises(JobError, match="Read-only"):
        work.claim("0001")
    work.end()
    assert os.listdir(tmp_path) == []


def test_one_waits_for_its_turn(tmp_path, monkeypatch):
    work = Work(tmp_path)
    claim, waited = work.claim("job"), []

    def wait(_seconds):
        waited.append(1)
        work.release(claim)

    monkeypatch.setattr(claims.time, "sleep", wait)
    with work.alone("job"):
        assert waited == [1] and work.claim("job") is None
    work.end()
