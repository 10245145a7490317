"""The formats of output files, by suffix: their names in Blender, and how they are sealed.

A still is .png or .exr. A film is .mp4, .mov or .webm, or a moving picture: .apng, .webp or .gif. An output
without a suffix is a folder of frames. MP4 is 4:2:0. ProRes in MOV is 4444 with transparency, else 422 HQ.
Browsers play VP9 in WebM with its transparency."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import InputError
from .wholeness import free_box, is_whole_exr, is_whole_mp4, is_whole_webm, void_element


@dataclass(frozen=True)
class Seal:
    """Whether a finished file is all there, and how bytes are put behind it so that every reader skips
    them."""

    is_whole: Callable[[BinaryIO], bool]
    tail: Callable[[bytes], bytes]


@dataclass(frozen=True)
class StillFormat:
    """A format of stills. `media`, `file_format` and `bits` of a channel are as Blender names them. A PNG has
    its mark inside."""

    media: str
    file_format: str
    bits: str
    seal: Seal | None = None


@dataclass(frozen=True)
class FilmFormat:
    """A format of films. `container` and `codec` are as Blender names them; moving pictures have no
    container, and `animated` makes them. `even`: the codec needs an even width and height."""

    container: str
    codec: str
    keeps_alpha: bool
    even: bool
    seal: Seal


_OURS = Seal(lambda _: True, bytes)  # we write these in one piece; readers stop at their end
_BOXES = Seal(is_whole_mp4, free_box)
STILLS = {
    ".png": StillFormat("IMAGE", "PNG", "8"),
    ".exr": StillFormat("MULTI_LAYER_IMAGE", "OPEN_EXR_MULTILAYER", "32", Seal(is_whole_exr, bytes)),
}
FILMS = {
    ".mp4": FilmFormat("MPEG4", "H264", keeps_alpha=False, even=True, seal=_BOXES),
    ".mov": FilmFormat("QUICKTIME", "PRORES", keeps_alpha=True, even=True, seal=_BOXES),
    ".webm": FilmFormat("WEBM", "WEBM", keeps_alpha=True, even=False, seal=Seal(is_whole_webm, void_element)),
    ".apng": FilmFormat("", "APNG", keeps_alpha=True, even=False, seal=_OURS),
    ".webp": FilmFormat("", "WEBP", keeps_alpha=True, even=False, seal=_OURS),
    ".gif": FilmFormat("", "GIF", keeps_alpha=False, even=False, seal=_OURS),
}
FIGURES = (".pdf", ".svg", ".png")  # and the sheets of `inspect`
# Suffixes that a render does not make, and that are hardly meant as the name of a folder.
_OTHER_FILES = ".jpg .jpeg .tif .tiff .avi .mkv .blend .toml .pdf .svg".split()


def either(suffixes: Iterable[str]) -> str:
    """Suffixes as part of a sentence: ".mp4, .mov or .webm"."""
    *most, last = suffixes
    return f"{', '.join(most)} or {last}" if most else last


def kind_of(output: Path) -> str:
    """The kind of render that the suffix of an output asks for: "still", "film" or "frames". Raises
    InputError for other suffixes."""
    suffix = output.suffix.lower()
    if suffix in _OTHER_FILES:
        known = f"{either(STILLS)} for a still, {either(FILMS)} for a film"
        raise InputError(f"{output}: the suffix must be {known}")
    return "still" if suffix in STILLS else "film" if suffix in FILMS else "frames"


def require_suffix(output: Path, suffixes: Collection[str]) -> str:
    """The suffix of an output in lower case. Raises InputError unless it is one of these."""
    suffix = output.suffix.lower()
    if suffix not in suffixes:
        raise InputError(f"{output}: the suffix must be {either(suffixes)}")
    return suffix
