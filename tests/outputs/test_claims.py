"""Claims: only one process has each, whoever is killed, and a machine that falls silent loses its claims."""

import os
import subprocess
import sys
import time

import pytest
from matrix_cinema.errors import JobError
from matrix_cinema.outputs import claims
from matrix_cinema.outputs.claims import LONG, SILENCE, WORK, Work, was_taken_over
from paths import ROOT

pytestmark = [
    pytest.mark.one_blender,
    pytest.mark.skipif(sys.platform != "linux", reason="where it can be told which process has gone"),
]

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


ELSEWHERE = "matrix-cinema-00000000-00000000-1-1-0-worker"  # on another machine


def put_claim(folder, name, worker):
    """A claim as the process `worker` leaves it, which gave a sign of life just now."""
    (folder / WORK / name).mkdir(parents=True)
    (folder / WORK / name / worker).touch()
    (folder / WORK / worker).touch()


@pytest.fixture
def clock(monkeypatch):
    """This machine's own clock, to be set."""
    times = [1000.0]
    monkeypatch.setattr(claims.time, "monotonic", lambda: times[0])
    return times


def set_sign(folder, age):
    at = time.time() - age
    os.utime(folder / WORK / ELSEWHERE, (at, at))


@pytest.mark.parametrize("skew", [0.0, 20_000.0, -20_000.0])
def test_a_process_of_another_machine_has_gone_when_it_was_silent(tmp_path, clock, skew):
    """Seen from here: the clock of its machine, or of the disk, may be hours off."""
    work = Work(tmp_path)
    put_claim(tmp_path, "0001.1", ELSEWHERE)
    for sign in range(5):  # it lives, however long it takes
        set_sign(tmp_path, skew - 30.0 * sign)
        assert work.claim("0001") is None and work.others() == [ELSEWHERE]
        clock[0] += 0.9 * SILENCE
        assert work.silence() == pytest.approx(0.9 * SILENCE)
    clock[0] += 0.2 * SILENCE
    assert work.others() == []
    mine = work.claim("0001")
    assert was_taken_over(mine) and not Worker(tmp_path).claims("0001")
    assert work.silence() == 0.0  # a process that has gone does not count
    work.end()


def test_who_was_silent_for_days_has_gone_at_once(tmp_path, clock):
    work = Work(tmp_path)
    put_claim(tmp_path, "0001.1", ELSEWHERE)
    set_sign(tmp_path, 2 * LONG)
    assert work.others() == [] and work.claim("0001")
    (tmp_path / WORK / ELSEWHERE).unlink()  # it has left, but for a claim
    put_claim(tmp_path, "0002.1", ELSEWHERE)
    (tmp_path / WORK / ELSEWHERE).unlink()
    assert work.claim("0002")
    work.end()
    assert os.listdir(tmp_path) == []


def test_this_machine_itself_is_believed_sooner_when_it_was_started_anew(tmp_path, clock):
    work = Work(tmp_path)
    boot = work._own.name.split("-")[3]
    before = work._own.name.replace(boot, "0" * 8)
    put_claim(tmp_path, "0001.1", before)
    assert work.claim("0001") is None
    os.utime(tmp_path / WORK / before, (time.time() - 2 * SILENCE,) * 2)
    assert work.claim("0001")


def test_two_machines_of_one_name_and_process_number_are_two(tmp_path):
    """Containers and copies of a machine may share these. Their processes cannot be asked whether they run,
    so nothing is taken from them."""
    work = Work(tmp_path)
    machine, boot, pid, started = work._own.name.split("-")[2:6]
    for n, twin in enumerate(
        (
            f"matrix-cinema-{machine}-{'0' * 8}-{pid}-{started}-0-worker",  # of one name
            f"matrix-cinema-{machine}-{boot}-{pid}-{started}-0-worker",  # a copy, with all its numbers
            f"matrix-cinema-{machine}-{'1' * 8}-999999999-{started}-0-worker",  # no such process here
        )
    ):
        put_claim(tmp_path, f"{n}.1", twin)
        assert work.claim(f"{n}") is None and twin in work.others()
    work.end()
    assert sum(name.endswith("worker") for name in os.listdir(tmp_path / WORK)) == 3


def test_a_claim_that_was_half_given_back_is_free(tmp_path):
    work = Work(tmp_path)
    (tmp_path / WORK / "0001.1").mkdir()
    assert work.claim("0001")
    work.end()
    assert os.listdir(tmp_path) == []


def test_a_claim_that_was_taken_over_stays_so_whoever_leaves(tmp_path):
    """The dead process's claim has the lower number. If it alone were removed, that number would be free."""
    dead = Worker(tmp_path)
    assert dead.claims("0001")
    dead.kill()
    first, second, third = Work(tmp_path), Work(tmp_path), Work(tmp_path)
    mine = first.claim("0001")
    second.end()
    assert mine and third.claim("0001") is None
    first.release(mine)
    assert third.claim("0001")
    first.end(), third.end()
    assert os.listdir(tmp_path) == []


def test_who_saw_less_of_the_folder_gives_way(tmp_path, monkeypatch):
    """A network may show an old state of a folder. A process then claims another number, and returns it."""
    first, late = Work(tmp_path), Work(tmp_path)
    put_claim(tmp_path, "0001.1", owner_that_has_gone())
    assert first.claim("0001").name == "0001.2"
    (tmp_path / WORK / "0001.1").rename(tmp_path / WORK / "0001.3")  # as if the first one had seen less
    seen, whole = [{3: "0001.3"}], late._claims_of
    monkeypatch.setattr(late, "_claims_of", lambda name: seen.pop() if seen else whole(name))
    assert late.claim("0001") is None and sorted(late._claims_of("0001")) == [2, 3]
    first.end(), late.end()


def owner_that_has_gone():
    """The name of a process of this machine that is not there."""
    return claims.owned_stem().replace(f"-{os.getpid()}-", "-999999999-") + "0-worker"


def test_an_answer_that_a_network_lost_is_no_answer(tmp_path, monkeypatch):
    """The disk has moved the folder, was asked again, and found nothing to be moved."""
    work, rename = Work(tmp_path), os.rename

    def twice(*paths):
        rename(*paths)
        rename(*paths)

    monkeypatch.setattr(claims.os, "rename", twice)
    assert work.claim("0001")
    work.end()
    assert os.listdir(tmp_path) == []


def test_who_was_stopped_for_long_goes_on_as_before(tmp_path, clock):
    """Meanwhile another one took its file away."""
    work = Work(tmp_path)
    put_claim(tmp_path, "0001.1", ELSEWHERE)
    work._own.unlink()
    assert work.claim("0001") is None  # it takes nothing from those that are there
    clock[0] += 100.0
    work.beat()
    assert work._own.exists()
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
