"""Scales turn values into colours and sizes: a colour map, and a range of magnitudes.

Signed values have a map with zero in its middle and a symmetric range; probabilities have an unsigned map
from 0 to 1. The ranges by sensitivity are those of mm: with a = |x|, an element's magnitude is (a - low) /
(high - low).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..description.matrices import LabelledMatrix
from ..description.scene import Scene
from ..description.style import Style
from ..kinds.places import Plane
from ..kinds.stage import Stage, stages_of
from ..kinds.values import Evaluation
from ..look.color_maps import color_map, zero_of
from ..look.styles import map_called
from .layout.arrangement import Arrangement
from .pooling import Pool, drawn_values

SUM_SIGNS = ("+", "−")  # the signs of sums and differences
MASKING = ("tril", "triu", "window", "padded")  # functions that leave values as they are


@dataclass(frozen=True)
class Scale:
    """A scale: the `low` and `high` magnitudes; `clip` is the percentile of `high`, 100 for the largest."""

    low: float
    high: float
    color_map: str
    clip: float = 100.0

    @property
    def zero(self) -> float:
        """The place of zero in the colour map, 0 to 1."""
        return zero_of(self.color_map)


@dataclass(frozen=True)
class Scales:
    """The scales of finished values, raw values and products, each by the names of stages."""

    final: dict[str, Scale]
    raw: dict[str, Scale]
    products: dict[str, Scale]


def exchanged_maps(before: Scales, after: Scales) -> dict[str, str] | None:
    """{colour map before: colour map after} if only colour maps differ. None if a range, a kind of map, or
    the sharing of maps differs too."""
    maps: dict[str, str] = {}
    for kind in ("final", "raw", "products"):
        old, new = getattr(before, kind), getattr(after, kind)
        for name, scale in old.items():
            other = new[name]
            if replace(scale, color_map="") != replace(other, color_map="") or scale.zero != other.zero:
                return None
            if maps.setdefault(scale.color_map, other.color_map) != other.color_map:
                return None
    return maps if len(set(maps.values())) == len(maps) else None


def extent(values: np.ndarray, clip: float = 100.0) -> tuple[float, float]:
    """The smallest magnitude of an array and its largest, (0, 0) when it is empty.

    With `clip` the largest is that percentile of the magnitudes, unless that is 0.
    """
    size = np.abs(values)
    if not size.size:
        return 0.0, 0.0
    high = float(np.percentile(size, clip)) if clip < 100.0 else 0.0
    return float(size.min()), high or float(size.max())


def matrix_scale(
    magnitudes: tuple[float, float], overall: float, sensitivity: str, color_map: str, clip: float = 100.0
) -> Scale:
    """The scale of a matrix with `magnitudes` (low, high) in a scene that reaches `overall`.

    local: up to its own largest magnitude; global: up to the scene's; semilocal: up to the geometric mean of
    both; superlocal: from its own smallest to its own largest. The largest is the percentile `clip`.
    """
    low, high = magnitudes
    high = {"global": overall, "semilocal": float(np.sqrt(high * overall))}.get(sensitivity, high)
    low = low if sensitivity == "superlocal" and low < high else 0.0
    return Scale(low, high or 1.0, color_map, clip)


def product_scale(
    left: np.ndarray, right: np.ndarray, percentile: float, color_map: str, budget: int = 1_000_000
) -> Scale:
    """The scale of left[i, k] · right[k, j]: the `percentile` of the products' magnitudes.

    It is exact for up to `budget` products. For more, every n-th row and column is used, but the largest
    product (percentile 100) is still exact.
    """
    if percentile >= 100.0:
        largest = float((np.abs(left).max(axis=0) * np.abs(right).max(axis=1)).max())
        return Scale(0.0, largest or 1.0, color_map)
    stride = max(1, int(np.ceil(np.sqrt(left.shape[0] * left.shape[1] * right.shape[1] / budget))))
    products = np.abs(left[::stride, :, None] * right[None, :, ::stride])
    high = float(np.percentile(products, percentile)) or float(products.max())
    return Scale(0.0, high or 1.0, color_map, percentile)


def crowding(
    left: np.ndarray, right: np.ndarray, scale: Scale, smallest: float, width: float, sample: int = 32
) -> float:
    """About how many of the products left[i, k] · right[k, j] a line of sight through their cuboid meets.

    It is the side of the cuboid, in products, times the part of its cell that a product covers on average.
    `width` is the width of the largest product, `smallest` the least width relative to that; sizes follow the
    square root of the magnitude. `sample` rows, columns and inner indices stand for all.
    """
    side = (left.size * right.shape[1]) ** (1 / 3)
    i, k, j = (max(1, n // sample) for n in (*left.shape, right.shape[1]))
    products = np.abs(left[::i, ::k, None] * right[None, ::k, ::j])
    sizes = smallest + (1 - smallest) * np.sqrt(np.clip(products / scale.high, 0, 1))
    return float(side * np.pi / 4 * width**2 * np.mean(np.where(products > 0, sizes, 0) ** 2))


def is_probability(stage: Stage, given: Collection[str] = ()) -> bool:
    """Whether a stage's final values are the output of a softmax, so between 0 and 1.

    This includes parts and masked forms of such a stage. `given` are the names of given probabilities.
    """
    if not stage.operands:
        return stage.name in given
    steps = [step.function for step in stage.epilogue if step.function not in MASKING]
    if steps:
        return steps[-1] == "softmax"
    return bool(stage.unchanged) and all(is_probability(side.stage, given) for side in stage.unchanged)


def scales_of(
    scene: Scene,
    style: Style,
    evaluation: Evaluation,
    given: Mapping[str, LabelledMatrix],
    arrangement: Arrangement,
    pools: Sequence[Pool],
) -> Scales:
    """The Scales of a scene's stages; the stages of a stack share a scale. A pooled matrix has the range of
    its beads. The range of the whole scene is that of the matrices that are seen. Raises InputError for an
    unknown colour map."""
    look, stages = scene.look, stages_of(evaluation.root)
    signed = _known(look.color_map or style.signed_map, style, "look: color_map")
    unsigned = _known(look.probability_map or style.unsigned_map, style, "look: probability_map")
    probable = {name for name, matrix in given.items() if matrix.probability}
    drawn: dict[str, list[tuple[Plane, Pool]]] = {}
    for plane, pool in zip(arrangement.planes, pools, strict=True):
        drawn.setdefault(plane.stage.name, []).append((plane, pool))

    def extent_of(stage, values):
        mask = evaluation[stage].mask
        shown = [drawn_values(values, plane, pool, mask) for plane, pool in drawn[stage.name]]
        return extent(np.concatenate(shown), look.clip)

    seen = {plane.stage.name for plane in arrangement.seen}
    overall = max((extent_of(s, evaluation[s].final)[1] for s in stages if s.name in seen), default=0.0)

    def matrix(stage, values, choice):
        return matrix_scale(extent_of(stage, values), overall, look.sensitivity, choice, look.clip)

    scales = Scales({}, {}, {})
    for s in stages:
        chosen = s.options(scene).color_map
        choice = _known(chosen, style, f"{s.name}: color_map") if chosen else ""
        if is_probability(s, probable):
            scales.final[s.name] = Scale(0.0, 1.0, choice or unsigned)
        else:
            scales.final[s.name] = matrix(s, evaluation[s].final, choice or signed)
        if s.operands:
            raw = matrix(s, evaluation[s].raw, signed) if s.epilogue else scales.final[s.name]
            scales.raw[s.name] = raw
        if s.has_interior:
            left, right = (side.final for side in evaluation.sides(s))
            scales.products[s.name] = product_scale(left, right, look.product_clip, signed)
    for by_name in (scales.final, scales.raw, scales.products):
        _share(by_name, _stacks(by_name, stages))
    _share_in_sums(scales, stages)
    return scales


def _known(name, style, where):
    """The name of a colour map in this style. Raises InputError for an unknown one."""
    color_map(name, where)
    return map_called(name, style)


def _stacks(scales, stages):
    stacks: dict[str, list[str]] = {}
    for s in stages:
        if s.name in scales and s.of:
            stacks.setdefault(s.of, []).append(s.name)
    return list(stacks.values())


def _share(scales, groups):
    """Give all scales of each group of keys the largest range among them."""
    for keys in groups:
        low, high = min(scales[key].low for key in keys), max(scales[key].high for key in keys)
        scales |= {key: replace(scales[key], low=low, high=high) for key in keys}


def _share_in_sums(scales, stages):
    """Give a sum and its terms one range, so that the output of heads can be compared with the stream that it
    is added to. Sums that share a term, or terms of one stack, share the range too."""
    known = {("final", name): scale for name, scale in scales.final.items()}
    known |= {("raw", name): scale for name, scale in scales.raw.items()}
    groups = [[("raw", s.name), ("final", s.name)] for s in stages if s.operands and not s.epilogue]
    for s in (stage for stage in stages if stage.sign in SUM_SIGNS):
        terms = {operand.stage.name for operand in s.operands}
        stacks = {stage.of for stage in stages if stage.of and stage.name in terms}
        terms |= {stage.name for stage in stages if stage.of in stacks}
        keys = [("raw", s.name), *(("final", name) for name in terms)]
        groups.append([key for key in keys if known[key].color_map == known[keys[0]].color_map])
    _share(known, _joined(groups))
    scales.final.update({name: scale for (when, name), scale in known.items() if when == "final"})
    scales.raw.update({name: scale for (when, name), scale in known.items() if when == "raw"})


def _joined(groups: Iterable[Iterable[tuple[str, str]]]) -> list[set[tuple[str, str]]]:
    """The groups, with those that share an item joined into one."""
    joined: list[set[tuple[str, str]]] = []
    for group in map(set, groups):
        meeting = [other for other in joined if other & group]
        joined = [other for other in joined if not other & group] + [group.union(*meeting)]
    return joined
