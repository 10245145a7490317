"""Sets the camera of a built scene by hand: to the view of a viewport, nearer or further along its direction,
or to another focus. Its lens and everything else that someone has set stay."""

from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..picture.film import compose
from ..staging.camera.framing import SENSOR, side_towards
from ..staging.camera.setup import BLUR
from ..staging.plan import Plan
from . import compat, tags
from .camera import channels, focus_at, place_of
from .laid_out_anew import room_of
from .picture_plane import looks_along_its_parent
from .rebuild import adding
from .remembered import remembered
from .seen import moves, view_of

LEAST_ACROSS_LOOK = (
    1e-4  # of a camera that looks straight down or up, whose turn is told by what is up for it
)
LEAST_TURN = 1e-4  # of a channel that has keys: by less it is as these have it
FIRST_BLUR = 0.5  # depth of field that a lens without any gets


def stand(target: bpy.types.Scene, matrix: Matrix, distance: float, *, alone: bool = False) -> None:
    """Let the camera of a scene stand at a `matrix` of the world; the point that it turns about is `distance`
    before it. A camera that moves gets a key there at the current frame. If it is to stand there `alone`, the
    keys of its moves are removed."""
    camera = target.camera
    aim = camera.parent if looks_along_its_parent(camera) else None
    keyed = moves(camera) and not alone
    before = channels(camera, aim)
    if alone:
        _unkey([ob for ob in (camera, aim) if ob is not None])
    if aim is None:
        camera.matrix_world = matrix
    else:
        turn = matrix.to_euler("XYZ", aim.rotation_euler)
        offset = turn.to_matrix() @ Vector((camera.location.x, camera.location.y, distance))
        aim.matrix_world = Matrix.LocRotScale(matrix.translation - offset, turn, None)
        camera.location.z = distance
    if keyed:
        for ob, path, index, value in before:
            _key(ob, path, index, value, target)
    target.view_layers[0].update()


def keep_turn(target: bpy.types.Scene) -> None:
    """Give a moving camera that a person has just turned in a viewport keys at its present place. Otherwise
    the next frame would take it back to its keys."""
    camera = target.camera
    aim = camera.parent if looks_along_its_parent(camera) else None
    now = [(*one, compat.find_curve(*one[:3])) for one in channels(camera, aim)]
    frame = target.frame_current_final
    if all(curve is None or abs(curve.evaluate(frame) - value) < LEAST_TURN for *_, value, curve in now):
        return
    for ob, path, n, value, curve in now:
        built = remembered(ob).get("values", {}).get(path, ())
        before = built[n] if curve is None and n < len(built) else None
        _key(ob, path, n, value if before is None else before, target)


def _key(ob, path, index, before, target):
    """A key for one channel at the current frame. If the channel had none, it also gets keys at the film's
    ends, where it stays as it was."""
    if compat.find_curve(ob, path, index) is None:
        now = getattr(ob, path)[index]
        if abs(now - before) < 1e-6:
            return
        for frame in {target.frame_start, target.frame_end} - {target.frame_current}:
            getattr(ob, path)[index] = before
            ob.keyframe_insert(path, index=index, frame=frame)
        getattr(ob, path)[index] = now
    ob.keyframe_insert(path, index=index, frame=target.frame_current)


def _unkey(objects):
    """Remove the keys of objects, and actions that nothing uses any more."""
    for ob in objects:
        action = ob.animation_data.action if ob.animation_data else None
        ob.animation_data_clear()
        if action:
            users = bpy.data.user_map(subset=[action])[action]
            if all(isinstance(user, bpy.types.Scene) for user in users):  # which only list it
                bpy.data.actions.remove(action)


def look_from(
    target: bpy.types.Scene, turned: Matrix, pivot: Vector, half: tuple[float, float], *, alone: bool = False
) -> None:
    """Let the camera of a scene see what a viewport shows that is `turned` so: everything within `half` of
    the point `pivot`, across and upwards. The lens stays, but is no longer shifted, because a viewport looks
    straight at its middle."""
    camera, now = target.camera, view_of(target)
    ratio = max(half[0] / now.half_width, half[1] / now.half_height)
    distance = ratio
    camera.data.shift_x = camera.data.shift_y = 0.0
    if now.orthographic:
        camera.data.ortho_scale *= ratio
        distance = max(float(now.seen(np.array([pivot]))[2][0]), camera.location.length, 1.0)
    back = turned.to_3x3() @ Vector((0.0, 0.0, 1.0))
    camera.data.clip_end = max(camera.data.clip_end, 20.0 * distance)
    stand(
        target,
        Matrix.LocRotScale(pivot + back * distance, turned.to_quaternion(), None),
        distance,
        alone=alone,
    )


def frame(p: Plan, target: bpy.types.Scene, *, alone: bool = False) -> None:
    """Move the camera of a built scene nearer or further along its direction, upright, until the whole
    subject of its plan is in the picture with its labels, within the margin."""
    now = view_of(target)
    x, y, z = -now.forward
    across = (x, y) if np.hypot(x, y) > LEAST_ACROSS_LOOK else (now.right[1], -now.right[0])
    longer = max(now.half_width, now.half_height)
    oblique = any(now.centre) and np.allclose(side_towards(-now.forward), -now.forward)
    if oblique:
        across, z = (-now.line[0], -now.line[1]), -now.line[2]
    aspect = now.half_width / now.half_height
    options = replace(
        p.scene.camera,
        view="free",
        azimuth=float(np.degrees(np.arctan2(across[0], -across[1]))),
        elevation=float(np.degrees(np.arcsin(np.clip(z, -1.0, 1.0)))),
        move="none",
        lens=0.0 if now.orthographic else 0.5 * SENSOR / longer,
        projection="orthographic" if now.orthographic else "oblique" if oblique else "perspective",
    )
    made = compose(replace(p, scene=replace(p.scene, camera=options), beats=()), aspect)
    view = made.shot.view(float(p.timeline.last_frame))
    if view.orthographic:
        target.camera.data.ortho_scale *= view.half_width / now.half_width
    middle = p.arrangement.corners().mean(axis=0)
    distance = max(float(view.seen(middle[None])[2][0]), 1.0)
    stand(target, place_of(view), distance, alone=alone)


def focus(target: bpy.types.Scene, point: Any, corners: np.ndarray) -> bpy.types.Object:
    """Focus the camera of a built scene on a `point` (3,), and return the empty there. A lens without blur
    gets a little, for the ends of the scene with these `corners` (n, 3)."""
    camera, view = target.camera, view_of(target)
    dof = camera.data.dof
    sharp = dof.focus_object
    if sharp is None or sharp not in tags.owned(target) or sharp == camera.parent:
        with adding(target):
            sharp = focus_at(point, room_of(target, "Stage"))
    sharp.location = point
    dof.focus_object = sharp
    if not dof.use_dof:
        dof.use_dof = True
        depth, z = float(view.seen(np.array([point], float))[2][0]), view.seen(corners)[2]
        z = z[z > 0.2 * depth]
        part = np.abs(z - depth) / (depth if view.orthographic else z)
        height = 2 * view.half_height * (1.0 if view.orthographic else depth)
        lens = BLUR * FIRST_BLUR * height / max(part.max(initial=0.0), 0.02)
        dof.aperture_fstop = (1.0 if view.orthographic else 1e-3 * camera.data.lens) / lens
    return sharp
