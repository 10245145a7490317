"""A Why explains an entry of a product by the products that add up to it, the largest first."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..attention.tokens import as_labels
from ..errors import InputError
from ..kinds.stage import Stage
from .camera.views import names_of
from .selections import ends_of, selections
from .writing.captions import labels_of, title_of
from .writing.numerals import alike, number

NAMED = 3  # how many products are named


@dataclass(frozen=True, eq=False)
class Why:
    """Entry (i, j) of the matmul `stage`. `products` (n,) in float64 are in the order of `order` (n,), their
    k, with the largest magnitude first. `left` and `right` name the two vectors."""

    stage: Stage
    i: int
    j: int
    order: np.ndarray
    products: np.ndarray
    left: str
    right: str

    @property
    def total(self) -> float:
        return float(self.products.sum())

    @property
    def sum(self) -> str:
        return number(self.total)

    @property
    def head(self) -> str:
        return f"{self.left} · {self.right} = {self.sum} from {len(self.order)} products"

    @property
    def largest(self) -> str:
        """The largest products by their dimension, all with the same decimals."""
        few = self.products[:NAMED]
        texts = zip(self.order[:NAMED].tolist(), alike(few), strict=True)
        return "largest first: " + ", ".join(f"dim {k} {text}" for k, text in texts)


def why_of(p: Any, text: str, where: str = "why") -> Why | None:
    """The Why of an entry of a plan, or None for no text. Raises InputError, which begins with `where`,
    unless the text names one entry of a product."""
    if not text.strip():
        return None
    made = [cuboid.stage for cuboid in p.arrangement.cuboids]
    selected = selections(text, names_of(made), where)
    if len(selected) != 1:
        raise InputError(f'{where}: "{text}": expected one entry of a product, such as "attn[it, animal]"')
    (entry,) = selected
    stage = next(stage for stage in made if entry.name in (stage.name, stage.of))
    where, labels, shape = f'{where}: "{entry.text}"', labels_of(p, stage), p.evaluation[stage].shape
    i, last_i = ends_of(entry.rows, labels[0], shape[0], "row", where)
    j, last_j = ends_of(entry.columns, labels[1], shape[1], "column", where)
    if i != last_i or j != last_j:
        raise InputError(f'{where}: expected one entry, such as "{entry.name}[0, 0]"')
    left, right = (side.final for side in p.evaluation.sides(stage))
    products = left[i] * right[:, j]
    order = np.argsort(-np.abs(products), kind="stable")
    texts = [as_labels(axis)[n] if axis else str(n) for axis, n in zip(labels, (i, j), strict=True)]
    names = [title_of(p, side.stage) for side in (stage.left, stage.right)]
    called = [p.typeface.shown(f"{name}[{token}]") for name, token in zip(names, texts, strict=True)]
    return Why(stage, i, j, order, products[order], *called)
