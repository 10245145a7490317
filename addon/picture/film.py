"""The picture of a film as a whole: the camera's shot, the labels in it, and what is written before it.

Type has its size on the picture, so labels need the camera; and the camera has to see the labels. Each is
found from the other, in a few rounds.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..staging.camera.framing import View
from ..staging.camera.shot import Phase, Shot
from ..staging.camera.shots import filled, shot
from ..staging.camera.subject import Mark
from ..staging.camera.views import INSIDE, family_of
from ..staging.plan import Plan
from ..staging.writing import captions
from ..staging.writing.boxes import clashes
from ..staging.writing.items import Box
from ..staging.writing.lettering import Label, Lettering, lettering
from ..staging.writing.overlay import Overlay, overlay

ROUNDS = 5  # in which labels and camera are found from each other
ENOUGH_BARE, ENOUGH_LABELLED = 0.75, 0.7  # of the frame, for the subject: without its labels, and with them
SCALES = (1.0, 0.85, 0.7)  # of what is written before the scene
# What it costs to stand half a frame off the middle, to have type of no size, to have it stacked.
OFF_MIDDLE, SMALL_TYPE, STACKED = 0.3, 3.0, 0.06
TRIES = 3  # layouts that are composed with their labels
AROUND_SHADE = 0.03  # around a shade, where labels would be dim

Layout = dict[str, float | bool]  # the arguments `scale` and `stacked` of an overlay


@dataclass(frozen=True, eq=False)
class PhaseLabels:
    """The labels of a phase of the film, and the view that they were laid out for."""

    phase: Phase
    lettering: Lettering
    view: View


@dataclass(frozen=True, eq=False)
class Film:
    """`lettering` is that of the film's end, laid out for `view`; `earlier` has those of phases before."""

    shot: Shot
    lettering: Lettering
    view: View
    overlay: Overlay
    marks: tuple[Mark, ...]
    earlier: tuple[PhaseLabels, ...] = ()

    @property
    def every(self) -> list[PhaseLabels]:
        """The labels of all phases, in their order."""
        return [*self.earlier, PhaseLabels(self.shot.phases[-1], self.lettering, self.view)]


def compose(p: Plan, aspect: float) -> Film:
    """The Film of a plan on a frame of this `aspect`, width to height. Labels are laid out for the
    end of the film, and for what the camera halts at before. What is written before the scene stands, and is
    as large, so that the subject has enough of the frame and is not far from its middle."""
    if p.scene.camera.view in INSIDE or not (p.scene.look.legend or p.scene.look.formula):
        return _with_earlier(p, aspect, {})
    layouts = [{"scale": scale, "stacked": stacked} for scale in SCALES for stacked in (False, True)]
    rooms = [
        _worth(one, *filled(p, (), overlay(p, aspect, **one).boxes, aspect), ENOUGH_BARE) for one in layouts
    ]
    order = sorted(range(len(layouts)), key=lambda n: rooms[n], reverse=True)
    best, most = None, (-1.0, 0.0)
    for n in order[:TRIES]:
        made = _composed(p, aspect, layouts[n])
        worth = _worth(layouts[n], *filled(p, made.marks, made.overlay.boxes, aspect), ENOUGH_LABELLED)
        if worth > most:
            best, most, layout = made, worth, layouts[n]
        if worth[0] >= ENOUGH_LABELLED:
            break
    return _with_earlier(p, aspect, layout, best)


def _worth(layout: Layout, part: float, aside: float, enough: float) -> tuple[float, float]:
    """How good a layout is whose subject takes a `part` of the frame and stands `aside` of its middle: the
    part first, as far as it is not `enough`."""
    small = (1.0 - layout["scale"]) ** 2
    return min(part, enough), -OFF_MIDDLE * aside - SMALL_TYPE * small - STACKED * layout["stacked"]


def _with_earlier(p: Plan, aspect: float, layout: Layout, made: Film | None = None) -> Film:
    """The Film with the labels of all phases: the camera is there, and they keep within its frame."""
    made = made or _composed(p, aspect, layout)
    phases = made.shot.phases[:-1]
    if not phases or not p.scene.look.labels:
        return made
    shades = np.array(overlay(p, aspect, captions.notes(p), [((), None)], **layout).shades).reshape(-1, 4)
    free = [*made.overlay.boxes, *beyond(aspect), *(shades + AROUND_SHADE * np.array([-1, -1, 1, 1]))]
    earlier = []
    for phase in phases:
        about = {part for name in phase.about for part in family_of(p.arrangement, name)} or None
        if about and p.beats:
            about = {part for part in about if part.stage.name in phase.about}
        view = made.shot.view(phase.at)
        earlier.append(PhaseLabels(phase, lettering(p, view, aspect, free, phase.near, about), view))
    made = replace(made, earlier=tuple(earlier))
    timed = [(one.lettering.notes, (one.phase.start, one.phase.end)) for one in made.every]
    return replace(made, overlay=overlay(p, aspect, captions.notes(p), timed, **layout))


def beyond(aspect: float) -> list[Box]:
    """Boxes around the frame, (left, bottom, right, top) in heights of it."""
    return [(-9.0, -9.0, 9.0, 0.0), (-9.0, 1.0, 9.0, 9.0), (-9.0, 0.0, 0.0, 1.0), (aspect, 0.0, 9.0, 1.0)]


def _composed(p: Plan, aspect: float, layout: Layout) -> Film:
    """The Film with an overlay of this layout, the arguments of `overlay`."""
    end, notes = float(p.timeline.last_frame), captions.notes(p)
    made = Film(None, Lettering(), None, overlay(p, aspect, notes, **layout), ())
    film = shot(p, made.marks, made.overlay.boxes, aspect)
    if not p.scene.look.labels:
        return replace(made, shot=film, view=film.view(end))
    for _ in range(ROUNDS):
        made = _lettered(p, film.view(end), aspect, made.overlay, notes, layout)
        film = shot(p, made.marks, made.overlay.boxes, aspect)
        if not clashes(outlines(made.lettering, film.view(end), aspect)):
            return replace(made, shot=film)
    # Labels and camera chase each other: the camera stays, and the labels keep within its frame.
    made = _lettered(p, film.view(end), aspect, made.overlay, notes, layout, beyond(aspect))
    return replace(made, shot=film)


def _lettered(p, view, aspect, written, notes, layout, around=()):
    """The Film, but its shot, of a plan with its labels laid out for a view, clear of what is
    `written` before them."""
    letters = lettering(p, view, aspect, [*written.boxes, *around], p.scene.camera.subject)
    marks = tuple(mark_of(label, view) for label in letters.labels)
    return Film(None, letters, view, overlay(p, aspect, [*notes, *letters.notes], **layout), marks)


def outlines(letters: Lettering, view: View, aspect: float) -> np.ndarray:
    """What a view sees of each label, as a parallelogram on the picture in heights of it: (n, 4, 2)."""
    axes = np.stack([view.right, view.up])
    corners = [label.position + label.corners() @ axes for label in letters.labels]
    points = (view.project(np.array(corners).reshape(-1, 3)) + 1) / 2 * (aspect, 1.0)
    return points.reshape(-1, 4, 2)


def mark_of(label: Label, view: View) -> Mark:
    """The Mark of a label that was laid out for a view."""
    offset = np.stack([view.right, view.up]) @ (label.position - label.pivot)
    corners = offset + label.corners()
    return Mark(label.pivot, (*corners.min(axis=0), *corners.max(axis=0)), label.owner)
