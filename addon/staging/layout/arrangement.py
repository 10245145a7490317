"""Where matrices and products stand. From the root on, each kind places its operands behind its matrix or
beside it (`kinds`). Several results stand side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ...kinds.places import Cuboid, Face, Part, Plane, Ruler, beyond, ruler_of, seen_of
from ...kinds.stage import Operand, Shape, Stage, stages_of
from ...kinds.unfolded import SHARED_LABELS
from .fans import Fan, fans
from .schemes import Scheme, StageScheme
from .unseen import ALL_SEEN, Unseen

DOWN, RIGHT, BACK = np.array([0.0, 0, -1]), np.array([1.0, 0, 0]), np.array([0.0, 1, 0])
WAYS_BESIDE = {"right": RIGHT, "front": -BACK, "back": BACK}  # by the words of a description
LABEL_SHARE = 0.25  # the part of a star's room for labels that there is between results side by side
ROW_LABELS = 0.5  # the part of it that there is between a star and its left argument
PAGE_LABELS = 0.8  # and that there is on a page, also above a star
SEEN_DEPTH = 0.3  # of what leads into the depth: how high it is in pictures, seen a little from above
TITLE_ROOM = 8.0  # entries between fans that run down, which have titles at their left


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Where everything of a scene stands. Several planes may draw one matrix."""

    planes: tuple[Plane, ...]
    cuboids: tuple[Cuboid, ...]

    def corners(self) -> np.ndarray:
        """The corners of everything that is seen: (n, 3)."""
        return self._corners

    @cached_property
    def _corners(self) -> np.ndarray:
        return np.concatenate([part.corners() for part in seen_of([*self.planes, *self.cuboids])])

    @cached_property
    def seen(self) -> tuple[Plane, ...]:
        """The planes that are seen."""
        return tuple(plane for plane in self.planes if not plane.unseen)

    def faces_of(self, cuboid: Cuboid) -> dict[str, Plane]:
        """The planes of a cuboid's "left", "right" and "result". A face that several cuboids share (see
        `fans`) is drawn at one of them."""
        planes = {plane.role: plane for plane in self.planes if plane.consumer == cuboid.stage.name}
        planes["result"] = next(plane for plane in self.planes if plane.stage is cuboid.stage)
        for role, operand in (("left", cuboid.stage.left), ("right", cuboid.stage.right)):
            if role not in planes:
                planes[role] = next(p for p in self.planes if p.stage is operand.stage and p.role == role)
        return planes


@dataclass(frozen=True)
class Scatter:
    """How much further than the gap an argument stands if it is itself a product, as in mm.

    If c products make the argument, of n in the whole expression, it is `distance` · c**blast, or `distance`
    · (n − c)**−blast if `blast` is negative; 0 if c is less than `molecule`.
    """

    distance: float = 0.0
    molecule: int = 1
    blast: float = 0.0

    def of(self, count: int, total: int) -> float:
        """The distance, in entries, of an argument that `count` of `total` products make."""
        if count < max(1, self.molecule):
            return 0.0
        return self.distance * (count**self.blast if self.blast >= 0 else (total - count) ** -self.blast)


@dataclass(frozen=True, eq=False)
class Arranger:
    """Places every matrix and product of the tree under `root`.

    `shapes` maps a stage's name to (rows, columns). `gap` is the distance, in entries, between a face and the
    products next to it, and between blocks. `scheme` says how cuboids turn (see `schemes`). `blocks` maps a
    product's name to the number of parts that (i, k, j) are cut into. `shortened` maps the length of an axis
    to how many of its entries make a unit. `roomy` maps the name of an argument to the extra entries between
    it and the products that take it; half as many are between it and its own left argument. Of several
    results each one stands `beside` the one before (a word of WAYS_BESIDE), `spacing` entries further away
    than it has to. `unseen` matrices take no room.

    A result of the root stands upright, facing the audience; several stand side by side (see `fans`). A stage
    that is used a second time is drawn there as a plane alone. If the parts of the right argument would run
    into those of the left one, the right argument is moved further away. In mm's schemes everything else
    stands where mm's formulas say. A wheel may still run into itself, as in mm.
    """

    root: Stage
    shapes: Mapping[str, Shape]
    gap: float
    scheme: Scheme = field(default_factory=StageScheme)
    blocks: Mapping[str, Sequence[int]] = field(default_factory=dict)
    scatter: Scatter = Scatter()
    shortened: Mapping[int, int] = field(default_factory=dict)
    roomy: Mapping[str, float] = field(default_factory=dict)
    beside: str = "right"
    spacing: float = 0.0
    unseen: Unseen = ALL_SEEN
    # What it notes: the names of stages whose operands are placed already, and of those that stand somewhere;
    # and of (product, side) whether its face is drawn (at low, at high).
    grown: set[str] = field(default_factory=set)
    placed: set[str] = field(default_factory=set)
    shared: dict = field(default_factory=dict)

    def arrangement(self) -> Arrangement:
        parts = self.stand_results()
        return Arrangement(
            tuple(part for part in parts if isinstance(part, Plane)),
            tuple(part for part in parts if isinstance(part, Cuboid)),
        )

    def stand_results(self) -> list[Part]:
        """Rows of results one under the other, each with all that makes it."""
        placed: list[Part] = []
        above: list[Part] = []
        for row in self.root.rows_of_results:
            line: list[Part] = []
            before: list[Part] = []
            for fan in fans(row):
                room = self.apart + (TITLE_ROOM if fan.down else 0.0)
                # Beyond the last fan is beyond all fans.
                before = beyond(self.stand_fan(fan), WAYS_BESIDE[self.beside], before, room)
                line += before
            above = beyond(line, DOWN, above, self.apart - self.spacing)
            placed += above
        return placed

    def stand_fan(self, fan: Fan) -> list[Part]:
        """The results of a fan, one beyond the other. Their common face is drawn once: between those above
        and those below where the scheme lets it, else at the end of them all."""
        placed: list[Part] = []
        before: list[Part] = []
        halves, last_above = self.halves_of(fan), (len(fan.roots) - 1) // 2
        for n, stage in enumerate(fan.roots):
            arranging, ends = self, (n == 0, n == len(fan.roots) - 1)
            way, distance = (DOWN, self.gap) if fan.down else (RIGHT, self.apart)
            if halves:
                arranging, ends = halves[n > last_above], (False, n == last_above)
            if halves and n == last_above + 1:
                distance += self.around_shared(fan)[1]
            shared = {(name, fan.side): ends for name in fan.consumers(stage)}
            parts = replace(arranging, root=stage, shared=shared).stand_root()
            before = beyond(parts, way, before, distance)
            placed += before
        return placed

    def halves_of(self, fan: Fan) -> "tuple[Arranger, Arranger] | None":
        """What places the results above the face that a fan shares, and those below; None if the face stands
        at the end of them all."""
        above = self.scheme.with_right_at(True, fan.products) if fan.down else None
        below = self.scheme.with_right_at(False, fan.products) if fan.down else None
        if above is None or below is None:
            return None
        roomy = {**self.roomy, **self.above_shared(fan)}
        return replace(self, scheme=above, roomy=roomy), replace(self, scheme=below)

    def above_shared(self, fan: Fan) -> dict[str, float]:
        """How much more than the gap there is above each matrix that a fan shares, by its name. On a page,
        those beside a star's stand as far from their results as that one, which makes room for labels."""
        names = [operand.stage.name for operand in fan.shared]
        if not self.scheme.flat:
            return dict.fromkeys(names, self.around_shared(fan)[0])
        room = self.spacing + self.shared_labels(fan)
        made = {stage.name: stage for stage in stages_of(fan.roots[0])}
        products = [made[name] for name in fan.consumers(fan.roots[0])]
        return {
            name: room - SHARED_LABELS * self.row_room(product)
            for name, product in zip(names, products, strict=True)
        }

    def around_shared(self, fan: Fan) -> tuple[float, float]:
        """How much more than the gap there is above and below what a fan shares. Seen from above, a face that
        leads towards the viewer reaches down over what is below it, and one that leads away from the viewer
        reaches up behind what is above it."""
        if self.scheme.flat:
            return self.spacing, self.spacing + self.shared_labels(fan) - 1.0  # one is there already
        # How far the shared faces lead away from the results.
        *others, last = [self.shape(operand) for operand in fan.shared]
        counts = [*(columns for _, columns in others), last[0]]
        reach = self.spacing + SEEN_DEPTH * max(self.ruler(count).length for count in counts)
        if fan.depth > 1:  # faces lead both ways
            return reach, reach
        return (self.spacing, reach) if self.scheme.root_at_back else (reach, self.spacing)

    def shared_labels(self, fan: Fan) -> float:
        """The room on a page between stars and what a fan shares."""
        return SHARED_LABELS * max(map(self.row_room, stages_of(fan.roots[0])))

    @property
    def apart(self) -> float:
        """The distance between results that stand side by side, with room for titles and for the labels of
        stars."""
        return 2.0 * self.gap + 3.0 + LABEL_SHARE * max(self.roomy.values(), default=0.0) + self.spacing

    def stand_root(self) -> list[Part]:
        """The root's result, upright and facing the audience, and behind it all that makes it."""
        rows, columns = self.shapes[self.root.name]
        i_blocks, _, j_blocks = self.parts_of(self.root)
        face = Face(
            Operand(self.root),
            np.zeros(3),
            (DOWN, self.ruler(rows, i_blocks)),
            (RIGHT, self.ruler(columns, j_blocks)),
            -BACK if self.scheme.root_at_back else BACK,
            "result",
            self.root.name,
            free=(-DOWN, -RIGHT),
        )
        return self.stand(face, None, "")

    def stand(self, face: Face, parent: object, side: str) -> list[Part]:
        """The plane of a face, and all that makes its matrix. `parent` is the Turn of the cuboid at whose
        `side`, "left" or "right", the matrix is an argument."""
        stage = face.operand.stage
        again = stage.name in self.unseen.once and stage.name in self.placed
        self.placed.add(stage.name)
        plane = replace(face.plane(), unseen=again or stage.name in self.unseen.matrices)
        if not self.grows(stage):
            return [plane]
        self.grown.add(stage.name)
        parts = stage.place(face, self, parent, side)
        if stage.name in self.unseen.interiors:
            parts = [replace(part, unseen=True) if part.stage is stage else part for part in parts]
        return [plane, *parts]

    def gives_way(self, stage: Stage) -> bool:
        return stage.name in self.unseen.giving_way

    def draws(self, stage: Stage, role: str, far: bool) -> bool:
        """Whether an argument of a product is drawn here. The argument that a fan shares is only drawn at the
        end of the fan."""
        return self.shared.get((stage.name, role), (True, True))[far]

    def grows(self, stage: Stage) -> bool:
        return bool(stage.operands) and stage.name not in self.grown

    def shape(self, operand: Operand) -> Shape:
        return operand.turned(self.shapes[operand.stage.name])

    def ruler(self, count: int, blocks: int = 1) -> Ruler:
        """The ruler of an axis of `count` entries in so many blocks."""
        return ruler_of(count, blocks, self.gap, self.shortened.get(count, 1))

    def parts_of(self, stage: Stage) -> Sequence[int]:
        return self.blocks.get(stage.name, (1, 1, 1))

    def room_of(self, stage: Stage) -> float:
        """The room for labels between a star and the products that take it."""
        return self.roomy.get(stage.of or stage.name, self.roomy.get(stage.name, 0.0))

    def row_room(self, stage: Stage) -> float:
        """The room between a star and its neighbour at the left, for the labels of its rows, which are read
        from the left."""
        return (PAGE_LABELS if self.scheme.flat else ROW_LABELS) * self.room_of(stage)

    def further(self, stage: Stage) -> float:
        """How much more than the gap there is between an argument and the products that take it."""
        room = self.room_of(stage)
        if not stage.has_interior or not self.scatter.distance:
            return room
        return room + self.scatter.of(_products_of(stage), _products_of(self.root))


def _products_of(stage: Stage) -> int:
    return sum(s.has_interior for s in stages_of(stage))
