"""Text for a given camera, one that a person has turned, moved or chosen by hand.

That camera stays as it is. So all text finds its room within its frame: nothing leaves the frame, readouts do
not cover the scene, and text over the scene has a shade behind it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..kinds.places import Part, Plane
from ..staging import readouts
from ..staging.camera.framing import View
from ..staging.camera.shot import Phase
from ..staging.camera.shots import shot
from ..staging.camera.subject import subject_of
from ..staging.camera.views import parts_of
from ..staging.plan import Plan
from ..staging.writing import captions
from ..staging.writing.boxes import Obstacles, gaps_between, outside
from ..staging.writing.canvas import Canvas
from ..staging.writing.cards import cards_of
from ..staging.writing.lettering import Lettering, lettering
from ..staging.writing.overlay import Overlay, overlay
from ..staging.writing.typesetter import film_type
from .beside import NOTHING_BESIDE, Beside, beside
from .drawing import Drawing
from .film import OVERLAY_LAYOUTS, SHADE_MARGIN, OverlayOptions, PhaseLabels, cost_of_type, outlines, stands
from .joined import joined
from .presented import presented
from .why_chart import beat_charts, last_chart

OVER_THE_SCENE = 4.0  # cost of type over the scene, against smaller or stacked type


def seen_through(
    p: Plan, through: Callable[[float], View], aspect: float, now: float, moves: bool = False
) -> Drawing:
    """The Drawing of a plan for a camera that sees `through(frame)` on a frame of this `aspect`, width to
    height. A camera that `moves` has labels for each phase of the film, another the same labels throughout.
    The labels at the frame `now` are laid out for the view at that frame."""
    begun = shot(p, (), Overlay().boxes, aspect)
    lit = subject_of(parts_of(p.arrangement), ()).points(begun.view(1.0))
    phases = [replace(one, at=now) if one.start <= now < one.end else one for one in begun.phases]
    phases = phases if moves else [replace(phases[-1], start=1.0, at=now)]
    view = through(phases[-1].at)
    sheet = Canvas(p, view, aspect, 1.0, film_type(p.typeface, 1.0))
    layout = _layout(p, sheet)
    side, last = _side_and_labels(p, sheet, layout, stands(through, phases[-1]))
    every = _labels(p, phases, through, sheet, layout, side, last)
    written = _overlay(p, sheet, layout, side, every)
    labels = outlines(last, view, aspect)
    boxes = np.concatenate([written.boxes.reshape(-1, 4), side.boxes])
    outlined = np.concatenate([sheet.quads, labels])
    why = last_chart(p, aspect, outlined, boxes) if len(sheet.quads) else None
    charts = *(beat_charts(p, through, aspect, boxes) if moves else ()), *([why] if why else [])
    shown = tuple(presented(p, through, aspect, written, side.room, charts))
    return Drawing(
        p, begun, tuple(every), written, lit, through=through, charts=charts, presented=shown,
        readouts=tuple(joined(side.readouts, view, (aspect, 1.0), labels)), cards=cards_of(p, aspect),
    )  # fmt: skip


def _layout(p: Plan, sheet: Canvas) -> OverlayOptions:
    """The layout of the text before the scene that covers least of the scene."""
    scene = Obstacles(np.concatenate([sheet.quads, sheet.faces]))

    def cost(one: OverlayOptions) -> float:
        boxes = overlay(p, sheet.width, captions.notes(p), **one).boxes
        over = float(_areas(boxes) @ scene.under(boxes)) if len(boxes) else 0.0
        return OVER_THE_SCENE * over + cost_of_type(one)

    return min(OVERLAY_LAYOUTS, key=cost)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)


def _side_and_labels(
    p: Plan, sheet: Canvas, layout: OverlayOptions, steady: bool
) -> tuple[Beside, Lettering]:
    """The readouts that have room, and the labels of the film's end beside them. A star has an automatic
    readout if it is in the picture and cannot be read there."""
    aspect, view, end = sheet.width, sheet.view, float(p.timeline.last_frame)
    auto = p.scene.readout == readouts.AUTO
    stars = [star for star in readouts.chosen_stars(p) if star in sheet.planes] if auto else []
    away = stars and (
        readouts.turned_away(p, stars, view.parallel) or readouts.too_small(stars, view, aspect)
    )
    planes = stars if away else [] if auto else readouts.named(p)
    side = _beside(p, planes, sheet, layout)
    whole = Phase(1.0, end + 1.0, end, near=p.scene.camera.subject)
    last = _lettering(p, sheet, layout, side, whole, steady=steady)
    if stars and not planes and readouts.unlabelled(p, stars, view, aspect, last):
        side = _beside(p, stars, sheet, layout)
        last = _lettering(p, sheet, layout, side, whole, steady=steady)
    return side, last


def _beside(p: Plan, planes: Sequence[Plane], sheet: Canvas, layout: OverlayOptions) -> Beside:
    """The Beside of as many of these planes as have room where nothing of the scene is."""
    written = overlay(p, sheet.width, captions.notes(p), **layout).boxes
    scene = np.concatenate([sheet.quads, sheet.faces])
    while planes:
        made = beside(p, planes, sheet.width, lambda _: written, scene)
        if made.readouts:
            return made
        planes = planes[:-1]
    return NOTHING_BESIDE


def _lettering(
    p: Plan,
    sheet: Canvas,
    layout: OverlayOptions,
    side: Beside,
    phase: Phase,
    about: Sequence[Part] | None = None,
    steady: bool = True,
) -> Lettering:
    """The labels of a phase, within the frame and clear of the text before the scene."""
    if not p.scene.look.labels or not sheet.planes:
        return Lettering()
    aspect, notes = sheet.width, [*captions.notes(p), *side.notes]
    written = overlay(p, aspect, notes, [((), (0.0, 0.0))], **(layout | {"beside": side.room[1]}))
    shades = np.array(written.shades).reshape(-1, 4) + SHADE_MARGIN * np.array([-1, -1, 1, 1])
    free = np.concatenate([written.boxes, side.boxes, outside(aspect), shades])
    lit = p.spotlight.lit(phase.start, phase.end, p.timeline.moves) if p.spotlight else ()
    return lettering(
        p, sheet.view, aspect, free, phase.near, about, side.told(p), lit, None, steady, phase.unfinished
    )


def _labels(
    p: Plan, phases: Sequence[Phase], through: Callable[[float], View], sheet: Canvas, layout: OverlayOptions,
    side: Beside, last: Lettering,
) -> list[PhaseLabels]:  # fmt: skip
    """The labels of all phases, in their order."""
    every = []
    for phase in phases[:-1]:
        view = through(phase.at)
        there = Canvas(p, view, sheet.width, 1.0, sheet.type)
        about = [part for part in there.planes if part.stage.name in phase.about] or None
        steady = stands(through, phase)
        every.append(PhaseLabels(phase, _lettering(p, there, layout, side, phase, about, steady), view))
    return [*every, PhaseLabels(phases[-1], last, sheet.view)]


def _overlay(
    p: Plan, sheet: Canvas, layout: OverlayOptions, side: Beside, every: Sequence[PhaseLabels]
) -> Overlay:
    """The text before the scene, with shades behind it where it covers the scene."""
    notes = [*captions.notes(p), *side.notes]
    layout = layout | {"beside": side.room[1]}
    if len(every) > 1:
        timed = [(one.lettering.notes, (one.phase.start, one.phase.end)) for one in every]
        return overlay(p, sheet.width, notes, timed, **layout)
    notes += every[0].lettering.notes
    shaded = overlay(p, sheet.width, notes, [((), (0.0, 0.0))], **layout)
    boxes = np.array(shaded.shades).reshape(-1, 4)
    scene = np.concatenate([sheet.quads, sheet.faces])
    meets = gaps_between(boxes, scene).min(axis=1, initial=1.0) <= 0.0
    return replace(shaded, shades=tuple(box for box, over in zip(shaded.shades, meets, strict=True) if over))
