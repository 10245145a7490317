"""Which way each cuboid turns: where its arguments stand, and which way k runs.

Every cuboid has a frame of its own: x along the columns of its result (j), y down its rows (i), z at
right angles to both, away from whoever reads the result upright. The words are mm's: the result stands
at the `front` (low z) or the `back`, the left matrix at the `left` (low x) or the `right`, the right
matrix at the `top` (low y) or the `bottom`, and k runs along z or, with negative polarity, against it.
Where a child's result stands follows from its parent's face; the rest is the scheme's choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from ...description.scene import Layout as LayoutOptions
from ...description.scene import ProductOptions
from ...errors import InputError

# From the scene towards the audience: a stage's faces stand on the far sides of it, so that the
# interior is open to view.
AUDIENCE = np.array([0.35, -1.0, 0.55])

Way = np.ndarray  # a direction in the scene, (3,)

# scheme -> what a child does unlike its parent: (turn its polarity and choose the placement on the
# side it hangs from, turn the other placement).
_CHANGES = {"blocks": (True, True), "zigzag": (True, False), "wheel": (False, False)}


@dataclass(frozen=True)
class Turn:
    """How one cuboid stands: k runs along z (`positive`), the left matrix at high x (`right`), the
    right matrix at high y (`bottom`)."""

    positive: bool = False
    right: bool = False
    bottom: bool = False


class Scheme(Protocol):
    """Which way a cuboid turns."""

    @property
    def root_at_back(self) -> bool:
        """Whether the root's result stands at the back."""

    def turn(self, name: str, parent: Turn | None, side: str, i: Way, j: Way, inward: Way) -> Turn:
        """The Turn of the product `name`: `i` and `j` are the steps of its result's rows and columns, and its
        products stand `inward` of it. It hangs from the `side` of a cuboid that turns as `parent`; None at
        the root."""


@dataclass(frozen=True)
class StageScheme:
    """The scheme "stage": faces on the sides away from the audience, and the last k next to the result."""

    root_at_back = True

    def turn(self, name: str, parent: Turn | None, side: str, i: Way, j: Way, inward: Way) -> Turn:
        return Turn(at_back(i, j, inward), bool(j @ AUDIENCE <= 0), bool(i @ AUDIENCE <= 0))


@dataclass(frozen=True)
class MmScheme:
    """mm's schemes: a child's turn is its parent's with what `_CHANGES` says, or its own in `chosen`.

    `chosen` maps a product's name to some of {"positive", "right", "bottom"} as booleans.
    """

    scheme: str
    root: Turn = Turn()
    root_at_back: bool = False
    chosen: dict = field(default_factory=dict)

    def turn(self, name: str, parent: Turn | None, side: str, i: Way, j: Way, inward: Way) -> Turn:
        turn = self.root
        if parent is not None:
            turn = self._child(parent, side, at_back(i, j, inward))
        return replace(turn, **self.chosen.get(name, {}))

    def _child(self, parent, side, back):
        alternates, turns_other = _CHANGES[self.scheme]
        if not alternates:
            return parent
        own, other = ("right", "bottom") if side == "left" else ("bottom", "right")
        positive = not parent.positive
        # k leaves the result where polarity and placement differ: there the argument goes to the far side.
        return Turn(
            **{"positive": positive, own: positive != back, other: getattr(parent, other) != turns_other}
        )


def at_back(i: Way, j: Way, inward: Way) -> bool:
    """Whether the result of a cuboid that extends `inward` from it stands at high z of its frame."""
    return bool(inward @ np.cross(j, i) < 0)


def scheme_of(layout: LayoutOptions, products: Mapping[str, ProductOptions]) -> Scheme:
    """The scheme of a description's layout. Raises InputError for placements that it would not heed."""
    own = {
        name: _words(options.polarity, options.left_placement, options.right_placement)
        for name, options in products.items()
    }
    for name, words in own.items():
        if words and layout.scheme != "custom":
            raise InputError(
                f'products: {name}: polarity and placements need scheme = "custom" in [layout]; it is '
                f'"{layout.scheme}"'
            )
    if layout.scheme in ("stage", "auto"):  # what no star has chosen is the stage
        return StageScheme()
    return MmScheme(
        "blocks" if layout.scheme == "custom" else layout.scheme,
        Turn(**_words(layout.polarity, layout.left_placement, layout.right_placement)),
        layout.result_placement == "back",
        own,
    )


def _words(polarity, left, right):
    """What is said of a turn; an empty word says nothing."""
    said = {"positive": (polarity, "positive"), "right": (left, "right"), "bottom": (right, "bottom")}
    return {name: word == yes for name, (word, yes) in said.items() if word}
