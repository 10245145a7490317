"""Marks: a finished picture or film has the mark of its job inside its own file.

So the frame alone tells whether it is kept or rendered again. There is no list that could be lost or wrong,
and several processes can fill one folder. A PNG has the mark in a `tEXt` chunk (PNG specification, 11.3.4.3).
An MP4 or MOV has it in a last `free` box (ISO 14496-12, 8.1.2), a WebM in a last `Void` element (RFC 8794,
11.3.2). An OpenEXR has it after its last pixels, which its table of offsets shows. Every reader skips these.
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
# Hexadecimal digits of the digest of a file; a Void element with a one-byte length has room for 126.
DIGEST = 32
# The rooms whose code decides how a picture looks.
_PICTURE_ROOMS = (
    "attention", "formats", "description", "algebra", "look", "kinds", "staging", "picture", "blender"
)  # fmt: skip
_SEALS = {suffix: form.seal for suffix, form in (STILLS | FILMS).items() if form.seal}


def scene_mark(scene: Scene, *settings: object) -> str:
    """The mark (64 hexadecimal digits) of pictures of a scene description with these settings.

    It covers the description, the content of every file that the description names, the settings (by their
    `repr`) and the version of this project. The description's render defaults are left out, because the
    settings replace them; its frame rate stays in, because it moves the keyframes.
    """
    described = to_dict(dataclasses.replace(scene, render=Render(fps=scene.render.fps)))
    digest = _begin(settings)
    digest.update(json.dumps(described, sort_keys=True).encode())
    for path in files_of(scene):
        with contextlib.suppress(InputError):  # planning refuses a file that cannot be read
            digest.update(digest_of(path))
    return digest.hexdigest()


def blend_mark(path: str | Path, *settings: object) -> str:
    """The mark of pictures of a .blend file with these settings."""
    digest = _begin(settings)
    digest.update(digest_of(Path(path)))
    return digest.hexdigest()


def derived_mark(mark: str, *settings: object) -> str:
    """The mark of a file that is made from pictures with this mark, such as a film."""
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
    """Put the mark into a finished file of ours; the suffix decides how. Returns False if the file is not
    whole.

    A PNG loses Blender's own notes (dates and render times), and gets these `chunks` (png_file). Other files
    also get a digest of their content, so that damage is noticed.
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
    """The mark that `seal` left, or "" for a file that has none, is damaged or cut short, or does not
    exist."""
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
    """The bytes to write after a finished file with this Seal."""
    return own.tail(f"{KEYWORD}\0{mark}{digest}".encode("ascii", "replace"))
