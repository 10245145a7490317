"""A floor of which only the shadows on it are visible.

Cycles has shadow catchers for that, but follows every path twice before them: they took two thirds of the
time of a frame. Here shadows are numbers at the points of the floor. Nodes compute them from the places of
the matrices and from their drawn elements. They cost no rays, have no noise, and follow a matrix that is
moved by hand.
"""

from collections.abc import Sequence

import bpy
import numpy as np

from ..description.style import Color
from ..kinds.places import Plane
from . import tags
from .materials.ground import SHADOWS, shadow_material
from .nodes import PREFIX, node_group
from .nodes.formula import Group
from .objects import drawn_object
from .shapes import grid

FLOOR_HALVINGS = 7  # of the floor's sides, for the points that have shadows
# In sizes of the scene: how far out the points are about evenly spaced, and where the floor ends.
EVENLY, FLOOR_END = 1.2, 12.0


Casters = Sequence[tuple[Plane, bpy.types.Object]]  # drawn matrices, each with the plane in which it was put


def shadow_floor(
    size: float, color: Color, casters: Casters, collection: bpy.types.Collection
) -> bpy.types.Object:
    """The floor under a scene of this `size`, around its own middle. It reflects light in this `color`."""
    end = FLOOR_END * size
    x, y, faces = grid([-end, end], [-end, end])
    mesh = bpy.data.meshes.new("Ground")
    mesh.from_pydata(np.column_stack([x, y, np.zeros(4)]).tolist(), [], faces.tolist())
    mesh.materials.append(shadow_material(color))
    floor = drawn_object("Ground", mesh, collection, _shadows(casters, end))
    floor[tags.KIND] = "ground"
    return floor


def shows_shadows(floor: bpy.types.Object) -> bool:
    """Whether an object is such a floor, and nobody gave it another material."""
    material = floor.active_material
    return material is not None and tags.built_as(material) == SHADOWS


def _shadows(casters, end):
    """The node group that gives a square floor more points, close together in its middle, and stores at each
    the shadow of all casters together."""
    g = Group(PREFIX + "shadows")
    square = g.input("Geometry", "geometry")
    floor = g.node("GeometryNodeSubdivideMesh", {0: square, 1: FLOOR_HALVINGS})[0]
    place = g.node("GeometryNodeInputPosition")[0]
    out = [g.real("POWER", g.absolute(part) / end, 8.0) for part in g.parts(place)]
    near = EVENLY / FLOOR_END
    squeezed = [part * (near + (1.0 - near) * far) for part, far in zip(g.parts(place), out, strict=True)]
    floor = g.node("GeometryNodeSetPosition", {"Geometry": floor, "Position": g.vector(*squeezed)})[0]
    light = 1.0
    for plane, drawn in casters:
        around = plane.corners() - plane.origin
        sides = {"Corner": around[0], "Down": around[3] - around[0], "Across": around[1] - around[0]}
        sides = {name: tuple(vector) for name, vector in sides.items()}
        light = light * (1.0 - g.call(node_group("shadow"), Caster=drawn, **sides)["Shadow"])
    g.output("Geometry", "geometry", g.store(floor, shadow=1.0 - light))
    return g.finish()
