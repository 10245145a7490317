"""The examples, planned and composed as films and pages at most once in a run: none is ever changed."""

import dataclasses
from functools import cache

from matrix_cinema.description.scene import load_scene
from matrix_cinema.picture import figure_page
from matrix_cinema.picture.figure_page import FigurePage, PanelGrid, Shown, cells_of
from matrix_cinema.picture.figure_type import page_type
from matrix_cinema.picture.film import Film, compose
from matrix_cinema.staging.plan import Plan, plan
from paths import ROOT

EXAMPLES = ROOT / "examples"
NAMES = sorted(path.relative_to(EXAMPLES).with_suffix("").as_posix() for path in EXAMPLES.rglob("*.toml"))
WIDTH, HEIGHT = 1280, 720
WIDE = WIDTH / HEIGHT
DOT = 72 / 600  # of a page, in points
PAGE_TYPE = page_type(8.0, lambda text, size: 0.55 * size * len(text))  # about as Blender sets it


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


@cache
def page_of(name: str, width: float) -> tuple[Plan, FigurePage]:
    """The plan of an example for a figure of this width in points, and its page."""
    cells = cells_of([Shown(load_scene(EXAMPLES / f"{name}.toml"))], 1980)
    return cells[0].plan, figure_page.compose(cells, PanelGrid(1), PAGE_TYPE, DOT, width)
