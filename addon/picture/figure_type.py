"""The type of a figure's page, whose unit is a point (1/72 inch)."""

from collections.abc import Callable
from dataclasses import dataclass

from ..staging import pooling
from ..staging.writing.typesetter import Typesetter

ASCENT, DESCENT = 0.75, 0.2  # of a line of type, above and below its base line, of its size
BOLDER = 1.05  # how much wider bold type is
LEAST_TYPE = 5.0  # points; journals print nothing smaller
PAGE_EDGE = 3.0  # points of the page, free at all sides

PAGE_POOL_WORDS = pooling.POOL_WORDS | {"max": "largest, by magnitude,"}  # in notes


@dataclass(frozen=True)
class PageType(Typesetter):
    """The type of a page: names and titles of `size`, all else smaller."""

    size: float = 8.0

    @property
    def small(self) -> float:
        """For shapes, tokens and numbers."""
        return min(self.size, max(LEAST_TYPE, 0.875 * self.size))


def page_type(size: float, measure: Callable[[str, float], float]) -> PageType:
    """The type of a page for this size in points; `measure(text, size)` is the width of a text."""
    return PageType(measure, lambda _: (-DESCENT, ASCENT), bolder=BOLDER, size=size)
