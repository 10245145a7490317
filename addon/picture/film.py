"""Composes a film: the camera's shot, the labels in the scene, and the overlay before it.

The size of type is fixed on the picture, so labels depend on the camera; and the camera has to see the
labels. Each is computed from the other, in a few rounds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np

from ..description.scene import Camera
from ..kinds.places import Plane
from ..staging import readouts
from ..staging.beats.told import TimedBeat
from ..staging.camera.clearance import covered
from ..staging.camera.framing import View
from ..staging.camera.shot import Phase, Shot
from ..staging.camera.shots import filled, shot
from ..staging.camera.subject import Mark
from ..staging.camera.views import INSIDE, family_of, parts_of
from ..staging.layout.fans import runs_down
from ..staging.patches import marks_of
from ..staging.plan import Plan
from ..staging.star import is_among
from ..staging.writing import captions
from ..staging.writing.boxes import clashes, meeting, outside, under_boxes
from ..staging.writing.lettering import Label, Lettering, lettering
from ..staging.writing.overlay import FRAME_EDGE, Overlay, overlay
from .beside import NOTHING_BESIDE, READOUT_GAP, Beside, beside, pooled
from .why_chart import WhyChart, beat_charts, last_chart, matrix_outlines

SHRUNK = 1.03  # times as much in view: labels that were laid out before are too small then
ROUNDS = 5  # in which labels and camera are found from each other
ENOUGH_BARE, ENOUGH_LABELLED = 0.75, 0.7  # of the frame, for the subject: without its labels, and with them
# The costs of standing half a frame off the middle, of type of no size, and of stacked type.
COST_OF_OFF_MIDDLE, COST_OF_SMALL_TYPE, COST_OF_STACKED = 0.3, 3.0, 0.06
TRIES = 3  # layouts that are composed with their labels
STEADY = np.cos(np.radians(3.0))  # a camera that turns less does not turn
SHADE_MARGIN = 0.03  # around a shade, where labels would be dim


class OverlayOptions(TypedDict, total=False):
    """Arguments of an overlay."""

    scale: float
    stacked: bool
    beside: float
    shaded: Sequence[tuple[float, float]] | None


# The possible layouts of the text before the scene.
OVERLAY_LAYOUTS: tuple[OverlayOptions, ...] = tuple(
    {"scale": scale, "stacked": stacked} for scale in (1.0, 0.94) for stacked in (False, True)
)


@dataclass(frozen=True, eq=False)
class PhaseLabels:
    """The labels of a phase of the film, and the view that they were laid out for."""

    phase: Phase
    lettering: Lettering
    view: View


@dataclass(frozen=True, eq=False)
class Film:
    """`lettering` and `why` are those of the film's end, laid out for `view`. `earlier` has the labels of
    phases before, `beat_charts` the bars of beats before. `through(frame)` is the view of a camera that
    someone turned or moved by hand."""

    shot: Shot
    lettering: Lettering
    view: View
    overlay: Overlay
    marks: tuple[Mark, ...]
    earlier: tuple[PhaseLabels, ...] = ()
    beside: Beside = NOTHING_BESIDE
    why: WhyChart | None = None
    beat_charts: tuple[WhyChart, ...] = ()
    through: Callable[[float], View] | None = None

    def seen(self, frame: float) -> View:
        """What the camera sees at a frame."""
        return self.through(frame) if self.through else self.shot.view(frame)

    @property
    def charts(self) -> tuple[WhyChart, ...]:
        """The bars of each why, in the order of their times."""
        return *self.beat_charts, *([self.why] if self.why else [])

    @property
    def every(self) -> list[PhaseLabels]:
        """The labels of all phases, in their order."""
        return [*self.earlier, PhaseLabels(self.shot.phases[-1], self.lettering, self.view)]


def compose(p: Plan, aspect: float) -> Film:
    """The Film of a plan on a frame of this `aspect`, width to height, with readouts of the matrices that the
    scene asks for, or of a star that cannot be read in the scene."""
    planes = readouts.wanted(p)
    made = composed(p, aspect, planes)
    if planes or p.scene.camera.view in INSIDE:
        return made
    stars, view = readouts.chosen_stars(p), made.view
    if readouts.too_small(stars, view, aspect) or readouts.unlabelled(p, stars, view, aspect, made.lettering):
        return composed(p, aspect, stars)
    return made


def composed(p: Plan, aspect: float, planes: Sequence[Plane]) -> Film:
    """The Film with readouts of these planes. Labels are laid out for the end of the film, and for each halt
    of the camera before. Size and layout of the text before the scene leave room for readouts that show each
    entry, leave the subject enough of the frame, and keep it near the middle of its part."""
    if p.scene.camera.view in INSIDE or not (p.scene.look.legend or p.scene.look.formula):
        return with_earlier(p, _composed(p, aspect, {}, planes), aspect, {})

    flat = p.scene.layout.scheme == "flat"
    margins = 2.0 * max(p.scene.camera.margin - Camera().margin, 0.0)  # which someone asked to be free

    def bare_worth(layout: OverlayOptions) -> tuple[bool, float, float]:
        side = _beside(p, aspect, layout, planes)
        written = overlay(p, aspect, **layout | {"beside": side.room[1]}).boxes
        enough = ENOUGH_BARE * (1.0 - side.room.max() - margins)
        fills = filled(p, (), written, aspect, side.room)
        part, cost = _worth(layout, *fills, enough)
        # On a page there is room for labels, so with them a little less of the frame may be as much.
        return not pooled(side.readouts), part + cost if flat else part, cost

    most = (False, -1.0, 0.0)
    for one in sorted(OVERLAY_LAYOUTS, key=bare_worth, reverse=True)[:TRIES]:
        made = _composed(p, aspect, one, planes)
        room = made.beside.room
        enough = ENOUGH_LABELLED * (1.0 - room.max() - margins)
        fills = filled(p, made.marks, made.overlay.boxes, aspect, room)
        worth = not pooled(made.beside.readouts), *_worth(one, *fills, enough)
        if worth > most:
            best, most, layout = made, worth, one
        if worth[1] >= enough:
            break
    return with_earlier(p, best, aspect, layout)


def _beside(p: Plan, aspect: float, layout: OverlayOptions, planes: Sequence[Plane]) -> Beside:
    """The Beside of these planes where the overlay has this layout. At the bottom of a tall frame readouts
    take no width from the text."""

    def written(part: float) -> np.ndarray:
        room = part + (FRAME_EDGE + READOUT_GAP) / aspect if aspect >= 1.0 else 0.0
        return overlay(p, aspect, **layout | {"beside": room}).boxes

    return beside(p, planes, aspect, written)


def _worth(layout: OverlayOptions, part: float, aside: float, enough: float) -> tuple[float, float]:
    """How good a layout is whose subject takes a `part` of the frame and stands `aside` of its middle. The
    part counts most until it is `enough`."""
    return min(part, enough), -COST_OF_OFF_MIDDLE * aside - cost_of_type(layout)


def cost_of_type(layout: OverlayOptions) -> float:
    return COST_OF_SMALL_TYPE * (1.0 - layout["scale"]) ** 2 + COST_OF_STACKED * layout["stacked"]


def with_earlier(p: Plan, made: Film, aspect: float, layout: OverlayOptions) -> Film:
    """The Film with the labels of all phases. Its camera is fixed, so the labels stay within its frame."""
    phases = made.shot.phases[:-1]
    taken = np.concatenate([made.overlay.boxes.reshape(-1, 4), made.beside.boxes])
    made = replace(made, beat_charts=tuple(beat_charts(p, made.seen, aspect, taken)))
    if not phases or not p.scene.look.labels:
        return made
    notes = [*captions.notes(p), *made.beside.notes]
    layout = layout | {"beside": made.beside.room[1]}
    margin = SHADE_MARGIN * np.array([-1, -1, 1, 1])
    shades = np.array(overlay(p, aspect, notes, [((), (0.0, 0.0))], **layout).shades).reshape(-1, 4)
    free = [*made.beside.boxes, *outside(aspect), *(shades + margin)]
    earlier, told = [], made.beside.told(p)
    for phase in phases:
        if p.beats:
            about, there = None, [part for part in parts_of(p.arrangement) if part.stage.name in phase.about]
        else:
            about = {part for name in phase.about for part in family_of(p.arrangement, name)} or None
            there = None
        view = made.seen(phase.at)
        lit = p.spotlight.lit(phase.start, phase.end, p.timeline.moves) if p.spotlight else ()
        at = next((beat for beat in p.beats if beat.start <= phase.at < beat.end), None)
        out = at.presents if at else ""  # its callouts would be behind its card
        lit = tuple(one for one in lit if not is_among(one.stage, {out}))
        steady = stands(made.seen, phase)
        taken = [*free, *(chart.room for chart in made.beat_charts if chart.during(phase.start, phase.end))]
        taken += [*(made.overlay.during(phase.start, phase.end) + margin * bool(p.beats))]
        letters = lettering(
            p, view, aspect, taken, phase.near, about, told, lit, there, steady, phase.unfinished
        )
        earlier.append(PhaseLabels(phase, letters, view))
    made = replace(made, earlier=tuple(earlier))
    if p.beats:
        layout = layout | {"shaded": _passing_under(p, made, aspect) or None}
    timed = [(one.lettering.notes, (one.phase.start, one.phase.end)) for one in made.every]
    return replace(made, overlay=overlay(p, aspect, notes, timed, **layout))


def _passing_under(p: Plan, made: Film, aspect: float) -> list[tuple[float, float]]:
    """The frames between which visible things stand under the text before the scene: from the way to a beat
    until the way from it."""
    found: list[tuple[float, float]] = []
    for beat, after in zip(p.beats, [*p.beats[1:], None], strict=True):
        view, boxes = made.seen(beat.span.arrived), made.overlay.during(beat.span.arrived, beat.end)
        boxes = boxes / (aspect, 1.0, aspect, 1.0) * 2 - 1
        if any(covered(view.project(outline)[None, None], boxes)[0] for outline in _standing_out(p, beat)):
            start = found.pop()[0] if found and found[-1][1] > beat.start else beat.start
            found.append((start, after.span.arrived if after else made.shot.phases[-1].end))
    return found


def _standing_out(p: Plan, beat: TimedBeat) -> list[np.ndarray]:
    """The outlines, (4 or 8, 3) each, of the visible parts of a beat. If it has a spotlight, only of the
    parts in it: all else is then so pale and small that type can be read before it."""
    parts = [part for part in parts_of(p.arrangement) if part.stage.name in beat.there]
    if not (p.spotlight and beat.beat.spotlight):
        return [part.corners() for part in parts]
    lit = p.spotlight.lit(beat.span.arrived, beat.end, p.timeline.moves)
    planes = [
        (one, part) for one in lit for part in parts if isinstance(part, Plane) and part.stage is one.stage
    ]
    ends = [(plane, one.rows, one.columns) for one, plane in planes]
    return [plane.places(np.array([a, a, b, b]), np.array([c, d, d, c])) for plane, (a, b), (c, d) in ends]


def _composed(p: Plan, aspect: float, layout: OverlayOptions, planes: Sequence[Plane]) -> Film:
    """The Film with an overlay of this layout, the arguments of `overlay`, and readouts of these planes."""
    end, notes = float(p.timeline.last_frame), captions.notes(p)
    side = _beside(p, aspect, layout, planes)
    notes, layout = [*notes, *side.notes], layout | {"beside": side.room[1]}
    written = overlay(p, aspect, notes, **layout)
    film = shot(p, (), written.boxes, aspect, side.room)
    made = Film(film, Lettering(), film.view(end), written, (), beside=side)
    if not p.scene.look.labels:
        taken = np.concatenate([written.boxes.reshape(-1, 4), side.boxes])
        return replace(made, why=last_chart(p, aspect, matrix_outlines(p, made.view, aspect), taken))
    tried = []
    # Labels of panels, and of heads under each other on a page, stand alike; the camera makes room for them.
    in_rows = runs_down(p.root) or any(down for _, down in captions.titled(p))
    alike = p.panels or (p.scene.layout.scheme == "flat" and in_rows)
    for n in range(ROUNDS):
        anywhere = n == 0 and alike
        made = _lettered(p, film, aspect, made, notes, layout, anywhere=anywhere)
        before, film = film, shot(p, made.marks, made.overlay.boxes, aspect, side.room)
        smaller = _size(p, before.view(end)) / _size(p, film.view(end)) > SHRUNK
        if not smaller and not clashes(outlines(made.lettering, film.view(end), aspect)):
            return _with_clear_chart(p, replace(made, shot=film), film.view(end), aspect)
        tried.append(film)
    # Labels and camera may chase each other. Then the camera stays where the scene was largest, and the
    # labels keep within its frame.
    film = max(tried, key=lambda one: _size(p, one.view(end)))
    made = _lettered(p, film, aspect, made, notes, layout, outside(aspect))
    return replace(made, shot=film)


def _size(p: Plan, view: View) -> float:
    """How large the whole scene is in a picture, in halves of the frame."""
    return float(np.linalg.norm(np.ptp(view.project(p.arrangement.corners()), axis=0)))


def _lettered(
    p: Plan, film: Shot, aspect: float, before: Film, notes: Sequence[str], layout: OverlayOptions,
    around: Iterable[np.ndarray] = (), anywhere: bool = False,
) -> Film:  # fmt: skip
    """The Film with the shot that it had, and with labels laid out for the end of a shot. Unless they may
    stand `anywhere`, they keep clear of the text before the scene in the Film `before`."""
    end = float(p.timeline.last_frame)
    view, steady = film.view(end), stands(film.view, film.phases[-1])
    free = [] if anywhere else [*before.overlay.boxes, *before.beside.boxes, *around]
    why = last_chart(p, aspect, matrix_outlines(p, view, aspect), np.array(free).reshape(-1, 4))
    free += [why.room] if why else []
    told = before.beside.told(p)
    lit = p.spotlight.lit(end, end + 1.0, p.timeline.moves) if p.spotlight else ()
    near = p.scene.camera.subject
    letters = lettering(p, view, aspect, free, near, told=told, lit=lit, linked=steady)
    marks = (*(mark_of(label, view) for label in letters.labels), *marks_of(p))
    written = overlay(p, aspect, [*notes, *letters.notes], **layout)
    made = replace(before, lettering=letters, view=view, overlay=written, marks=marks, why=why)
    return _with_clear_chart(p, made, view, aspect)  # of what there is to say of the labels


def _with_clear_chart(p: Plan, made: Film, view: View, aspect: float) -> Film:
    """The Film with its bars where neither matrices, labels, lines nor other text are in a view: they were
    placed for the camera and the text before."""
    if made.why is None:
        return made
    letters = made.lettering
    drawn = np.concatenate(
        [matrix_outlines(p, view, aspect), outlines(letters, view, aspect), lines_of(letters, view, aspect)]
    )
    written, box = np.concatenate([made.overlay.boxes, made.beside.boxes]), np.array([made.why.box])
    if not under_boxes(box, drawn).any() and not meeting(box, written).any():
        return made
    return replace(made, why=last_chart(p, aspect, drawn, written))


def stands(through: Callable[[float], View], phase: Phase) -> bool:
    """Whether a camera that sees `through(frame)` does not turn during a phase. One that turns sees matrices
    and their links cross each other."""
    at, middle = (through(frame).forward for frame in (phase.at, 0.5 * (phase.start + phase.end)))
    return bool(at @ middle > STEADY)


def outlines(letters: Lettering, view: View, aspect: float) -> np.ndarray:
    """What a view sees of each label, as a parallelogram on the picture in heights of it: (n, 4, 2)."""
    if not letters.labels:
        return np.empty((0, 4, 2))
    axes = np.stack([view.right, view.up])
    corners = [label.position + label.corners() @ axes for label in letters.labels]
    points = (view.project(np.array(corners).reshape(-1, 3)) + 1) / 2 * (aspect, 1.0)
    return points.reshape(-1, 4, 2)


def lines_of(letters: Lettering, view: View, aspect: float) -> np.ndarray:
    """What a view sees of each line, as a quadrilateral without width on the picture in heights of it:
    (n, 4, 2)."""
    ends = np.array([(one.start, one.end, one.end, one.start) for one in letters.strokes]).reshape(-1, 3)
    return ((view.project(ends) + 1) / 2 * (aspect, 1.0)).reshape(-1, 4, 2)


def mark_of(label: Label, view: View) -> Mark:
    """The Mark of a label that was laid out for a view."""
    offset = np.stack([view.right, view.up]) @ (label.position - label.pivot)
    corners = offset + label.corners()
    return Mark(label.pivot, (*corners.min(axis=0), *corners.max(axis=0)), label.owner)
