"""The picture that lights a scene from all around, checked before Blender reads it."""

from pathlib import Path

from ..errors import InputError
from ..formats.reading import opened

MOST_BYTES = 2**30
# Panoramas come as these; what a file is shows in how it begins.
KINDS = {
    "Radiance HDR": (b"#?RADIANCE", b"#?RGBE"),
    "OpenEXR": (b"\x76\x2f\x31\x01",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\0", b"MM\0*"),
}


def environment_path(scene, style):
    """Where the style's environment lies, or None when it has none.

    Raises InputError for a file that is not there or no such picture, and for a light that needs one.
    """
    if not style.environment:
        if style.light == "environment":
            raise InputError('style: light: "environment" needs a picture; give environment = "sky.hdr"')
        return None
    path = Path(scene.folder) / style.environment
    where = f"style: environment: {path}"
    with opened(path, MOST_BYTES, where=where) as file:
        head = file.read(16)
    if not head.startswith(tuple(start for starts in KINDS.values() for start in starts)):
        raise InputError(f"{where}: not a picture that can light a scene; those are {', '.join(KINDS)}")
    return path
