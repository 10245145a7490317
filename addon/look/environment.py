"""The picture that lights a scene from all around, checked before Blender reads it."""

from pathlib import Path

from ..description.scene import Scene
from ..description.style import Style
from ..errors import InputError
from ..formats.picture import PICTURE_STARTS, kind_of, size_of
from ..formats.reading import opened

MOST_BYTES = 2**30
MOST_PIXELS = 2**27  # 16,384 x 8,192


def environment_path(scene: Scene, style: Style) -> Path | None:
    """The path of the style's environment, or None where the style has none.

    Raises InputError for a file that is missing, cannot light a scene, or has more than MOST_BYTES or
    MOST_PIXELS. Raises it too if the light of the style needs an environment and has none.
    """
    if not style.environment:
        if style.light == "environment":
            raise InputError('style: light: "environment" needs a picture; give environment = "sky.hdr"')
        return None
    path = Path(scene.folder) / style.environment
    where = f"style: environment: {path}"
    with opened(path, MOST_BYTES, where=where) as file:
        if not kind_of(file):
            raise InputError(
                f"{where}: not a picture that can light a scene; those are {', '.join(PICTURE_STARTS)}"
            )
        size = size_of(file)
    if size is None or not all(0 < n < 2**31 for n in size):
        raise InputError(f"{where}: does not say how large the picture is; it may be damaged")
    if size[0] * size[1] > MOST_PIXELS:
        raise InputError(f"{where}: {size[0]} x {size[1]} pixels are too many; the most is {MOST_PIXELS:,}")
    return path
