"""Where matrices and products stand: cuboids joined face to face.

A matmul is a cuboid: entry (i, k) of the left matrix, (k, j) of the right and (i, j) of the
result lie on three of its faces, the product (i, j, k) inside where they meet. The result face
of a child is the argument face of its parent, to the exact coordinate. What is no product is a
sheet: its operands stand beside it in the same plane, a gap apart and lined up with the entries
that they become, so that it reads like a sum on paper. Units are rows and columns; world axes are
Blender's (x right, y away, z up).
"""

from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from ...algebra.evaluate import bounds
from ...algebra.stages import Concat, Grid, Leaf, Operand, Product, Slice, stages_of
from .schemes import Stage

ROOM = np.array([3.0, 1.0, 2.0])  # a picture is wide, less high, and depth is foreshortened
DOWN, RIGHT, BACK = np.array([0.0, 0, -1]), np.array([1.0, 0, 0]), np.array([0.0, 1, 0])
TITLE_ROOM = 8.0  # between fans that run down and have titles at their left
COMMUTATIVE = ("+", "*")
READING = np.array([3.0, -1.0, -2.0])  # from left to right, then down, then towards the reader


@dataclass(frozen=True)
class Ruler:
    """Places along an axis: `count` entries one unit apart, and `gap` more after every `block` of them."""

    count: int
    block: int
    gap: float = 0.0

    def at(self, n):
        """The distance of entry n, a number or an array, from entry 0."""
        return n + self.gap * (n // self.block)

    @property
    def length(self):
        """From the first entry to the last."""
        return self.at(self.count - 1)


@dataclass(frozen=True, eq=False)
class Plane:
    """A drawn matrix. `origin` is entry (0, 0); `row`, `column` lead to the next row and column
    of the matrix as it is named (not transposed), the rulers say how far entries are along them;
    `outward` points away from `consumer`'s interior."""

    stage: object
    row_ruler: Ruler
    column_ruler: Ruler
    origin: np.ndarray
    row: np.ndarray
    column: np.ndarray
    outward: np.ndarray
    role: str  # "left", "right", "operand" of a sheet; or, for the root, "result"
    consumer: str
    transposed: bool = False

    @property
    def rows(self):
        return self.row_ruler.count

    @property
    def columns(self):
        return self.column_ruler.count

    def as_labelled(self, rows, columns):
        """What is of its rows and of its columns, in the order of its label: that of Kᵀ where it is one."""
        return (columns, rows) if self.transposed else (rows, columns)

    def corners(self, margin=0.5):
        """The plane's four corners, widened by `margin` entries: (4, 3), around the plane."""
        low, high, far = -margin, self.row_ruler.length + margin, self.column_ruler.length + margin
        around = [(low, low), (low, far), (high, far), (high, low)]
        return self.origin + np.array(around) @ [self.row, self.column]

    def places(self, i, j):
        """Where entries (i, j) stand: (n, 3)."""
        along = np.stack([self.row_ruler.at(i), self.column_ruler.at(j)], 1)
        return self.origin + along @ [self.row, self.column]


@dataclass(frozen=True, eq=False)
class Cuboid:
    """The interior of a matmul: product (i, j, k) is at origin + the rulers' i, j and k along the steps."""

    stage: Product
    i_ruler: Ruler
    k_ruler: Ruler
    j_ruler: Ruler
    origin: np.ndarray
    i_step: np.ndarray
    j_step: np.ndarray
    k_step: np.ndarray

    @property
    def rows(self):
        return self.i_ruler.count

    @property
    def inner(self):
        return self.k_ruler.count

    @property
    def columns(self):
        return self.j_ruler.count

    def corners(self, margin=0.5):
        """The cuboid's eight corners, widened by `margin` products: (8, 3)."""
        ends = [(-margin, ruler.length + margin) for ruler in (self.i_ruler, self.j_ruler, self.k_ruler)]
        return self.origin + np.array(list(product(*ends))) @ [self.i_step, self.j_step, self.k_step]

    def places(self, i, j, k):
        """Where products (i, j, k) stand: (n, 3)."""
        along = np.stack([self.i_ruler.at(i), self.j_ruler.at(j), self.k_ruler.at(k)], 1)
        return self.origin + along @ [self.i_step, self.j_step, self.k_step]


@dataclass(frozen=True, eq=False)
class Arrangement:
    planes: tuple[Plane, ...]
    cuboids: tuple[Cuboid, ...]

    def corners(self):
        """The corners of everything that is drawn, (n, 3)."""
        return np.concatenate([part.corners() for part in (*self.planes, *self.cuboids)])

    def faces_of(self, cuboid):
        """The planes of a cuboid's left, right and result, by role. A face that several cuboids share
        (see fans) is drawn for one of them."""
        planes = {plane.role: plane for plane in self.planes if plane.consumer == cuboid.stage.name}
        planes["result"] = next(plane for plane in self.planes if plane.stage is cuboid.stage)
        for role, operand in (("left", cuboid.stage.left), ("right", cuboid.stage.right)):
            if role not in planes:
                planes[role] = next(p for p in self.planes if p.stage is operand.stage and p.role == role)
        return planes


@dataclass(frozen=True)
class Scatter:
    """How much further away an argument stands that is itself a product, as in mm.

    `distance` times 0 where its tree has fewer than `molecule` products, else by their number c and
    that of the whole expression n: c**blast, or (n - c)**-blast where `blast` is negative.
    """

    distance: float = 0.0
    molecule: int = 1
    blast: float = 0.0

    def of(self, count, total):
        if count < max(1, self.molecule):
            return 0.0
        return self.distance * (count**self.blast if self.blast >= 0 else (total - count) ** -self.blast)


def arrange(root, shapes, gap, scheme=None, blocks=None, scatter=None):
    """Place every matrix and product of the tree under `root`.

    `shapes` maps a stage's name to (rows, columns); `gap` is the distance, in entries, between a
    face and the products next to it, and between blocks; `scheme` (see schemes) says how cuboids
    turn; `blocks` maps a product's name to the number of parts that (i, k, j) are cut into. The
    root's result stands upright, facing the audience; in a grid all of them do, side by side (see fans).
    A stage that is used again is drawn there as a plane alone. A right face whose arguments would stand
    in those of the left one is moved further away; all else stands where mm's formulas say, in mm's
    schemes. A wheel may still run into itself, as in mm.
    """
    arranging = _Arranging(root, shapes, gap, scheme or Stage(), blocks or {}, scatter or Scatter())
    parts = arranging.stand_grid(root) if isinstance(root, Grid) else arranging.stand_root()
    return Arrangement(
        tuple(part for part in parts if isinstance(part, Plane)),
        tuple(part for part in parts if isinstance(part, Cuboid)),
    )


def _ruler(count, blocks, gap):
    return Ruler(count, -(-count // blocks), gap)


@dataclass(frozen=True, eq=False)
class _Face:
    """Where `operand` stands, as it is used: its rows run along `i` and its columns along `j`, each a
    (step, Ruler). What makes it stands `behind` it, away from `consumer`'s interior; beyond its ends
    there is room towards the two directions `free`, one along its rows' axis and one along j's."""

    operand: Operand
    origin: np.ndarray
    i: tuple
    j: tuple
    behind: np.ndarray
    role: str
    consumer: str
    transposed: bool = False  # in the words of the consumer, which may itself be used transposed
    free: tuple = ()

    @property
    def wider(self):
        """The axis that leaves more room in a picture: 0 along i, 1 along j."""
        return int(abs(self.j[0]) @ ROOM > abs(self.i[0]) @ ROOM)

    def plane(self):
        row, column = (self.j, self.i) if self.operand.transposed else (self.i, self.j)
        return Plane(
            self.operand.stage,
            row[1],
            column[1],
            self.origin,
            row[0],
            column[0],
            -self.behind if self.role == "result" else self.behind,
            self.role,
            self.consumer,
            self.transposed,
        )


@dataclass(frozen=True, eq=False)
class _Arranging:
    """Stands an arrangement's matrices and cuboids one behind the other, from the root on."""

    root: object
    shapes: dict
    gap: float
    scheme: object
    blocks: dict
    scatter: Scatter
    grown: set = field(default_factory=set)  # names of the stages that are made already
    shared: dict = field(default_factory=dict)  # (product, side): whether it stands (at low, at high)

    def stand_grid(self, grid):
        """Rows of results one under the other, each with all that makes it."""
        placed, above = [], []
        for row in grid.rows:
            line, before = [], []
            for fan in fans(row):
                room = self.apart + (TITLE_ROOM if fan.down else 0.0)
                before = _beyond(self.stand_fan(fan), RIGHT, before, room)  # beyond the last is beyond all
                line += before
            above = _beyond(line, DOWN, above, self.apart)
            placed += above
        return placed

    def stand_fan(self, fan):
        """The results of a fan, one beyond the other. The face that they share is drawn once, at the end
        of them all."""
        placed, before = [], []
        for n, stage in enumerate(fan.roots):
            ends = (n == 0, n == len(fan.roots) - 1)
            shared = {(name, fan.side): ends for name in fan.consumers(stage)}
            parts = replace(self, root=stage, shared=shared).stand_root()
            way, distance = (DOWN, self.gap) if fan.down else (RIGHT, self.apart)
            before = _beyond(parts, way, before, distance)
            placed += before
        return placed

    @property
    def apart(self):
        """The distance between results that stand side by side, with room for a title."""
        return 2.0 * self.gap + 3.0

    def stand_root(self):
        """The root's result, upright and facing the audience, and behind it all that makes it."""
        rows, columns = self.shapes[self.root.name]
        i_blocks, _, j_blocks = self.blocks.get(self.root.name, (1, 1, 1))
        face = _Face(
            Operand(self.root),
            np.zeros(3),
            (DOWN, _ruler(rows, i_blocks, self.gap)),
            (RIGHT, _ruler(columns, j_blocks, self.gap)),
            -BACK if self.scheme.root_at_back else BACK,
            "result",
            self.root.name,
            free=(-DOWN, -RIGHT),
        )
        return self.stand(face, None, "")

    def stand(self, face, parent, side):
        """The plane of a face and, behind it, all that makes it. `parent` is the Turn of the
        cuboid that it hangs from, `side` the side of that: "left" or "right"."""
        stage = face.operand.stage
        if not self.grows(stage):
            return [face.plane()]
        self.grown.add(stage.name)
        make = self.multiply if isinstance(stage, Product) else self.join
        return [face.plane(), *make(face, parent, side)]

    def multiply(self, face, parent, side):
        """The cuboid that makes a face, and its arguments with all that makes them.

        (A @ B).T stands as B.T @ A.T does, so that a result may be used transposed.
        """
        stage = face.operand.stage
        (i, i_ruler), (j, j_ruler) = face.i, face.j
        turn = self.scheme.turn(stage.name, parent, side, i, j, face.behind)
        z = np.cross(j, i)
        k = z if turn.positive else -z
        k_ruler = _ruler(self.inner(stage), self.blocks.get(stage.name, (1, 1, 1))[1], self.gap)
        # From the result to k = 0: past a gap, and past all other k where they run towards the result.
        origin = face.origin + face.behind * (self.gap + (k_ruler.length if k @ face.behind < 0 else 0.0))

        def argument(role, operand, across, length, far, i, j, free):
            distance = self.gap + self.extra(operand.stage)
            place = origin + across * (length + distance if far else -distance)
            behind = across if far else -across
            turned = operand.flipped if face.operand.transposed else operand
            return _Face(turned, place, i, j, behind, role, stage.name, operand.transposed, free)

        roles = [("left", stage.left), ("right", stage.right)]
        if face.operand.transposed:
            roles.reverse()
        k_axis = (k, k_ruler)
        # Beyond an argument's ends there is room away from the other argument and from the result.
        free_i, free_j = (-i if turn.bottom else i), (-j if turn.right else j)
        left_free, right_free = (free_i, face.behind), (face.behind, free_j)
        faces = {
            "left": argument(*roles[0], j, j_ruler.length, turn.right, face.i, k_axis, left_free),
            "right": argument(*roles[1], i, i_ruler.length, turn.bottom, k_axis, face.j, right_free),
        }
        far = {"left": turn.right, "right": turn.bottom}
        parts = {
            f.role: (f, self.stand(f, turn, side) if self.draws(stage, f.role, far[side]) else [])
            for side, f in faces.items()
        }
        (_, left), (right_face, right) = parts["left"], parts["right"]
        right = _clear_of(left, right, right_face.behind, self.gap)
        i_axis, j_axis = (face.j, face.i) if face.operand.transposed else (face.i, face.j)
        cuboid = Cuboid(stage, i_axis[1], k_ruler, j_axis[1], origin, i_axis[0], j_axis[0], k)
        return [cuboid, *left, *right]

    def draws(self, stage, role, far):
        """Whether an argument of a product stands here: in a fan, only at the end of it."""
        return self.shared.get((stage.name, role), (True, True))[far]

    def join(self, face, parent, side):
        """The operands of a sheet beside it, with all that makes them."""
        stage, parts = face.operand.stage, []
        operands = [o.flipped if face.operand.transposed else o for o in stage.operands]
        shapes = [self.shape(operand) for operand in operands]
        if isinstance(stage, Concat):
            return self.join_parts(face, operands, shapes, parent, side)
        order = []
        for operand, shape, written in zip(operands, shapes, stage.operands, strict=True):
            # A single row or column that is repeated stands at the end of those that it belongs to.
            rulers = (face.i[1], face.j[1])
            single = [count == 1 < ruler.count for count, ruler in zip(shape, rulers, strict=True)]
            order.append((single.index(True) if any(single) else face.wider, operand, shape, written))
        if face.free[face.wider] @ READING < 0:
            order.reverse()
        if getattr(stage, "operator", "") in COMMUTATIVE:  # the larger family stands further away
            order.sort(key=lambda entry: self.grows(entry[1].stage))
        order.sort(key=lambda entry: entry[0] == face.wider)  # single ones are next to the result
        for axis, operand, shape, written in order:
            place = face.origin - self.start(stage, face)
            family = self.stand(self.beside(face, operand, written, shape, place), parent, side)
            parts += _beyond(family, face.free[axis], [face.plane(), *parts], self.gap)
        return parts

    def join_parts(self, face, operands, shapes, parent, side):
        """The parts of a concatenation, each beside the rows or columns that it becomes."""
        stage, place, parts = face.operand.stage, face.origin, []
        axis = stage.axis != face.operand.transposed
        step, _ = (face.i, face.j)[axis]
        for operand, shape, written in zip(operands, shapes, stage.operands, strict=True):
            family = self.stand(self.beside(face, operand, written, shape, place), parent, side)
            parts += _beyond(family, step, parts, self.gap, by_need=True)
            place = place + step * shape[axis]
        return _beyond(parts, face.free[not axis], [face.plane()], self.gap)

    def beside(self, face, operand, written, shape, place):
        """The face of an operand of a sheet before it is moved out of the sheet."""
        i, j = (
            (step, ruler if ruler.count == count else Ruler(count, count, 0.0))
            for (step, ruler), count in zip((face.i, face.j), shape, strict=True)
        )
        consumer = face.operand.stage.name
        return _Face(operand, place, i, j, face.behind, "operand", consumer, written.transposed, face.free)

    def start(self, stage, face):
        """From entry (0, 0) of the operand of a sheet to the one that becomes entry (0, 0) of the sheet."""
        if not isinstance(stage, Slice):
            return np.zeros(3)
        shape = self.shape(stage.operand)
        plane = face.plane()
        row, _ = bounds(stage.rows, shape[0])
        column, _ = bounds(stage.columns, shape[1])
        return plane.row * row + plane.column * column

    def grows(self, stage):
        return not isinstance(stage, Leaf) and stage.name not in self.grown

    def shape(self, operand):
        return self.shapes[operand.stage.name][:: -1 if operand.transposed else 1]

    def inner(self, stage):
        rows, columns = self.shapes[stage.left.stage.name]
        return rows if stage.left.transposed else columns

    def extra(self, stage):
        """How much further than the gap an argument stands."""
        if not isinstance(stage, Product) or not self.scatter.distance:
            return 0.0
        return self.scatter.of(_products_of(stage), _products_of(self.root))


def _products_of(stage):
    return sum(isinstance(s, Product) for s in stages_of(stage))


@dataclass(frozen=True)
class Fan:
    """Results that share the argument on one `side` of their products, as the query heads of a group share
    keys and values; down their left (or right) arguments for `depth` products."""

    roots: tuple
    side: str = "right"
    depth: int = 0

    @property
    def down(self):
        """Whether its results stand under each other: they share what stands above or below."""
        return self.side == "right" and self.depth > 0

    def consumers(self, root):
        """The names of the products of one result whose face is shared."""
        return [stage.name for stage in _spine(root, self.side)[: self.depth]]


def fans(row):
    """The results of a row as fans, each of one result or of neighbours that share faces."""
    found = []
    for root in row:
        if found:
            last, best = found[-1], ("", 0)
            for side in ("right", "left") if len(last.roots) == 1 else (last.side,):
                depth = _shared_depth(last.roots[-1], root, side)
                if depth > best[1]:
                    best = side, depth
            if best[1] and (len(last.roots) == 1 or best[1] == last.depth):
                found[-1] = Fan((*last.roots, root), *best)
                continue
        found.append(Fan((root,)))
    return found


def _spine(root, side):
    """A product, the one that makes its left argument and so on; `side` "right". Or mirrored."""
    found, stage = [], root
    while isinstance(stage, Product):
        found.append(stage)
        operand = stage.left if side == "right" else stage.right
        if operand.transposed:
            break
        stage = operand.stage
    return found


def _shared_depth(a, b, side):
    """How many products down the spines of two results have the same argument on that side."""
    depth = 0
    for one, other in zip(_spine(a, side), _spine(b, side), strict=False):
        mine, theirs = getattr(one, side), getattr(other, side)
        if one is other or (mine.stage, mine.transposed) != (theirs.stage, theirs.transposed):
            break
        depth += 1
    return depth


def _moved(parts, move):
    return [replace(part, origin=part.origin + move) for part in parts]


def _beyond(parts, direction, others, gap, by_need=False):
    """The parts moved along `direction` to a gap past the end of all `others`; `by_need`: unless they
    are there already."""
    if not others:
        return parts
    end = max((part.corners(0.0) @ direction).max() for part in others)
    start = min((part.corners(0.0) @ direction).min() for part in parts)
    distance = end + gap + 1.0 - start
    return _moved(parts, direction * (max(distance, 0.0) if by_need else distance))


def _clear_of(left, right, outward, gap):
    """The parts `right`, moved `outward` past all of `left` where the two would overlap.

    Everything behind a face stays on that side of it, but in a wheel: so faces of one cuboid are the
    only neighbours that can be in each other's way.
    """
    boxes = [[(c.min(axis=0), c.max(axis=0)) for c in (p.corners(0.0) for p in ps)] for ps in (left, right)]
    free = all(
        np.maximum(low - other_high, other_low - high).max() > min(gap, 1.0) - 1e-6
        for low, high in boxes[0]
        for other_low, other_high in boxes[1]
    )
    if free:
        return right
    end = max((part.corners(0.0) @ outward).max() for part in left)
    start = min((part.corners(0.0) @ outward).min() for part in right)
    move = outward * (end + gap - start)
    return _moved(right, move)
