"""The subject of a camera: matrices and products, and labels, which turn with the camera."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...kinds.places import Part
from .framing import View


@dataclass(frozen=True, eq=False)
class Mark:
    """The box of a label: its origin in the world, (left, bottom, right, top) around the origin along the
    camera's axes, and the name of the matrix at which the label stands."""

    origin: np.ndarray
    box: tuple[float, float, float, float]
    owner: str


@dataclass(frozen=True, eq=False)
class Subject:
    """Everything that has to be in the picture: `boxes` (n, 8, 3), fixed in the world, and marks, which turn
    with the camera."""

    boxes: np.ndarray
    marks: tuple[Mark, ...]

    @property
    def middle(self) -> np.ndarray:
        points = self.boxes.reshape(-1, 3)
        return 0.5 * (points.min(axis=0) + points.max(axis=0))

    def seen(self, axes: Sequence[np.ndarray]) -> np.ndarray:
        """The corners of all boxes along a camera's axes: (n + marks, 8, 3)."""
        rows = np.stack(axes)
        seen = self.boxes @ rows.T
        if not self.marks:
            return seen
        flat = np.array([[(m.box[x], m.box[y], 0.0) for y in (1, 3) for x in (0, 2)] * 2 for m in self.marks])
        origins = np.array([m.origin for m in self.marks]) @ rows.T
        return np.concatenate([seen, origins[:, None] + flat])

    def points(self, view: View) -> np.ndarray:
        """The same corners in the world, for a View: (n, 3)."""
        return self.seen(view.axes).reshape(-1, 3) @ np.stack(view.axes)


def subject_of(parts: Sequence[Part], marks: Sequence[Mark]) -> Subject:
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
