"""The items that a picture can have: lines of type, thin rules, colour bars and dots.

Lengths are in the units of the picture, from its lower left corner: heights of the frame in a film, points
(1/72 inch) on the page of a figure. A box is (left, bottom, right, top).
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from .boxes import strips
from .scripts import BAR_AT, BAR_WIDTH_OF_TYPE

Box = tuple[float, float, float, float]
PART_BEFORE = {"LEFT": 0.0, "CENTER": 0.5, "RIGHT": 1.0}  # (x, y) of a line's width, by how it is aligned


@dataclass(frozen=True, eq=False)
class Text:
    """A line of type, `width` wide, from `low` (below 0) to `high` above its base line.

    (x, y) is on the base line, at its left end, middle or right end by `align`, and the line is turned around
    that by `angle`, in radians. `kind` is "title", "name", "detail" (a shape), "steps" (of an arrow), "axis",
    "token" or "told" (the caption of a beat). `anchor` is the point of the world (3,) that it belongs to.
    `soft` type is dimmer, and `barred` type has the bar of a root over it. In a film it is `lit` between
    these frames, and visible between the two frames `shown`, or always.
    """

    text: str
    x: float
    y: float
    size: float
    width: float
    low: float
    high: float
    align: str = "LEFT"
    angle: float = 0.0
    kind: str = ""
    anchor: np.ndarray | None = None
    soft: bool = False
    bold: bool = False
    barred: bool = False
    lit: tuple[tuple[float, float], ...] | None = None
    shown: tuple[float, float] | None = None

    @property
    def around(self) -> Box:
        """The box around it before it is turned, from (x, y)."""
        left = -PART_BEFORE[self.align] * self.width
        return left, self.low, left + self.width, self.high

    @property
    def bar(self) -> "Rule":
        """The bar of a root over it."""
        left, y = self.x - PART_BEFORE[self.align] * self.width, self.y + BAR_AT * self.size
        return Rule(left, y, left + self.width, y, BAR_WIDTH_OF_TYPE * self.size, strong=not self.soft)

    @property
    def box(self) -> Box:
        """The box around it."""
        left, low, right, high = self.around
        if not self.angle:
            return self.x + left, self.y + low, self.x + right, self.y + high
        cos, sin = float(np.cos(self.angle)), float(np.sin(self.angle))
        corners = [(a * cos - b * sin, a * sin + b * cos) for a in (left, right) for b in (low, high)]
        x, y = zip(*corners, strict=True)
        return self.x + min(x), self.y + min(y), self.x + max(x), self.y + max(y)

    def boxes(self) -> np.ndarray:
        """Upright boxes that cover the text, also if it is turned: (n, 4)."""
        if not self.angle:
            return np.array([self.box])
        left, low, right, high = self.around
        along = np.array([np.cos(self.angle), np.sin(self.angle)])
        across = np.array([-along[1], along[0]])
        middle = np.array([self.x, self.y]) + 0.5 * (low + high) * across
        half = 0.5 * (high - low) * np.abs(across)
        return strips((middle + left * along)[None], (middle + right * along)[None], half)


@dataclass(frozen=True)
class Rule:
    """A thin straight line from (x0, y0) to (x1, y1), `width` thick; on a page a `strong` one is as dark as
    type."""

    x0: float
    y0: float
    x1: float
    y1: float
    width: float = 0.35
    strong: bool = False

    @property
    def box(self) -> Box:
        """The box around it, which is never flat."""
        thin, (left, right), (low, high) = (
            0.5 * self.width,
            sorted((self.x0, self.x1)),
            sorted((self.y0, self.y1)),
        )
        return left - thin, low - thin, right + thin, high + thin


def rule_between(start: np.ndarray, end: np.ndarray, width: float) -> Rule:
    """The Rule between two points (2,)."""
    (x0, y0), (x1, y1) = start, end
    return Rule(float(x0), float(y0), float(x1), float(y1), width)


@dataclass(frozen=True)
class _Colored:
    """A rectangle with colours of a colour map, whose lower left corner is (x, y)."""

    color_map: str
    x: float
    y: float
    width: float
    height: float

    @property
    def box(self) -> Box:
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(frozen=True)
class Bar(_Colored):
    """A whole colour map, along a rectangle. In a film it is visible between the two frames `shown`, or
    always."""

    shown: tuple[float, float] | None = None


@dataclass(frozen=True)
class Swatch(_Colored):
    """A rectangle in one colour: the colour map's at the place `at`, from 0 to 1."""

    at: float


@dataclass(frozen=True)
class Dot:
    """An element of the size legend, around (x, y): a "cube" or a "sphere"."""

    shape: str
    x: float
    y: float
    width: float

    @property
    def box(self) -> Box:
        half = 0.5 * self.width
        return self.x - half, self.y - half, self.x + half, self.y + half


Item = Text | Rule | Bar | Swatch | Dot
AnyItem = TypeVar("AnyItem", bound=Item)


def moved(item: AnyItem, x: float, y: float) -> AnyItem:
    if isinstance(item, Rule):
        return replace(item, x0=item.x0 + x, x1=item.x1 + x, y0=item.y0 + y, y1=item.y1 + y)
    return replace(item, x=item.x + x, y=item.y + y)


def scaled(text: Text, unit: float) -> Text:
    """The line of type where a unit of its picture is so many of another one."""
    lengths = ("x", "y", "size", "width", "low", "high")
    return replace(text, **{name: getattr(text, name) * unit for name in lengths})


def outline(box: Box) -> list[Rule]:
    """The four rules around a box."""
    left, low, right, high = box
    corners = [(left, low), (right, low), (right, high), (left, high), (left, low)]
    return [Rule(*start, *end) for start, end in zip(corners, corners[1:], strict=False)]
