"""The companion files of a film: its captions (.srt and .vtt), and one of its frames as a poster."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from . import marks
from .caption_track import Caption, srt, vtt
from .files import written_whole

TRACKS = {".srt": srt, ".vtt": vtt}


def require_place_beside(film: Path, captions: bool, poster: bool) -> None:
    """Raise InputError if a companion would replace a file that is not ours. Files beside a film of ours are
    ours."""
    if marks.read_mark(film):
        return
    tracks = [film.with_suffix(suffix) for suffix in TRACKS] if captions else []
    for path in [*tracks, *([poster_of(film)] if poster else [])]:
        if path.exists():
            raise InputError(f"{path}: exists, and this program did not make {film.name}; give another name")


def write_captions(film: Path, captions: Sequence[Caption]) -> None:
    """Write the caption tracks of a film that has captions. Raises JobError if the disk refuses."""
    for suffix, track in TRACKS.items() if captions else ():
        with written_whole(film.with_suffix(suffix)) as part:
            part.write_text(track(captions), encoding="utf-8", newline="\n")


def write_poster(film: Path, frame: Path, mark: str) -> None:
    """Put a finished frame beside a film, with the film's mark. Raises JobError when the disk refuses."""
    with written_whole(poster_of(film)) as part:
        shutil.copyfile(frame, part)
        marks.seal(part, mark)


def poster_of(film: Path) -> Path:
    """The path of a film's poster."""
    return film.with_name(f"{film.stem}-poster.png")
