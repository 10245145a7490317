"""The bars of a Why as Blender objects in the plane of the picture. Nodes make them from the stored vectors;
type stands beside them."""

import bpy
import numpy as np

from ..look.srgb import linear
from ..picture.why_chart import WhyChart
from ..staging.camera.framing import View
from ..staging.scales import Scale
from . import compat, tags
from .materials.writing import colored_material, plain_material
from .nodes import node_group
from .objects import MODIFIER, drawn_object, points_mesh, set_inputs, show
from .picture_plane import clear_distance, picture_plane
from .shapes import guide, rectangles, unlit
from .text import Writer

TAKEN_INPUTS = (
    "Rows",
    "Inner",
    "Columns",
    "Left",
    "Right",
    "Left Row",
    "Left Column",
    "Right Row",
    "Right Column",
)


def write_why(to: Writer, chart: WhyChart, product: bpy.types.Object, view: View) -> None:
    """Write a WhyChart before a camera that sees a View; `product` is the drawn product of its stage."""
    p = to.plan
    plane, _ = picture_plane(to.camera, view, to.collection, clear_distance(p, to.camera, view))
    made = [_bars(p, chart, product, to.collection), _rules(p, chart, to.collection)]
    made[0].location = (*chart.origin, 0.0)
    strong = plain_material("Matrix Cinema type", p.style.text)
    for line in chart.texts:
        ob = to.line(line, strong)
        ob.location, ob[tags.KIND], ob[tags.LABEL] = (line.x, line.y, 0.0), "label", "why"
        made.append(ob)
    for ob in made:
        ob.parent = plane
        unlit(ob)
        show(ob, chart.shown)


def _bars(p, chart, product, collection):
    why = chart.why
    name, mesh = why.stage.name, points_mesh("why", k=why.order)
    ob = drawn_object(f"{name} why", mesh, collection, node_group("Bars"))
    ob[tags.KIND], ob[tags.NAME], ob[tags.SHAPE] = "why", name, [len(why.order)]
    ob[tags.ENTRY] = [why.i, why.j]
    scale: Scale = p.products[name]
    given = {key: compat.get_input(product.modifiers[MODIFIER], key) for key in TAKEN_INPUTS}
    material = colored_material(scale.color_map)
    high = float(np.abs(why.products).max()) or 1.0
    set_inputs(
        ob,
        given
        | {"Entry i": why.i, "Entry j": why.j, "Pitch": chart.pitch, "Unit": chart.unit}
        | {"High": high, "Zero": scale.zero, "Material": material},
    )
    return ob


def _rules(p, chart, collection):
    points, faces = rectangles([rule.box for rule in chart.rules])
    ob = guide("why rules", points, faces, [(*linear(p.style.text), 1.0)] * len(points), collection)
    ob[tags.KIND], ob[tags.NAME] = "guide", chart.why.stage.name
    return ob
