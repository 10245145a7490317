"""The view that a description asks for: direction, optics, and the parts of the scene that are its
subject."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...description.scene import Beat, Camera, Scene
from ...errors import InputError, nearest
from ...kinds.places import Cuboid, Part, Plane, seen_of
from ...kinds.stage import Stage
from ..layout.arrangement import Arrangement
from . import framing
from .framing import DIRECTIONS, Optics, View, axes, free_direction, sheared, side_towards, skew_of, view_from

if TYPE_CHECKING:  # plans check their cameras
    from ..plan import Plan

LENS = 50.0  # in millimetres, as all lenses
OBLIQUE_LENS = 135.0  # so long that things hardly get smaller with depth
LENSES = {"hero": 32.0, "inside": 18.0, "inside_left": 18.0}  # of views with a lens of their own
SHORTEST = 8.0
ORTHOGRAPHIC = ("isometric",)
TURNING = ("orbit", "crane")  # moves that turn, which an oblique camera cannot do
INSIDE = {"inside": "result", "inside_left": "left"}  # view -> the face that it looks at
PRODUCTS_SUFFIX = " products"  # after the name of a result: its cuboid with the faces around it
FARTHEST_INSIDE = 1.1  # the most distance of a camera inside from the face it looks at, in sides of the face
LOOK_OFF_MIDDLE = 0.12  # how far such a camera stands from the middle, as a part of the cuboid
UPWARD = np.array([1.0, -2.0, 4.0])  # prefers directions up, then towards the audience, then to the right


@dataclass(frozen=True, eq=False)
class Bare:
    """The part of a plan that a direction needs."""

    scene: Scene
    arrangement: Arrangement


def direction_of(p: "Plan | Bare") -> np.ndarray:
    """The direction from the scene of a plan towards its camera, (3,)."""
    options = p.scene.camera
    if options.view == "free":
        return free_direction(options)
    if options.view in INSIDE:
        place, face = _inside(p)
        return place - face
    return np.asarray(DIRECTIONS[options.view], float)


def is_oblique(scene: Scene) -> bool:
    """Whether a description's camera looks straight at a side of the scene with a shifted lens. A camera that
    turns during the film is orthographic instead."""
    turns = scene.camera.move in TURNING or any(beat.view for beat in scene.beats if isinstance(beat, Beat))
    return scene.camera.projection == "oblique" and not turns


def sight_of(p: "Plan | Bare") -> np.ndarray:
    """The rows (3, 3) that project points to (right, up, depth) of a plan's camera, without perspective."""
    return sight_from(direction_of(p), is_oblique(p.scene))


def sight_from(direction: np.ndarray, oblique: bool) -> np.ndarray:
    """The rows of `sight_of` for a camera in this direction."""
    if not oblique:
        return np.stack(axes(direction))
    return sheared(axes(side_towards(direction)), skew_of(direction))


def axis_of(p: "Plan | Bare") -> np.ndarray:
    """The direction (3,) against which the camera of a plan is turned. Except for an oblique camera, it is
    the direction from which the camera sees the scene."""
    direction = direction_of(p)
    return side_towards(direction) if is_oblique(p.scene) else direction


def bare_view(scene: Scene, arrangement: Arrangement) -> View:
    """The View of a description's subject, without room for text and before any move."""
    p = Bare(scene, arrangement)
    optics = optics_of(p, scene.render.width / scene.render.height)
    if scene.camera.view in INSIDE:
        return inside_view(p, optics)
    directions = axes(axis_of(p))
    corners = np.concatenate([part.corners() for part in parts_of(arrangement, scene.camera.subject)])
    reach, centre = framing.nearest(corners @ np.stack(directions).T, optics, np.full(4, scene.camera.margin))
    return view_from(directions, centre, reach, optics, -1e6)


def optics_of(p: "Plan | Bare", aspect: float) -> Optics:
    """The Optics of a plan's camera on a frame of this aspect."""
    camera = p.scene.camera
    if is_oblique(p.scene):
        return Optics(aspect, camera.lens or OBLIQUE_LENS, skew=skew_of(direction_of(p)))
    kind = camera.projection or ("orthographic" if camera.view in ORTHOGRAPHIC else "perspective")
    return Optics(aspect, camera.lens or LENSES.get(camera.view, LENS), kind != "perspective")


def subjects_of(arrangement: Arrangement) -> list[str]:
    """The names that a camera's subject may have."""
    matrices = [plane.stage for plane in arrangement.planes]
    cuboids = [cuboid.stage for cuboid in arrangement.cuboids]
    products = [f"{name}{PRODUCTS_SUFFIX}" for name in names_of(cuboids)]
    return [*names_of(matrices), *products]


def names_of(stages: Sequence[Stage]) -> list[str]:
    """The names of these matrices and of their stacks, each once."""
    return list(dict.fromkeys([*(s.of for s in stages if s.of), *(s.name for s in stages)]))


def check(camera: Camera, arrangement: Arrangement) -> None:
    """Raise InputError for a camera that is not possible in this arrangement."""
    known = subjects_of(arrangement)
    if camera.subject and camera.subject not in known:
        raise InputError(
            f'camera: subject: nothing is named "{camera.subject}"; {nearest(camera.subject, known, "names")}'
        )
    if 0.0 < camera.lens < SHORTEST:
        raise InputError(
            f"camera: lens: {camera.lens:g} is too small; the least is {SHORTEST:g}, or 0 for the view's own"
        )
    if camera.view in INSIDE:
        if camera.move not in ("none", "push_in"):
            raise InputError(
                f'camera: move: "{camera.move}" leads out of the view "{camera.view}"; give none or push_in'
            )
        if camera.projection in ("orthographic", "oblique"):
            raise InputError(
                f'camera: projection: the view "{camera.view}" is from within and needs "perspective"'
            )
        cuboid_of(camera, arrangement)


def parts_of(arrangement: Arrangement, subject: str = "") -> list[Part]:
    """The planes and cuboids of a subject; all of them for an empty subject."""
    if not subject:
        return seen_of([*arrangement.planes, *arrangement.cuboids])
    named: list[Part] = [part for part in arrangement.planes if subject in (part.stage.name, part.stage.of)]
    if named:
        return named
    name = subject.removesuffix(PRODUCTS_SUFFIX)
    made = [cuboid.stage for cuboid in arrangement.cuboids if name in (cuboid.stage.name, cuboid.stage.of)]
    return [part for stage in made for part in family_of(arrangement, stage.name)]


def family_of(arrangement: Arrangement, name: str) -> list[Part]:
    """The parts that make a result: its plane, its operands, and the cuboid of a product."""
    result = [plane for plane in arrangement.planes if plane.stage.name == name][:1]
    cuboid = [cuboid for cuboid in arrangement.cuboids if cuboid.stage.name == name]
    operands = [plane for plane in arrangement.planes if plane.consumer == name and plane.role != "result"]
    return [*result, *cuboid, *operands]


def cuboid_of(camera: Camera, arrangement: Arrangement) -> Cuboid:
    """The cuboid for a view from inside: that of the subject, or else of the last product."""
    name = camera.subject.removesuffix(PRODUCTS_SUFFIX)
    cuboids = [c for c in arrangement.cuboids if not name or name in (c.stage.name, c.stage.of)]
    if not cuboids:
        what = f'"{name}" is no product' if name else "the scene has no product"
        raise InputError(
            f'camera: view: "{camera.view}" looks from within the cuboid of a product, and {what}'
        )
    return cuboids[0]


def inside_view(p: "Plan | Bare", optics: Optics, retreat: float = 1.0) -> View:
    """The View from inside a product. `retreat` multiplies the camera's distance from the face."""
    place, face = _inside(p)
    directions = axes(place - face)
    right, up, forward = directions
    place = face + retreat * (place - face)
    return view_from(directions, (place @ right, place @ up), -(place @ forward), optics, 0.0)


def _inside(p: "Plan | Bare") -> tuple[np.ndarray, np.ndarray]:
    """(place of a camera inside, middle of the face that it looks at), (3,) each.

    The camera stands between elements, a little above and to the right of the middle, at a distance at which
    the face fills the frame.
    """
    camera, arrangement = p.scene.camera, p.arrangement
    cuboid = cuboid_of(camera, arrangement)
    name, looks_at = cuboid.stage.name, INSIDE[camera.view]
    planes = [part for part in family_of(arrangement, name) if isinstance(part, Plane)]
    face = planes[0] if looks_at == "result" else next(plane for plane in planes if plane.role == "left")
    along, across = ("k", "ij") if looks_at == "result" else ("j", "ik")
    rulers = {axis: getattr(cuboid, f"{axis}_ruler") for axis in "ijk"}
    steps = {axis: getattr(cuboid, f"{axis}_step") for axis in "ijk"}
    target = face.corners().mean(axis=0)
    inwards = cuboid.corners().mean(axis=0) - target
    inwards = steps[along] * np.sign(inwards @ steps[along])
    far = max((corner - target) @ inwards for corner in cuboid.corners(0.0))
    fills = FARTHEST_INSIDE * max(rulers[axis].length + 1.0 for axis in across)
    distance = far - 0.5 - max(0.0, np.floor(far - 0.5 - fills)) if rulers[along].count > 1 else far + 1.0
    place = target + inwards * distance
    for axis in across:
        step, length = steps[axis], rulers[axis].length
        upward = 1.0 if step @ UPWARD > 0 else -1.0
        between = np.floor(0.5 * length) + 0.5 + upward * np.floor(LOOK_OFF_MIDDLE * length)
        place = place + step * (between - 0.5 * length)
    return place, target
