"""What the camera shows when: from a plan and the boxes of its labels to poses of a camera rig.

A rig is a target, upright and turned towards the camera, and the camera on its axis before it. A pose
is six numbers: the target's place, its tilt and turn, and the reach: the camera's distance, or of an
orthographic one half the longer side of its frame. Keys give pose and slope; between them everything runs
along cubic curves, all channels alike, so that what holds for the places holds along the way.
"""

from dataclasses import dataclass, replace

import numpy as np

from .framing import Optics, angles, axes_at, nearest, view_from, window
from .views import INSIDE, direction_of, family_of, inside_view, optics_of, parts_of

PULL_BACK = 1.5  # distance at which a push in begins, of that where it ends
LOWER = np.radians(28.0)  # how far from its view a crane begins
LOWEST = np.radians(3.0)  # above the ground
ANGLES = np.radians(7.5)  # steps in which a turn is looked at
SPARE = 0.004  # of the frame, for what happens between these
BLUR = 0.04  # of the frame's height: the largest circle at a depth of field of 1
LABEL_ROOM = 0.08  # of the frame, at each side, for labels that are laid out later
TRANSIT, TRANSIT_PART = 0.6, 0.35  # seconds to leave or reach a product, at most; and of its sweep
ROOM_TO_MOVE = 1.06  # distance of a camera that follows, of the nearest
CANDIDATES = (3, 5)  # places across and upward that are tried at a distance
HALVINGS = 5
FURTHER = np.linspace(1.0, 1.25, 6)  # of the nearest distance, where a subject may stand more in the middle
FINE = 15  # places across that are tried for that
PULL = 0.6  # of its size that a subject gives up for standing by half a frame nearer to the middle
ASIDE = 0.03  # of half a frame, near enough to the middle
ENOUGH = 0.74  # of the frame, which it keeps
SCALED = 2.0  # the scale of Blender's orthographic cameras, the longer side of the frame, of the reach
_FAN = np.stack([np.cos(np.arange(24) * np.pi / 24), np.sin(np.arange(24) * np.pi / 24)])


@dataclass(frozen=True, eq=False)
class Mark:
    """The box of a label: its origin in the world, (left, bottom, right, top) around that as the camera
    sees it, and the name of the matrix at which it stands."""

    origin: np.ndarray
    box: tuple[float, float, float, float]
    owner: str


@dataclass(frozen=True, eq=False)
class Key:
    """A pose of the rig and its change per frame, both (6,), at a frame."""

    frame: float
    pose: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True, eq=False)
class Phase:
    """A part of a film with labels of its own, between two frames: laid out as the camera sees them at the
    frame `at`, and `about` what makes these results, or everything where there are none. Of many matrices
    just alike, the one `near` is named."""

    start: float
    end: float
    at: float
    about: frozenset = frozenset()
    near: str = ""


@dataclass(frozen=True, eq=False)
class Shot:
    """A camera's film. `shift` is where the camera stands across the target's axis, (2,); `standoff` the
    distance of an orthographic one, which has none of its own; `size` that of the whole scene, `blur` the
    diameter of the lens, 0 for none. `phases` are those of its labels, in their order: the last one is
    laid out for the end, and the camera sees its marks; the others find room around what they are about."""

    keys: tuple[Key, ...]
    optics: Optics
    shift: np.ndarray
    standoff: float
    size: float
    phases: tuple[Phase, ...]
    blur: float = 0.0

    def pose(self, frame):
        """The pose at a frame: (6,)."""
        return _at(self.keys, frame)

    def view(self, frame):
        """The View at a frame."""
        *target, tilt, turn, reach = self.pose(frame)
        own = axes_at(tilt, turn)
        centre = np.stack(own[:2]) @ target + self.shift
        depth = own[2] @ target
        if self.optics.orthographic:
            return view_from(own, centre, reach, self.optics, depth - self.standoff)
        return view_from(own, centre, reach - depth, self.optics, 0.0)


def _at(keys, frame):
    """The pose at a frame, along cubics from key to key."""
    if frame <= keys[0].frame:
        return keys[0].pose
    for a, b in zip(keys, keys[1:], strict=False):
        if frame <= b.frame:
            span = b.frame - a.frame
            t = (frame - a.frame) / span
            return (
                a.pose * (1 + 2 * t) * (1 - t) ** 2
                + a.slope * span * t * (1 - t) ** 2
                + b.pose * t**2 * (3 - 2 * t)
                - b.slope * span * t**2 * (1 - t)
            )
    return keys[-1].pose


# What is framed


@dataclass(frozen=True, eq=False)
class Subject:
    """What has to be in the picture: `boxes` (n, 8, 3) fixed in the world, and the marks that turn with
    the camera."""

    boxes: np.ndarray
    marks: tuple[Mark, ...]

    @property
    def middle(self):
        points = self.boxes.reshape(-1, 3)
        return 0.5 * (points.min(axis=0) + points.max(axis=0))

    def seen(self, axes):
        """The corners of all boxes along a camera's axes: (n + marks, 8, 3)."""
        own = np.stack(axes)
        seen = self.boxes @ own.T
        if not self.marks:
            return seen
        flat = np.array([[(m.box[x], m.box[y], 0.0) for y in (1, 3) for x in (0, 2)] * 2 for m in self.marks])
        origins = np.array([m.origin for m in self.marks]) @ own.T
        return np.concatenate([seen, origins[:, None] + flat])

    def points(self, view):
        """The same corners in the world, as they are for a View: (n, 3)."""
        return self.seen(view.axes).reshape(-1, 3) @ np.stack(view.axes)


def subject_of(parts, marks):
    """The subject of these planes and cuboids and of the labels that stand at them."""
    owners = {part.stage.name for part in parts if hasattr(part, "role")}
    boxes = np.array([_box(part) for part in parts])
    return Subject(boxes, tuple(mark for mark in marks if mark.owner in owners))


def _box(part):
    """The eight corners of a cuboid, or of a plane as thick as its elements: (8, 3)."""
    corners = part.corners()
    if len(corners) == 8:
        return corners
    return np.concatenate([corners - 0.5 * part.outward, corners + 0.5 * part.outward])


# Shots


def shot(p, marks, written, aspect):
    """The Shot that a plan's camera asks for, on a frame of this `aspect`, width to height.

    `marks` are its labels; nothing of the subject stands under the overlay `written` where that can be.
    """
    return SHOTS[p.scene.camera.move](_Set(p, marks, written, aspect))


class _Set:
    """All that the shots of a plan have in common."""

    def __init__(self, p, marks, written, aspect):
        self.p, self.marks, self.overlay, self.aspect = p, marks, written, aspect
        self.options = p.scene.camera
        self.optics = optics_of(self.options, aspect)
        self.angles = angles(direction_of(p))
        self.axes = axes_at(*self.angles)
        self.margins = np.full(4, self.options.margin)
        self.roomy = self.margins + LABEL_ROOM
        self.everything = self.subject(parts_of(p.arrangement, ""))
        self.chosen = self.subject(parts_of(p.arrangement, self.options.subject))
        self.last = float(p.timeline.last_frame)
        self.size = float(np.linalg.norm(np.ptp(self.everything.boxes.reshape(-1, 3), axis=0)))
        self.standoff = 2.0 * self.size + 4.0

    def subject(self, parts):
        return subject_of(parts, self.marks)

    def bare(self, parts):
        """The subject of these parts without any labels."""
        return subject_of(list(dict.fromkeys(parts)), ())

    def pose(self, reach, centre, subject):
        """The pose of a rig that has its target at the depth of a subject's middle."""
        right, up, forward = self.axes
        depth = subject.middle @ forward
        if not self.optics.orthographic:
            reach = reach + depth
        target = right * centre[0] + up * centre[1] + forward * depth
        return np.array([*target, *self.angles, reach])

    def framed(self, subject, margins=None):
        """The pose of the nearest rig that sees a subject clear of the overlay."""
        margins = self.margins if margins is None else margins
        place = clear(subject.seen(self.axes), self.optics, margins, self.overlay, self.aspect)
        return self.pose(*place, subject)

    def stop(self, frame, parts, drawn_to=None, halt=False):
        """A _Stop that sees these parts clear of the overlay, with room for labels around them; its centre
        half of the way to a point that it is `drawn_to`."""
        subject = self.bare(parts)
        seen = subject.seen(self.axes)
        points = seen.reshape(-1, 3)
        reach, centre = clear(seen, self.optics, self.roomy, self.overlay, self.aspect)
        if drawn_to is not None:
            middle = np.stack(self.axes) @ subject.middle
            away = reach + (0.0 if self.optics.orthographic else middle[2])
            reach += (ROOM_TO_MOVE - 1.0) * away
            towards = 0.5 * (centre + np.stack(self.axes[:2]) @ drawn_to)
            centre = np.clip(towards, *window(points, reach, self.optics, self.margins))
        return _Stop(max(frame, 1.0), np.array([*centre, reach]), subject, halt)

    def ending(self, start):
        """The Phase from a frame to the end of the film."""
        return Phase(start, self.last + 1.0, self.last, near=self.options.subject)

    def whole(self, frame):
        """A _Stop that sees the description's own subject, clear of the overlay."""
        seen = self.chosen.seen(self.axes)
        reach, centre = clear(seen, self.optics, self.margins, self.overlay, self.aspect)
        return _Stop(frame, np.array([*centre, reach]), self.chosen, halt=True)

    def along(self, stops, acts, families, phases):
        """The shot through some stops, through those that are no halt with as much speed as keeps what is
        made in the picture."""
        stops = [stop for n, stop in enumerate(stops) if n == 0 or stop.frame > stops[n - 1].frame + 0.5]
        families = [self.bare(family).seen(self.axes).reshape(-1, 3) for family in families]
        frames, places = np.array([stop.frame for stop in stops]), [stop.place for stop in stops]
        for speed in (1.0, 0.5, 0.25, 0.0):
            slopes = [np.zeros(3) for _ in stops]
            for n in range(1, len(stops) - 1):
                if not stops[n].halt:
                    slopes[n] = speed * (places[n + 1] - places[n - 1]) / (frames[n + 1] - frames[n - 1])
            path = [Key(*key) for key in zip(frames, places, slopes, strict=True)]
            if all(
                self.sees(points, _at(path, frame))
                for act, points in zip(acts, families, strict=True)
                for frame in np.arange(np.ceil(act.start), act.end)
            ):
                break
        poses = [self.pose(stop.place[2], stop.place[:2], stop.subject) for stop in stops]
        # The target's depth has no part in where the camera is; it follows as the reach does.
        turned = [self.sloped(slope) for slope in slopes]
        return self.shot([Key(*key) for key in zip(frames, poses, turned, strict=True)], phases=phases)

    def sees(self, points, place):
        """Whether a camera with this centre and reach has points (n, 3), along its axes, in its frame."""
        low, high = window(points, place[2], self.optics, 0.5 * self.margins)
        return bool((low <= place[:2]).all() and (place[:2] <= high).all())

    def sloped(self, slope):
        """The change of a pose at a change of centre and reach, the target's depth standing still."""
        right, up, _ = self.axes
        return np.array([*(right * slope[0] + up * slope[1]), 0.0, 0.0, slope[2]])

    def shot(self, keys, shift=(0.0, 0.0), phases=()):
        phases = tuple(phases) or (self.ending(1.0),)
        made = Shot(tuple(keys), self.optics, np.array(shift), self.standoff, self.size, phases)
        return replace(made, blur=self.blur(made)) if self.options.depth_of_field else made

    def blur(self, made):
        """The diameter of the lens that blurs the scene's ends as `depth_of_field` asks for.

        A lens of diameter A that is focused on depth d blurs a point at depth z to a circle of A·|z − d|/z
        in the plane of focus; an orthographic camera's, to A·|z − d|/d.
        """
        view, pose = made.view(made.keys[-1].frame), made.pose(made.keys[-1].frame)
        depth = self.standoff if self.optics.orthographic else pose[5]
        z = view.seen(self.everything.boxes.reshape(-1, 3))[2]
        z = z[z > 0.2 * depth]
        part = np.abs(z - depth) / (depth if self.optics.orthographic else z)
        height = 2 * view.half_height * (1.0 if self.optics.orthographic else depth)
        return float(BLUR * self.options.depth_of_field * height / max(part.max(initial=0.0), 0.02))


def _held(pose, frame=1.0):
    return Key(frame, pose, np.zeros(6))


def still(s):
    """The camera stands still."""
    if s.options.view in INSIDE:
        return s.shot([_held(_inside_pose(s))])
    return s.shot([_held(s.framed(s.chosen))])


def _inside_pose(s, retreat=1.0):
    """The pose of a camera within a product, its target on the face that it looks at."""
    view = inside_view(s.p, s.optics, retreat)
    face = inside_view(s.p, s.optics, 0.0).position
    return np.array([*face, *s.angles, (face - view.position) @ view.forward])


def push_in(s):
    """Nearer to the subject: from everything where one is chosen, else from some way off."""
    if s.options.view in INSIDE:
        return s.shot([_held(_inside_pose(s)), _held(_inside_pose(s, 1 / PULL_BACK), s.last)])
    end = s.framed(s.chosen)
    if s.options.subject:
        start = s.framed(s.bare(parts_of(s.p.arrangement)), s.roomy)
        keys = [_held(start), _held(end, s.last)]
        # Labels change where those of both ends are as much too large as too small.
        frames = np.arange(1.0, s.last + 1.0)
        nearer = np.array([_at(keys, frame)[5] for frame in frames]) ** 2 <= start[5] * end[5]
        change = float(frames[nearer.argmax()])
        return s.shot(keys, phases=(Phase(1.0, change, 1.0), s.ending(change)))
    # The subject's middle stays where it is in the picture.
    start, middle = end.copy(), s.chosen.middle
    start[5] *= PULL_BACK
    start[:3] = middle + (end[:3] - middle) * PULL_BACK
    return s.shot([_held(start), _held(end, s.last)])


def orbit(s):
    """Round the subject at a distance from which all of it is seen all the way."""
    tilt, turn = s.angles
    turns = 2 * np.pi * s.options.turns
    whole = s.options.turns == round(s.options.turns)
    # A film of whole turns is a loop: its last frame is one before its first.
    last = s.last + 1.0 if whole else s.last
    count = int(np.ceil(min(abs(turns), 2 * np.pi) / ANGLES)) + 1
    sweep = np.sign(turns) * min(abs(turns), 2 * np.pi)
    angles = [(tilt, turn + a) for a in np.linspace(0.0, sweep, count)]
    start, shift = _turning(s, angles)
    end = start.copy()
    end[4] += turns
    if last == 1.0 or turns == 0.0:
        return s.shot([_held(start)], shift)
    slope = (end - start) / (last - 1.0) if whole else np.zeros(6)
    return s.shot([Key(1.0, start, slope), Key(last, end, slope)], shift)


def crane(s):
    """Up to the view's height, or down where it is low, with the subject in the picture all the way."""
    tilt, turn = s.angles
    height = np.pi / 2 - tilt
    if height < 0.0:
        begin = height + LOWER
    elif max(LOWEST, height - LOWER) < height - 0.5 * LOWER:
        begin = max(LOWEST, height - LOWER)
    else:
        begin = height + LOWER
    count = int(np.ceil(abs(height - begin) / ANGLES)) + 1
    angles = [(np.pi / 2 - h, turn) for h in np.linspace(begin, height, count)]
    start, shift = _turning(s, angles)
    end = start.copy()
    end[3] = tilt
    return s.shot([_held(start), _held(end, s.last)], shift)


def _turning(s, angles):
    """The pose of a rig at the first of some angles, and its shift, from which the subject is seen at
    all of them as the target turns."""
    middle = s.chosen.middle
    seen = np.concatenate([s.chosen.seen(axes_at(*a)) - middle @ np.stack(axes_at(*a)).T for a in angles])
    seen = seen.reshape(1, -1, 3)  # what turns has one outline
    reach, centre = clear(seen, s.optics, s.margins + SPARE, s.overlay, s.aspect)
    return np.array([*middle, *angles[0], reach]), centre


# Along the sweeps


@dataclass(frozen=True, eq=False)
class _Stop:
    """A place that the camera passes at a frame: centre and reach, (3,), and what it sees from there."""

    frame: float
    place: np.ndarray
    subject: Subject
    halt: bool


@dataclass(frozen=True, eq=False)
class _Act:
    """What is made between two frames, and all that takes part in that."""

    start: float
    end: float
    names: frozenset


def acts_of(p):
    """The sweeps of a plan in their order; those that share some time are one."""
    moves = sorted(
        ((move.start, move.swept, name) for name, move in p.timeline.moves.items() if move.swept > move.start)
    )
    acts = []
    for start, end, name in moves:
        if acts and start < acts[-1].end - 1e-6:
            last = acts.pop()
            acts.append(_Act(last.start, max(last.end, end), last.names | {name}))
        else:
            acts.append(_Act(start, end, frozenset([name])))
    return acts


def follow(s):
    """Along the chain. Where one sweep ends and the next begins both are in the picture, so what is being
    made is so all the time; the camera is drawn to where they meet."""
    acts = acts_of(s.p)
    if not acts:
        return still(s)
    families = [_families(s.p, act.names) for act in acts]
    stops = [s.stop(1.0, families[0], drawn_to=_planes(families[0], operands=True))]
    for n, frame in enumerate(_switches(acts)):
        stops.append(s.stop(frame, families[n] + families[n + 1], drawn_to=_planes(families[n])))
    stops.append(s.stop(acts[-1].end, families[-1], drawn_to=_planes(families[-1])))
    phases = _phases(s, acts)
    return s.along(stops, acts, families, [*phases[:-1], s.ending(phases[-1].start)])


def visit(s):
    """Each product while it is swept, then everything. From one to the next the camera draws back until
    both are in the picture, so what is being made is so all the time."""
    acts = acts_of(s.p)
    if not acts:
        return still(s)
    families = [_families(s.p, act.names) for act in acts]
    most = TRANSIT * s.p.scene.render.rate
    times = [min(most, TRANSIT_PART * (act.end - act.start)) for act in acts]
    stops = [s.stop(1.0, families[0])]
    for n, frame in enumerate(_switches(acts)):
        stops.append(s.stop(frame - times[n], families[n], halt=True))
        stops.append(s.stop(frame, families[n] + families[n + 1]))
        stops.append(s.stop(frame + times[n + 1], families[n + 1], halt=True))
    leave, back = acts[-1].end - times[-1], min(s.last, acts[-1].end - times[-1] + 4 * most)
    stops.append(s.stop(leave, families[-1], halt=True))
    stops.append(s.whole(back))
    phases, change = _phases(s, acts), 0.5 * (leave + back)
    phases[-1:] = [replace(phases[-1], end=change), s.ending(change)]
    return s.along(stops, acts, families, phases)


def _phases(s, acts):
    """The phases of acts, from one switch to the next, each laid out for its middle."""
    ends = [1.0, *_switches(acts), s.last + 1.0]
    return [
        Phase(start, end, 0.5 * (act.start + act.end), act.names)
        for start, end, act in zip(ends, ends[1:], acts, strict=False)
    ]


def _families(p, names):
    """All parts that take part in making these results, each once."""
    return [part for name in sorted(names) for part in family_of(p.arrangement, name)]


def _planes(family, operands=False):
    """The operands among a family's parts, or its results, as the middle of their corners."""
    cuboids = [part.stage.name for part in family if not hasattr(part, "role")]
    planes = [part for part in family if hasattr(part, "role")]
    chosen = [plane for plane in planes if (plane.stage.name not in cuboids) == operands] or planes
    return np.concatenate([plane.corners() for plane in chosen]).mean(axis=0)


def _switches(acts):
    """The frames between one act and the next."""
    return [0.5 * (one.end + other.start) for one, other in zip(acts, acts[1:], strict=False)]


SHOTS = {"none": still, "push_in": push_in, "orbit": orbit, "crane": crane, "follow": follow, "visit": visit}


# Clear of what is written on the picture


def filled(p, marks, written, aspect):
    """The part of the frame that a plan's subject and its labels take along the side that holds them back,
    clear of an overlay, and how far their middle is from the frame's, in halves of it across; 0 and 0 where
    they cannot be clear."""
    s = _Set(p, marks, written, aspect)
    seen = s.chosen.seen(s.axes)
    reach, centre = clear(seen, s.optics, s.margins, written, s.aspect)
    outlines = _projected(seen, centre, reach, s.optics)
    if _covered(outlines[None], _rectangles(written, s.aspect))[0]:
        return 0.0, 0.0
    low, high = outlines.reshape(-1, 2).min(axis=0), outlines.reshape(-1, 2).max(axis=0)
    return float((high - low).max() / 2), float(abs(low[0] + high[0]) / 2)


def clear(seen, optics, margins, written, aspect):
    """(reach, centre) of a camera that sees parts (n, corners, 3) with none of them under an overlay: the
    nearest, or one a little further away where they stand more in the middle of the picture then; the
    nearest of all where there is no such place."""
    points = seen.reshape(-1, 3)
    rectangles = _rectangles(written, aspect)
    outlines = seen if seen.shape[1] <= 8 else _outermost(points)[None]

    def free(reach, across):
        """The centres (n, 2) from which nothing is covered, those in the middle first."""
        low, high = window(points, reach, optics, margins)
        across, upward = (_spread(low[n], high[n], count) for n, count in ((0, across), (1, CANDIDATES[1])))
        places = np.array([(x, y) for y in upward for x in across])
        seen_from = _projected(outlines, places[:, None, None], reach, optics)
        return places[~_covered(seen_from, rectangles)]

    reach, centre = nearest(points, optics, margins)
    least = _least_clear(lambda reach: len(free(reach, CANDIDATES[0])), reach, points, optics)
    if least is None:
        return reach, centre
    depth = 0.0 if optics.orthographic else 0.5 * (points[:, 2].min() + points[:, 2].max())
    best, cost = None, np.inf
    for further, across in ((1.0, CANDIDATES[0]), *((further, FINE) for further in FURTHER)):
        if further - 1.0 + PULL * ASIDE >= cost:
            break
        reach = further * (least + depth) - depth
        places = free(reach, across)
        frames = _projected(points, places[:, None], reach, optics)
        low, high = frames.min(axis=1), frames.max(axis=1)
        costs = further - 1.0 + 0.5 * PULL * np.abs(low[:, 0] + high[:, 0])
        if further > 1.0:
            costs[(high - low).max(axis=1) < 2 * ENOUGH] = np.inf
        if len(costs) and costs.min() < cost:
            best, cost = (reach, places[costs.argmin()]), costs.min()
    return best


def _least_clear(is_clear, least, points, optics):
    """The least reach, from `least` on, from which a subject of these points can be clear, or None."""
    if is_clear(least):
        return least
    step = 0.25 * (least if optics.orthographic else np.ptp(points, axis=0).max() / optics.half.max())
    for n in range(1, 9):  # far enough for any overlay that leaves a part of the frame free
        if is_clear(least + n * step):
            near, far = least + (n - 1) * step, least + n * step
            break
    else:
        return None
    for _ in range(HALVINGS):
        reach = 0.5 * (near + far)
        near, far = (near, reach) if is_clear(reach) else (reach, far)
    return far


def _rectangles(written, aspect):
    """The boxes of an overlay on the frame, from -1 to 1: (n, 4)."""
    return written.boxes / (aspect, 1.0, aspect, 1.0) * 2 - 1


def _spread(low, high, count):
    """Numbers from low to high, those in the middle first."""
    numbers = np.linspace(low, high, count)
    return numbers[np.argsort(np.abs(np.arange(count) - (count - 1) / 2), kind="stable")]


def _outermost(points):
    """Those of many points (n, 3) that lie furthest out in some direction."""
    n = np.arange(200) + 0.5
    height, around = 1 - 2 * n / 200, n * np.pi * (3 - 5**0.5)
    flat = np.sqrt(1 - height**2)
    directions = np.stack([flat * np.cos(around), flat * np.sin(around), height], axis=1)
    return points[np.unique((directions @ points.T).argmax(axis=1))]


def _projected(seen, centre, reach, optics):
    """Points (..., 3) in the camera's axes to the frame, -1 to 1: (..., 2)."""
    size = (seen[..., 2:] if not optics.orthographic else 0.0) + reach
    return (seen[..., :2] - centre) / size / optics.half


def _covered(views, written):
    """In which views (v, n, corners, 2) an outline shares room with one of the rectangles (m, 4): (v,).

    Two are apart where a line lies between them, of those that run in one of `_FAN`'s directions.
    """
    low, high = views.min(axis=2), views.max(axis=2)
    near = ((high[:, :, None] > written[:, :2]) & (low[:, :, None] < written[:, 2:])).all(axis=3)
    which, part, under = np.nonzero(near)
    own, other = views @ _FAN, written[:, [[0, 1], [2, 1], [2, 3], [0, 3]]] @ _FAN
    begin, end = own.min(axis=2)[which, part], own.max(axis=2)[which, part]
    apart = (end <= other.min(axis=1)[under]) | (begin >= other.max(axis=1)[under])
    covered = np.zeros(len(views), bool)
    covered[which[~apart.any(axis=1)]] = True
    return covered
