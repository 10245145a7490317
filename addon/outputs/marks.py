"""A finished picture or film carries the mark of the job that made it, inside its own file.

So a frame is kept or made anew by looking at the frame alone: no list beside the frames can be
lost or wrong, and several processes may fill one folder. A PNG holds the mark in a `tEXt` chunk
(PNG specification, 11.3.4.3), an MP4 or MOV in a closing `free` box (ISO 14496-12, 8.1.2), a WebM in a
closing `Void` element (RFC 8794, 11.3.2), an OpenEXR after its last pixels, which its table of offsets
says; every reader skips them.
"""

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from .. import __version__
from ..description.scene import Render, Scene, to_dict
from ..errors import InputError
from ..formats.reading import opened
from .formats import FILMS, STILLS
from .png_file import packed, read_png
from .reads import files_of

KEYWORD = "matrix-cinema"
DIGEST = 32  # hexadecimal digits of what a film holds; a Void element of one byte's length has room for 126
# The rooms whose code decides what a picture shows.
_PICTURE_ROOMS = (
    "attention", "formats", "description", "algebra", "look", "kinds", "staging", "picture", "blender"
)  # fmt: skip
_SEALS = {suffix: form.seal for suffix, form in (STILLS | FILMS).items() if form.seal}


def scene_mark(scene: Scene, *settings: object) -> str:
    """The mark (64 hexadecimal digits) of pictures of a scene description with these settings.

    It covers the description, the content of every file that it names, the settings (anything
    whose `repr` says it all) and this version of the project. Render defaults are left out, for
    the settings say what is used; frames per second move the keyframes and stay in.
    """
    described = to_dict(dataclasses.replace(scene, render=Render(fps=scene.render.fps)))
    digest = _begin(settings)
    digest.update(json.dumps(described, sort_keys=True).encode())
    for path in files_of(scene):
        with contextlib.suppress(InputError):  # what cannot be read is refused when the scene is planned
            digest.update(digest_of(path))
    return digest.hexdigest()


def blend_mark(path: str | Path, *settings: object) -> str:
    """The mark of pictures of a .blend file with these settings."""
    digest = _begin(settings)
    digest.update(digest_of(Path(path)))
    return digest.hexdigest()


def derived_mark(mark: str, *settings: object) -> str:
    """The mark of what is made from pictures with this mark, such as a film."""
    return hashlib.sha256(repr((mark, settings)).encode()).hexdigest()


def _begin(settings):
    digest = hashlib.sha256(repr((__version__, settings)).encode())
    for path in picture_code():
        digest.update(path.name.encode() + digest_of(path))
    return digest


def picture_code() -> list[Path]:
    """The files of this project that decide what a picture shows, in a fixed order."""
    package = Path(__file__).parent.parent
    rooms = [package / room for room in _PICTURE_ROOMS]
    return sorted(path for room in rooms for path in room.rglob("*") if path.suffix in (".py", ".json"))


def digest_of(path: Path) -> bytes:
    """SHA-256 of a file. Raises InputError."""
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").digest()


def seal(path: str | Path, mark: str, chunks: Sequence[tuple[bytes, bytes]] = ()) -> bool:
    """Put the mark into a finished file of ours, by its suffix; False when the file is not whole.

    A PNG loses what Blender noted there (dates and render times), and gets these `chunks` (see png_file).
    Other files also get a digest of what they hold, so that a damaged one is noticed.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".png":
        return _seal_png(path, mark, chunks)
    own = _SEALS[suffix]
    with open(path, "r+b") as file:
        if not own.is_whole(file):
            return False
        tail = _tail(own, mark, _digest_of(file, file.seek(0, 2), mark))
        file.seek(0, 2)
        file.write(tail)
    return True


def _seal_png(path, mark, chunks):
    picture = read_png(path)
    if picture is None:
        return False
    ours = {kind for kind, _ in chunks}
    kept = [one for one in picture.chunks if one[0] not in (b"tEXt", b"zTXt", b"iTXt", *ours)]
    kept[1:1] = [(b"tEXt", f"{KEYWORD}\0{mark}".encode("ascii")), *chunks]
    Path(path).write_bytes(packed(kept))
    return True


def read_mark(path: str | Path) -> str:
    """The mark that `seal` left, or "" for a file without one, damaged, cut short, or not there."""
    suffix = Path(path).suffix.lower()
    if suffix == ".png":
        picture = read_png(path)
        return picture.texts().get(KEYWORD, "") if picture else ""
    if suffix not in _SEALS:
        return ""
    own = _SEALS[suffix]
    size = len(_tail(own, "0" * 64, "0" * DIGEST))
    try:
        with opened(path) as file:
            length = file.seek(-size, 2)
            end = file.read(size)
            mark = end[-64 - DIGEST : -DIGEST].decode("ascii", "replace")
            whole = end == _tail(own, mark, _digest_of(file, length, mark))
    except (InputError, OSError):
        return ""
    return mark if whole else ""


def _digest_of(file, length, mark):
    """DIGEST hexadecimal digits for a mark and the first `length` bytes of an open file."""
    digest = hashlib.sha256(mark.encode())
    file.seek(0)
    while length and (part := file.read(min(length, 2**20))):
        digest.update(part)
        length -= len(part)
    return digest.hexdigest()[:DIGEST]


def _tail(own, mark, digest):
    """What is written after a finished file with this Seal."""
    return own.tail(f"{KEYWORD}\0{mark}{digest}".encode("ascii", "replace"))
