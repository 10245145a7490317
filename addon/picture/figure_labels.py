"""The labels of one panel of a figure: the labels so far, and the drawn things that they must not cover.

Lengths are points on the page.
"""

from collections.abc import Collection

import numpy as np

from ..staging.writing.boxes import Coverage, corners_of, strips
from ..staging.writing.canvas import Canvas
from ..staging.writing.items import Rule, Text, rule_between
from ..staging.writing.placing import Leader, Written
from .figure_type import PageType

LEADER_WIDTH = 0.25
LINE_OVERHANG = 0.6  # entries from a matrix to where the lines across it end, and its outline
PAGE_LABEL_GAP = 2.0  # between type and what it belongs to
TOUCHING = 1e-6  # that boxes may have in common
COVERAGE_STEP = 2.0  # from one point to the next at which it is looked what is drawn there
BEYOND_FRAME = 40.0  # how far under or over the picture of a camera that is given type may stand
SHARED = 1000.0  # cost of standing on something else that is written


class Labels:
    """The labels of a plan on a page: tokens first, whose places are given, then names around them.

    `chosen` says which of their places axes, sides and planes take, because earlier labels chose them. All
    others take their best place, and note it there. Axes whose texts are `told` elsewhere need no labels. In
    a given frame, labels may not stand in the boxes `beside` (n, 4) of things beside the scene.
    """

    def __init__(
        self, canvas: Canvas, type: PageType, chosen: dict,
        told: Collection[tuple[str, ...]] = (), beside: np.ndarray | None = None,
    ):  # fmt: skip
        self.told, self.given = told, beside is not None  # what is told in readouts is not told here
        self.beside = np.zeros((0, 4)) if beside is None else beside
        self.frame = np.array([0.0, -BEYOND_FRAME, canvas.width, canvas.height + BEYOND_FRAME])
        self.left_out = 0
        self.canvas, self.type, self.chosen = canvas, type, chosen
        self.items: list[Text | Rule] = []
        self.pointed: list[Text | Rule] = []  # what the last spotlight points at
        self.thinned: set[int] = set()
        self.cramped = False
        self.told_lit = False  # whether all lit rows and columns have their tokens
        self.missing: list[str] = []
        solid = np.concatenate([canvas.quads, canvas.sides, canvas.strips, corners_of(self.beside)])
        self.matrices = Coverage(solid, COVERAGE_STEP)
        self.coverage = Coverage(np.concatenate([solid, canvas.faces]), COVERAGE_STEP)
        self.center = 0.5 * (self.coverage.low + self.coverage.high)

    def boxes(self, *, rules: bool = False) -> np.ndarray:
        """The boxes of all type so far, of all rules if asked for, and of things beside the scene: (n, 4)."""
        every = *self.items, *self.pointed
        boxes = [item.box for item in every if rules or isinstance(item, Text)]
        return np.array([*boxes, *self.beside]).reshape(-1, 4)

    def on_strips(self) -> np.ndarray:
        """Boxes in which the strips of patches lie: (n, 4)."""
        first, last, beyond, end = self.canvas.strips.transpose(1, 0, 2)
        return strips(0.5 * (first + end), 0.5 * (last + beyond), 0.5 * np.abs(end - first))

    def has_room(self, boxes: np.ndarray) -> bool:
        """Whether boxes (n, 4) are in the picture of a given camera, or only a little under or over it."""
        room = (boxes[:, :2] >= self.frame[:2]).all() and (boxes[:, 2:] <= self.frame[2:]).all()
        return not self.given or bool(room)

    def add(self, written: Written | None, items: list[Text | Rule] | None = None) -> None:
        """Put lines and leaders among the `items` of the page, if there is room for all of them."""
        items = self.items if items is None else items
        if written and not self.has_room(np.array([line.box for line in written.lines])):
            self.left_out += 1
        elif written:
            items += [*written.lines, *map(leader_rule, written.leaders)]

    def notes(self) -> tuple[str, ...]:
        """Notes about things without room."""
        every = " or ".join(map(str, sorted(self.thinned)))
        thinned = [f"one in {every} tokens is written"] if every else []
        return (*thinned, *dict.fromkeys(self.missing))


def leader_rule(leader: Leader) -> Rule:
    return rule_between(leader.start, leader.end, LEADER_WIDTH)
