"""Finds the layout and the view in which a scene's stars can be read, by trying many.

If a scene leaves both open, all of mm's placements are laid out, and each is looked at from some forty
directions, without Blender. The pose of the highest worth is taken: the stars face the viewer, are large, and
have nothing before or behind them, and the other matrices are seen as well as that allows. A scene without a
star stands on the stage.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np

from ..description.scene import BESIDES, LEFTS, POLARITIES, RESULTS, RIGHTS, Scene
from ..kinds.stage import Stage, roots_of, stages_of
from .camera.framing import DIRECTIONS, direction_at, free_direction
from .camera.seen_planes import SeenPlanes, measured
from .camera.views import is_oblique, sight_from
from .layout.arrangement import WAYS_BESIDE, Arrangement
from .layout.fans import fans
from .layout.unseen import hides
from .star import is_among, star_of, stars_of

# What is tried. Directions are in degrees; none is as near to one side of the scene as to the next, because
# rounding would choose between the sides.
AZIMUTHS = (-75.0, -60.0, -46.0, -44.0, -30.0, -15.0, 0.0, 15.0, 30.0, 44.0, 46.0, 60.0, 75.0)
ELEVATIONS = (13.0, 20.0, 28.0)
TRIED_DIRECTIONS = [direction_at(np.radians(90 - e), np.radians(a)) for e in ELEVATIONS for a in AZIMUTHS]
PAGE = direction_at(np.radians(77.0), np.radians(10.0))  # from where a page is seen: beads have sides
MOST_FOLDED = 7  # matrices; more of them may be read better on a page than around cuboids
MOST_PLANES = 24  # the arrangements of more matrices are not tried
LONGEST_AXES = (32, 16, 8, 4)  # most units of an axis, where a star would be small
LONGEST_BESIDE = 16  # and where a readout shows the star
SPACINGS = (0.0, 6.0, 12.0, 20.0, 30.0)  # more entries between results
# Which poses of the first result are tried for all results: the least part of the best worth, and how many.
NEARLY, FINALISTS = 0.5, 16
SLANT = 0.1  # the most that the way from result to result may lead into the depth
NOTICED, WORTHWHILE = 1.05, 1.15  # times further apart, for which axes are drawn shorter, and still shorter

# What a pose is worth. A star's pitch is the distance of its entries, in heights of the frame.
READABLE = 0.0165  # pitch at which rows of labels have room
LABEL_HEIGHT = 14.0 / 720.0
LEAST_STAR_PITCH = 0.0135  # ten pixels of 720: entries of a smaller pitch are too small
LARGEST_STAR_PITCH = 0.035  # entries of a larger pitch are read no better
CRAMPED = 0.5  # factor for entries that are too small
UPRIGHT = 0.5  # factor for a star that reads from right to left or from below
FRONTAL = np.cos(np.radians(45.0))  # a star that is turned away further than this is hard to read
ASKEW = 0.5  # factor for such a star
FACING = 0.45  # the part of its area that is enough to see of another matrix
OTHERS_SHARE = 0.7  # the part of a star's worth that depends on the other matrices
WRITING_ROOM = 0.085  # heights of the frame around a star for what is written there
USED = (0.86, 0.7)  # the part of the frame's width and height that the scene may use
AXIS_LABEL_ROOM = 11.0  # entries between a star and the products that take it, for the labels of its axes
PAGE_LABEL_ROOM = 8.0  # entries around a star on a page
LEVEL = 0.0205  # pitch at which labels on a page are level with their rows
CLEAR_AS_A_PAGE = 1.25  # times the worth of another pose that is as clear: nothing is seen askew


@dataclass(frozen=True)
class Pose:
    """An arrangement and a view: the `layout` and the `direction` that a scene would ask for, the `sight`
    from there (see `views.sight_of`), what the pose is `worth`, 0 to 1, and the least `pitch` of a star."""

    layout: dict[str, str | float]
    direction: np.ndarray
    sight: np.ndarray
    worth: float
    pitch: float = 0.0


def posed(scene: Scene, root: Stage, arranged: Callable[[Scene, Stage], Arrangement]) -> Scene:
    """The scene with layout and view chosen where they are "auto". `arranged(scene, stage)` gives the
    Arrangement of all that makes a stage.

    If a star would be small, long axes are drawn shorter, and results stand in several rows. Sums take the
    place of their terms if the star is read better then. Many matrices stand on a page, if they are read
    better there.
    """
    asks = {"layout": scene.layout.scheme == "auto", "camera": scene.camera.view == "auto"}
    if not any(asks.values()):
        return scene
    stars = _unhidden(stars_of(root, scene.star), root, scene) if star_of(root, scene.star) else frozenset()
    staged = _with(
        scene, {"scheme": "stage"} if asks["layout"] else {}, {"view": "stage"} if asks["camera"] else {}
    )
    part = _first_alike(root, stars)
    # Scenes of different poses differ only in their layout.
    made = cache(lambda layout, root: arranged(replace(staged, layout=layout), root))
    if not stars or len(made(staged.layout, part).planes) > MOST_PLANES:
        return staged
    pose = _best_pose(staged, root, part, stars, asks, made)
    if asks["layout"]:
        roomier, longest = _with_sums_in_place(staged, root, made), scene.layout.longest
        if pose.pitch < READABLE and not longest:
            longest = _long_enough(roomier, pose, root, stars, made)
        shorter: dict = {"longest": longest, "sums": roomier.layout.sums}
        roomier = _with(staged, shorter)
        if roomier.layout != staged.layout:
            other = _best_pose(roomier, root, part, stars, asks, made)
            if other.worth > pose.worth * NOTICED:
                pose = replace(other, layout=other.layout | shorter)
    if all(asks.values()):
        page = _on_a_page(staged, root, stars, made)
        pose = page if page and page.worth * CLEAR_AS_A_PAGE > pose.worth else pose
    camera = _camera(pose.direction, scene) if asks["camera"] else {}
    return _with(staged, pose.layout if asks["layout"] else {}, camera)


def _with(scene, layout, camera=None):
    """The scene with these fields of its [layout] and its [camera]."""
    camera = replace(scene.camera, **(camera or {}))
    return replace(scene, layout=replace(scene.layout, **layout), camera=camera)


def _unhidden(stars, root, scene):
    """The stars that the scene does not hide."""
    seen = [stage for stage in stages_of(root) if not hides(scene, stage)]
    return frozenset(star for star in stars if any(is_among(stage, {star}) for stage in seen))


def _first_alike(root, stars):
    """The part of the expression that the search looks at first. Of results that are alike, such as heads or
    the terms of their sum, each has a star; a pose that suits the first one suits all."""
    while sum(is_among(stage, stars) for stage in stages_of(root)) > 1 and not root.has_interior:
        below = roots_of(root) if not root.operands else [operand.stage for operand in root.operands]
        root = next(part for part in below if any(is_among(stage, stars) for stage in stages_of(part)))
    return root


# Which poses are tried


def _best_pose(scene, root, part, stars, asks, arranged):
    """The Pose in which the stars under `root` are read best, where `asks` says which of layout and camera
    may be chosen. Of the best poses for the stage `part`, it is the one that suits all results."""
    whole = part is root
    poses = _best_of_part(scene, part, stars, asks, arranged, 1.0 if whole else NEARLY)
    ways: list[tuple] = [()]
    if asks["layout"]:
        beside = len(roots_of(root)) > 1
        besides = BESIDES if beside else BESIDES[:1]
        spacings = SPACINGS if beside and not scene.layout.spacing else [scene.layout.spacing]
        ways = list(product(_row_lengths(scene, root), besides, spacings))
    aspect, best = _aspect(scene), replace(poses[0], worth=-1.0)
    shares = any(fan.down for row in root.rows_of_results for fan in fans(row))
    for pose, way in product(poses[:1] if whole else poses, ways):
        if way and len(roots_of(root)) > 1 and not _leads_right(WAYS_BESIDE[way[1]] @ pose.sight.T):
            continue
        if shares and pose.layout.get("scheme") == "stage":
            continue  # there what heads share stands at their end
        layout = pose.layout | dict(zip(("row_length", "beside", "spacing"), way, strict=False))
        made = arranged(replace(scene.layout, **layout), root)
        worth = _worth(made, stars, aspect, pose.sight, best.worth)
        if worth > best.worth:
            best = replace(
                pose, layout=layout, worth=worth, pitch=_least_pitch(made, stars, aspect, pose.sight)
            )
    return best


def _on_a_page(scene, root, stars, arranged):
    """The best Pose in which all matrices stand in one plane: labels level with their rows are worth most.
    None for few matrices, which cuboids show as well, and for more than are tried."""
    sight, aspect, poses = sight_from(PAGE, oblique=True), _aspect(scene), []
    in_place = _with_sums_in_place(scene, root, arranged)
    every, sums = arranged(in_place.layout, root), in_place.layout.sums
    if len(every.seen) <= MOST_FOLDED or len(every.planes) > MOST_PLANES:
        return None
    for longest in [scene.layout.longest] if scene.layout.longest else (0, *LONGEST_AXES[1:]):
        layout = {"scheme": "flat", "star_room": PAGE_LABEL_ROOM, "longest": longest, "sums": sums}
        made = arranged(replace(scene.layout, **layout), root)
        pitch = _least_pitch(made, stars, aspect, sight)
        poses.append(Pose(layout, PAGE, sight, _worth(made, stars, aspect, sight, 0.0), pitch))
    return max(poses, key=lambda pose: (min(pose.pitch, LEVEL), pose.worth))


def _leads_right(way):
    """Whether the way from result to result, as a picture shows it, leads to the right, and not into the
    depth, where each would stand before or behind the one before."""
    return way[0] > 0.0 and abs(way[2]) <= SLANT


def _best_of_part(scene, part, stars, asks, arranged, nearly):
    """The best Pose from each direction for the stars of what makes the stage `part`, the best first, down to
    `nearly` of the best worth. Poses that may be best are looked at first, so that most need not be."""
    directions = TRIED_DIRECTIONS if asks["camera"] else [_direction(scene)]
    oblique = is_oblique(_with(scene, {}, _camera(directions[0], scene)) if asks["camera"] else scene)
    sights = np.array([sight_from(direction, oblique) for direction in directions])
    tried = []
    for layout in _layouts() if asks["layout"] else [{}]:
        made = arranged(replace(scene.layout, **layout), part)
        bounds = _bound(_legibility(made, stars, _aspect(scene), sights))
        for direction, sight, bound in zip(directions, sights, bounds.tolist(), strict=True):
            tried.append((made, Pose(layout, direction, sight, bound)))
    poses: list[Pose] = []
    most = 0.0
    for made, pose in sorted(tried, key=lambda each: -each[1].worth):
        if poses and pose.worth < nearly * most:
            break
        worth = _worth(made, stars, _aspect(scene), pose.sight, nearly * most)
        most = max(most, worth)
        poses.append(replace(pose, worth=worth))
    best: dict = {}
    for pose in sorted(poses, key=lambda pose: -pose.worth):
        best.setdefault(tuple(pose.direction), pose)
    return list(best.values())[:FINALISTS]


def _layouts():
    """The values of [layout] that say how the root's cuboid turns: each of mm's placements, and the stage."""
    words = ("polarity", "left_placement", "right_placement", "result_placement")
    for chosen in product(POLARITIES, LEFTS, RIGHTS, RESULTS):
        yield {"scheme": "custom", "star_room": AXIS_LABEL_ROOM, **dict(zip(words, chosen, strict=True))}
    yield {"scheme": "stage"}


def _row_lengths(scene, root):
    """How many results may stand in a row, if they are in one row and share no faces."""
    rows = root.rows_of_results
    count = len(rows[0])
    if scene.layout.row_length or len(rows) > 1 or len(fans(rows[0])) < count:
        return [scene.layout.row_length]
    return [0, *sorted({-(-count // n) for n in range(2, count + 1)}, reverse=True)]


def _direction(scene):
    """The direction of a scene's own view; that of the stage for a view that depends on the arrangement."""
    camera = scene.camera
    if camera.view == "free":
        return free_direction(camera)
    return np.array(DIRECTIONS.get(camera.view, DIRECTIONS["stage"]))


def _camera(direction, scene):
    """The values of [camera] for a direction. The camera looks straight at the side of the scene that is
    nearest to the direction, so that rows on this side are level and columns upright."""
    x, y, z = direction
    angles = {
        "azimuth": round(float(np.degrees(np.arctan2(x, -y))), 3),
        "elevation": float(np.degrees(np.arcsin(z))),
    }
    return {"view": "free", **angles, "projection": scene.camera.projection or "oblique"}


def _with_sums_in_place(scene, root, arranged):
    """The scene with sums in the place of their terms, if it leaves that open and has such sums."""
    if scene.layout.sums != "auto":
        return scene
    in_place = _with(scene, {"sums": "in place"})
    fewer = len(arranged(in_place.layout, root).seen) < len(arranged(scene.layout, root).seen)
    return in_place if fewer else scene


def _long_enough(scene, pose, root, stars, arranged):
    """How many units long axes may be at most, so that the stars are large enough. A star with too many rows
    for labels has a readout, so the axes need not make way for it."""
    rows = max(plane.rows for plane in arranged(scene.layout, root).seen if is_among(plane.stage, stars))
    if rows * LABEL_HEIGHT > USED[1] and scene.readout != "off":
        return LONGEST_BESIDE
    pitches = [
        _least_pitch(
            arranged(replace(scene.layout, **(pose.layout | {"longest": longest})), root),
            stars,
            _aspect(scene),
            pose.sight,
        )
        for longest in LONGEST_AXES
    ]
    most = max(pitches)
    enough = max(min(LEAST_STAR_PITCH, most / NOTICED), min(READABLE, most / WORTHWHILE))
    return next(n for n, pitch in zip(LONGEST_AXES, pitches, strict=True) if pitch >= enough)


# What a pose is worth


def _worth(
    made: Arrangement, stars: Collection[str], aspect: float, sight: np.ndarray, least: float
) -> float:
    """The worth of a picture of the whole scene, 0 to 1. It depends on how well the stars are read, on how
    much of them and of the room around them has nothing before or behind it, and on how well the other
    matrices are seen. A worth of at most `least` may be only an upper bound."""
    legibility = _legibility(made, stars, aspect, sight[None])[0]
    worth = float(_bound(legibility))
    if worth <= least:
        return worth
    seen, scale = SeenPlanes(made.seen, sight), _scale(made, aspect, sight[None])[0]
    starring = np.array([is_among(plane.stage, stars) for plane in made.seen])
    free = [
        (seen.part_alone(n, WRITING_ROOM / scale) * seen.part_uncovered(n)) ** 2
        for n in np.flatnonzero(starring)
    ]
    worth = round(float(np.mean(legibility * free)), 6)
    if worth <= least or starring.all():
        return worth
    uncovered = seen.parts_uncovered(np.flatnonzero(~starring))
    others = np.minimum(seen.facing[~starring] / FACING, 1.0) * uncovered
    part = 0.5 * float(others.mean() + others.min())  # the minimum, so that a single hair counts
    return round(worth * (1.0 - OTHERS_SHARE * (1.0 - part)), 6)


def _legibility(made, stars, aspect, sights):
    """How well each star would be read from sights (n, 3, 3) with nothing before it or behind it: (n,
    stars)."""
    _, steps, _, outward = measured(made.seen)
    starring = [is_among(plane.stage, stars) for plane in made.seen]
    seen = steps[starring] @ np.swapaxes(sights, 1, 2)[:, None]
    upright = (seen[..., 0, 1] < 0.0) & (seen[..., 1, 0] > 0.0)
    frontal = np.abs(sights[:, 2] @ outward[starring].T) > FRONTAL
    pitch = _pitch(seen) * _scale(made, aspect, sights)[:, None]
    legibility = np.minimum(pitch / LARGEST_STAR_PITCH, 1.0)
    legibility *= np.where(upright, 1.0, UPRIGHT) * np.where(frontal, 1.0, ASKEW)
    return legibility * np.where(pitch > LEAST_STAR_PITCH, 1.0, CRAMPED)


def _bound(legibility):
    """The most that a picture can be worth whose stars are read so well: (...,) for (..., stars)."""
    return np.round(legibility.mean(axis=-1), 6)


def _least_pitch(made, stars, aspect, sight):
    """The least pitch of a star's entries in a picture of the whole scene."""
    _, steps, _, _ = measured(made.seen)
    starring = [is_among(plane.stage, stars) for plane in made.seen]
    return float((_scale(made, aspect, sight[None]) * _pitch(steps[starring] @ sight.T)).min())


def _scale(made, aspect, sights):
    """How many heights of the frame a unit of the world is, in pictures of the whole scene: (n,) for sights
    (n, 3, 3)."""
    corners = made.corners() @ np.swapaxes(sights[:, :2], 1, 2)
    wide, high = np.ptp(corners, axis=1).T
    return np.minimum(USED[0] * aspect / wide, USED[1] / high)


def _pitch(steps):
    """The distance of entries in a picture, in units of the world: (...,) for the steps to the next row and
    the next column as the picture shows them, (..., 2, 2 or 3). A plane that is seen askew has the smaller
    pitch."""
    row, column = steps[..., 0, :2], steps[..., 1, :2]
    area = np.abs(row[..., 0] * column[..., 1] - row[..., 1] * column[..., 0])
    between = np.minimum(np.linalg.norm(row, axis=-1), np.linalg.norm(column, axis=-1))
    return np.minimum(between, area)


def _aspect(scene):
    return scene.render.width / scene.render.height
