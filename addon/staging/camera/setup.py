"""The setup that all moves of a camera share: optics, direction and subject of the plan, and the pose of a
rig that sees a subject."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...kinds.places import Part
from .clearance import clear
from .framing import Vector, angles, axes_at
from .shot import Key, Phase, Shot
from .subject import Mark, Subject, subject_of
from .views import axis_of, optics_of, parts_of

if TYPE_CHECKING:  # plans check their cameras
    from ..plan import Plan

BLUR = 0.04  # of the frame's height: the largest circle of blur at a depth of field of 1
NO_ROOM = np.zeros(4)  # parts of the frame at left, right, bottom and top that the scene leaves free
FRAME_LABEL_ROOM = 0.08  # of the frame, at each side, for labels that are laid out later


class Setup:
    """The data that all shots of a plan share. The arguments are those of `shots.shot`."""

    def __init__(
        self, p: "Plan", marks: Sequence[Mark], written: np.ndarray, aspect: float, room: np.ndarray = NO_ROOM
    ):
        self.p, self.marks = p, marks
        self.written = written / (aspect, 1.0, aspect, 1.0) * 2 - 1  # on the frame from -1 to 1
        self.options = p.scene.camera
        self.optics = optics_of(p, aspect)
        self.angles = angles(axis_of(p))
        self.axes = axes_at(*self.angles)
        self.margins = self.options.margin + room
        self.roomy = self.margins + FRAME_LABEL_ROOM
        self.everything = self.subject(parts_of(p.arrangement, ""))
        self.chosen = self.subject(parts_of(p.arrangement, self.options.subject))
        self.first, self.last = float(p.timeline.begins), float(p.timeline.ends)
        self.over = p.timeline.last_frame + 1.0  # the labels of the end stay until then
        self.size = float(np.linalg.norm(np.ptp(self.everything.boxes.reshape(-1, 3), axis=0)))
        self.standoff = 2.0 * self.size + 4.0

    def subject(self, parts: Sequence[Part]) -> Subject:
        return subject_of(parts, self.marks)

    def bare(self, parts: Sequence[Part]) -> Subject:
        """The subject of these parts without any labels."""
        return subject_of(list(dict.fromkeys(parts)), ())

    def pose(self, reach: float, centre: np.ndarray, subject: Subject) -> np.ndarray:
        """The pose of a rig whose target is at the depth of the subject's middle."""
        right, up, forward = self.axes
        depth = subject.middle @ forward
        if not self.optics.orthographic:
            reach = reach + depth
        centre = centre + np.multiply(self.optics.skew, reach)
        target = right * centre[0] + up * centre[1] + forward * depth
        return np.array([*target, *self.angles, reach])

    def framed(self, subject: Subject, margins: np.ndarray | None = None) -> np.ndarray:
        """The pose of the nearest rig that sees a subject clear of the text."""
        margins = self.margins if margins is None else margins
        place = clear(subject.seen(self.axes), self.optics, margins, self.written)
        return self.pose(*place, subject)

    def ending(self, start: float) -> Phase:
        """The Phase from a frame to the end of the film."""
        return Phase(start, self.over, self.last, near=self.options.subject)

    def shot(self, keys: Sequence[Key], shift: Vector = (0.0, 0.0), phases: Sequence[Phase] = ()) -> Shot:
        """The Shot with these keys, blurred as the description asks for; one phase if none are given."""
        phases = tuple(phases) or (self.ending(1.0),)
        made = Shot(tuple(keys), self.optics, np.array(shift), self.standoff, self.size, phases)
        if not self.p.depth_of_field:
            return made
        return replace(made, blur=self.blur(made), focus=self.focus)

    @property
    def focus(self) -> np.ndarray | None:
        """The middle of the star, which should be sharp, or None. Of several stars, that of the middle
        one."""
        stars = [plane for plane in self.p.arrangement.planes if self.p.is_star(plane.stage)]
        return stars[len(stars) // 2].corners().mean(axis=0) if stars and not self.options.subject else None

    def blur(self, made: Shot) -> float:
        """The diameter of the lens that blurs the ends of the scene as much as `depth_of_field` asks.

        A lens of diameter A that is focused on depth d blurs a point at depth z to a circle of A·|z − d|/z
        in the plane of focus; an orthographic camera's, to A·|z − d|/d.
        """
        view, pose = made.view(made.keys[-1].frame), made.pose(made.keys[-1].frame)
        depth = self.standoff if self.optics.orthographic else pose[5]
        if self.focus is not None:
            depth = float(view.seen(self.focus[None])[2][0])
        z = view.seen(self.everything.boxes.reshape(-1, 3))[2]
        z = z[z > 0.2 * depth]
        part = np.abs(z - depth) / (depth if self.optics.orthographic else z)
        height = 2 * view.half_height * (1.0 if self.optics.orthographic else depth)
        return float(BLUR * self.p.depth_of_field * height / max(part.max(initial=0.0), 0.02))
