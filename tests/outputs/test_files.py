"""Files appear whole or not at all, and a bad place is known before any work."""

import os
import re
import subprocess
import sys

import pytest
from matrix_cinema.errors import InputError, JobError
from matrix_cinema.outputs.files import (
    discard_unfinished,
    require_file_place,
    require_folder_place,
    written_whole,
)
from matrix_cinema.outputs.owner import discard_left_by_blender, is_left, owned_stem, was_here
from paths import ROOT

pytestmark = pytest.mark.one_blender

# A process that has the package: it begins to write a.txt, says so, and waits to be killed.
BEGINS = """
import sys; sys.path.insert(0, {scripts!r})
import matrix_cinema as script; script.load_package()
from matrix_cinema.outputs.files import written_whole
from matrix_cinema.outputs.owner import own_folder
import os; os.mkdir("blender_x"); own_folder("blender_x")
with written_whole("a.txt") as part:
    part.write_text("half")
    part.with_name(part.name + "@").write_text("what Blender makes of a name while it saves")
    print(part.name, flush=True)
    sys.stdin.read()
"""


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_what_was_written_replaces_the_file(tmp_path):
    path = tmp_path / "new" / "a.txt"
    for text in ("one", "two"):
        with written_whole(path) as part:
            part.write_text(text)
            assert part.suffix == ".txt" and part.name.startswith(".")
        assert path.read_text() == text
    assert names(tmp_path) == ["new", "new/a.txt"]


def test_an_error_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), written_whole(path) as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "before" and names(tmp_path) == ["a.txt"]


def test_a_full_disk_is_a_failed_job(tmp_path):
    with pytest.raises(JobError, match="No space left"), written_whole(tmp_path / "a.txt"):
        raise OSError(28, "No space left on device")


def test_unfinished_files_can_be_discarded_at_once(tmp_path):
    with pytest.raises(JobError), written_whole(tmp_path / "a.txt") as part:
        part.write_text("half")
        discard_unfinished()
        assert names(tmp_path) == []


@pytest.mark.parametrize("require", [require_file_place, require_folder_place])
def test_a_good_place_is_checked_without_leaving_anything(tmp_path, require):
    require(tmp_path / "not" / "yet" / "there")
    assert names(tmp_path) == []


@pytest.mark.parametrize("require", [require_file_place, require_folder_place])
def test_a_file_in_the_way_is_told(tmp_path, require):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        require(tmp_path / "file" / "x.png")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder in which nobody can write")
def test_a_folder_that_nobody_can_write_is_told():
    with pytest.raises(InputError, match="cannot write"):
        require_file_place("/proc/x.png")


def test_a_folder_is_no_file_place(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        require_file_place(tmp_path)


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a.txt").symlink_to(tmp_path / "elsewhere" / "b.txt")
    with written_whole(tmp_path / "a.txt") as part:
        part.write_text("new")
    assert (tmp_path / "a.txt").is_symlink()
    assert (tmp_path / "elsewhere" / "b.txt").read_text() == "new"


def test_a_name_alone_means_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    require_file_place("a.txt")
    with written_whole("a.txt") as part:
        assert part.is_absolute() and part.parent == tmp_path.resolve()
        part.write_text("new")
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("require", [require_file_place, require_folder_place])
@pytest.mark.parametrize(
    "name, said",
    [
        ("n" * 252 + ".png", "256 bytes; the most is 255"),
        ("ü" * 126 + ".png", "256 bytes; the most is 255"),
        ("/".join(["n" * 99] * 10) + "/a.png", "the most is 760"),
        ("back\\slash/a.png", "backslash"),
        (os.fsdecode(b"\xff.png"), "not UTF-8"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="names as POSIX allows them")
def test_a_name_that_blender_cannot_write_is_told_before_any_work(tmp_path, require, name, said):
    with pytest.raises(InputError, match=re.escape(said)):
        require(tmp_path / name)
    assert names(tmp_path) == []


def test_what_is_no_regular_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(InputError, match="not a regular file"):
        require_file_place(tmp_path / "a.png")


def test_the_disk_is_blamed_for_what_it_refused(tmp_path):
    with (
        pytest.raises(JobError, match="^/elsewhere/font.ttf: cannot be written"),
        written_whole(tmp_path / "a"),
    ):
        raise OSError(28, "No space left on device", "/elsewhere/font.ttf")


@pytest.mark.skipif(sys.platform != "linux", reason="where it can be told which process has gone")
def test_what_a_killed_run_left_goes_with_the_next_one(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", BEGINS.format(scripts=str(ROOT / "scripts"))],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    part = process.stdout.readline().strip()
    (tmp_path / "blender_y").mkdir()  # of a Blender that has nothing to do with us
    begun = names(tmp_path)
    assert {part, part + "@", "blender_x"} < set(begun)
    require_file_place(tmp_path / "b.txt")
    discard_left_by_blender(tmp_path)
    assert names(tmp_path) == begun  # as long as it runs, all is left as it is
    process.kill()
    process.wait()
    foreign = ".matrix-cinema-00000000-00000000-1-1-1.part.txt"
    (tmp_path / foreign).write_text("of another machine")
    require_file_place(tmp_path / "b.txt")
    discard_left_by_blender(tmp_path)
    assert names(tmp_path) == sorted([foreign, "blender_y"])
    os.utime(tmp_path / foreign, (1.0, 1.0))  # since 1970
    require_file_place(tmp_path / "b.txt")
    assert names(tmp_path) == ["blender_y"]


def test_a_process_number_that_was_given_anew_is_another_process():
    mine = owned_stem() + "1.part.png"
    assert not is_left(mine) and not is_left("." + mine) and not is_left("notes.png")
    if sys.platform == "linux":
        machine, boot, pid, started = mine.split("-")[2:6]
        assert is_left(mine.replace(started, str(int(started) + 1)))
        assert not is_left(mine.replace(machine, "0" * 8))
        again = mine.replace(boot, "0" * 8).replace(f"-{pid}-", "-999999999-")
        assert not is_left(again) and was_here(again) and not was_here(mine)
