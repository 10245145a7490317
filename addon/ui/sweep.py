"""Scrubbing: sliders of a product that show the position of its sweep, and move the timeline.

They store nothing. A slider shows the value of the product's Sweep curve at the current frame. Moving it goes
to the frame, fractions included, at which the curve has the new value.
"""

import math
from typing import Any

import bpy

from ..blender import compat, tags
from ..blender.objects import MODIFIER
from . import built
from .fields import STILL


def products(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The products of a built Blender scene, in the order in which they are swept."""
    found = built.products(scene)
    curves = {ob: curve_of(ob) for ob in found}
    return sorted(found, key=lambda ob: (curves[ob].range()[0] if curves[ob] else 0.0, ob[tags.NAME]))


def curve_of(ob: bpy.types.Object) -> Any:
    """The curve that animates a product's Sweep, or None."""
    return compat.find_curve(ob, compat.input_path(ob.modifiers[MODIFIER], "Sweep"))


def is_swept(ob: bpy.types.Object) -> bool:
    """Whether the product has a sweep to scrub."""
    curve = curve_of(ob)
    return curve is not None and curve.range()[1] > curve.range()[0]


def steps_of(ob: bpy.types.Object) -> Any:
    return max(1, int(tags.number(ob, tags.STEPS, 1)))


def position(ob: bpy.types.Object, frame: float) -> Any:
    """How many steps of the product are visited at a frame, both as floats."""
    curve = curve_of(ob)
    return curve.evaluate(frame) if curve else compat.get_input(ob.modifiers[MODIFIER], "Sweep")


def frame_of(curve: Any, value: float) -> float:
    """The frame, a float, at which a curve reaches `value` on its rise to its top, or the frame of its top if
    it never does. (In a loop the curve falls again after its top.)

    The frame is found by bisection, which also works for keys that a user has moved or eased.
    """
    low, _ = curve.range()
    high = max(curve.keyframe_points, key=lambda point: point.co[1]).co[0]
    if value <= curve.evaluate(low):
        return low
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if curve.evaluate(middle) < value else (low, middle)
    return high


def scrub(ob: bpy.types.Object, scene: bpy.types.Scene, value: float) -> None:
    """Go to the frame at which `value` steps of the product are visited."""
    curve = curve_of(ob)
    if curve is not None:
        frame = frame_of(curve, min(max(value, 0.0), steps_of(ob)))
        # Curves are float32: a frame that is whole up to rounding should be whole.
        frame = round(frame) if abs(frame - round(frame)) < 1e-3 else frame
        scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))


def _get_step(ob):
    return position(ob, bpy.context.scene.frame_current_final) if built.is_product(ob) else 0.0


def _set_step(ob, value):
    if built.is_product(ob):
        scrub(ob, bpy.context.scene, value)


def _get_percent(ob):
    return 100.0 * _get_step(ob) / steps_of(ob)


def _set_percent(ob, value):
    _set_step(ob, value / 100.0 * steps_of(ob))


def register() -> None:
    bpy.types.Object.matrix_cinema_sweep = bpy.props.FloatProperty(
        name="Sweep",
        options=STILL,
        subtype="PERCENTAGE",
        min=0.0,
        max=100.0,
        precision=1,
        get=_get_percent,
        set=_set_percent,
        description="How far this product is swept; drag to move the timeline there",
    )
    bpy.types.Object.matrix_cinema_step = bpy.props.FloatProperty(
        name="Step",
        options=STILL,
        min=0.0,
        precision=2,
        step=100,
        get=_get_step,
        set=_set_step,
        description="How many steps of this product are visited; a fraction is a step fading in",
    )


def unregister() -> None:
    del bpy.types.Object.matrix_cinema_sweep
    del bpy.types.Object.matrix_cinema_step
