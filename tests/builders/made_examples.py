"""The examples, planned and composed at most once in a run: plans and films are never changed."""

import dataclasses
from functools import cache

from matrix_cinema.description.scene import load_scene
from matrix_cinema.picture.film import Film, compose
from matrix_cinema.staging.plan import Plan, plan
from paths import ROOT

EXAMPLES = ROOT / "examples"
NAMES = sorted(path.relative_to(EXAMPLES).with_suffix("").as_posix() for path in EXAMPLES.rglob("*.toml"))
WIDTH, HEIGHT = 1280, 720
WIDE = WIDTH / HEIGHT


@cache
def planned(name: str) -> Plan:
    """The plan of an example, for a picture of WIDTH × HEIGHT."""
    scene = load_scene(EXAMPLES / f"{name}.toml")
    return plan(
        dataclasses.replace(scene, render=dataclasses.replace(scene.render, width=WIDTH, height=HEIGHT))
    )


@cache
def composed(name: str) -> Film:
    """The film of an example, as its scene file asks for it."""
    return compose(planned(name), WIDE)
