"""Made-up matrices: patterns, random draws and formulas, the same for the same seed everywhere.

Every matrix draws from a random stream of its own, keyed by its seed and its name. So two matrices differ,
and a matrix stays the same when others come and go.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..description.scene import MatrixOptions
from ..errors import InputError, nearest
from .formulas import evaluate_formula

MOST_INITIAL_ENTRIES = 1 << 27
MOST_INITIAL_WORK = 2**34  # multiplications for one matrix: some seconds


def initialise(spec: MatrixOptions, shape: tuple[int, int], key: str) -> np.ndarray:
    """The matrix that `spec.init` describes, float64 of `shape` (rows, columns).

    `spec` has the options of a scene's matrix: init, min, max, dropout and seed; `key` is the matrix's name.
    `init` is one of INITIALISERS, with numbers in brackets where it takes some, as in "low_rank(4)" (mm's
    names with spaces are known too), or "expr: " and a formula. `min` and `max` are the range of patterns and
    uniform draws. `dropout` sets entries to zero with that probability, except in masks, eye, diff and
    formulas. Raises InputError for another init, and for more entries or work than MOST_INITIAL_ENTRIES and
    MOST_INITIAL_WORK.
    """
    where = f"{key}: init"
    height, width = _checked(shape, where)
    name, colon, formula = spec.init.partition(":")
    if name.strip() == "expr" and colon:
        return evaluate_formula(formula.strip(), (height, width), _generator(spec.seed, key), where)
    made, numbers = _parsed(spec.init, where)
    draw = Draw(height, width, spec.min, max(spec.min, spec.max), _generator(spec.seed, key), where)
    entries = np.broadcast_to(np.asarray(made.make(draw, *numbers), np.float64), (height, width)).copy()
    if made.ranged:
        entries = draw.low + (draw.high - draw.low) * entries
    if made.drops and spec.dropout > 0:
        # Dropout draws from a stream of its own, so that the entries that stay do not change.
        entries[_generator(spec.seed, f"{key}\ndropout").random((height, width)) < spec.dropout] = 0.0
    return entries


@dataclass(frozen=True)
class Draw:
    """What an initialiser may use: the size, the range and the random stream."""

    height: int
    width: int
    low: float
    high: float
    random: np.random.Generator
    where: str

    @property
    def i(self) -> np.ndarray:
        return np.arange(self.height, dtype=np.float64)[:, None]

    @property
    def j(self) -> np.ndarray:
        return np.arange(self.width, dtype=np.float64)[None, :]

    @property
    def shape(self) -> tuple[int, int]:
        return (self.height, self.width)

    def require_work(self, each: int, what: str) -> None:
        """Raise InputError where `each` multiplications for every entry are too many."""
        work = each * self.height * self.width
        if work > MOST_INITIAL_WORK:
            raise InputError(
                f"{self.where}: {what} of {self.height} x {self.width} takes {work:,} multiplications; "
                f"the most is {MOST_INITIAL_WORK:,}"
            )


@dataclass(frozen=True)
class Initialiser:
    """`make(draw, *numbers)` makes the entries. `numbers` are (name, default); the default None is found from
    the shape. `ranged`: entries are made from 0 to 1, and min and max stretch them. `drops`: dropout applies.
    """

    make: Callable
    numbers: tuple = ()
    ranged: bool = False
    drops: bool = True


def _low_rank(draw, rank):
    """The product of two normal factors, scaled so that entries have variance 1."""
    most = min(draw.shape)
    rank = min(4, most) if rank is None else _count(rank, "rank", draw, most=most)
    draw.require_work(rank, f"low_rank({rank})")
    left = draw.random.standard_normal((draw.height, rank))
    return left @ draw.random.standard_normal((rank, draw.width)) / math.sqrt(rank)


def _orthogonal(draw):
    """Orthonormal rows or columns, whichever are fewer, uniform over all such (Mezzadri 2007)."""
    draw.require_work(min(draw.shape), "orthogonal")
    tall = draw.random.standard_normal((max(draw.shape), min(draw.shape)))
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return q if draw.height >= draw.width else q.T


def _sinusoidal(draw):
    """Positions down, dimensions across: Vaswani et al. 2017, section 3.5."""
    angle = draw.i / 10000.0 ** (2 * (draw.j // 2) / draw.width)
    return np.where(draw.j % 2 == 0, np.sin(angle), np.cos(angle))


def _toeplitz(draw):
    diagonals = draw.random.random(draw.height + draw.width - 1)
    return diagonals[(draw.i - draw.j).astype(int) + draw.width - 1]


def _banded(draw, reach):
    """Uniform between min and max where |i − j| ≤ reach, otherwise zero."""
    entries = draw.low + (draw.high - draw.low) * draw.random.random(draw.shape)
    return np.where(np.abs(draw.i - draw.j) <= _count(reach, "reach", draw, least=0), entries, 0.0)


def _stripes(index, width, draw):
    """1 and −1 by turns, `width` rows or columns each."""
    return 1.0 - 2.0 * (index // _count(width, "width", draw) % 2)


def _symmetric(draw, bound):
    return bound * (2.0 * draw.random.random(draw.shape) - 1.0)


def _fan_in(given, draw):
    """How many inputs each output sums: the rows of a right matrix, unless given."""
    return draw.height if given is None else _count(given, "fan-in", draw)


def _xavier(draw):
    """The standard deviation of Glorot and Bengio 2010, equation 12: √(2 / (fan-in + fan-out))."""
    return math.sqrt(2.0 / (draw.height + draw.width))


def _he(draw, fan_in):
    """The standard deviation of He et al. 2015, equation 10: √(2 / fan-in)."""
    return math.sqrt(2.0 / _fan_in(fan_in, draw))


def _ramp(index, size):
    return index / max(size - 1, 1)


_FAN_IN = (("fan-in", None),)
INITIALISERS = {
    # mm's
    "rows": Initialiser(lambda d: _ramp(d.i, d.height), ranged=True),
    "cols": Initialiser(lambda d: _ramp(d.j, d.width), ranged=True),
    "row_major": Initialiser(lambda d: _ramp(d.i * d.width + d.j, d.height * d.width), ranged=True),
    "col_major": Initialiser(lambda d: _ramp(d.j * d.height + d.i, d.height * d.width), ranged=True),
    "uniform": Initialiser(lambda d: d.random.random(d.shape), ranged=True),
    "gaussian": Initialiser(lambda d: 0.5 + 0.5 * d.random.standard_normal(d.shape), ranged=True),
    "pt_linear": Initialiser(lambda d, n: _symmetric(d, 1 / math.sqrt(_fan_in(n, d))), _FAN_IN),
    "tril_mask": Initialiser(lambda d: d.j <= d.i, drops=False),
    "triu_mask": Initialiser(lambda d: d.j >= d.i, drops=False),
    "eye": Initialiser(lambda d: d.i == d.j, drops=False),
    "diff": Initialiser(lambda d: 1.0 * (d.i == d.j) - (d.i == d.j + 1), drops=False),
    "i_stripes": Initialiser(lambda d, n: _stripes(d.i, n, d), (("width", 8),)),
    "j_stripes": Initialiser(lambda d, n: _stripes(d.j, n, d), (("width", 8),)),
    # ours
    "normal": Initialiser(
        lambda d, mean, deviation: mean + deviation * d.random.standard_normal(d.shape),
        (("mean", 0.0), ("deviation", 1.0)),
    ),
    "xavier": Initialiser(lambda d: _symmetric(d, math.sqrt(3) * _xavier(d))),
    "xavier_normal": Initialiser(lambda d: _xavier(d) * d.random.standard_normal(d.shape)),
    "he": Initialiser(lambda d, n: _he(d, n) * d.random.standard_normal(d.shape), _FAN_IN),
    "he_uniform": Initialiser(lambda d, n: _symmetric(d, math.sqrt(3) * _he(d, n)), _FAN_IN),
    "toeplitz": Initialiser(_toeplitz, ranged=True),
    "banded": Initialiser(_banded, (("reach", 1),)),
    "low_rank": Initialiser(_low_rank, (("rank", None),)),
    "orthogonal": Initialiser(_orthogonal),
    "sinusoidal": Initialiser(_sinusoidal),
    "one_hot": Initialiser(lambda d: d.random.integers(d.width, size=d.height)[:, None] == d.j),
}


def _parsed(text, where):
    """The initialiser that a text names and its numbers, defaults filled in."""
    if len(text) > 80 or not text.isprintable():
        raise InputError(f"{where}: expected the name of an initialiser or expr: and a formula")
    name, bracket, rest = text.strip().partition("(")
    name = "_".join(name.lower().replace("_", " ").split())
    if name not in INITIALISERS:
        hint = nearest(name, [*INITIALISERS, "expr:"], "known ones")
        raise InputError(f'{where}: unknown initialiser "{text}"; {hint}')
    made = INITIALISERS[name]
    if bracket and not rest.endswith(")"):
        raise InputError(f'{where}: "{text}" has no closing bracket')
    given = [part.strip() for part in rest[:-1].split(",")] if rest[:-1].strip() else []
    if len(given) > len(made.numbers):
        takes = ", ".join(n for n, _ in made.numbers) or "no numbers"
        raise InputError(f'{where}: "{text}" gives {len(given)} numbers; {name} takes {takes}')
    return made, [_number(part, text, where) for part in given] + [n for _, n in made.numbers[len(given) :]]


def _number(part, text, where):
    try:
        number = float(part)
    except ValueError:
        number = math.nan
    if not abs(number) <= 1e12:
        raise InputError(f'{where}: "{part}" in "{text}" is not a number up to 1e12')
    return number


def _count(number, what, draw, least=1, most=10**12):
    if number != int(number) or not least <= number <= most:
        raise InputError(f"{draw.where}: the {what} {number:g} must be a whole number from {least} to {most}")
    return int(number)


def _checked(shape, where):
    if len(shape) != 2 or any(n != int(n) or n < 1 for n in shape):
        raise InputError(f"{where}: expected a shape of rows and columns, like [32, 24]; found {list(shape)}")
    if shape[0] * shape[1] > MOST_INITIAL_ENTRIES:
        raise InputError(
            f"{where}: {shape[0]} by {shape[1]} entries are too many; the most is {MOST_INITIAL_ENTRIES}"
        )
    return int(shape[0]), int(shape[1])


def _generator(seed, key):
    """The random stream of a (seed, key). The digest is the same in every run, which hash() is not."""
    digest = hashlib.sha256(f"{seed}\n{key}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
