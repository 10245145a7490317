"""What stands in a finished picture or film beside it: what it shows, of which data, by what it was made."""

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from .. import __version__
from ..description.scene import Scene, to_json
from ..errors import InputError
from .marks import digest_of
from .reads import files_of

Beat = tuple[str, float, float]  # what it says, from which frame until which


@dataclass(frozen=True)
class Notes:
    """A `title`, a `caption`, and a `comment` for programs, a JSON object; the `beats` of a film."""

    title: str = ""
    caption: str = ""
    comment: str = ""
    software: str = ""
    beats: tuple[Beat, ...] = ()

    def texts(self) -> dict[str, str]:
        """By the keywords that a PNG has for them (PNG specification, 11.3.3.1)."""
        named = ("Title", self.title), ("Description", self.caption), ("Software", self.software)
        return {name: text for name, text in (*named, ("Comment", self.comment)) if text}

    def of_film(self) -> dict[str, str]:
        """By the names of mp4_notes.KEYS."""
        return {
            "title": self.title,
            "description": self.caption,
            "comment": self.comment,
            "software": self.software,
        }


NONE = Notes()


def notes_of(scene: Scene, blender: str, error: float | None, beats: Sequence[Beat] = ()) -> Notes:
    """The notes of a description's pictures: SHA-256 of it and of each file that it names, where there, the
    versions, and the largest `error` that was verified, as a part of the largest magnitude (None: none was).
    """
    files = {}
    for path in files_of(scene):
        with contextlib.suppress(InputError):  # a built .blend is whole without the files that it was made of
            files[path.name] = digest_of(path).hex()
    said = {
        "scene": hashlib.sha256(to_json(scene).encode()).hexdigest(),
        "files": files,
        "matrix_cinema": __version__,
        "blender": blender,
        "largest_error": error,
    }
    software = f"Matrix Cinema {__version__}, Blender {blender}"
    return Notes(scene.title, scene.caption, json.dumps(said), software, tuple(beats))
