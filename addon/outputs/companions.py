"""What is put beside a film: its caption track, as .srt and .vtt, and a frame of it as its poster."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from . import marks
from .caption_track import Caption, srt, vtt
from .files import written_whole

TRACKS = {".srt": srt, ".vtt": vtt}


def require_place_beside(film: Path, captions: bool, poster: bool) -> None:
    """Raise InputError where a file would be lost that is not ours: what stands beside our film is."""
    if marks.read_mark(film):
        return
    for path in _beside(film, captions, poster):
        if path.exists():
            raise InputError(f"{path}: is there, and {film.name} is not of this program; give another name")


def write_captions(film: Path, captions: Sequence[Caption]) -> None:
    """Write the caption tracks of a film that says something. Raises JobError when the disk refuses."""
    for suffix, track in TRACKS.items() if captions else ():
        with written_whole(film.with_suffix(suffix)) as part:
            part.write_text(track(captions), encoding="utf-8", newline="\n")


def write_poster(film: Path, frame: Path, mark: str) -> None:
    """Put a finished frame beside a film, with the film's mark. Raises JobError when the disk refuses."""
    with written_whole(poster_of(film)) as part:
        shutil.copyfile(frame, part)
        marks.seal(part, mark)


def poster_of(film: Path) -> Path:
    """Where the poster of a film lies."""
    return film.with_name(f"{film.stem}-poster.png")


def _beside(film, captions, poster):
    tracks = [film.with_suffix(suffix) for suffix in TRACKS] if captions else []
    return [*tracks, *([poster_of(film)] if poster else [])]
