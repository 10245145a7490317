"""Notes inside a finished picture or film: what it shows, its data, and the program that made it."""

import contextlib
import functools
import hashlib
import json
from collections.abc import Sequence

from .. import __version__
from ..description.scene import Scene, to_json
from ..errors import InputError
from .marks import digest_of
from .reads import files_of


def notes_of(scenes: Sequence[Scene], blender: str, error: float | None) -> dict[str, str]:
    """The notes of a picture of one or more descriptions, by their keywords in a PNG (PNG specification,
    11.3.3.1). Title and description are those of the first, if it has them.

    The comment, a JSON object for programs, has the SHA-256 of the description (or of all), and of each
    existing file that they name. It also has the versions, and the largest verified `error` as a part of the
    largest magnitude (None: not verified)."""
    scene, files = scenes[0], {}
    digest = functools.cache(digest_of)  # panels of a page often have the same files
    for path in [path for one in scenes for path in files_of(one)]:
        with contextlib.suppress(InputError):  # a built .blend does not need the files that it was made of
            files[path.name] = digest(path).hex()
    digests = list(dict.fromkeys(hashlib.sha256(to_json(one).encode()).hexdigest() for one in scenes))
    said = {
        "scene": digests[0] if len(digests) == 1 else digests,
        "files": files,
        "matrix_cinema": __version__,
        "blender": blender,
        "largest_error": error,
    }
    named = {"Title": scene.title, "Description": scene.caption}
    named |= {"Software": f"Matrix Cinema {__version__}, Blender {blender}", "Comment": json.dumps(said)}
    return {name: text for name, text in named.items() if text}
