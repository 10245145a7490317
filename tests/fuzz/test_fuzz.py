"""Some inputs of every kind, the same at each run; `make fuzz` gives a hundred thousand."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import fuzz
import judge
from case import Case
from kinds import KINDS, made

HERE = Path(__file__).resolve().parent
SEED, COUNT = 1, 500


def test_no_input_is_taken_in_another_meaning(tmp_path):
    command = [sys.executable, HERE / "fuzz.py", "--seed", SEED, "--count", COUNT, "--without-blender"]
    done = subprocess.run(
        [*map(str, command), "--out", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    given = fuzz.shares([kind for kind in KINDS if not KINDS[kind].blender], COUNT)
    assert not done.stderr and f"{sum(given.values())} inputs in" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_an_input_is_made_again_by_its_number_and_from_its_file(tmp_path, kind):
    case = made(kind, 3, 14)
    assert case == made(kind, 3, 14) and case != made(kind, 3, 15) and case != made(kind, 4, 14)
    case.save(tmp_path / "case.json")
    assert Case.load(tmp_path / "case.json") == case


def broken(argv):
    """A program that takes everything as it should not."""
    match argv[0]:
        case "raises":
            raise KeyError("name")
        case "generic":
            print(
                "matrix-cinema: error: KeyError: 1 (run again with --traceback to see where)", file=sys.stderr
            )
            return 1
        case "warns":
            warnings.warn("overflow", RuntimeWarning, stacklevel=1)
        case "is silent":
            return 1
        case "goes on and on":
            print("matrix-cinema: error: " + "x" * 9000, file=sys.stderr)
            return 2
        case "leaves a part":
            Path("a.part").touch()
            print("matrix-cinema: error: no", file=sys.stderr)
            return 2
        case "makes up a status":
            return 7
    return 0


@pytest.mark.parametrize(
    ("does", "fault"),
    [
        ("nothing", ""),
        ("raises", "KeyError came out"),
        ("generic", "not told for people"),
        ("warns", "a warning: overflow"),
        ("is silent", "0 lines for one error"),
        ("goes on and on", "a line of 9,022 letters"),
        ("leaves a part", "left behind"),
        ("makes up a status", "status 7"),
    ],
)
def test_what_is_wrong_is_noticed(tmp_path, monkeypatch, does, fault):
    monkeypatch.setattr(judge.commands, "run", broken)
    found = judge.judged(Case("commands", {}, [does]), tmp_path).fault
    assert fault in found and bool(fault) == bool(found)


@pytest.mark.parametrize(
    ("does", "fault"), [("os.abort()", "crashed with status -6"), ("time.sleep(60)", "does not end")]
)
def test_crashes_and_endless_runs_are_verdicts_too(tmp_path, monkeypatch, does, fault):
    (tmp_path / "worker.py").write_text(f"import os, time\n{does}\n")
    monkeypatch.setattr(fuzz, "WORKER", tmp_path / "worker.py")
    monkeypatch.setattr(fuzz, "HANGS", 2.0)
    monkeypatch.setattr(fuzz, "LAST_WORDS", 0.1)
    worker = fuzz.Worker(blender=False)
    assert worker.verdict(("tables", 1, 1))["fault"] == fault
    worker.close()


def test_what_fell_before_stays_mended(tmp_path):
    found = sorted((HERE / "found").glob("*.json"))
    command = [sys.executable, HERE / "fuzz.py", "--out", tmp_path, "--replay", *found]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert found and done.returncode == 0, done.stdout + done.stderr
