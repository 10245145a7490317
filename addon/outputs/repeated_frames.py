"""Finds frames that look the same as an earlier one, so that the picture is rendered once.

This works only for a scene that was built in the open file and has nothing else in it. There, everything that
moves follows F-curves, or drivers that follow F-curves.
"""

from collections.abc import Iterator, Sequence

import bpy
import numpy as np

from ..blender import tags

# Words in the types of nodes whose result changes with time, without any F-curve.
_TIMED = ("SceneTime", "Simulation", "Bake", "ImageInfo")


def standing(scene: bpy.types.Scene, frames: Sequence[int]) -> dict[int, int]:
    """For each of the ascending frames that looks the same as the frame before it: the first frame that looks
    so. The result is empty for a scene in which other things may move."""
    if not frames or not _moves_by_curves(scene):
        return {}
    curves = list(_curves())
    values = np.array([[curve.evaluate(frame) for frame in frames] for curve in curves], np.float32)
    same = (values[:, 1:] == values[:, :-1]).all(axis=0)
    found, first = {}, frames[0]
    for frame, stands in zip(frames[1:], same, strict=True):
        if stands:
            found[frame] = first
        else:
            first = frame
    return found


def _moves_by_curves(scene):
    """Whether everything that moves in the picture is ours and follows F-curves."""
    ours = set(tags.owned(scene))
    alone = not bpy.data.filepath and ours and all(ob in ours for ob in scene.objects)
    if not alone or scene.render.use_motion_blur or scene.cycles.use_animated_seed:
        return False
    trees = [*bpy.data.node_groups, *(one.node_tree for one in bpy.data.materials if one.node_tree)]
    return not any(word in node.bl_idname for tree in trees for node in tree.nodes for word in _TIMED)


def _curves() -> Iterator[bpy.types.FCurve]:
    """Every F-curve of every action."""
    for action in bpy.data.actions:
        for layer in action.layers:
            for strip in layer.strips:
                for bag in strip.channelbags:
                    yield from bag.fcurves
