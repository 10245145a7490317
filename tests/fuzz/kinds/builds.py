"""Small scenes built by Blender: of what the other kinds make, those that are mostly right."""

from random import Random

import odd
from case import Case

from . import expressions, fonts, scenes, styles


def make(rng: Random) -> Case:
    if rng.random() < 0.5:
        case = Case("", {"s.toml": odd.toml(scenes.scene(rng), rng).encode("utf-8", "replace")}, [])
    else:
        case = rng.choice((expressions, styles, fonts)).make(rng)
    return Case("builds", case.files, ["build", "s.toml", "-o", "x.blend"])
