"""What else changes when a scene is updated that an earlier version built."""

import bpy

from . import tags

# By the properties that builds have left in a scene since then.
SINCE = {
    tags.GIVEN: "keeps the names and tokens of what comes from files, which has to be there once more",
    tags.LIT: "lets the light be set in place",
}


def gained(target: bpy.types.Scene) -> list[str]:
    """What an update of a built scene adds to it, a line for each; empty for a scene that this version built,
    and for one that was not built."""
    if tags.DESCRIPTION not in target:
        return []
    lines = [f"An update {told}" for key, told in SINCE.items() if key not in target]
    if not any(ob.get(tags.WRITTEN) for ob in tags.parts(target) if isinstance(ob, bpy.types.Object)):
        if any(ob.get(tags.KIND) == "overlay" for ob in target.objects):
            lines.append("An update lets labels be laid out for another camera")
    return lines
