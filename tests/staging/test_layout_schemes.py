"""mm's layouts: faces that are shared to the exact coordinate, places by its formulas, blocks, scatter."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.algebra.evaluate import shapes
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.description.scene import Layout, ProductOptions, from_dict
from matrix_cinema.errors import InputError
from matrix_cinema.staging.layout.arrangement import Arranger, Scatter
from matrix_cinema.staging.layout.blocks import blocks_of
from matrix_cinema.staging.layout.schemes import MmScheme, StageScheme, Turn, scheme_of
from product_trees import LETTERS, trees

# mm's local axes (x along columns, y down, z away) in Blender's.
MM = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
schemes = st.builds(
    MmScheme,
    st.sampled_from(["blocks", "zigzag", "wheel"]),
    st.builds(Turn, st.booleans(), st.booleans(), st.booleans()),
    st.booleans(),
)


def arranged(expression, sizes, gap=2.0, scheme=None, scatter=None, **blocks):
    """The arrangement; `blocks` are (i, k, j) parts by product."""
    root = stage(parse(expression))
    sizes = shapes(root, sizes)
    options = {name: ProductOptions(i_blocks=i, k_blocks=k, j_blocks=j) for name, (i, k, j) in blocks.items()}
    turned, blocks = scheme or StageScheme(), blocks_of(root, sizes, options)
    return Arranger(root, sizes, gap, turned, blocks, scatter or Scatter()).arrangement()


def plane_of(arrangement, name):
    (plane,) = [p for p in arrangement.planes if p.stage.name == name]
    return plane


def entries(plane):
    """The places of all entries, (rows, columns, 3)."""
    i, j = np.indices((plane.rows, plane.columns))
    along = plane.row_ruler.at(i)[..., None] * plane.row + plane.column_ruler.at(j)[..., None] * plane.column
    return plane.origin + along


def products(cuboid):
    """The places of all products, (i, j, k, 3)."""
    rulers = (cuboid.i_ruler, cuboid.j_ruler, cuboid.k_ruler)
    steps = (cuboid.i_step, cuboid.j_step, cuboid.k_step)
    index = np.indices([ruler.count for ruler in rulers])
    along = [ruler.at(n)[..., None] * step for ruler, n, step in zip(rulers, index, steps, strict=True)]
    return cuboid.origin + sum(along)


@given(trees(most=5), schemes, st.sampled_from([1.0, 2.0, 4.0]), st.tuples(*[st.integers(1, 3)] * 3))
@settings(max_examples=120)
def test_every_face_is_shared_to_the_exact_coordinate(tree, scheme, gap, parts):
    """Each stage is drawn once, so a child's result is its parent's argument; and every product stands
    on the perpendiculars of its entries, a gap from the nearest of them, in blocks or not; only a right
    face that is in its neighbour's way stands further off."""
    arrangement = arranged(f"out = {tree[0].removesuffix('.T')}", tree[1], gap, scheme, out=parts)
    for cuboid in arrangement.cuboids:
        inside = products(cuboid)
        left, right = cuboid.stage.left, cuboid.stage.right
        faces = {}
        for name, operand in (("ik", left), ("kj", right)):
            face = entries(plane_of(arrangement, operand.stage.name))
            faces[name] = face.swapaxes(0, 1) if operand.transposed else face
        out = entries(plane_of(arrangement, cuboid.stage.name))
        for face, step in (
            (faces["ik"][:, None], cuboid.j_step),
            (faces["kj"].swapaxes(0, 1)[None], cuboid.i_step),
            (out[:, :, None], cuboid.k_step),
        ):
            across = inside - face
            distance = across @ step
            np.testing.assert_array_equal(across, distance[..., None] * step)
            assert len(np.unique(np.sign(distance))) == 1
            nearest = np.abs(distance).min()
            assert nearest == gap or (step is cuboid.i_step and nearest > gap)  # a right face that made room


def boxes(arrangement):
    for part in (*arrangement.planes, *arrangement.cuboids):
        corners = part.corners(0.0)
        yield corners.min(axis=0), corners.max(axis=0)


def overlaps(arrangement):
    """How many pairs of matrices and cuboids are less than one entry apart."""
    return sum(
        np.maximum(low - other_high, other_low - high).max() < 0.99
        for (low, high), (other_low, other_high) in itertools.combinations(boxes(arrangement), 2)
    )


def balanced(levels):
    """A full binary tree of products over the first letters."""
    texts = list(LETTERS[: 2**levels])
    while len(texts) > 1:
        texts = [f"({a} @ {b})" for a, b in zip(texts[::2], texts[1::2], strict=True)]
    return texts[0]


def sized(letters, draw):
    """Shapes of letters that multiply in their order."""
    ends = [draw(st.integers(1, 9)) for _ in range(len(letters) + 1)]
    return dict(zip(letters, itertools.pairwise(ends), strict=True))


@given(trees(most=5), st.sampled_from(["blocks", "zigzag"]), st.tuples(*[st.booleans()] * 4))
@settings(max_examples=150)
def test_no_random_tree_collides(tree, scheme, root):
    assert overlaps(arranged(*tree, scheme=MmScheme(scheme, Turn(*root[:3]), root[3]))) == 0


def every_tree(letters):
    """All expressions that multiply these letters in their order."""
    if len(letters) == 1:
        return [letters]
    ends = range(1, len(letters))
    return [f"({a} @ {b})" for n in ends for a in every_tree(letters[:n]) for b in every_tree(letters[n:])]


RIGHT_CHAIN = "a @ (b @ (c @ (d @ (e @ f))))"


@given(st.data(), st.sampled_from([" @ ".join(LETTERS[:8]), RIGHT_CHAIN, balanced(2), balanced(3)]))
@settings(max_examples=80)
def test_blocks_keeps_chains_and_binary_trees_apart(data, expression):
    letters = [c for c in expression if c in LETTERS]
    sizes = sized(letters, data.draw)
    scheme = MmScheme("blocks", Turn(*data.draw(st.tuples(*[st.booleans()] * 3))), data.draw(st.booleans()))
    assert overlaps(arranged(expression, sizes, data.draw(st.sampled_from([1.0, 2.0, 4.0])), scheme)) == 0


@pytest.mark.parametrize("scheme", ["blocks", "zigzag"])
def test_no_tree_collides(scheme):
    """Every tree of 2 to 6 products, and the full one of 15, for which mm needs scatter."""
    sizes = {letter: (4, 4) for letter in LETTERS}
    trees = [tree for n in range(3, 8) for tree in every_tree(LETTERS[:n])]
    assert len(trees) == 2 + 5 + 14 + 42 + 132
    for tree in [*trees, balanced(4)]:
        assert overlaps(arranged(tree, sizes, scheme=MmScheme(scheme))) == 0, tree


def test_a_long_wheel_runs_into_itself_as_in_mm():
    sizes = {letter: (5, 5) for letter in LETTERS}
    assert overlaps(arranged("a @ b @ c @ d", sizes, scheme=MmScheme("wheel"))) == 0
    assert overlaps(arranged("a @ b @ c @ d @ e @ f", sizes, scheme=MmScheme("wheel"))) > 0


def mm_place(turn, back, i, k, j, shape, gap):
    """Left (i, k), right (k, j), result (i, j) and product, from mm's formulas for its local axes."""
    rows, inner, columns = shape
    end_x, end_y, end_z = (n + 2 * gap - 1 for n in (columns, rows, inner))
    x, y, z = gap + j, gap + i, (gap + k if turn.positive else end_z - gap - k)
    left, top = (end_x if turn.right else 0.0), (end_y if turn.bottom else 0.0)
    front = end_z if back else 0.0
    return np.array([(left, y, z), (x, top, z), (x, y, front), (x, y, z)]) @ MM


@given(st.builds(Turn, st.booleans(), st.booleans(), st.booleans()), st.booleans())
def test_one_cuboid_stands_where_mm_says(turn, back):
    shape, gap = (3, 4, 2), 2.0
    arrangement = arranged("a @ b", {"a": (3, 4), "b": (4, 2)}, gap, MmScheme("blocks", turn, back))
    a, b, out = (entries(plane_of(arrangement, name)) for name in ("a", "b", "a @ b"))
    inside = products(arrangement.cuboids[0])
    corner = out[0, 0] - mm_place(turn, back, 0, 0, 0, shape, gap)[2]
    for i, k, j in np.ndindex(*shape):
        ours = np.array([a[i, k], b[k, j], out[i, j], inside[i, j, k]]) - corner
        np.testing.assert_allclose(ours, mm_place(turn, back, i, k, j, shape, gap), atol=1e-12)


# For x = (a @ b) @ (c @ d) of root -/left/top/front: what each child says of itself in mm.
CHILDREN = {
    "blocks": (Turn(True, False, True), Turn(True, True, False)),  # +/left/bottom, +/right/top
    "zigzag": (Turn(True, False, False), Turn(True, False, False)),
    "wheel": (Turn(False, False, False), Turn(False, False, False)),
}


@pytest.mark.parametrize("scheme", CHILDREN)
def test_children_turn_as_in_mm(scheme):
    """By hand, in mm's local axes from entry (0, 0) of the result: x right, y down, z away."""
    left_turn, right_turn = CHILDREN[scheme]
    gap, sizes = 2.0, {"a": (3, 2), "b": (2, 4), "c": (4, 5), "d": (5, 6)}
    arrangement = arranged("x = (l = a @ b) @ (r = c @ d)", sizes, gap, MmScheme(scheme))

    def at(name, i, j):
        origin = plane_of(arrangement, "x").origin
        return tuple((entries(plane_of(arrangement, name))[i, j] - origin) @ MM.T)

    # x has 3 rows, 4 inner and 6 columns; polarity is negative, so k = 3 is next to the result.
    near, low, high = -gap, 0.0, 2 * gap + 3  # a gap off x, y, and either end of z
    assert at("l", 0, 3) == (-gap, 0, gap) and at("r", 3, 0) == (0, -gap, gap)
    # The left child hangs behind its face, towards -x; its own axes are x' = -z, y' = y, z' = x.
    k0 = -2 * gap - 1 if left_turn.positive else -2 * gap
    assert at("a", 0, 0) == (k0, 0, (low if left_turn.right else high))
    assert at("b", 0, 3) == (k0, (2 + gap if left_turn.bottom else near), gap)
    # The right child hangs towards -y; its own axes are x' = x, y' = -z, z' = y.
    k0 = -2 * gap - 4 if right_turn.positive else -2 * gap
    assert at("c", 3, 0) == ((5 + gap if right_turn.right else near), k0, gap)
    assert at("d", 0, 0) == (0, k0, (low if right_turn.bottom else high))


def test_grandchildren_in_blocks_return_to_the_root():
    scheme, (x, y, z) = MmScheme("blocks"), np.eye(3)
    root = scheme.turn("r", None, "", y, x, z)
    left = scheme.turn("l", root, "left", y, -z, -x)
    right = scheme.turn("r", root, "right", -z, x, -y)
    assert (left, right) == CHILDREN["blocks"]
    assert scheme.turn("ll", left, "left", y, x, z) == root
    assert scheme.turn("rr", right, "right", y, x, z) == root


@pytest.mark.parametrize("n, parts, expected", [(8, 2, 8 + 4 + 8 - 1), (7, 3, 7 + 8 + 8 - 1), (5, 1, 12)])
def test_extents_with_blocks_are_mms(n, parts, expected):
    """n + gap (blocks - 1) + 2 gap - 1, from the left face to the far end of what it leaves free."""
    gap = 4.0
    arrangement = arranged("x = a @ b", {"a": (2, 3), "b": (3, n)}, gap, MmScheme("blocks"), x=(1, 1, parts))
    out = entries(plane_of(arrangement, "x"))
    assert out[0, -1, 0] - out[0, 0, 0] + 2 * gap == expected
    size = -(-n // parts)
    steps = [1 + gap * ((j + 1) % size == 0) for j in range(n - 1)]
    np.testing.assert_array_equal(np.diff(out[0, :, 0]), steps)


def test_a_cut_runs_through_the_tree():
    root = stage(parse("out = (attn = (Q = X @ Wq) @ (K = X @ Wk).T) @ V"))
    sizes = shapes(root, {"X": (8, 6), "Wq": (6, 4), "Wk": (6, 4), "V": (8, 3)})
    options = {"out": ProductOptions(i_blocks=4, k_blocks=2), "attn": ProductOptions(k_blocks=2, j_blocks=2)}
    expected = {"Q": (4, 1, 2), "K": (2, 1, 2), "attn": (4, 2, 2), "out": (4, 2, 1)}
    assert blocks_of(root, sizes, options) == expected
    with pytest.raises(InputError, match="attn: j_blocks = 4, but out.k_blocks cuts the same"):
        blocks_of(root, sizes, {"out": ProductOptions(k_blocks=2), "attn": ProductOptions(j_blocks=4)})


def test_a_cut_runs_through_sheets():
    """A residual, a bias and a slice share the dimensions that they leave alone; one row has its own."""
    root = stage(parse("out = ((h = X @ W) + b)[:, 1:] + (y = X @ V)"))
    sizes = shapes(root, {"X": (8, 6), "W": (6, 4), "b": (1, 4), "V": (6, 3)})
    found = blocks_of(root, sizes, {"out": ProductOptions(i_blocks=4), "h": ProductOptions(j_blocks=2)})
    assert (found["h"], found["y"], found["out"]) == ((4, 1, 2), (4, 1, 1), (4, 1, 1))


def test_scatter_by_mms_law():
    assert Scatter(10.0, 1, 0.0).of(3, 7) == 10.0
    assert Scatter(10.0, 4).of(3, 7) == 0.0
    assert Scatter(10.0, 1, 2.0).of(3, 7) == 90.0
    assert Scatter(10.0, 1, -2.0).of(3, 7) == 160.0
    sizes = {letter: (3, 3) for letter in "abc"}
    near, far = (arranged("(l = a @ b) @ c", sizes, 2.0, MmScheme("blocks"), Scatter(d)) for d in (0.0, 5.0))
    np.testing.assert_array_equal(plane_of(near, "l").origin - plane_of(far, "l").origin, [5.0, 0, 0])
    np.testing.assert_array_equal(plane_of(near, "c").origin, plane_of(far, "c").origin)  # not a product
    np.testing.assert_array_equal(plane_of(near, "a").origin - plane_of(far, "a").origin, [5.0, 0, 0])


def test_custom_turns_a_product_and_the_others_refuse_to():
    own = {"l": ProductOptions(polarity="positive", left_placement="right", right_placement="bottom")}
    scheme = scheme_of(Layout(scheme="custom"), own)
    assert scheme.turn("l", Turn(), "left", *np.eye(3)) == Turn(True, True, True)
    in_blocks = MmScheme("blocks").turn("m", Turn(), "left", *np.eye(3))
    assert scheme.turn("m", Turn(), "left", *np.eye(3)) == in_blocks
    with pytest.raises(InputError, match='l: polarity and placements need scheme = "custom"'):
        scheme_of(Layout(scheme="blocks"), own)
    with pytest.raises(InputError, match='unknown "centre"'):
        from_dict(Layout, {"left_placement": "centre"}, "layout")
    assert isinstance(scheme_of(Layout(), {}), StageScheme)
    root = {"polarity": "positive", "right_placement": "bottom", "result_placement": "back"}
    chosen = scheme_of(Layout("wheel", **root), {})
    assert (chosen.root, chosen.root_at_back) == (Turn(True, False, True), True)
