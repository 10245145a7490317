"""How a command begins and ends early: signals, a working folder that has gone, little memory, odd names."""

import json
import os
import signal
import subprocess
import sys

import pytest
from matrix_cinema.cli import commands as cli
from matrix_cinema.errors import LONGEST_MESSAGE, one_line
from paths import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits as POSIX has them")

SCRIPT = str(ROOT / "scripts" / "matrix_cinema.py")
# The command line of a process that sends itself a signal while it imports a certain module.
SIGNALLED = f"""
import importlib.abc, os, runpy, signal, sys

if {{heeded}}:  # one that is ignored here, as under nohup, would be ignored by every child
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == {{module!r}}:
            os.kill(os.getpid(), {{number}})

sys.meta_path.insert(0, Finder())
sys.argv[1:] = {{words!r}}
runpy.run_path({SCRIPT!r}, run_name="__main__")
"""


def signalled(module, number, *words):
    """(exit status, standard error) of a command line that is interrupted while it loads a module."""
    program = SIGNALLED.format(module=module, number=int(number), words=list(words), heeded=True)
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    return process.returncode, process.stderr


@pytest.mark.parametrize(
    "module",
    ["matrix_cinema.outputs.interrupt", "matrix_cinema.cli.commands", "numpy", "matrix_cinema.errors"],
)
def test_ctrl_c_while_modules_load_is_told_in_one_line(module):
    assert signalled(module, signal.SIGINT, "presets") == (130, "matrix-cinema: interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_a_command_likewise(number):
    status, said = signalled("matrix_cinema.cli.commands", number, "presets", "--traceback")
    assert (status, said) == (128 + number, "matrix-cinema: interrupted\n")


def test_a_signal_that_is_ignored_stays_ignored():
    """As under nohup; but not an interrupt, which a shell ignores for what it starts in the background."""
    program = "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); exec(sys.argv[1])"
    code = SIGNALLED.format(module="numpy", number=int(signal.SIGHUP), words=["presets"], heeded=False)
    process = subprocess.run([sys.executable, "-c", program, code], capture_output=True, text=True)
    assert process.returncode == 0 and process.stdout.startswith("styles") and process.stderr == ""


def test_a_working_folder_that_was_removed_is_told(tmp_path):
    (tmp_path / "gone").mkdir()
    remove = (
        "import os, sys; os.chdir(sys.argv[1]); os.rmdir(os.getcwd()); "
        "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
    )
    for words in (["presets"], ["render", str(ROOT / "tests" / "tiny.toml")]):
        (tmp_path / "gone").mkdir(exist_ok=True)
        process = subprocess.run(
            [sys.executable, "-c", remove, tmp_path / "gone", SCRIPT, *words], capture_output=True, text=True
        )
        assert process.returncode in (1, 2) and process.stderr.count("\n") == 1, process.stderr
        assert "the working folder has been removed" in process.stderr


@pytest.mark.parametrize("megabytes", [300, 600, 1000])
def test_too_little_memory_is_told_as_that(megabytes):
    pytest.importorskip("bpy")
    limit = f"ulimit -v {megabytes * 1000}; exec '{sys.executable}' '{SCRIPT}' --version"
    process = subprocess.run(["sh", "-c", limit], capture_output=True, text=True)
    assert process.returncode == 1 and process.stderr.count("\n") == 1, process.stderr
    assert "memory" in process.stderr and "pip install" not in process.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other disks have no such names")
def test_names_that_are_no_text_are_read_and_told(tmp_path):
    name = os.fsdecode(b"sc\xffne.toml")
    (tmp_path / name).write_text((ROOT / "tests" / "tiny.toml").read_text())
    run = [sys.executable, SCRIPT]
    process = subprocess.run([*run, "inspect", name], cwd=tmp_path, capture_output=True, text=True)
    assert process.returncode == 0 and "expression: out = A @ B" in process.stdout, process.stderr
    for words in (
        ["inspect", os.fsdecode(b"n\xffne.toml")],
        ["build", name, "-o", os.fsdecode(b"\xff.blend")],
        ["render", name],
        ["render", name, "-o", os.fsdecode(b"\xff.mp4")],
        ["encode", os.fsdecode(b"\xff"), "-o", "a.mp4"],
    ):
        process = subprocess.run([*run, *words], cwd=tmp_path, capture_output=True, text=True)
        assert process.returncode == 2 and process.stderr.count("\n") == 1, process.stderr
        assert "\\udcff" in process.stderr
    assert os.listdir(tmp_path) == [name]


def test_a_message_is_one_line_of_bounded_length():
    assert one_line("a\nb\t c\r\n") == "a b c"
    assert one_line("title \x1b[31mred\x07") == "title \\x1b[31mred\\x07"
    told = one_line("begins " + 50_000 * "x" + " ends")
    assert (
        len(told) == LONGEST_MESSAGE
        and told.startswith("begins x")
        and told.endswith("x ends")
        and " … " in told
    )


@pytest.mark.parametrize(
    "words, status, said",
    [
        (["render", "none.toml", "--json-progress"], 2, "no such"),
        (["render", "--json-progress"], 2, "SCENE"),
        (["render", "x" * 100_000 + ".toml", "--json-progress"], 2, "…"),
    ],
)
def test_errors_are_json_where_progress_is(capsys, tmp_path, monkeypatch, words, status, said):
    monkeypatch.chdir(tmp_path)
    assert cli.run(words) == status
    err = capsys.readouterr().err
    told = json.loads(err)
    assert err.count("\n") == 1 and len(err) < 2 * LONGEST_MESSAGE
    assert said in told["error"] and told["status"] == status


def test_an_interrupt_is_json_where_progress_is():
    status, said = signalled("numpy", signal.SIGTERM, "presets", "--traceback")
    assert status == 143 and said == "matrix-cinema: interrupted\n"
    words = ["render", "none.toml", "--json-progress"]
    status, said = signalled("numpy", signal.SIGTERM, *words)
    assert status == 143 and json.loads(said) == {"error": "interrupted", "status": 143}


def test_standard_output_that_is_closed_is_no_error():
    process = subprocess.run(["sh", "-c", f"'{sys.executable}' '{SCRIPT}' presets >&-"], capture_output=True)
    assert process.returncode == 0 and process.stderr == b""
