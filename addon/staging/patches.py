"""Strips: if the entries of an axis are patches of a picture, the small pictures stand beside the matrix."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..attention.patches import CutPicture
from ..kinds.places import Plane
from .camera.subject import Mark
from .camera.views import sight_of
from .writing.captions import labels_of, pictures_of

if TYPE_CHECKING:  # plans have strips
    from .plan import Plan

ENTRY_EDGE = 0.5  # units from the middle of an entry to the edge of its matrix
STRIP_GAP = 0.15  # units from that edge to the strip of patches
SIDE = 0.94  # side of a patch, in entries
MET = 4.0  # cost of standing in another matrix or in products; that of the wrong side is at most 2


@dataclass(frozen=True, eq=False)
class Strip:
    """The patches of a `picture` beside the rows or columns of a plane, one for each entry that is a patch.

    A `far` strip stands at the last column or row, another at the first. `corners` (n, 4, 3) are the corners
    of each patch, beginning at its lower left. `regions` (n, 4) are the places of the patches in the picture:
    (left, bottom, right, top) as fractions of it."""

    plane: Plane
    of_rows: bool
    far: bool
    picture: CutPicture
    corners: np.ndarray
    regions: np.ndarray

    @property
    def outline(self) -> np.ndarray:
        """The corners of the whole strip, around it: (4, 3)."""
        return _outline(self.plane, self.of_rows, self.far)


def strips_of(p: "Plan") -> tuple[Strip, ...]:
    """The strips of all drawn matrices; none if the scene has no labels."""
    if not p.scene.look.labels:
        return ()
    return tuple(
        strip
        for plane in p.arrangement.seen
        for of_rows in (True, False)
        if (strip := _strip(p, plane, of_rows)) is not None
    )


def reach(p: "Plan", plane: Plane, of_rows: bool) -> tuple[float, float]:
    """How far strips reach beyond a plane: (beyond its first column or row, beyond its last)."""
    strip = next((each for each in p.strips if each.plane is plane and each.of_rows == of_rows), None)
    width = 0.0 if strip is None else STRIP_GAP + _side(plane, of_rows)
    return (0.0, width) if strip and strip.far else (width, 0.0)


def marks_of(p: "Plan") -> tuple[Mark, ...]:
    """The corners of the strips, which the camera has to see."""
    corners = [(corner, strip) for strip in p.strips for corner in strip.outline]
    return tuple(Mark(corner, (0.0, 0.0, 0.0, 0.0), strip.plane.stage.name) for corner, strip in corners)


def _strip(p, plane, of_rows):
    picture = pictures_of(p, plane.stage)[0 if of_rows else 1]
    labels = labels_of(p, plane.stage)[0 if of_rows else 1]
    ruler = plane.row_ruler if of_rows else plane.column_ruler
    if picture is None or len(labels) != ruler.count:
        return None
    regions = picture.regions(labels)
    there = np.flatnonzero(~np.isnan(regions[:, 0]))
    if not len(there):
        return None
    right, up, _ = sight_of(p)
    far = _freer(p, plane, of_rows, right, up)
    corners = _corners(plane, of_rows, far, ruler.at(there), right, up)
    return Strip(plane, of_rows, far, picture, corners, regions[there])


def _side(plane, of_rows):
    """The length of a patch's sides."""
    return SIDE / (plane.row_ruler if of_rows else plane.column_ruler).each


def _corners(plane, of_rows, far, positions, right, up):
    """The corners (n, 4, 3) of the patches of entries at these `positions` (n,) along their axis. For a
    camera with the axes `right` and `up`, the patches are upright and not mirrored."""
    along, across = (plane.row, plane.column) if of_rows else (plane.column, plane.row)
    low, high = _across(plane, of_rows, far)
    middle = plane.origin + np.outer(positions, along) + across * 0.5 * (low + high)
    ways = sorted((along, across), key=lambda way: abs(way @ right) - abs(way @ up))
    tall, wide = (way * np.sign(way @ axis or 1.0) for way, axis in zip(ways, (up, right), strict=True))
    turned = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) @ [wide, tall]
    return middle[:, None] + 0.5 * _side(plane, of_rows) * turned


def _across(plane, of_rows, far):
    """(begin, end) of a strip across its axis."""
    other = plane.column_ruler if of_rows else plane.row_ruler
    low, high = ENTRY_EDGE + STRIP_GAP, ENTRY_EDGE + STRIP_GAP + _side(plane, of_rows)
    return (other.length + low, other.length + high) if far else (-high, -low)


def _outline(plane, of_rows, far):
    ruler, half = plane.row_ruler if of_rows else plane.column_ruler, 0.5 * _side(plane, of_rows)
    along, across = (plane.row, plane.column) if of_rows else (plane.column, plane.row)
    low, high = _across(plane, of_rows, far)
    around = [(-half, low), (ruler.length + half, low), (ruler.length + half, high), (-half, high)]
    return plane.origin + np.array(around) @ [along, across]


def _freer(p, plane, of_rows, right, up):
    """Whether the far side is better for a strip: it should meet nothing, and then stand at the left or
    above, as labels do."""
    across = plane.column if of_rows else plane.row
    costs = []
    for far in (False, True):
        corners = _outline(plane, of_rows, far)
        outward = across if far else -across
        costs.append(MET * _meets(p, plane, corners) + outward @ right - outward @ up)
    return costs[1] < costs[0]


def _meets(p, plane, corners):
    """The number of other planes, and of cuboids with products, that the box around these corners meets."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    others = [other for other in p.arrangement.seen if other is not plane]
    parts = [*others, *(cuboid for cuboid in p.arrangement.cuboids if cuboid.stage.name in p.interiors)]
    boxes = [part.corners() for part in parts]
    return sum(bool((box.min(axis=0) < high).all() and (low < box.max(axis=0)).all()) for box in boxes)
