"""What is fuzzed, by kind."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from case import Case

from . import arrays, blends, builds, captures, commands, expressions, fonts, scenes, styles, tables


@dataclass(frozen=True)
class Kind:
    """How an input is made, how many there are of a thousand, and whether they need Blender."""

    make: Callable[[Random], Case]
    share: float
    blender: bool = False


KINDS = {
    "scenes": Kind(scenes.make, 300),
    "expressions": Kind(expressions.make, 200),
    "captures": Kind(captures.make, 180),
    "arrays": Kind(arrays.make, 110),
    "tables": Kind(tables.make, 70),
    "styles": Kind(styles.make, 60),
    "fonts": Kind(fonts.make, 40),
    "commands": Kind(commands.make, 37),
    "builds": Kind(builds.make, 3, blender=True),
    "blends": Kind(blends.make, 1, blender=True),
}


def made(kind: str, seed: int, number: int) -> Case:
    """The input of this number, the same for the same seed."""
    case = KINDS[kind].make(Random(f"{kind} {seed} {number}"))
    case.kind, case.number = kind, f"{seed}-{number}"
    return case
