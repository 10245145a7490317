"""The canvas: the picture of a plan in a view, on which labels are written.

Lengths are in the unit of the picture: that of a film is the height of its frame.
"""

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from ...kinds.places import Cuboid, Part, Plane
from ..camera.framing import Vector, View
from ..camera.views import parts_of
from ..plan import Plan
from .boxes import Obstacles, around, faces, gaps_between, reached
from .label_form import FILM_LABELS, LabelForm
from .typesetter import Typesetter

LABEL_BEFORE = 1.0  # entries before a matrix, where a label stands that it would hide
# Costs of covering a star, another matrix, and a face of a cuboid with products.
OVER_A_STAR, OVER_A_MATRIX, OVER_PRODUCTS = 400.0, 40.0, 8.0
LOOKS_FLAT = 8  # rows or columns from which on it does not show that elements stand out of their plane
CROWD = 100  # from so many matrices on, less care is taken for each


class Canvas:
    """A plan, or some `parts` of it, as a view shows it on a picture of `width` × `height`. `planes` are the
    planes in the picture, and `quads` (n, 4, 2) their outlines; `sides` (l, 4, 2) are the
    sides of the boxes in which the elements of small ones are. `faces` (m, 4, 2) are the faces of cuboids
    with drawn products, `strips` (k, 4, 2) the outlines of patches beside planes. `type` sets the type of the
    picture, in the sizes of its `form`. Results in `unfinished` are still sums."""

    def __init__(
        self,
        p: Plan,
        view: View,
        width: float,
        height: float,
        type: Typesetter,
        parts: Sequence[Part] | None = None,
        unfinished: Collection[str] = (),
        form: LabelForm = FILM_LABELS,
    ):
        self.p, self.view, self.width, self.height, self.type = p, view, width, height, type
        self.unfinished, self.form = unfinished, form
        parts = parts_of(p.arrangement) if parts is None else parts
        drawn = [part for part in parts if isinstance(part, Plane) and not part.unseen]
        self.planes = [plane for plane in drawn if self.shows(plane.corners())]
        self.quads = np.array([self.project(plane.corners()) for plane in self.planes]).reshape(-1, 4, 2)
        boxes = [self.project(plane.box_corners()) for plane in self.planes if not self.is_flat(plane)]
        self.sides = np.array([side for box in boxes for side in faces(box)]).reshape(-1, 4, 2)
        cuboids = [part for part in parts if isinstance(part, Cuboid) and self.shows_within(part)]
        self.faces = np.array([face for cuboid in cuboids for face in faces(self.project(cuboid.corners()))])
        self.faces = self.faces.reshape(-1, 4, 2)
        self.crowded = len(self.planes) > CROWD
        strips = [self.project(strip.outline) for strip in p.strips if strip.plane in self.planes]
        self.strips = np.array(strips).reshape(-1, 4, 2)
        outlines = [self.quads, self.sides, self.strips, self.faces]
        kind = np.repeat(range(4), [len(outline) for outline in outlines])
        star = np.zeros(len(kind), bool)
        star[: len(self.planes)] = [p.is_star(plane.stage) for plane in self.planes]
        self.drawn = Obstacles(np.concatenate(outlines), np.stack([kind < 3, star, kind == 3]))
        ends = self.quads.reshape(-1, 2) if self.planes else np.array([(0.0, 0.0), (width, height)])
        self.content = np.array([*ends.min(axis=0), *ends.max(axis=0)])
        self.center = 0.5 * (self.content[:2] + self.content[2:])

    def project(self, points: np.ndarray) -> np.ndarray:
        """World points (n, 3) to the picture: (n, 2)."""
        return (self.view.project(points) + 1) / 2 * (self.width, self.height)

    @staticmethod
    def is_flat(plane: Plane) -> bool:
        """Whether a plane is so large that one does not see how far its elements stand out of it."""
        return max(plane.rows, plane.columns) >= LOOKS_FLAT

    @staticmethod
    def is_lean(plane: Plane) -> bool:
        """Whether a plane has few rows or few columns, so that its elements are large for it."""
        few, many = sorted((plane.rows, plane.columns))
        return 1 < few < LOOKS_FLAT <= many

    def stands_out(self, plane: Plane, point: Vector, normal: Vector) -> float:
        """How far the elements of a plane of few rows or columns stand beyond a `point` of the picture
        towards a `normal` of length 1; 0 for a plane that looks flat, and for a single row."""
        if self.is_flat(plane) and not self.is_lean(plane):
            return 0.0
        return max(float(((self.project(plane.box_corners()) - point) @ normal).max()), 0.0)

    def shows(self, points: np.ndarray) -> bool:
        """Whether the middle of points (n, 3) is in the picture."""
        if not self.before(points):
            return False
        x, y = self.project(points).mean(axis=0)
        return 0.0 <= x <= self.width and 0.0 <= y <= self.height

    def before(self, points: np.ndarray) -> bool:
        """Whether all points (n, 3) are before the camera."""
        nearest = 1e-3 * np.ptp(points, axis=0).max()
        return self.view.orthographic or bool(self.view.seen(points)[2].min() > nearest)

    def shows_within(self, cuboid: Cuboid) -> bool:
        """Whether the products of a cuboid are drawn before the camera, and stay there."""
        name = cuboid.stage.name
        stays = self.p.scene.look.settled_scale > 0.0 and name not in self.p.before_star
        return stays and name in self.p.interiors and self.before(cuboid.corners())

    def unit_at(self, point: np.ndarray) -> float:
        """The length in the world of a unit of the picture, at a point of the world."""
        depth = 1.0 if self.view.orthographic else float(self.view.seen(point[None])[2][0])
        return 2 * self.view.half_height * depth / self.height

    def entry_at(self, plane: Plane) -> float:
        """The distance of neighbouring entries of a plane on the picture, along the tighter axis."""
        ends = self.project(np.array([plane.origin, plane.origin + plane.row, plane.origin + plane.column]))
        each = np.array([plane.row_ruler.each, plane.column_ruler.each])
        return float((np.linalg.norm(ends[1:] - ends[0], axis=1) / each).min())

    def lifted(self, place: Vector, anchor: np.ndarray) -> np.ndarray:
        """The point of the world at this `place` of the picture, (2,), and at the depth of `anchor`: (3,)."""
        x, y = (place - self.project(anchor[None])[0]) * self.unit_at(anchor)
        return anchor + self.view.right * x + self.view.up * y

    def before_all(self, anchor: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """The point on the line of sight through an `anchor` at which no text in these boxes (n, 4) is behind
        a matrix. It is the anchor, or a point nearer to the camera."""
        depth = float(self.view.seen(anchor[None])[2][0])
        nearer = np.flatnonzero(self.fronts < depth)
        hiding = nearer[gaps_between(boxes, self.quads[nearer]).min(axis=0, initial=np.inf) <= 0.0]
        before = self.fronts[hiding].min(initial=np.inf) - LABEL_BEFORE
        if not len(hiding) or before < LABEL_BEFORE:
            return anchor
        towards = self.view.towards(anchor)
        return anchor + towards * (depth - before) / -(towards @ self.view.forward)

    @cached_property
    def fronts(self) -> np.ndarray:
        """The depth of the nearest corner of each plane: (n,)."""
        corners = np.array([plane.corners() for plane in self.planes]).reshape(-1, 3)
        return self.view.seen(corners)[2].reshape(-1, 4).min(axis=1)

    def meets_drawn(self, boxes: np.ndarray) -> bool:
        """Whether something in boxes (n, 4) stands before a matrix, or before products that stay."""
        stay = self.p.scene.look.settled_scale > 0.0
        behind = np.concatenate([self.quads, self.faces]) if stay else self.quads
        return bool(gaps_between(boxes, behind).min(initial=np.inf) <= 0.0)

    # The cost of writing at a place

    def costs(self, boxes: np.ndarray) -> np.ndarray:
        """The cost of writing in each of the boxes (n, 4), (n,): for covering drawn things, and for leaving
        the part of the picture with matrices."""
        return self.covering(boxes) + self.beyond(boxes)

    def cost(self, boxes: np.ndarray) -> float:
        """The cost of writing in all of the boxes (n, 4) at once."""
        return self.covering(boxes).mean() + self.beyond(around(boxes)[None]).item()

    def covering(self, boxes: np.ndarray) -> np.ndarray:
        """The cost of covering the drawn things under each of the boxes (n, 4): (n,)."""
        matrices, stars, interiors = self.drawn.under_each(boxes)
        return OVER_A_MATRIX * matrices + OVER_A_STAR * stars + OVER_PRODUCTS * interiors

    def nearer_to_another(self, boxes: np.ndarray, plane: Plane) -> np.ndarray:
        """For each of the boxes (n, 4), whether another matrix is at least as near as `plane`: (n,)."""
        same = np.array([other.stage is plane.stage for other in self.planes])
        gaps = gaps_between(boxes, self.quads[same]).min(axis=1, initial=np.inf)
        return reached(boxes, self.quads[~same], gaps)

    def beyond(self, boxes: np.ndarray) -> np.ndarray:
        """The cost of boxes (n, 4) for being outside the part of the picture with matrices: (n,)."""
        beyond = np.maximum(boxes[:, 2:] - self.content[2:], self.content[:2] - boxes[:, :2])
        return np.maximum(beyond * (self.form.beside, self.form.above), 0.0).max(axis=1)
