"""Text for a given camera, one that a person has turned, moved or chosen by hand.

That camera stays as it is. So all text finds its room within its frame: nothing leaves the frame, readouts do
not cover the scene, and text over the scene has a shade behind it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..staging import readouts
from ..staging.camera.framing import View
from ..staging.camera.shots import shot
from ..staging.camera.subject import subject_of
from ..staging.camera.views import parts_of
from ..staging.plan import Plan
from ..staging.writing import captions
from ..staging.writing.boxes import Obstacles, gaps_between, outside
from ..staging.writing.canvas import Canvas
from ..staging.writing.lettering import Lettering, lettering
from ..staging.writing.overlay import Overlay, overlay
from ..staging.writing.typesetter import film_type
from .beside import Beside, beside
from .drawing import Drawing, drawing_of
from .film import (
    OVERLAY_LAYOUTS,
    SHADE_MARGIN,
    Film,
    OverlayOptions,
    cost_of_type,
    lines_of,
    outlines,
    stands,
    with_earlier,
)
from .why_chart import last_chart

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
    layout = layout | {"beside": side.room[1]}
    written = _overlay(p, sheet, layout, [*captions.notes(p), *side.notes, *last.notes])
    kept = replace(begun, phases=tuple(phases))
    made = Film(kept, last, view, written, (), beside=side, through=through)
    if len(sheet.quads):
        letters = outlines(last, view, aspect), lines_of(last, view, aspect)
        outlined = np.concatenate([sheet.quads, *letters])
        boxes = np.concatenate([written.boxes.reshape(-1, 4), side.boxes])
        made = replace(made, why=last_chart(p, aspect, outlined, boxes))
    return drawing_of(p, with_earlier(p, made, aspect, layout) if moves else made, aspect, lit)


def _layout(p: Plan, sheet: Canvas) -> OverlayOptions:
    """The layout of the text before the scene that covers least of the scene."""
    scene = Obstacles(np.concatenate([sheet.quads, sheet.faces]))

    def cost(one: OverlayOptions) -> float:
        boxes = overlay(p, sheet.width, captions.notes(p), **one).boxes
        areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        return OVER_THE_SCENE * float(areas @ scene.under(boxes)) + cost_of_type(one)

    return min(OVERLAY_LAYOUTS, key=cost)


def _side_and_labels(
    p: Plan, sheet: Canvas, layout: OverlayOptions, steady: bool
) -> tuple[Beside, Lettering]:
    """The readouts that have room, and the labels of the film's end beside them. A star has an automatic
    readout if it is in the picture and cannot be read there."""
    aspect, view = sheet.width, sheet.view
    stars = [star for star in readouts.chosen_stars(p) if star in sheet.planes]
    away = readouts.turned_away(p, stars, view.parallel) or readouts.too_small(stars, view, aspect)
    planes = stars if away else readouts.named(p)
    written = overlay(p, aspect, captions.notes(p), **layout).boxes
    scene = np.concatenate([sheet.quads, sheet.faces])
    side = beside(p, planes, aspect, lambda _: written, scene)
    last = _lettering(p, sheet, layout, side, steady)
    if not planes and readouts.unlabelled(p, stars, view, aspect, last):
        side = beside(p, stars, aspect, lambda _: written, scene)
        last = _lettering(p, sheet, layout, side, steady)
    return side, last


def _lettering(p: Plan, sheet: Canvas, layout: OverlayOptions, side: Beside, steady: bool) -> Lettering:
    """The labels of the film's end, within the frame and clear of the text before the scene."""
    aspect, notes, end = sheet.width, [*captions.notes(p), *side.notes], float(p.timeline.last_frame)
    written = overlay(p, aspect, notes, [((), (0.0, 0.0))], **(layout | {"beside": side.room[1]}))
    shades = np.array(written.shades).reshape(-1, 4) + SHADE_MARGIN * np.array([-1, -1, 1, 1])
    free = np.concatenate([written.boxes, side.boxes, outside(aspect), shades])
    lit = p.spotlight.lit(1.0, end + 1.0, p.timeline.moves) if p.spotlight else ()
    near, told = p.scene.camera.subject, side.told(p)
    return lettering(p, sheet.view, aspect, free, near, told=told, lit=lit, linked=steady)


def _overlay(p: Plan, sheet: Canvas, layout: OverlayOptions, notes: Sequence[str]) -> Overlay:
    """The text before the scene, with shades behind it where it covers the scene."""
    shaded = overlay(p, sheet.width, notes, [((), (0.0, 0.0))], **layout)
    boxes = np.array(shaded.shades).reshape(-1, 4)
    scene = np.concatenate([sheet.quads, sheet.faces])
    meets = gaps_between(boxes, scene).min(axis=1, initial=1.0) <= 0.0
    return replace(shaded, shades=tuple(box for box, over in zip(shaded.shades, meets, strict=True) if over))
