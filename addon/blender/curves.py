"""The F-curves and drivers of a datablock, each by its place. One block can take over those of another."""

import hashlib
import re
from typing import Any

import bpy
import numpy as np

from . import compat

_INPUT_PATH = re.compile(r'^(modifiers\["[^"]*"\])(?:\["(\w+)"\]|\.properties\.inputs\.(\w+)\.value)$')
_KEY_FIELDS = ("interpolation", "easing", "type", "handle_left_type", "handle_right_type")
_PLACES = ("co", "handle_left", "handle_right")


def owners(block: bpy.types.ID) -> list[bpy.types.ID]:
    """The block, and its node tree where it has one of its own: both can be animated."""
    tree = getattr(block, "node_tree", None)
    return [block, tree] if tree else [block]


def actions(block: bpy.types.ID) -> list[bpy.types.Action]:
    """The actions that animate a datablock and its node tree."""
    animated = [one.animation_data for one in owners(block) if getattr(one, "animation_data", None)]
    return [one.action for one in animated if one.action]


def place(curve: Any) -> str:
    """The place where a curve or driver acts, written the same in every Blender: "path index"."""
    return f"{everywhere(curve.data_path)} {curve.array_index}"


def everywhere(path: str) -> str:
    """A data path with the inputs of modifiers as every Blender could name them."""
    return _INPUT_PATH.sub(lambda found: f"{found[1]} {found[2] or found[3]}", path)


def curves(owner: bpy.types.ID) -> dict[str, bpy.types.FCurve]:
    """The F-curves that animate a datablock, by place."""
    return {place(curve): curve for bag in compat.channelbags(owner) for curve in bag.fcurves}


def drivers(owner: bpy.types.ID) -> dict[str, bpy.types.FCurve]:
    """The drivers of a datablock, by place."""
    animation = getattr(owner, "animation_data", None)
    return {place(curve): curve for curve in animation.drivers} if animation else {}


def motion(block: bpy.types.ID) -> dict[str, str]:
    """A digest of each curve and driver of a datablock and its node tree, by kind and place."""
    told = keys(block)
    for n, owner in enumerate(owners(block)):
        told |= {f"driver {n} {at}": _driver_digest(curve) for at, curve in drivers(owner).items()}
    return told


def keys(block: bpy.types.ID) -> dict[str, str]:
    """The part of `motion` that is of the curves."""
    return {
        f"curve {n} {at}": _curve_digest(curve)
        for n, owner in enumerate(owners(block))
        for at, curve in curves(owner).items()
    }


def moving(block: bpy.types.ID) -> set[tuple[str, int]]:
    """(path from the block, index) of every property that is animated or driven."""
    return {
        (prefix + curve.data_path, curve.array_index)
        for prefix, owner in zip(("", "node_tree."), owners(block), strict=False)
        for curve in [*curves(owner).values(), *drivers(owner).values()]
    }


def _curve_digest(curve):
    """A digest of the keys. Handles count only if a person set them, because Blender computes the others
    anew."""
    points = curve.keyframe_points
    told = [_read(points, "co").tobytes(), _read(points, "interpolation").tobytes()]
    free = [tuple(p.handle_left) + tuple(p.handle_right) for p in points if p.interpolation == "BEZIER"]
    told += [np.array(free, np.float32).tobytes(), curve.extrapolation.encode(), bytes([curve.mute])]
    return hashlib.blake2s(b"/".join(told), digest_size=6).hexdigest()


def _driver_digest(curve):
    driver = curve.driver
    told = [driver.type, driver.expression if driver.type == "SCRIPTED" else ""]
    for variable in driver.variables:
        told += [variable.type, *(everywhere(target.data_path) for target in variable.targets)]
    return hashlib.blake2s("/".join(told).encode(), digest_size=6).hexdigest()


def _read(points, name):
    width = 2 if name in _PLACES else 1
    values = np.empty(width * len(points), np.float32 if width == 2 else np.int32)
    points.foreach_get(name, values)
    return values


def hand_over(new: bpy.types.ID, old: bpy.types.ID, before: dict[str, str]) -> None:
    """Give the curves and drivers of `new` to `old`. Those that a person made, changed or removed since the
    digests `before` were taken stay as they are."""
    hand_over_keys(new, old, before)
    for n, (fresh, owner) in enumerate(zip(owners(new), owners(old), strict=False)):
        _hand_drivers(fresh, owner, _under(before, f"driver {n} "))


def hand_over_keys(new: bpy.types.ID, old: bpy.types.ID, before: dict[str, str]) -> None:
    """As `hand_over`, for the F-curves alone."""
    for n, (fresh, owner) in enumerate(zip(owners(new), owners(old), strict=False)):
        _hand_curves(fresh, owner, _under(before, f"curve {n} "))


def _under(before, prefix):
    return {key.removeprefix(prefix): told for key, told in before.items() if key.startswith(prefix)}


def _hand_curves(new, old, before):
    now, fresh = curves(old), curves(new)
    theirs = {at: curve for at, curve in now.items() if _curve_digest(curve) != before.get(at)}
    if not fresh and len(theirs) == len(now):
        return
    for bag in compat.channelbags(new):
        for curve in [one for one in bag.fcurves if place(one) in before.keys() - now.keys()]:
            bag.fcurves.remove(curve)
    for curve in theirs.values():
        _copy_curve(curve, new)
    animation = old.animation_data or old.animation_data_create()
    source = new.animation_data
    animation.action = source.action if source else None
    if animation.action:
        animation.action_slot = source.action_slot


def _copy_curve(curve, owner):
    points = curve.keyframe_points
    made = compat.curve_with(owner, curve.data_path, curve.array_index, len(points))
    for name in (*_KEY_FIELDS, *_PLACES):
        made.keyframe_points.foreach_set(name, _read(points, name))
    made.extrapolation, made.mute = curve.extrapolation, curve.mute
    made.update()


def _hand_drivers(new, old, before):
    now, fresh = drivers(old), drivers(new)
    theirs = {at for at, curve in now.items() if _driver_digest(curve) != before.get(at)}
    theirs |= before.keys() - now.keys()
    for at, curve in now.items():
        if at not in theirs:
            old.animation_data.drivers.remove(curve)
    for at, curve in fresh.items():
        if at not in theirs:
            animation = old.animation_data or old.animation_data_create()
            animation.drivers.from_existing(src_driver=curve)
