"""The camera goes from beat to beat, and looks at each from a side from which it can be read."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ....kinds.places import Part, Plane
from ....kinds.stage import stages_of
from ...writing.captions import scores_until
from ..framing import DIRECTIONS, angles, axes_at, direction_at
from ..setup import Setup
from ..shot import Phase, Shot, held
from ..views import PRODUCTS_SUFFIX, is_oblique, parts_of

if TYPE_CHECKING:  # plans check their cameras
    from ...beats.told import TimedBeat

TRIED_TURNS = np.radians([0.0, -15.0, 15.0, -30.0, 30.0, -45.0, 45.0])  # from the scene's own view
TILTS = np.radians([90.0 - 36.0, 90.0 - 28.0, 90.0 - 20.0])
PREFERRED = 0.25  # cost of half a turn, in units of legibility
LEGIBLE = 0.75  # how far a matrix has to face the camera
OVERVIEW_DISTANCE = 1.7  # times the distance that a subject needs: from there all is seen, if that is enough
LABELS_FROM = 0.75  # of the way to a beat: labels do not come before what they belong to
CHART_ROOM = 0.3  # of the frame, at the right or of an upright one below, for the bars of a why
CHART_DISTANCE = 2.0  # times as far away as without bars: so far the camera goes for them
CALM = 1.15  # times that distance: the camera already takes its place for the next beat if that is enough


def beats(s: Setup) -> Shot:
    """A single take from beat to beat; the camera stands still during each beat."""
    told = s.p.beats
    poses = _poses(s, told)
    keys, phases = [held(poses[0])], [Phase(1.0, s.over, s.first, told[0].there, _named_at(told[0]))]
    for n, beat in enumerate(told[1:], start=1):
        poses[n] = _near(poses[n], poses[n - 1])
        moves = not np.allclose(poses[n], poses[n - 1])
        if moves:
            keys += [held(poses[n - 1], beat.start), held(poses[n], beat.span.arrived)]
        looks = [(one.there, one.why, one.presents) for one in told[n - 1 : n + 1]]
        if moves or looks[0] != looks[1]:
            phases[-1] = replace(phases[-1], end=beat.span.half)
            nearly_there = beat.start + LABELS_FROM * (beat.span.arrived - beat.start)
            phases.append(Phase(nearly_there, s.over, beat.span.arrived, beat.there, _named_at(beat)))
    phases[-1] = replace(s.ending(phases[-1].start), about=phases[-1].about)
    phases = [part for phase in phases for part in _by_names(s, phase)]
    distinct = [key for n, key in enumerate(keys) if n == 0 or key.frame > keys[n - 1].frame + 1e-6]
    return s.shot(distinct, phases=[*phases[:-1], replace(phases[-1], about=frozenset())])


def _named_at(beat: "TimedBeat") -> str:
    """The matrix whose head has the names in a beat; "" for the first head."""
    return next((name.removesuffix(PRODUCTS_SUFFIX) for name in beat.shows), "")


def _by_names(s: Setup, phase: Phase) -> list[Phase]:
    """A phase in parts, each with other names: scores are scores until softmax is half through."""
    ends = {stage.name: end for stage in stages_of(s.p.root) if (end := scores_until(s.p, stage))}
    times = [phase.start, *sorted({end for end in ends.values() if phase.start < end < phase.end}), phase.end]
    return [
        replace(
            phase,
            start=start,
            end=end,
            unfinished=frozenset(name for name, done in ends.items() if start < done),
        )
        for start, end in pairwise(times)
    ]


def _poses(s: Setup, told: Sequence["TimedBeat"]) -> list[np.ndarray]:
    """The pose of the camera in each beat. It already takes the pose of the next beat if the shown parts are
    large enough from there."""
    poses = [_pose(s, beat, last=beat is told[-1]) for beat in told]
    for n in reversed(range(len(told))):
        if n and _steps_out(told[n]):  # the matrix comes to the camera, which stays
            continue
        after = next((m for m in range(n + 1, len(told)) if not _steps_out(told[m])), None)
        if after and _serves(s, (told[n], poses[n]), (told[after], poses[after])):
            poses[n] = poses[after]
    for n, beat in enumerate(told):
        if n and _steps_out(beat):
            poses[n] = poses[n - 1]
    return poses


def _steps_out(beat: "TimedBeat") -> bool:
    """Whether a matrix steps out before parts that are shown already."""
    return bool(beat.presents and not (beat.beat.show or beat.beat.view))


def _serves(s: Setup, before: tuple["TimedBeat", np.ndarray], after: tuple["TimedBeat", np.ndarray]) -> bool:
    """Whether the pose of the beat `after` shows the parts of the beat `before` nearly as large as
    that beat's own pose. Each is (beat, pose)."""
    (beat, pose), (other, there) = before, after
    if beat.why and not other.why:  # its bars need room
        return False
    if not set(_shown(s, beat)) <= set(_shown(s, other)) or not np.allclose(pose[3:5], there[3:5]):
        return False
    forward = axes_at(*pose[3:5])[2]
    away = 0.0 if s.optics.orthographic else (pose[:3] - there[:3]) @ forward
    return bool(there[5] + away <= CALM * pose[5])


def _shown(s: Setup, beat: "TimedBeat") -> list[Part]:
    """The parts that a beat shows: those it names, or else all visible ones."""
    named = [part for name in beat.shows for part in parts_of(s.p.arrangement, name)]
    return list(dict.fromkeys(named)) or _visible(s, beat)


def _visible(s: Setup, beat: "TimedBeat") -> list[Part]:
    """The parts that are visible in a beat; if none are, because the scene hides them, all that ever are."""
    parts = parts_of(s.p.arrangement)
    return [part for part in parts if part.stage.name in beat.there] or parts


def _near(pose: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The pose with whole turns added so that it is nearest to the pose `before`."""
    near = pose.copy()
    near[4] -= 2 * np.pi * round((pose[4] - before[4]) / (2 * np.pi))
    return near


def _pose(s: Setup, beat: "TimedBeat", last: bool) -> np.ndarray:
    parts, view = _shown(s, beat), beat.beat.view
    if not beat.shows and not view and last:
        return s.framed(s.chosen)
    turned = copy(s)
    turned.angles = _angles(s, parts if beat.shows else [], view)
    turned.axes = axes_at(*turned.angles)
    at_side = [0.0, 1.0, 0.0, 0.0] if s.optics.aspect > 1.0 else [0.0, 0.0, 1.0, 0.0]
    margins = turned.roomy + CHART_ROOM * np.array(at_side) * bool(beat.why)
    near, roomy = (turned.framed(s.bare(parts), room) for room in (turned.roomy, margins))
    if roomy[5] > CHART_DISTANCE * near[5]:  # bars beside something so small tell nothing
        margins, roomy = turned.roomy, near
    whole, near = turned.framed(s.bare(_visible(s, beat)), margins), roomy
    return whole if whole[5] < OVERVIEW_DISTANCE * near[5] else near


def _angles(s: Setup, parts: list[Part], view: str) -> tuple[float, float]:
    """The tilt and turn for a beat that shows these parts: those of its `view`, or the most legible ones."""
    if view in DIRECTIONS:
        return angles(DIRECTIONS[view])
    if view:
        azimuth, elevation = (float(part) for part in view.split(","))
        return np.radians(90.0 - elevation), np.radians(azimuth)
    planes = [part for part in parts if isinstance(part, Plane)]
    # Products are seen from the direction of the scene, and an oblique camera does not turn.
    if not planes or len(planes) < len(parts) or is_oblique(s.p.scene):
        return s.angles
    tried = [s.angles, *((tilt, s.angles[1] + turn) for tilt in TILTS for turn in TRIED_TURNS)]
    return max(tried, key=lambda tilt_and_turn: _read(s, planes, tilt_and_turn))


def _read(s: Setup, planes: list[Plane], angles: tuple[float, float]) -> float:
    """How legible planes are from an angle: they should face the camera, and it should turn little."""
    direction = direction_at(*angles)
    faced = min(abs(plane.outward @ direction) for plane in planes)
    away = np.arccos(np.clip(direction @ direction_at(*s.angles), -1.0, 1.0)) / np.pi
    return min(faced / LEGIBLE, 1.0) - PREFERRED * away
