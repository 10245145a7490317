"""The drawing of a plan: the plan with its camera, its text and its light.

`blender.build.draw` draws a Drawing and decides nothing. A film and the panel of a figure are two Drawings of
the same plan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..staging.camera.framing import View
from ..staging.camera.shot import Shot
from ..staging.camera.shots import shot
from ..staging.camera.subject import subject_of
from ..staging.camera.views import parts_of
from ..staging.plan import Plan
from ..staging.writing.cards import Card, cards_of
from ..staging.writing.overlay import Overlay
from .film import Film, PhaseLabels, compose, outlines
from .joined import Joined, joined
from .presented import Presented, presented, uncovered
from .why_chart import WhyChart


@dataclass(frozen=True, eq=False)
class Drawing:
    """`shot` is the camera's film. If `standing` is given, the camera stands there all the time instead.
    `through(frame)` is the view of a camera that someone turned or moved by hand. `labels` are the labels of
    the film's phases, in order. The lamps stand around the points `lit`, (n, 3), in the directions of the
    shot's first frame, and turn with the camera on a `turntable`."""

    plan: Plan
    shot: Shot
    labels: tuple[PhaseLabels, ...]
    overlay: Overlay
    lit: np.ndarray
    turntable: bool = False
    standing: View | None = None
    readouts: tuple[Joined, ...] = ()
    charts: tuple[WhyChart, ...] = ()
    presented: tuple[Presented, ...] = ()
    cards: tuple[Card, ...] = ()
    through: Callable[[float], View] | None = None

    @property
    def first(self) -> View:
        return self.shot.view(1.0)

    @property
    def seen(self) -> View:
        """What the camera sees at first."""
        return self.view(1.0)

    def view(self, frame: float) -> View:
        """What the camera sees at a frame."""
        return self.through(frame) if self.through else self.standing or self.shot.view(frame)


def film_of(p: Plan) -> Drawing:
    """A plan as a film or still, with everything written that its description asks for."""
    aspect = p.scene.render.width / p.scene.render.height
    made = compose(p, aspect)
    lit = subject_of(parts_of(p.arrangement), made.marks).points(made.shot.view(1.0))
    return drawing_of(p, made, aspect, lit, turntable=p.scene.camera.move == "orbit")


def drawing_of(p: Plan, made: Film, aspect: float, lit: np.ndarray, *, turntable: bool = False) -> Drawing:
    """The Drawing of a Film on a frame of this `aspect`, lit around the points `lit`, (n, 3)."""
    labels = outlines(made.lettering, made.view, aspect)
    readouts = tuple(joined(made.beside.readouts, made.view, (aspect, 1.0), labels))
    beside = [one.plane.stage for one in made.beside.readouts]
    shown = tuple(presented(p, made.seen, aspect, made.overlay, made.beside.room, made.charts, beside))
    *earlier, last = made.every  # the last labels are those of the film's end
    every = *(uncovered(one, shown, aspect) for one in earlier), last
    return Drawing(
        p, made.shot, every, made.overlay, lit, turntable, readouts=readouts, charts=made.charts,
        presented=shown, cards=cards_of(p, aspect), through=made.through,
    )  # fmt: skip


def panel_of(p: Plan, view: View, readouts: Sequence[Joined] = ()) -> Drawing:
    """A plan as the panel of a figure: without text, with the camera of `view`, and with the cells of
    `readouts` before it. Its light and focus are those of its film."""
    begun = shot(p, (), Overlay().boxes, view.half_width / view.half_height)
    lit = subject_of(parts_of(p.arrangement), ()).points(begun.view(1.0))
    return Drawing(p, begun, (), Overlay(), lit, standing=view, readouts=tuple(readouts))
