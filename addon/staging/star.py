"""The star of a scene: the matrix that its picture is about, and the arrangement in which it can be read.

By itself a scene's star is the last result of a softmax. Where nothing else is asked for, layout and view are
those, of all that mm's placements and some thirty directions give, in which the star faces the viewer, is
large, and has nothing before it, and the other matrices are seen as well as that allows.
"""

import functools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ..description.scene import BESIDES, LEFTS, POLARITIES, RESULTS, RIGHTS, Scene
from ..errors import InputError, nearest
from ..kinds.places import Plane
from ..kinds.stage import Stage, roots_of, stages_of
from .camera.framing import DIRECTIONS, direction_at, free_direction
from .camera.views import is_oblique, names_of, sight_from
from .layout.arrangement import WAYS_BESIDE, Arrangement
from .layout.fans import fans
from .layout.unseen import hides
from .scales import is_probability

NONE = "none"  # instead of a star's name
# Degrees; none is as near to one side as to the next, between which rounding would choose.
AZIMUTHS = (-75.0, -60.0, -46.0, -44.0, -30.0, -15.0, 0.0, 15.0, 30.0, 44.0, 46.0, 60.0, 75.0)
ELEVATIONS = (13.0, 20.0, 28.0)
MOST_PLANES = 24  # of more matrices the arrangements are not tried
LONGEST_AXES = (32, 16, 8, 4)  # units: axes that are longer are drawn so long where a star would be small
NEARLY, FINALISTS = 0.5, 16  # of the best pose for one of several results: how many are tried for all
NOTICED, WORTHWHILE = 1.05, 1.15  # times further apart, for which axes are drawn shorter, and still shorter
READABLE = 0.0165  # of the frame's height: how far apart a star's entries are to be, as lines of labels
LEAST_STAR_PITCH = 0.0135  # of the frame's height, ten of 720 pixels: entries nearer than that are too small
CRAMPED = 0.5  # by which the worth of such a small star is multiplied
SPACINGS = (0.0, 6.0, 12.0, 20.0, 30.0)  # entries that results may stand further apart
SLANT = 0.1  # how much of a way may lead into the depth for what stands along it to stand side by side
STAR_SAMPLES = 7  # points across and down a matrix that are looked at
_SPREAD = np.stack(np.meshgrid(*2 * [np.linspace(0.0, 1.0, STAR_SAMPLES)]), -1).reshape(-1, 2)
WRITING_ROOM = 0.085  # of the frame's height, at each side of a star, for what is written at it
USED = (0.86, 0.7)  # of the frame's width and height, for the scene
LARGEST_STAR_PITCH = 0.035  # of the frame's height: entries further apart are not read any better
AXIS_LABEL_ROOM = 11.0  # entries between a star and the products that take it, for the labels of its axes
UPRIGHT = 0.5  # what a star is worth that reads from right to left or from below
FRONTAL, ASKEW = np.cos(np.radians(45.0)), 0.5  # what a star is worth that faces away further than that
FACING = 0.45  # of its area, which is enough to see of another matrix
OTHERS_SHARE = 0.7  # of a star's worth that depends on the others


def star_of(root: Stage, wanted: str) -> str:
    """The name of the star among the stages under `root`, "" for none: `wanted`, the last one of several
    there, or where that is empty the last result of a softmax. Raises InputError for a name that nothing
    has."""
    if wanted == NONE:
        return ""
    known = stages_of(root)
    names = names_of(known)
    if wanted:
        for one in _several(wanted):
            if one not in names:
                raise InputError(f'star: nothing is named "{one}"; {nearest(one, names, "names")}')
        return _several(wanted)[-1]
    made = [stage for stage in known if stage.operands and is_probability(stage)]
    return (made[-1].of or made[-1].name) if made else ""


def _several(wanted):
    """The names in a list of them, such as "before; after"."""
    return [name.strip() for name in wanted.split(";")]


def stars_of(root: Stage, wanted: str) -> frozenset[str]:
    """The names of the stars of all results under `root`: of several, each has its own where none is
    `wanted`. Raises InputError for a name that nothing has."""
    if wanted:
        return frozenset(_several(wanted)) - {NONE}
    return frozenset(star_of(one, "") for one in roots_of(root)) - {""}


def is_among(stage: Stage, stars: Collection[str]) -> bool:
    """Whether a matrix is one of these stars."""
    return stage.name in stars or stage.of in stars


def before_star(made: Arrangement, stars: Collection[str], direction: np.ndarray) -> frozenset[str]:
    """The names of the products whose cuboids stand between a star and a camera in this direction."""
    points = [_spread_over(plane) for plane in made.seen if is_among(plane.stage, stars)]
    if not points:
        return frozenset()
    points, names = np.concatenate(points), set()
    along = np.where(np.abs(direction) < 1e-9, 1e-9, direction)
    for cuboid in made.cuboids:
        corners = cuboid.corners()
        to_sides = (np.stack([corners.min(axis=0), corners.max(axis=0)])[:, None] - points) / along
        enters, leaves = to_sides.min(axis=0).max(axis=1), to_sides.max(axis=0).min(axis=1)
        if ((leaves > np.maximum(enters, 0.0)) & (leaves > 1e-6)).any():
            names.add(cuboid.stage.name)
    return frozenset(names)


def _spread_over(plane):
    """Points all over a plane: (n, 3)."""
    along = _SPREAD * (plane.row_ruler.length, plane.column_ruler.length)
    return plane.origin + along @ np.stack([plane.row, plane.column])


@dataclass(frozen=True)
class Pose:
    """One arrangement and view: what a description would say of them, the rows that take points to the
    picture (see views.sight_of), how well the star is read, and how far `apart` its entries are at least, in
    heights of the frame."""

    layout: dict[str, str | float]
    direction: np.ndarray
    sight: np.ndarray
    worth: float
    apart: float = 0.0


def posed(scene: Scene, root: Stage, arranged: Callable[[Scene, Stage], Arrangement]) -> Scene:
    """The description with its scheme and its view chosen, where they are "auto"; `arranged` gives the
    Arrangement of one whose scheme is, of all that makes a stage. Without a star they are the stage and its
    view. Where the star would be small, long axes are drawn shorter, and heads stand in several rows."""
    asks = {"layout": scene.layout.scheme == "auto", "camera": scene.camera.view == "auto"}
    if not any(asks.values()):
        return scene
    stars = _seen_of(stars_of(root, scene.star), root, scene) if star_of(root, scene.star) else frozenset()
    stage = _said(
        scene, {"scheme": "stage"} if asks["layout"] else {}, {"view": "stage"} if asks["camera"] else {}
    )
    one = _one_of(root, stars)
    arranged = _arranged_once(arranged)
    if not stars or len(arranged(stage, one).planes) > MOST_PLANES:
        return stage
    pose = _best_pose(stage, root, one, stars, asks, arranged)
    if asks["layout"] and pose.apart < READABLE:
        roomier = _in_place(stage, root, arranged)
        longest = scene.layout.longest or _long_enough(roomier, pose, root, stars, arranged)
        own: dict = {"longest": longest, "sums": roomier.layout.sums}
        other = _best_pose(_said(roomier, own, {}), root, one, stars, asks, arranged)
        if other.worth > pose.worth * NOTICED:
            pose = replace(other, layout=other.layout | own)
    camera = _camera(pose.direction, scene) if asks["camera"] else {}
    return _said(stage, pose.layout if asks["layout"] else {}, camera)


def _seen_of(stars, root, scene):
    """The stars that the description does not hide."""
    seen = [stage for stage in stages_of(root) if not hides(scene, stage)]
    return frozenset(star for star in stars if any(is_among(stage, {star}) for stage in seen))


def _arranged_once(arranged):
    """The function `arranged`, which arranges what stands alike only once: of all that a description says,
    only its layout differs between poses."""
    known: dict = {}

    def arranged_once(scene, root):
        if (scene.layout, root) not in known:
            known[scene.layout, root] = arranged(scene, root)
        return known[scene.layout, root]

    return arranged_once


def _in_place(scene, root, arranged):
    """The description with sums in the place of what is added up, where it leaves that open and has such."""
    asked = _said(scene, {"sums": "in place"}, {})
    fewer = len(arranged(asked, root).seen) < len(arranged(scene, root).seen)
    return asked if scene.layout.sums == "auto" and fewer else scene


def _long_enough(scene, pose, root, stars, arranged):
    """How long axes may be drawn at most, so that the stars are large enough."""
    shorter = [_shorter(scene, pose, longest, root, stars, arranged) for longest in LONGEST_AXES]
    most = max(apart for _, apart in shorter)
    enough = max(min(LEAST_STAR_PITCH, most / NOTICED), min(READABLE, most / WORTHWHILE))
    return next(n for n, apart in shorter if apart >= enough)


def _shorter(scene, pose, longest, root, stars, arranged):
    """(longest, how far apart entries of the stars are) where axes are no longer than that."""
    made = arranged(_said(scene, pose.layout | {"longest": longest}, {}), root)
    return longest, _apart(made, stars, _aspect(scene), pose.sight)


def _best_pose(scene, root, one, stars, asks, arranged):
    """The Pose in which the stars of what makes `root` are read best, as far as the description `asks`: of
    those that suit `one` of several results the one that suits them all."""
    poses = _best_of_one(scene, one, stars, asks, arranged, 1.0 if one is root else NEARLY)
    every = _row_lengths(scene, root), _besides(root), _spacings(scene, root)
    ways = list(product(*every)) if asks["layout"] else [()]
    aspect, best = _aspect(scene), replace(poses[0], worth=-1.0)
    for pose, way in product(poses if one is not root else poses[:1], ways):
        if way and len(roots_of(root)) > 1 and abs(WAYS_BESIDE[way[1]] @ pose.sight[2]) > SLANT:
            continue  # each would stand before or behind the one before
        layout = pose.layout | dict(zip(("row_length", "beside", "spacing"), way, strict=False))
        made = arranged(_said(scene, layout, {}), root)
        worth = _worth(made, stars, aspect, pose.sight, best.worth)
        if worth > best.worth:
            apart = _apart(made, stars, aspect, pose.sight)
            best = replace(pose, layout=layout, worth=worth, apart=apart)
    return best


def _best_of_one(scene, one, stars, asks, arranged, nearly):
    """The Poses in which the stars of what makes the stage `one` are read best, one for each direction, down
    to `nearly` of the best one's worth. Those that may be best are looked at first, so that most need not
    be."""
    directions = _directions() if asks["camera"] else [np.array(_direction(scene))]
    oblique = is_oblique(_said(scene, {}, _camera(directions[0], scene)) if asks["camera"] else scene)
    sights = np.array([sight_from(direction, oblique) for direction in directions])
    tried = []
    for layout in _layouts() if asks["layout"] else [{}]:
        made = arranged(_said(scene, layout, {}), one)
        bounds = _bound(_read(made, stars, _aspect(scene), sights))
        for direction, sight, bound in zip(directions, sights, bounds.tolist(), strict=True):
            tried.append((bound, made, Pose(layout, direction, sight, bound)))
    found: list[Pose] = []
    most = 0.0
    for bound, made, pose in sorted(tried, key=lambda one: -one[0]):
        if found and bound < nearly * most:
            break
        worth = _worth(made, stars, _aspect(scene), pose.sight, nearly * most)
        most = max(most, worth)
        found.append(replace(pose, worth=worth))
    best: dict = {}
    for pose in sorted(found, key=lambda pose: -pose.worth):
        best.setdefault(tuple(pose.direction), pose)
    return list(best.values())[:FINALISTS]


def _one_of(root, stars):
    """Of results that are alike, such as heads, and of what they are added up to, what makes the first star
    of all: it is read as it is in all the others."""
    while sum(is_among(stage, stars) for stage in stages_of(root)) > 1 and not root.has_interior:
        below = roots_of(root) if not root.operands else [operand.stage for operand in root.operands]
        root = next(one for one in below if any(is_among(stage, stars) for stage in stages_of(one)))
    return root


def _row_lengths(scene, root):
    """How many results may stand in a row, where they are of one kind and share nothing."""
    rows = root.rows_of_results
    count = len(rows[0])
    if scene.layout.row_length or len(rows) > 1 or len(fans(rows[0])) < count:
        return [scene.layout.row_length]
    return [0, *sorted({-(-count // n) for n in range(2, count + 1)}, reverse=True)]


def _besides(root):
    """Where each next one of several results may stand."""
    return BESIDES if len(roots_of(root)) > 1 else BESIDES[:1]


def _spacings(scene, root):
    """How much further away than they have to several results may stand."""
    return SPACINGS if len(roots_of(root)) > 1 and not scene.layout.spacing else [scene.layout.spacing]


def _aspect(scene):
    return scene.render.width / scene.render.height


def _apart(made, stars, aspect, sight):
    """How far apart the entries of stars are at least, in heights of the frame, in a picture of all."""
    _, steps, _, _ = measured(made.seen)
    starring = [is_among(plane.stage, stars) for plane in made.seen]
    return float((_scale(made, aspect, sight[None]) * _pitch(steps[starring] @ sight.T)).min())


def _scale(made, aspect, sights):
    """How long a unit is in pictures of all, in heights of the frame: (n,) for sights (n, 3, 3)."""
    seen = made.corners() @ np.swapaxes(sights[:, :2], 1, 2)
    wide, high = np.ptp(seen, axis=1).T
    return np.minimum(USED[0] * aspect / wide, USED[1] / high)


def _pitch(steps):
    """How far apart entries are that lead on by these steps (..., 2, 2), of one row and of one column, as one
    sees it."""
    row, column = steps[..., 0, :], steps[..., 1, :]
    area = np.abs(row[..., 0] * column[..., 1] - row[..., 1] * column[..., 0])
    return np.minimum(
        np.minimum(
            np.hypot(*np.moveaxis(row[..., :2], -1, 0)), np.hypot(*np.moveaxis(column[..., :2], -1, 0))
        ),
        area,
    )


def _said(scene, layout, camera):
    return replace(scene, layout=replace(scene.layout, **layout), camera=replace(scene.camera, **camera))


def _layouts():
    """What a description's [layout] may say of the root's turn: those of mm's placements, and the stage."""
    words = ("polarity", "left_placement", "right_placement", "result_placement")
    for chosen in product(POLARITIES, LEFTS, RIGHTS, RESULTS):
        yield {"scheme": "custom", "star_room": AXIS_LABEL_ROOM, **dict(zip(words, chosen, strict=True))}
    yield {"scheme": "stage"}


def _directions():
    return [direction_at(np.radians(90 - e), np.radians(a)) for e in ELEVATIONS for a in AZIMUTHS]


def _direction(scene):
    camera = scene.camera
    if camera.view == "free":
        return free_direction(camera)
    return DIRECTIONS.get(camera.view, DIRECTIONS["stage"])


def _camera(direction, scene):
    """What a description's [camera] says of a direction; the camera looks straight at the side that is
    nearest to it, so that the rows of what stands there are level, and its columns upright."""
    x, y, z = direction
    angles = {
        "azimuth": round(float(np.degrees(np.arctan2(x, -y))), 3),
        "elevation": float(np.degrees(np.arcsin(z))),
    }
    return {"view": "free", **angles, "projection": scene.camera.projection or "oblique"}


def _worth(
    made: Arrangement, stars: Collection[str], aspect: float, sight: np.ndarray, least: float
) -> float:
    """How well stars are read in a picture of the whole scene that `sight` takes points to, 0 to 1: how far
    apart their entries are, and how much of them and of the room around them has nothing before or behind it;
    most of that only as far as the others are seen well. What is not above `least` anyway is only a bound of
    it."""
    read = _read(made, stars, aspect, sight[None])[0]
    worth = float(_bound(read))
    if worth <= least:
        return worth
    seen, scale = SeenPlanes(made.seen, sight), _scale(made, aspect, sight[None])[0]
    starring = np.array([is_among(plane.stage, stars) for plane in made.seen])
    alone = [
        (seen.part_alone(n, WRITING_ROOM / scale) * seen.part_uncovered(n)) ** 2
        for n in np.flatnonzero(starring)
    ]
    worth = round(float(np.mean(read * alone)), 6)
    if worth <= least:
        return worth
    if starring.all():
        return worth
    others = np.minimum(seen.facing[~starring] / FACING, 1.0) * seen.parts_uncovered(
        np.flatnonzero(~starring)
    )
    part = 0.5 * float(others.mean() + others.min())  # one that is a hair counts
    return round(worth * (1.0 - OTHERS_SHARE * (1.0 - part)), 6)


def _read(made, stars, aspect, sights):
    """How well each star could be read from sights (n, 3, 3) if nothing stood before it or behind it:
    (n, stars)."""
    _, steps, _, outward = measured(made.seen)
    starring = [is_among(plane.stage, stars) for plane in made.seen]
    seen = steps[starring] @ np.swapaxes(sights, 1, 2)[:, None]
    upright = (seen[..., 0, 1] < 0.0) & (seen[..., 1, 0] > 0.0)
    frontal = np.abs(sights[:, 2] @ outward[starring].T) > FRONTAL
    pitch = _pitch(seen) * _scale(made, aspect, sights)[:, None]
    found = np.minimum(pitch / LARGEST_STAR_PITCH, 1.0)
    found *= np.where(upright, 1.0, UPRIGHT) * np.where(frontal, 1.0, ASKEW)
    return found * np.where(pitch > LEAST_STAR_PITCH, 1.0, CRAMPED)


def _bound(read):
    """The most that a picture can be worth in which stars are read so well: (...,) for (..., stars)."""
    return np.round(read.mean(axis=-1), 6)


@functools.lru_cache(64)
def measured(planes: tuple[Plane, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Where planes begin (n, 3), their steps (n, 2, 3) from row to row and column to column, how long they
    are along these (n, 2), and their ways outward (n, 3). One looks at the same ones from many sides."""
    return (
        np.array([plane.origin for plane in planes]),
        np.array([[plane.row, plane.column] for plane in planes]),
        np.array([[plane.row_ruler.length, plane.column_ruler.length] for plane in planes]),
        np.array([plane.outward for plane in planes]),
    )


class SeenPlanes:
    """Planes as a camera sees them whose `sight` takes points to its picture and their depth, (3, 3):
    `facing` is how much of its area each has there, and `turned_to` the cosine of its turn from the camera's
    own axis: an oblique camera sees all of what stands at right angles to that, but askew."""

    def __init__(self, planes: Sequence[Plane], sight: np.ndarray):
        origins, steps, self.ends, outward = measured(tuple(planes))
        self.origins, self.steps = origins @ sight.T, steps @ sight.T  # plane, step, axis
        (a, b), (c, d) = np.moveaxis(self.steps[:, :, :2], 0, -1)
        turned = a * d - b * c
        self.facing = np.abs(turned)
        self.turned_to = np.abs(outward @ sight[2])
        with np.errstate(divide="ignore", invalid="ignore"):  # planes seen from their edge have no way back
            back = np.array([[d, -b], [-c, a]]) / turned
        self.back = np.moveaxis(back, -1, 0)  # from the picture to a plane; faster than inv

    def part_uncovered(self, n: int) -> float:
        """The part of a plane that no other one covers."""
        return float(self.parts_uncovered(np.array([n]))[0])

    def parts_uncovered(self, which: np.ndarray) -> np.ndarray:
        """The part of each of these planes (n,) that no other one covers: (n,)."""
        before, _ = self._others(which, 0.0)
        return 1.0 - before.mean(axis=1)

    def part_alone(self, n: int, margin: float) -> float:
        """The part of a plane, and of a margin around it, that has no other one before or behind it."""
        _, overlapping = self._others(np.array([n]), margin)
        return 1.0 - float(overlapping.mean())

    def _others(self, which, margin):
        """Which points of planes, and of a margin around them, have another plane before them, and which any
        at all: (n, points) each, for planes `which` (n,)."""
        around = margin / np.maximum(
            np.linalg.norm(self.steps[which, :, :2], axis=2) * self.ends[which], 1e-6
        )
        parts = (-around[:, None] + (1.0 + 2.0 * around[:, None]) * _SPREAD) * self.ends[which, None]
        points = self.origins[which, None] + parts @ self.steps[which]
        faced = np.flatnonzero(self.facing > 1e-3)
        x, y = np.moveaxis(
            points[:, None, :, :2] - self.origins[faced, None, :2], -1, 0
        )  # (n, faced, points)
        back, steps, ends = (
            self.back[faced, :, :, None],
            self.steps[faced, :, 2, None],
            self.ends[faced, :, None],
        )
        row, column = (x * back[:, 0, n] + y * back[:, 1, n] for n in (0, 1))
        inside = (row > -0.5) & (row < ends[:, 0] + 0.5) & (column > -0.5) & (column < ends[:, 1] + 0.5)
        inside &= (faced != which[:, None])[:, :, None]
        depth = self.origins[faced, 2, None] + row * steps[:, 0] + column * steps[:, 1]
        return (inside & (depth < points[:, None, :, 2] - 1e-6)).any(axis=1), inside.any(axis=1)
