"""A folder of frames belongs to one job. The file JOB_FILE in it names the job and the number of its frames.

Two films of the same frames, such as film.mp4 and film.mov, share one folder on purpose. Jobs with different
frames never do: the second job takes another folder, or is refused while the first is at work.
"""

import contextlib
import dataclasses
import glob
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..description.scene import from_dict
from ..errors import InputError, JobError
from ..formats.reading import read_bounded
from ..staging.timing.timeline import MOST_FRAMES
from .claims import WORK, Work
from .files import full_path, written_whole
from .marks import KEYWORD, derived_mark, read_mark
from .png_file import Png, read_png

JOB_FILE = "frames.json"
MOST_BYTES = 2**16  # of a JOB_FILE


@dataclass(frozen=True)
class Job:
    """The frames of a whole film: their `mark` (see `marks`), numbers `first` to `last`, and size in pixels.

    `film` is the name of the film that they are made for, or "" if only frames were asked for. The film shows
    fps / fps_base of them a second.
    """

    mark: str
    first: int
    last: int
    width: int
    height: int
    fps: int
    fps_base: float
    film: str = ""

    @property
    def count(self) -> int:
        return self.last - self.first + 1


def frame_path(folder: str | Path, frame: int) -> Path:
    """The path of frame number `frame` of a job."""
    return Path(folder) / f"{frame:04d}.png"


def frame_mark(job: Job, frame: int) -> str:
    """The mark of one frame of a job."""
    return derived_mark(job.mark, frame)


def film_folders(film: str | Path) -> list[Path]:
    """The possible folders for the frames of film.mp4: film.frames beside it, or else film.mp4.frames."""
    film = Path(film)
    return [film.with_suffix(".frames"), film.with_name(film.name + ".frames")]


def read_job(folder: str | Path) -> Job | None:
    """The job that a folder belongs to, or None. Raises InputError for a damaged JOB_FILE."""
    path = Path(folder) / JOB_FILE
    if not os.path.exists(path):  # false also for a name that is too long
        return None
    text = read_bounded(path, MOST_BYTES)
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        job = from_dict(Job, json.loads(text), JOB_FILE)
        frames_fit = -MOST_FRAMES <= job.first <= job.last <= MOST_FRAMES
        if frames_fit and 0 < job.fps <= 32767 and 1e-5 <= job.fps_base <= 1e6:
            return job
    raise InputError(
        f"{path}: does not say which job these frames belong to; remove it, or give another folder"
    )


def write_frames_job(folder: str | Path, job: Job) -> None:
    """Write the JOB_FILE of this job into a folder."""
    with written_whole(Path(folder) / JOB_FILE) as part:
        part.write_text(json.dumps(dataclasses.asdict(job), indent=2) + "\n", encoding="utf-8")


@contextlib.contextmanager
def at_work(places: Sequence[Path], job: Job) -> Iterator[tuple[Path, Work]]:
    """A block in which this process works on a job: (its folder, its Work).

    `places` are those of `film_folders`, or a single folder. The folder is the one that has the job's frames,
    or else the first free one; within the block it belongs to the job. Raises JobError while another job is
    at work in it, and InputError if it has pictures that this program did not make.
    """
    with contextlib.ExitStack() as working:
        with contextlib.ExitStack() as deciding:
            gate = Work(full_path(places[0]))
            deciding.callback(gate.end)
            with gate.alone("job"):  # another film of this name decides after this one has its folder
                place = _place(places, job)
                if place == places[0]:
                    working.push(deciding.pop_all())
                    work = gate
                    _take(place, job, work)
                else:
                    work = Work(full_path(place))
                    working.callback(work.end)
                    with work.alone("job"):
                        _take(place, job, work)
        if work is not gate:
            with contextlib.suppress(OSError):
                places[0].rmdir()  # if it was made only for this decision
        yield place, work


def _place(places, job):
    """The folder that has this job's frames, or else the first that does not belong to another film."""
    stem = places[0].name.removesuffix(".frames")
    for place in (*places, *places[0].parent.glob(f"{glob.escape(stem)}.*.frames")):
        there = read_job(place)
        if there is not None and there.mark == job.mark:
            return place
    for place in places[:-1]:
        there = read_job(place)
        if there is None or there.film == job.film:
            return place
    return places[-1]


def _take(place, job, work):
    """Let a folder belong to this job. Raises JobError and InputError as `at_work` does."""
    there = read_job(place)
    if there is None:
        _require_ours(place, job)
    elif there.mark != job.mark and work.others():
        raise JobError(
            f"{place}: another job is rendering there; wait for its end, or give another name; if its "
            f"machine is gone, remove {place / WORK}"
        )
    if there is None or there.mark != job.mark:
        write_frames_job(place, job)


def _require_ours(place, job):
    for n in range(job.first, job.last + 1):
        path = frame_path(place, n)
        if path.exists() and not read_mark(path):
            raise InputError(
                f"{path}: this program did not make it, and it would be lost; give another folder"
            )


def finished(folder: str | Path, first: int | None = None, last: int | None = None) -> list[Path]:
    """The paths of a folder's frames in order, `first` to `last` or all.

    If the folder has a JOB_FILE, these are the frames of its job. Raises InputError unless all of them exist,
    are whole, and have one size.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: is not a folder; give the folder with the frames")
    job = read_job(folder)
    found = sorted(int(path.stem) for path in folder.glob("*.png") if _is_frame(path))
    if not found and job is None:
        raise InputError(f"{folder}: has no frames such as 0001.png")
    low, high = (found[0], found[-1]) if job is None else (job.first, job.last)
    first, last = low if first is None else first, high if last is None else last
    if not low <= first <= last <= high:
        raise InputError(f"`frames`: {folder} has frames {low} to {high}")
    size = None if job is None else (job.width, job.height)
    wrong: dict = {}  # fault -> the frames that have it
    for n in range(first, last + 1):
        path = frame_path(folder, n)
        picture = read_png(path)
        if picture and size is None:
            size = picture.width, picture.height
        if what := _trouble(path, picture, size, job, n):
            wrong.setdefault(what, []).append(n)
    for what, frames in wrong.items():
        more = f" and {len(frames) - 1} more" if len(frames) > 1 else ""
        verb = "are" if len(frames) > 1 else "is"
        raise InputError(f"{folder}: frame {frames[0]}{more} of {first} to {last} {verb} {what}")
    return [frame_path(folder, n) for n in range(first, last + 1)]


def _is_frame(path):
    return path.stem.isascii() and path.stem.isdecimal() and path.name == f"{int(path.stem):04d}.png"


def _trouble(path, picture, size, job, n):
    """The fault of a frame, or "" if it has none."""
    if picture is None:
        return "no whole PNG" if path.exists() else "missing"
    if (picture.width, picture.height) != size:
        return f"not of {size[0]} × {size[1]} pixels"
    return "" if job is None or is_frame_of(picture, job, n) else f"of another film than {JOB_FILE} says"


def is_frame_of(picture: Png, job: Job, n: int) -> bool:
    """Whether a picture is frame `n` of a job: by our mark, or by the note that Blender wrote on a farm."""
    texts = picture.texts()
    on_farm = texts.get("Note") == farm_note(job) and texts.get("Frame", "").lstrip("0") == f"{n or ''}"
    return texts.get(KEYWORD) == frame_mark(job, n) or on_farm


def farm_note(job: Job) -> str:
    """The note that Blender writes into every frame on a farm."""
    return f"{KEYWORD} {job.mark}"
