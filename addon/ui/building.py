"""Builds a description as a Blender scene, and fills the panel of that scene."""

from typing import Any

import bpy

from ..blender import tags, update
from ..description.scene import Scene
from . import built, fields, properties
from .properties import settings_of
from .translations import report


def built_report(scene: bpy.types.Scene) -> str:
    """What an operator reports of a scene that it has built."""
    elements, frames = built.elements(scene), scene.frame_end
    return report("Built {elements:,} elements, {frames} frames", elements=elements, frames=frames)


def build_new(description: Scene, name: str, **chosen: Any) -> bpy.types.Scene:
    """Build a description in a new Blender scene of this name. `chosen` are settings of its panel, such as
    the `file` of the description. Raises InputError, and then leaves no new scene."""
    return update.done(in_steps(description, name, **chosen))


def in_steps(description: Scene, name: str, **chosen: Any) -> update.Steps:
    """As `build_new`, in steps. Closed before the last one it leaves no new scene."""
    target = bpy.data.scenes.new(name)
    _on_the_same_device(bpy.context.scene, target)
    try:
        yield from update.build_in_steps(description, target)
    except BaseException:
        bpy.data.scenes.remove(target)
        raise
    target[tags.TAG] = target.name
    own = settings_of(target)
    with fields.filling():
        for setting, value in chosen.items():
            setattr(own, setting, value)
    show(target)
    return target


def _on_the_same_device(begun, target):
    """Let F12 and the viewport use the device that the user's scene uses: a new scene has the CPU."""
    if hasattr(target, "cycles"):  # Cycles can be switched off
        for name in ("device", "denoising_use_gpu"):
            setattr(target.cycles, name, getattr(begun.cycles, name))


def show(target: bpy.types.Scene) -> None:
    """Fill the panel of a scene with the description that was just built there."""
    own = settings_of(target)
    properties.fill(own, built.description(target), built.description_text(target))
    own.built_from, own.problem = properties.origin(own), ""
