"""Made-up matrices: mm's formulas, ours, seeds, formulas in i, j, h, w, and refusals."""

import math

import numpy as np
import pytest
from matrix_cinema.algebra.initialise import INITIALISERS, initialise
from matrix_cinema.description.scene import MatrixOptions
from matrix_cinema.errors import InputError

H, W = 5, 7
UNIT = {"min": 0.0, "max": 1.0}


def make(init, shape=(H, W), key="A", **fields):
    return initialise(MatrixOptions(init=init, shape=shape, **fields), shape, key)


def by_entry(formula, shape=(H, W)):
    return np.array([[formula(i, j, *shape) for j in range(shape[1])] for i in range(shape[0])], float)


@pytest.mark.parametrize(
    ("init", "formula"),
    [
        ("rows", lambda i, j, h, w: i / (h - 1)),
        ("cols", lambda i, j, h, w: j / (w - 1)),
        ("row major", lambda i, j, h, w: (i * w + j) / (h * w - 1)),
        ("col_major", lambda i, j, h, w: (j * h + i) / (h * w - 1)),
        ("tril mask", lambda i, j, h, w: j <= i),
        ("triu_mask", lambda i, j, h, w: j >= i),
        ("eye", lambda i, j, h, w: i == j),
        ("diff", lambda i, j, h, w: 1 if i == j else -1 if i == j + 1 else 0),
        ("i_stripes(2)", lambda i, j, h, w: -2 * (i // 2 % 2) + 1),
        ("j stripes(3)", lambda i, j, h, w: -2 * (j // 3 % 2) + 1),
        ("sinusoidal", lambda i, j, h, w:
            (math.cos if j % 2 else math.sin)(i / 10000 ** (2 * (j // 2) / w))),
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(5, 7), (7, 5), (4, 4)])
def test_patterns_have_their_formulas(init, formula, shape):
    assert np.allclose(make(init, shape, **UNIT), by_entry(formula, shape), rtol=0, atol=1e-15)


def test_stripes_are_eight_wide():
    assert make("i_stripes", (20, 1))[:, 0].tolist() == [1.0] * 8 + [-1.0] * 8 + [1.0] * 4
    assert np.array_equal(make("j_stripes", (3, 20)), make("i_stripes", (20, 3)).T)
    assert np.array_equal(make("i_stripes", (20, 3)), make("expr: -2 * (trunc(i / 8) % 2) + 1", (20, 3)))


@pytest.mark.parametrize("init", ["rows", "cols", "row_major", "col_major"])
def test_one_row_or_column_starts_at_the_minimum(init):
    assert make(init, (1, 1), min=-3.0, max=5.0).tolist() == [[-3.0]]


RANGED = ["rows", "cols", "row_major", "col_major", "uniform", "gaussian", "toeplitz"]


@pytest.mark.parametrize("init", RANGED)
def test_min_and_max_stretch_what_runs_from_0_to_1(init):
    unit = make(init, **UNIT)
    assert np.allclose(make(init, min=-3.0, max=5.0), -3 + 8 * unit, rtol=0, atol=1e-14)
    assert (make(init, min=2.0, max=1.0) == 2).all()  # mm's max(0, max − min)


@pytest.mark.parametrize("init", sorted(set(INITIALISERS) - {*RANGED, "banded"}))
def test_min_and_max_leave_the_others_alone(init):
    assert np.array_equal(make(init, min=-3.0, max=5.0), make(init))


def test_distributions():
    big = (300, 400)
    uniform = make("uniform", big, **UNIT)
    assert 0 <= uniform.min() < 1e-3 and 0.999 < uniform.max() < 1 and abs(uniform.mean() - 0.5) < 0.005
    gaussian = make("gaussian", big)  # between −1 and 1: N(0, 1), not truncated
    assert abs(gaussian.mean()) < 0.01 and abs(gaussian.std() - 1) < 0.01 and gaussian.max() > 3
    assert np.allclose(make("normal(3, 0.5)", big), 3 + 0.5 * make("normal", big), rtol=1e-14)
    assert abs(make("normal", big).std() - 1) < 0.01


def test_fan_in_is_the_number_of_inputs():
    """mm's pt linear divides by the width, which for a right matrix is its outputs."""
    tall, wide = make("pt linear", (400, 25)), make("pt linear", (25, 400))
    assert 0.99 / 20 < np.abs(tall).max() < 1 / 20 and 0.99 / 5 < np.abs(wide).max() < 1 / 5
    assert np.allclose(make("pt_linear(100)", (400, 25)), 2 * tall, rtol=1e-14)
    assert make("he", (400, 300)).std() == pytest.approx(math.sqrt(2 / 400), rel=0.01)
    assert make("he_uniform", (400, 300)).std() == pytest.approx(math.sqrt(2 / 400), rel=0.01)
    assert make("he(8)", (400, 300)).std() == pytest.approx(0.5, rel=0.01)
    for init in ("xavier", "xavier_normal"):
        assert make(init, (400, 300)).std() == pytest.approx(math.sqrt(2 / 700), rel=0.01)
    assert np.abs(make("xavier", (400, 300))).max() < math.sqrt(6 / 700)


def test_structured_matrices():
    toeplitz = make("toeplitz")
    assert np.array_equal(toeplitz[1:, 1:], toeplitz[:-1, :-1]) and len(np.unique(toeplitz)) == H + W - 1
    banded = make("banded(2)", min=1.0, max=2.0)
    assert np.array_equal(banded != 0, by_entry(lambda i, j, h, w: abs(i - j) <= 2) == 1)
    assert banded.max() < 2 and banded[banded != 0].min() >= 1
    assert np.linalg.matrix_rank(make("low_rank(3)", (20, 30))) == 3
    assert make("low_rank(50)", (200, 300)).std() == pytest.approx(1, rel=0.1)
    assert np.linalg.matrix_rank(make("low_rank", (3, 2))) == 2
    for shape in ((6, 4), (4, 6)):
        q = make("orthogonal", shape)
        assert np.allclose(q.T @ q if shape == (6, 4) else q @ q.T, np.eye(4), atol=1e-14)
    one_hot = make("one_hot", (50, 7))
    assert (one_hot.sum(axis=1) == 1).all() and set(np.unique(one_hot)) == {0.0, 1.0}
    assert len(set(one_hot.argmax(axis=1))) == 7


RANDOM = ["uniform", "gaussian", "pt_linear", "normal", "xavier", "xavier_normal", "he", "he_uniform",
          "toeplitz", "banded", "low_rank", "orthogonal", "one_hot", "expr: random()"]  # fmt: skip


@pytest.mark.parametrize("init", RANDOM)
def test_draws_depend_on_seed_and_name_alone(init):
    first = make(init, (30, 20))
    assert np.array_equal(first, make(init, (30, 20)))
    assert not np.array_equal(first, make(init, (30, 20), key="B"))
    assert not np.array_equal(first, make(init, (30, 20), seed=1))


UNIFORM = [[0.4375361175914174, 0.9988817517350577, 0.7338520742659653]]
NORMAL = [[-0.34779273401533434, -1.5325480052957812, 0.1609437219876722]]
ONE_HOT = [4, 3, 0, 4, 2, 4]


def test_draws_are_the_same_on_every_machine():
    """Written down once; another NumPy or another Python must repeat them."""
    assert make("uniform", (1, 3), key="W", seed=7).tolist() == UNIFORM
    assert make("normal", (1, 3), key="W", seed=7).tolist() == NORMAL
    assert make("one_hot", (6, 5), key="W", seed=7).argmax(axis=1).tolist() == ONE_HOT


def test_dropout_zeroes_entries_with_its_probability():
    whole, dropped = make("normal", (200, 200)), make("normal", (200, 200), dropout=0.25)
    gone = dropped == 0
    assert abs(gone.mean() - 0.25) < 0.01
    assert np.array_equal(dropped[~gone], whole[~gone])
    assert (make("rows", dropout=1.0) == 0).all()
    for init in ("tril_mask", "triu_mask", "eye", "diff", "expr: i + 1"):
        assert np.array_equal(make(init, dropout=1.0), make(init))


@pytest.mark.parametrize(
    ("formula", "function"),
    [
        ("i*w+j", lambda i, j, h, w: i * w + j),
        ("-2 * (trunc(i/8) % 2) + 1", lambda i, j, h, w: -2 * (i // 8 % 2) + 1),
        ("cos(pi * (j + 0.5) * i / h)", lambda i, j, h, w: math.cos(math.pi * (j + 0.5) * i / h)),
        ("(i < j) - (i >= j) * 2", lambda i, j, h, w: (i < j) - 2 * (i >= j)),
        ("(i == j) + (i != j) * 0.5 + (j <= 1) + (h > w)",
         lambda i, j, h, w: (i == j) + (i != j) * 0.5 + (j <= 1) + (h > w)),
        ("min(i, j) - max(i, 2)**2", lambda i, j, h, w: min(i, j) - max(i, 2) ** 2),
        ("where(j // 2 == 1, exp(-i), log(i + 1))",
         lambda i, j, h, w: math.exp(-i) if j // 2 == 1 else math.log(i + 1)),
        ("sign(i - 2) + floor(j / 2) + ceil(j / 3) + round(i / 4) + abs(i - j)",
         lambda i, j, h, w: (i > 2) - (i < 2) + j // 2 + -(-j // 3) + round(i / 4) + abs(i - j)),
        ("sin(j / 10000**(i / h)) + sqrt(tan(0.5)) + tanh(i)",
         lambda i, j, h, w: math.sin(j / 10000 ** (i / h)) + math.sqrt(math.tan(0.5)) + math.tanh(i)),
        ("3", lambda i, j, h, w: 3),
        ("(i - 3) % 2", lambda i, j, h, w: (i - 3) % 2),
    ],
)  # fmt: skip
def test_formulas(formula, function):
    assert np.allclose(make(f"expr: {formula}"), by_entry(function), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    ("init", "says"),
    [
        ("gausian", 'A: init: unknown initialiser "gausian"; did you mean "gaussian"?'),
        ("", "unknown initialiser"),
        ("eye\neye", "expected the name of an initialiser"),
        ("eye" * 100, "expected the name of an initialiser"),
        ("low_rank(9)", "the rank 9 must be a whole number from 1 to 5"),
        ("low_rank(1.5)", "the rank 1.5 must be a whole number"),
        ("low_rank(1, 2)", "gives 2 numbers; low_rank takes rank"),
        ("eye(3)", "gives 1 numbers; eye takes no numbers"),
        ("he(0)", "the fan-in 0 must be a whole number from 1"),
        ("he(many)", '"many" in "he(many)" is not a number'),
        ("normal(nan)", '"nan" in "normal(nan)" is not a number'),
        ("he(3", "no closing bracket"),
        ("expr:", "empty"),
        ("expr: i +", "A: init, character 4"),
        ("expr: x", 'unknown name "x"; known names: h, i, j, pi, w'),
        ("expr: Math.sin(i)", 'unexpected "."'),
        ("expr: relu(i)", 'unknown function "relu"'),
        ("expr: i @ j", "not part of the language"),
        ("expr: i[0]", 'unexpected "["'),
        ("expr: (i = 3)", 'unexpected "="'),
        ("expr: lambda: 0", 'unexpected ":"'),
        ("expr: 0 < i < 2", "not part of the language"),
        ("expr: 1 / j", "inf at i = 0, j = 0"),
        ("expr: 1 / (i - 2) / (j + 1)", "inf at i = 2, j = 0"),
        ("expr: exp(exp(exp(i + j)))", "inf at i = 0, j = 2"),
    ],
)
def test_refusals(init, says):
    with pytest.raises(InputError) as error:
        make(init)
    assert says in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("shape", [(3,), (0, 3), (2, -1), (2, 3, 4), (1 << 20, 1 << 20)])
def test_impossible_shapes_are_refused(shape):
    with pytest.raises(InputError, match="A: init: "):
        make("uniform", shape)


@pytest.mark.parametrize(
    ("init", "shape", "message"),
    [
        ("orthogonal", (8192, 8192), "orthogonal of 8192 x 8192 takes 549,755,813,888 multiplications"),
        ("low_rank(8192)", (8192, 8192), r"low_rank\(8192\) of 8192 x 8192 takes"),
        ("expr: i*j + i*j + i*j", (8192, 8192), "11 numbers, names and operations on 8192 x 8192 entries"),
    ],
)
def test_work_without_end_is_refused_before_it_begins(init, shape, message, monkeypatch):
    monkeypatch.setattr("matrix_cinema.algebra.initialise._generator", lambda *_: None)  # nothing is drawn
    with pytest.raises(InputError, match=message):
        initialise(MatrixOptions(init=init, shape=shape), shape, "A")
