"""Stages and their values: against NumPy, against the formulas, and where mm is wrong."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matrix_cinema.algebra.evaluate import evaluate, shapes
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.errors import InputError
from matrix_cinema.kinds.concat import Concat
from matrix_cinema.kinds.elementwise import Elementwise
from matrix_cinema.kinds.given import Given
from matrix_cinema.kinds.product import Product
from matrix_cinema.kinds.slice import Slice
from matrix_cinema.kinds.stage import Step, leaf_names, stages_of

RANDOM = np.random.default_rng(5)
MATRICES = {name: RANDOM.uniform(-1, 1, (3, 3)) for name in "ABCD"}


def result(text, **leaves):
    root = stage(parse(text))
    return evaluate(root, {name: np.array(value, float) for name, value in leaves.items()})[root]


def final(text, **leaves):
    return result(text, **leaves).final


def refused(text, **leaves):
    with pytest.raises(InputError) as error:
        result(text, **leaves)
    assert "\n" not in str(error.value)
    return str(error.value)


# Stages


def test_attention_is_two_products_and_three_leaves():
    out = stage(parse("out = (attn = softmax(Q @ K.T / sqrt(32))) @ V"))
    q, k, attn, v, last = stages_of(out)
    assert [s.name for s in (q, k, attn, v, last)] == ["Q", "K", "attn", "V", "out"] and last is out
    assert all(isinstance(s, Given) for s in (q, k, v)) and leaf_names(out) == ("Q", "K", "V")
    assert isinstance(attn, Product) and (attn.left.stage, attn.right.stage) == (q, k)
    assert (attn.left.transposed, attn.right.transposed) == (False, True)
    assert attn.epilogue == (Step("divide", (math.sqrt(32),)), Step("softmax", (-1,)))
    assert attn.text == "softmax(Q @ K.T / sqrt(32))"
    assert isinstance(out, Product) and (out.left.stage, out.right.stage) == (attn, v)
    assert out.epilogue == () and out.text == "attn @ V"


def test_one_name_is_one_matrix():
    root = stage(parse("(h = A @ B) @ h.T + h * h"))
    names = [s.name for s in stages_of(root)]
    assert names == ["A", "B", "h", "h @ h.T", "h * h", "h @ h.T + h * h"]
    product, square = (o.stage for o in root.operands)
    assert product.left.stage is product.right.stage is square.operands[0].stage
    assert product.right.transposed and not product.left.transposed


def test_the_same_words_are_the_same_matrix():
    root = stage(parse("relu(A @ B) @ relu((A @ B))"))
    assert root.left.stage is root.right.stage
    assert len(stages_of(root)) == 4


def test_what_is_around_a_product_is_its_epilogue():
    root = stage(parse("y = 2 - relu(-(x @ W) / 3 + 1)**2"))
    assert [s.name for s in stages_of(root)] == ["x", "W", "y"]
    assert [step.function for step in root.epilogue] == [
        "negate", "divide", "add", "relu", "power", "subtract_from"]  # fmt: skip
    x, w = MATRICES["A"], MATRICES["B"]
    y = evaluate(root, {"x": x, "W": w})[root]
    assert np.array_equal(y.raw, x @ w)
    assert np.allclose(y.final, 2 - np.maximum(-(x @ w) / 3 + 1, 0) ** 2, rtol=0, atol=1e-15)


def test_a_function_of_a_named_matrix_is_a_sheet_of_its_own():
    root = stage(parse("relu((h = A @ B)) @ gelu(C.T)"))
    h, copy = root.left.stage.operands[0].stage, root.left.stage
    assert isinstance(copy, Elementwise) and copy.operator == "copy" and copy.epilogue == (Step("relu"),)
    assert isinstance(h, Product) and h.name == "h" and h.epilogue == ()
    assert root.right.stage.operands[0].transposed


def test_kinds_of_stages():
    kinds = {s.name: type(s) for s in stages_of(stage(parse("concat(A[0:2, :], B) + c")))}
    assert kinds == {
        "A": Given, "A[0:2, :]": Slice, "B": Given, "concat(A[0:2, :], B)": Concat, "c": Given,
        "concat(A[0:2, :], B) + c": Elementwise,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(h = A @ B) + (h = A @ C)", '"h" already names A @ B; one name is one matrix'),
        ("h = relu(h @ W)", '"h" is used as a given matrix before or inside'),
        ("h @ (h = A @ B)", '"h" is used as a given matrix before or inside'),
        ("`A @ B` + A @ B", '"A @ B" is used as a given matrix'),
        ("k.T @ A / k", "k is a matrix here but the inner dimension elsewhere"),
    ],
)
def test_a_name_used_for_two_things_is_refused(text, says):
    with pytest.raises(InputError) as error:
        stage(parse(text))
    assert says in str(error.value)


def test_naming_the_same_thing_twice_is_harmless():
    assert len(stages_of(stage(parse("(h = A @ B) + (h = A @ B)")))) == 4


# Values against NumPy


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    power = np.exp(x - x.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)


def layernorm(x):
    return (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)


FUNCTIONS = {"relu": relu, "sigmoid": sigmoid, "tanh": np.tanh, "softmax": softmax, "layernorm": layernorm}


def by_numpy(text, matrices):
    """What Python itself, with NumPy, makes of a text that a test has put together."""
    with np.errstate(all="ignore"):
        return eval(text, {"__builtins__": {}, **FUNCTIONS}, dict(matrices))


def same(ours, numpys):
    return ours.shape == numpys.shape and np.abs(ours - numpys).max() <= 1e-9 * max(1, np.abs(numpys).max())


@st.composite
def square_text(draw, depth=4):
    """Any operations on 3×3 matrices, with brackets or without them."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(["A", "B", "C.T", "D"]))
    inner = square_text(depth=depth - 1)
    form = draw(
        st.sampled_from(
            ["{} @ {}", "{} + {}", "{} - {}", "{} * {}", "{} @ {}", "-{}", "{}**2", "2 * {}", "{} / 4",
             "1 - {}", "{} + 0.5", "({}).T", "(# := {})", "({})[:, 0:2] @ ({})[1:3, :]",
             *(f + "({})" for f in FUNCTIONS)]
        )
    )  # fmt: skip
    wrap = draw(st.sampled_from(["{}", "({})"]))
    return form.format(*[wrap.format(draw(inner)) for _ in range(form.count("{}"))])


@settings(max_examples=300)
@given(square_text())
def test_brackets_and_precedence_are_those_of_python(text):
    for n in range(text.count("#")):
        text = text.replace("#", f"name{n}", 1)
    assume("**2**2" not in text)  # a power is a plain number
    try:
        expected = by_numpy(text, MATRICES)
    except (ValueError, TypeError):  # brackets left out so that a number or a slice meets the wrong side
        with pytest.raises(InputError):
            final(text, **MATRICES)
        return
    assume(np.isfinite(expected).all() and np.abs(expected).max() < 1e12)
    assert same(final(text, **MATRICES), expected)


@st.composite
def shaped_text(draw, rows, columns, sizes, depth=4):
    """An expression of a given shape over leaves m<rows>x<columns>, which `sizes` collects."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        sizes.add((rows, columns))
        return f"m{rows}x{columns}"

    def part(r, c):
        return draw(shaped_text(r, c, sizes, depth - 1))

    match draw(
        st.sampled_from(["@", "@", "@", "+", "*", "-", "row", "column", ".T", "f", "number", "slice"])
    ):
        case "@":
            inner = draw(st.integers(1, 5))
            return f"({part(rows, inner)} @ {part(inner, columns)})"
        case "+" | "*" | "-" as operator:
            return f"({part(rows, columns)} {operator} {part(rows, columns)})"
        case "row":
            return f"({part(rows, columns)} + {part(1, columns)})"
        case "column":
            return f"({part(rows, 1)} * {part(rows, columns)})"
        case ".T":
            return f"{part(columns, rows)}.T"
        case "f":
            return f"{draw(st.sampled_from(sorted(FUNCTIONS)))}({part(rows, columns)})"
        case "number":
            return f"({draw(st.sampled_from(['0.5 *', '2 -', '-', '1 +']))} {part(rows, columns)})"
        case "slice":
            top, right = draw(st.integers(0, 2)), draw(st.integers(0, 2))
            cut = f"{top}:{top + rows}, :{columns}"
            return f"({part(top + rows, columns + right)})[{cut}]"


@st.composite
def shaped_case(draw):
    sizes = set()
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    text = draw(shaped_text(*shape, sizes))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    return text, {f"m{r}x{c}": random.uniform(-1, 1, (r, c)) for r, c in sizes}


@settings(max_examples=300)
@given(shaped_case())
def test_random_trees_of_any_shapes_equal_numpy(case):
    text, matrices = case
    expected = by_numpy(text, matrices)
    root = stage(parse(text))
    ours = evaluate(root, matrices)
    assert same(ours[root].final, expected)
    found = shapes(root, {name: m.shape for name, m in matrices.items()})
    for s in stages_of(root):
        assert found[s.name] == ours[s].raw.shape == ours[s].final.shape
        if isinstance(s, Product):
            assert np.array_equal(ours[s].raw, ours.operand(s.left).final @ ours.operand(s.right).final)


def test_rows_columns_and_numbers_repeat_as_in_numpy():
    x, row, column = RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(1, 4)), RANDOM.normal(size=(3, 1))
    assert np.array_equal(final("x + row", x=x, row=row), x + row)
    assert np.array_equal(final("row * column", row=row, column=column), row * column)
    assert np.array_equal(final("x / (column * column + 1)", x=x, column=column), x / (column * column + 1))
    assert np.array_equal(final("2 / (x * x + 1)", x=x), 2 / (x * x + 1))


def test_slices_and_concatenation():
    x = np.arange(20.0).reshape(4, 5)
    for cut in ("1:3, :", ":, -2:", "2:, 1:4", "0:4, 0:1"):
        assert np.array_equal(final(f"x[{cut}]", x=x), by_numpy(f"x[{cut}]", {"x": x}))
    assert np.array_equal(final("x[2]", x=x), x[2:3])
    assert np.array_equal(final("x[-1, -1]", x=x), x[-1:, -1:])
    assert np.array_equal(final("concat(x, x[:, :2])", x=x), np.concatenate([x, x[:, :2]], axis=1))
    assert np.array_equal(final("concat(x, x[1], axis=0)", x=x), np.concatenate([x, x[1:2]], axis=0))


def test_k_is_the_inner_dimension_of_the_product_inside():
    q, key = RANDOM.normal(size=(4, 6)), RANDOM.normal(size=(5, 6))
    bias = RANDOM.normal(size=(4, 5))
    assert np.array_equal(final("q @ key.T / sqrt(k)", q=q, key=key), q @ key.T / math.sqrt(6))
    assert np.array_equal(final("(q @ key.T + bias) / k", q=q, key=key, bias=bias), (q @ key.T + bias) / 6)
    assert np.array_equal(final("(s = q @ key.T) * (2 * k - 1)", q=q, key=key), q @ key.T * 11)
    assert np.array_equal(final("(q.T @ q) / k", q=q), (q.T @ q) / 4)
    assert np.array_equal(final("q @ k.T / sqrt(k)", q=q, k=key), q @ key.T / math.sqrt(6))
    assert np.array_equal(final("(q @ key.T + `k`) / k", q=q, key=key, k=bias), (q @ key.T + bias) / 6)


# Epilogues against their formulas

X = RANDOM.normal(size=(4, 6)) * 3


def entrywise(function):
    return np.array([[function(value) for value in row] for row in X.tolist()])


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("relu(x)", lambda v: max(v, 0.0)),
        ("gelu(x)", lambda v: v * (1 + math.erf(v / math.sqrt(2))) / 2),
        ("gelu_tanh(x)", lambda v: v / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3)))),
        ("sigmoid(x)", lambda v: 1 / (1 + math.exp(-v))),
        ("silu(x)", lambda v: v / (1 + math.exp(-v))),
        ("tanh(x)", math.tanh),
        ("exp(x)", math.exp),
        ("sqrt(x*x)", abs),
        ("-x", lambda v: -v),
        ("x**3", lambda v: v**3),
        ("3 - x / 2", lambda v: 3 - v / 2),
    ],
)
def test_functions_of_one_number(text, formula):
    assert np.allclose(final(text, x=X), entrywise(formula), rtol=1e-13, atol=1e-15)


def test_extreme_values_neither_overflow_nor_vanish():
    x = [[-1000.0, -1.0, 0.0, 1000.0]]
    assert np.allclose(final("sigmoid(x)", x=x), [[0, 1 / (1 + math.e), 0.5, 1]], rtol=1e-14, atol=0)
    assert np.allclose(final("softmax(x)", x=x), [[0, 0, 0, 1]], rtol=0, atol=1e-300)
    assert final("silu(x)", x=x)[0, 0] == 0


def test_softmax_along_either_axis():
    by_row = np.array([[math.exp(v) / sum(map(math.exp, row)) for v in row] for row in X.tolist()])
    assert np.allclose(final("softmax(x)", x=X), by_row, rtol=1e-13)
    assert np.allclose(final("softmax(x, axis=1)", x=X), by_row, rtol=1e-13)
    assert np.allclose(final("softmax(x, axis=0)", x=X.T), by_row.T, rtol=1e-13)


def test_norms():
    by_row = np.array([(row - row.mean()) / math.sqrt(row.var() + 1e-5) for row in X])
    assert np.allclose(final("layernorm(x)", x=X), by_row, rtol=1e-12)
    assert np.allclose(final("layernorm_all(x)", x=X), (X - X.mean()) / math.sqrt(X.var() + 1e-5), rtol=1e-12)
    rms = np.array([row / math.sqrt((row**2).mean() + 1e-12) for row in X])
    assert np.allclose(final("rmsnorm(x, eps=1e-12)", x=X), rms, rtol=1e-12)


# Masks: an entry that a mask removes is absent, not zero


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("tril(x)", lambda i, j: j <= i),
        ("tril(x, 2)", lambda i, j: j <= i + 2),
        ("triu(x, -1)", lambda i, j: j >= i - 1),
        ("window(x, 2)", lambda i, j: i - 2 < j <= i),
        ("padded(x, 3)", lambda i, j: j < 3),
        ("padded(tril(x), 2)", lambda i, j: j <= i and j < 2),
        ("(tril(x) + 5) * 2", lambda i, j: j <= i),
        ("exp(tril(x))", lambda i, j: j <= i),
        ("tril(x).T", lambda i, j: i <= j),
        ("(low = tril(x)) + triu(x, 2)", lambda i, j: j <= i or j >= i + 2),
        ("(low = tril(x)) * triu(x)", lambda i, j: i == j),
        ("x / tril(x)", lambda i, j: j <= i),
        ("concat(x[:, :2], tril(x)[:, 2:])", lambda i, j: j < 2 or j <= i),
    ],
)
@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 6)])
def test_masks_keep_the_entries_of_their_definition(text, kept, shape):
    if ".T" in text or "concat" in text:
        shape = (5, 5)
    x = RANDOM.normal(size=shape)
    found = result(text, x=x)
    expected = np.array([[kept(i, j) for j in range(shape[1])] for i in range(shape[0])])
    mask = np.ones(shape, bool) if found.mask is None else found.mask
    assert np.array_equal(mask, expected)
    assert (found.final[~expected] == 0).all() and (found.final[expected] != 0).all()
    assert (found.mask is None) == expected.all()


@pytest.mark.parametrize("mask", ["causal", "window(2)", "padded(3)"])
@pytest.mark.parametrize("shape", [(6, 6), (8, 3), (3, 8)])
def test_masked_softmax_is_the_softmax_of_what_is_left(mask, shape):
    x = RANDOM.normal(size=shape) * 4
    found = result(f"softmax(x, mask={mask})", x=x)
    for i in range(shape[0]):
        kept = [j for j in range(shape[1]) if
                {"causal": j <= i, "window(2)": i - 2 < j <= i, "padded(3)": j < 3}[mask]]  # fmt: skip
        powers = {j: math.exp(x[i, j]) for j in kept}
        expected = [powers.get(j, 0.0) / (sum(powers.values()) or 1.0) for j in range(shape[1])]
        assert np.allclose(found.final[i], expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("kept", [[[1, 0, 1], [0, 0, 0], [0.5, -1, 0]], [[1, 0, 1]], [[1], [0], [2]]])
def test_a_mask_that_is_a_matrix(kept):
    x, m = RANDOM.normal(size=(3, 3)) * 4, np.array(kept, float)
    found = result("softmax(masked(tril(x) * 2, M))", x=x, M=m)
    allowed = np.broadcast_to(m != 0, x.shape) & np.tri(3, dtype=bool)
    powers = np.where(allowed, np.exp(2 * x), 0.0)
    expected = powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-300)
    assert np.array_equal(found.mask, allowed) and np.allclose(found.final, expected, rtol=1e-12)


@pytest.mark.parametrize("layout", ["half", "pairs"])
def test_rotary_turns_pairs_as_complex_numbers(layout):
    x = RANDOM.normal(size=(5, 8))
    found = final(f"rotary(x, base=100, dims=6, first=3, layout={layout})", x=x)
    pairs = [(0, 3), (1, 4), (2, 5)] if layout == "half" else [(0, 1), (2, 3), (4, 5)]
    for m, (a, b) in enumerate(pairs):
        turned = (x[:, a] + 1j * x[:, b]) * np.exp(1j * (3 + np.arange(5)) / 100 ** (m / 3))
        assert np.allclose(found[:, a], turned.real) and np.allclose(found[:, b], turned.imag)
    assert np.array_equal(found[:, 6:], x[:, 6:])


@given(st.integers(0, 1000), st.integers(0, 1000), st.sampled_from(["half", "pairs"]))
def test_rotated_products_depend_on_distance_alone(p, q, layout):
    """q at p times k at p + n is the same wherever p is: Su et al. 2021, equation 16."""
    a, b = RANDOM.normal(size=(2, 1, 6))
    text = "rotary(a, first={}, layout={}) @ rotary(b, first={}, layout={}).T"
    assert np.allclose(*(final(text.format(n, layout, n + 5, layout), a=a, b=b) for n in (p, q)), atol=1e-9)


def test_what_rotary_refuses():
    with pytest.raises(InputError, match="cannot turn 7 columns in pairs"):
        final("rotary(x)", x=np.ones((2, 7)))
    for text, says in (
        ("rotary(x, dims=3)", "even"),
        ("rotary(x, base=0)", "above 0"),
        ("rotary(x, layout=whole)", "half or pairs"),
        ("rotary(x, 3)", "takes 1"),
    ):
        with pytest.raises(InputError, match=says):
            final(text, x=np.ones((2, 4)))


def test_norms_leave_out_what_a_mask_removed():
    row = final("layernorm(tril(x))", x=X)[2]
    kept = X[2, :3]
    assert np.allclose(row[:3], (kept - kept.mean()) / math.sqrt(kept.var() + 1e-5), rtol=1e-12)
    assert (row[3:] == 0).all()


def test_large_negative_rows_are_not_swamped_by_absent_entries():
    found = final("softmax(tril(x))", x=[[-900.0, 0.0], [-900.0, -901.0]])
    assert np.allclose(found, [[1, 0], [1 / (1 + math.exp(-1)), 1 / (1 + math.e)]], rtol=1e-13)


# Defects of mm


def test_causal_softmax_is_right_where_height_exceeds_width():
    """mm leaves the rows below the square without their full sum."""
    found = final(
        "softmax(tril(q @ key / sqrt(k)))", q=RANDOM.normal(size=(6, 2)), key=RANDOM.normal(size=(2, 3))
    )
    assert np.allclose(found.sum(axis=1), 1, rtol=1e-14)


def test_a_name_used_twice_is_the_same_draw():
    """mm draws two matrices."""
    root = stage(parse("X @ X.T"))
    assert leaf_names(root) == ("X",)
    product = evaluate(root, {"X": RANDOM.normal(size=(3, 4))})[root].final
    assert np.array_equal(product, product.T)


# Partial sums


# What cannot be evaluated


def ones(*shape):
    return np.ones(shape)


@pytest.mark.parametrize(
    ("text", "leaves", "says"),
    [
        ("softmax(Q @ K / 4)", {"Q": ones(16, 32), "K": ones(16, 32)},
         "Q @ K: (16, 32) times (16, 32) does not multiply: the inner dimensions 32 and 16 differ; "
         "K.T has shape (32, 16)"),
        ("Q.T @ K", {"Q": ones(4, 5), "K": ones(5, 6)},
         "Q.T @ K: (5, 4) times (5, 6) does not multiply: the inner dimensions 4 and 5 differ; "
         "Q has shape (4, 5)"),
        ("(A @ A) @ relu(B)", {"A": ones(2, 2), "B": ones(3, 4)}, "(A @ A) @ (relu(B)): (2, 2) times (3, 4)"),
        ("(h = A @ A) @ B", {"A": ones(2, 2), "B": ones(3, 4)}, "h @ B: (2, 2) times (3, 4)"),
        ("A + B", {"A": ones(2, 3), "B": ones(2, 4)}, "A + B: (2, 3) and (2, 4) do not fit for +"),
        ("A * B", {"A": ones(2, 3), "B": ones(3, 4)}, "a matrix product is written @"),
        ("concat(A, B)", {"A": ones(2, 3), "B": ones(3, 3)}, "expected the same number of rows"),
        ("concat(A, B, axis=0)", {"A": ones(2, 3), "B": ones(2, 4)}, "expected the same number of columns"),
        ("A[0:9, :]", {"A": ones(2, 3)}, "rows 0:9 of A, which has 2; expected a range in 0:2"),
        ("A[:, 2:2]", {"A": ones(2, 3)}, "columns 2:2 of A, which has 3"),
        ("A[-3, :]", {"A": ones(2, 3)}, "rows -3:-2 of A, which has 2"),
        ("A @ Bias", {"A": ones(2, 2), "bias": ones(2, 2)}, 'matrix "Bias" of the expression is not given; '
         'did you mean "bias"?'),
        ("A / k", {"A": ones(2, 2)}, "character 5"),
        ("A @ B / k + C @ D / k", {n: ones(2, 2) for n in "ABC"}, 'matrix "D"'),
        ("(A @ B + C @ A) / k", {"A": ones(2, 3), "B": ones(3, 3), "C": ones(2, 2)}, "not one such product"),
        ("A / 0 @ B", {"A": ones(2, 2), "B": ones(2, 2)}, "A / 0: inf at row 0, column 0"),
        ("A @ B / sqrt(k - 2)", {"A": ones(2, 2), "B": ones(2, 2)}, "A @ B / sqrt(k - 2): inf at row 0"),
        ("A @ B / sqrt(k - 3)", {"A": ones(2, 2), "B": ones(2, 2)}, "sqrt(k - 3) is not a finite number"),
        ("exp(A @ B)", {"A": [[1.0], [900.0]], "B": [[1.0, 2.0]]}, "exp(A @ B): inf at row 1, column 0"),
        ("relu(A) @ A", {"A": [[1, np.nan], [0, 1]]}, "A: nan at row 0, column 1"),
        ("tanh(A @ A)", {"A": [[1e200]]}, "A @ A: inf at row 0, column 0"),
        ("sqrt(A)", {"A": [[1.0, -1.0]]}, "sqrt(A): nan at row 0, column 1"),
        ("A", {"A": ones(3)}, "A: expected a matrix of real numbers, found float64 of shape (3,)"),
        ("A", {"A": ones(0, 3)}, "expected a shape of rows and columns, found (0, 3)"),
    ],
)  # fmt: skip
def test_errors_name_the_sub_expression(text, leaves, says):
    message = refused(text, **leaves)
    assert says in message
    assert message.startswith(says) or " at row " not in says  # the innermost one that is not finite


def test_complex_and_text_matrices_are_refused():
    for values in (np.ones((2, 2), complex), np.array([["a"]])):
        with pytest.raises(InputError, match="expected a matrix of real numbers"):
            evaluate(stage(parse("A")), {"A": values})


def test_shared_results_are_worked_out_once():
    """A name used twice at every level would take 2^50 steps if it were walked as a tree."""
    doubled = [f"(n{m} = n{m - 1} + n{m - 1})" for m in range(1, 50)]
    root = stage(parse(" + ".join(["(n0 = A + A)", *doubled])))
    assert evaluate(root, {"A": np.ones((1, 1))})["n49"].final[0, 0] == 2.0**50
    assert len(stages_of(root)) == 1 + 50 + 49
