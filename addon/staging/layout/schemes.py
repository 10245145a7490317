"""Which way each cuboid turns: where its arguments stand, and which way k runs.

Every cuboid has a frame of its own: x leads along the columns of the result (j), y down its rows (i), and z
at right angles to both, away from whoever reads the result upright. The words are mm's. The result stands at
the `front` (low z) or the `back`, the left matrix at the `left` (low x) or the `right`, the right matrix at
the `top` (low y) or the `bottom`. k runs along z or, with negative polarity, against it. Where the result
stands follows from the parent, the cuboid that takes it; the rest is the scheme's choice.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ...description.scene import Layout as LayoutOptions
from ...description.scene import ProductOptions
from ...errors import InputError
from ...kinds.stage import Stage

# The direction from the scene towards the audience. On the stage, faces stand on the far sides of a cuboid,
# so that one sees into it.
AUDIENCE = np.array([0.35, -1.0, 0.55])

Way = np.ndarray  # a direction in the scene, (3,)

# How a cuboid differs from its parent, by scheme: (whether it reverses the polarity and chooses the placement
# on the side at which it is an argument, whether it reverses the other placement).
_CHANGES = {"blocks": (True, True), "zigzag": (True, False), "wheel": (False, False)}


@dataclass(frozen=True)
class Turn:
    """How one cuboid stands. `positive`: k runs along z; `right`: the left matrix stands at high x; `bottom`:
    the right matrix stands at high y."""

    positive: bool = False
    right: bool = False
    bottom: bool = False


class Scheme:
    """Which way a cuboid turns. `flat`: there are no cuboids, because all matrices stand in one plane
    (kinds.unfolded). The root's result may stand at the back."""

    flat = False
    root_at_back = False

    def turn(self, name: str, parent: Turn | None, side: str, i: Way, j: Way, inward: Way) -> Turn:
        """The Turn of the product `name`. `i` and `j` are the steps to the next row and column of its result,
        and its products stand `inward` of the result. It is an argument at the `side`, "left" or "right", of
        a cuboid with the Turn `parent`; at the root that is None."""
        return Turn()

    def with_right_at(self, bottom: bool, names: Collection[str]) -> "Scheme | None":
        """The same scheme, but the products `names` have their right matrix at the bottom or at the top; None
        if the scheme does not leave that open."""
        return None


class StageScheme(Scheme):
    """The scheme "stage": faces on the sides away from the audience, and the last k next to the result."""

    root_at_back = True

    def turn(self, name: str, parent: Turn | None, side: str, i: Way, j: Way, inward: Way) -> Turn:
        return Turn(at_back(i, j, inward), bool(j @ AUDIENCE <= 0), bool(i @ AUDIENCE <= 0))


@dataclass(frozen=True)
class FlatScheme(Scheme):
    """The scheme "flat": all matrices stand in one plane, as on a page, around the `stars`."""

    stars: frozenset[str] = frozenset()
    right_under: Mapping[str, bool] = field(default_factory=dict)  # where it is chosen, by product
    flat = True

    def with_right_at(self, bottom: bool, names: Collection[str]) -> "FlatScheme":
        return replace(self, right_under={**self.right_under, **dict.fromkeys(names, bottom)})

    def is_star(self, stage: Stage) -> bool:
        return stage.name in self.stars or stage.of in self.stars


@dataclass(frozen=True)
class MmScheme(Scheme):
    """mm's schemes: a cuboid turns as its parent does, except for `_CHANGES` and for its own `chosen` words.

    `chosen` maps a product's name to some fields of its Turn.
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

    def with_right_at(self, bottom: bool, names: Collection[str]) -> "MmScheme":
        turned = {name: self.chosen.get(name, {}) | {"bottom": bottom} for name in names}
        return replace(self, chosen=self.chosen | turned)

    def _child(self, parent, side, back):
        alternates, turns_other = _CHANGES[self.scheme]
        if not alternates:
            return parent
        here, other = ("right", "bottom") if side == "left" else ("bottom", "right")
        positive = not parent.positive
        # k leads away from the result if polarity and placement differ: then the argument stands at the far
        # side.
        words = {"positive": positive, here: positive != back, other: getattr(parent, other) != turns_other}
        return Turn(**words)


def at_back(i: Way, j: Way, inward: Way) -> bool:
    """Whether a result stands at high z of the frame of its cuboid, which extends `inward` from the
    result."""
    return bool(inward @ np.cross(j, i) < 0)


def scheme_of(
    layout: LayoutOptions, products: Mapping[str, ProductOptions], stars: Collection[str] = ()
) -> Scheme:
    """The scheme of a scene's layout, about these stars. Raises InputError for options of single products
    that the scheme does not heed."""
    chosen = {
        name: _words(options.polarity, options.left_placement, options.right_placement)
        for name, options in products.items()
    }
    for name, words in chosen.items():
        if words and layout.scheme != "custom":
            raise InputError(
                f'products: {name}: polarity and placements need scheme = "custom" in [layout]; it is '
                f'"{layout.scheme}"'
            )
    drawn = [name for name, options in products.items() if options.interior]
    if layout.scheme == "flat" and drawn:
        raise InputError(f'products: {drawn[0]}: interior: the scheme "flat" draws no products; leave it out')
    if layout.scheme == "flat":
        return FlatScheme(frozenset(stars))
    if layout.scheme in ("stage", "auto"):  # "auto" without a star is the stage
        return StageScheme()
    return MmScheme(
        "blocks" if layout.scheme == "custom" else layout.scheme,
        Turn(**_words(layout.polarity, layout.left_placement, layout.right_placement)),
        layout.result_placement == "back",
        chosen,
    )


def _words(polarity, left, right):
    """The fields of a Turn that these words of a scene say; an empty word says nothing."""
    said = {"positive": (polarity, "positive"), "right": (left, "right"), "bottom": (right, "bottom")}
    return {name: word == yes for name, (word, yes) in said.items() if word}
