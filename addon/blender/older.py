"""What an update of a scene that an earlier version built changes, besides what someone asks for."""

import bpy

from . import tags

# By what a build leaves in the scene since then.
SINCE = {
    tags.GIVEN: "keeps the names and tokens of what comes from files, which has to be there once more",
    tags.LIT: "lets the light be set in place",
}


def gained(target: bpy.types.Scene) -> list[str]:
    """What an update of a built scene adds to it, a line each; none for one of this version, or of a scene
    that was not built."""
    if tags.DESCRIPTION not in target:
        return []
    lines = [f"An update {told}" for key, told in SINCE.items() if key not in target]
    if not any(ob.get(tags.WRITTEN) for ob in tags.parts(target) if isinstance(ob, bpy.types.Object)):
        if any(ob.get(tags.KIND) == "overlay" for ob in target.objects):
            lines.append("An update lets labels be laid out for another camera")
    return lines
