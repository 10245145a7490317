"""Files appear whole or not at all, and a bad place is known before any work."""

import os

import pytest
from matrix_cinema.errors import InputError, JobError
from matrix_cinema.outputs.files import (
    discard_unfinished,
    require_file_place,
    require_folder_place,
    written_whole,
)


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
