"""A folder of frames: whose it is, which frames it should have, and that they are all there and whole."""

import dataclasses
import json
import re

import pytest
from matrix_cinema.errors import InputError, JobError
from matrix_cinema.outputs import frames_folder, marks
from matrix_cinema.outputs.claims import WORK
from matrix_cinema.outputs.frames_folder import (
    JOB_FILE,
    Job,
    at_work,
    farm_note,
    film_folders,
    finished,
    frame_mark,
    frame_path,
    read_job,
    write_frames_job,
)
from pictures import grey_png

pytestmark = pytest.mark.one_blender

JOB = Job("0" * 64, 1, 3, 4, 4, 24, 1.001, "film.mp4")
OTHER = dataclasses.replace(JOB, mark="1" * 64, film="film.webm")


@pytest.fixture
def frames(tmp_path):
    """The frames of JOB, in its folder."""
    write_frames_job(tmp_path, JOB)
    for n in (1, 2, 3):
        grey_png(frame_path(tmp_path, n), texts={marks.KEYWORD: frame_mark(JOB, n)})
    return tmp_path


def numbers(paths):
    return [int(path.stem) for path in paths]


def test_a_folder_says_whose_it_is(tmp_path):
    assert read_job(tmp_path) is None
    write_frames_job(tmp_path, JOB)
    assert read_job(tmp_path) == JOB


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "[" * 10_000,
        json.dumps(dataclasses.asdict(JOB) | {"mark": 1}),
        json.dumps(dataclasses.asdict(JOB) | {"last": 1e9}),
        json.dumps(dataclasses.asdict(JOB) | {"last": 2**30}),
        json.dumps(dataclasses.asdict(JOB) | {"fps_base": float("nan")}),
    ],
)
def test_another_file_of_that_name_is_refused(tmp_path, content):
    (tmp_path / JOB_FILE).write_text(content)
    with pytest.raises(InputError, match="does not say which job these frames belong to"):
        read_job(tmp_path)


def test_finished_frames_are_those_that_the_folder_says(frames):
    grey_png(frame_path(frames, 4), texts={marks.KEYWORD: frame_mark(JOB, 4)})  # the tail of a longer film
    grey_png(frames / "notes.png")
    assert numbers(finished(frames)) == [1, 2, 3]
    assert numbers(finished(frames, 2, 3)) == [2, 3]
    with pytest.raises(InputError, match="has frames 1 to 3"):
        finished(frames, 2, 4)


def test_frames_of_a_farm_are_known_by_what_blender_notes(frames):
    grey_png(frame_path(frames, 2), texts={"Note": farm_note(JOB), "Frame": "002"})
    assert numbers(finished(frames)) == [1, 2, 3]
    grey_png(frame_path(frames, 2), texts={"Note": farm_note(OTHER), "Frame": "2"})
    with pytest.raises(InputError, match="frame 2 of 1 to 3 is of another film"):
        finished(frames)


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda folder: frame_path(folder, 1).unlink(), "frame 1 of 1 to 3 is missing"),
        (lambda folder: frame_path(folder, 3).unlink(), "frame 3 of 1 to 3 is missing"),
        (lambda folder: frame_path(folder, 2).write_bytes(b"JFIF"), "frame 2 of 1 to 3 is no whole PNG"),
        (
            lambda folder: frame_path(folder, 2).write_bytes(
                frame_path(folder, 2).read_bytes().replace(b"IDAT", b"IDAU")
            ),
            "no whole PNG",
        ),
        (
            lambda folder: frame_path(folder, 2).write_bytes(frame_path(folder, 3).read_bytes()),
            "frame 2 of 1 to 3 is of another film than frames.json says",
        ),
        (lambda folder: grey_png(frame_path(folder, 2), 5, 4), "not of 4 × 4 pixels"),
        (lambda folder: grey_png(frame_path(folder, 2)), "of another film"),
    ],
)
def test_a_frame_that_is_not_right_is_named(frames, spoil, said):
    spoil(frames)
    with pytest.raises(InputError, match=re.escape(said)):
        finished(frames)


def test_frames_of_anyone_are_whole_of_one_size_and_without_a_hole(tmp_path):
    for n in (12, 9, 10, 11):
        grey_png(frame_path(tmp_path, n))
    (tmp_path / "notes.png").touch()
    assert numbers(finished(tmp_path)) == [9, 10, 11, 12]
    grey_png(frame_path(tmp_path, 11), 8, 4)
    with pytest.raises(InputError, match="frame 11 of 9 to 12 is not of 4 × 4 pixels"):
        finished(tmp_path)
    frame_path(tmp_path, 10).unlink()
    with pytest.raises(InputError, match="frame 10 of 9 to 12 is missing"):
        finished(tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        finished(tmp_path / "none")
    with pytest.raises(InputError, match="has no frames"):
        (tmp_path / "empty").mkdir()
        finished(tmp_path / "empty")


def test_films_of_the_same_frames_share_a_folder_and_others_do_not(tmp_path):
    film = tmp_path / "film.mp4"
    with at_work(film_folders(film), JOB) as (folder, _):
        assert folder == tmp_path / "film.frames" and read_job(folder) == JOB
        assert (folder / WORK).exists()
    assert not (folder / WORK).exists()
    with at_work(film_folders(tmp_path / "film.mov"), dataclasses.replace(JOB, film="film.mov")) as (
        shared,
        _,
    ):
        assert shared == folder
    with at_work(film_folders(tmp_path / "film.webm"), OTHER) as (own, _):
        assert own == tmp_path / "film.webm.frames"
    changed = dataclasses.replace(JOB, mark="2" * 64)
    with at_work(film_folders(film), changed) as (again, _):
        assert again == folder and read_job(folder) == changed  # its own folder, its frames made anew


def test_films_of_the_same_frames_share_a_folder_whoever_came_first(tmp_path):
    """The one with other frames came first and has the folder that both others would have shared."""
    with at_work(film_folders(tmp_path / "film.webm"), dataclasses.replace(OTHER, film="film.webm")) as (
        own,
        _,
    ):
        assert own == tmp_path / "film.frames"
    with at_work(film_folders(tmp_path / "film.mp4"), JOB) as (folder, _):
        assert folder == tmp_path / "film.mp4.frames"
    with at_work(film_folders(tmp_path / "film.mov"), dataclasses.replace(JOB, film="film.mov")) as (
        shared,
        _,
    ):
        assert shared == folder
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.frames", "film.mp4.frames"]


def test_a_film_has_its_folder_before_the_next_one_decides(tmp_path, monkeypatch):
    """Otherwise two films of the same frames that begin at once would each take a folder of its own."""
    with at_work(film_folders(tmp_path / "film.webm"), dataclasses.replace(OTHER, film="film.webm")):
        pass
    write, waits = frames_folder.write_frames_job, []

    def written(folder, job):
        waits.append((tmp_path / "film.frames" / WORK / "job.1").exists())
        write(folder, job)

    monkeypatch.setattr(frames_folder, "write_frames_job", written)
    with at_work(film_folders(tmp_path / "film.mp4"), JOB) as (folder, _):
        assert folder == tmp_path / "film.mp4.frames" and waits == [True]
        assert not (tmp_path / "film.frames" / WORK).exists()  # nobody is at work there


def test_pictures_that_are_not_of_this_program_are_not_replaced(tmp_path):
    photo = grey_png(frame_path(tmp_path, 2))
    before = photo.read_bytes()
    with pytest.raises(InputError, match="0002.png: this program did not make it"), at_work([tmp_path], JOB):
        pass
    assert photo.read_bytes() == before and list(tmp_path.iterdir()) == [photo]


def test_a_folder_that_is_being_worked_on_is_not_taken_over(tmp_path, monkeypatch):
    with at_work([tmp_path], JOB) as (_, work):
        monkeypatch.setattr(type(work), "others", lambda self: ["another process"])
        with pytest.raises(JobError, match="another job is rendering there"), at_work([tmp_path], OTHER):
            pass
        assert read_job(tmp_path) == JOB
