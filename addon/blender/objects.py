"""Matrices and products as Blender objects: points that carry values, and the modifier that draws them.

Values live in the mesh of a hidden object, one point for each entry in row-major order; the object that is
drawn shares that mesh. So the file holds every number once, and products read finished values, whatever part
of them is drawn at the moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import bpy
import numpy as np

from ..description.scene import POOLINGS
from ..kinds.places import Cuboid, Plane, Ruler
from ..kinds.points import Computed, Inputs, Points
from . import compat, tags
from .nodes import node_group

MODIFIER = "Matrix Cinema"


# What points carry, as Blender and NumPy call its type.
ATTRIBUTES: dict[str, tuple[str, type]] = {
    "value": ("FLOAT", np.float32),
    "present": ("BOOLEAN", np.bool_),
    "spot": ("INT", np.int32),
    "k": ("INT", np.int32),
}


def points_mesh(name: str, **attributes: np.ndarray) -> bpy.types.Mesh:
    """A mesh with a point for each number of its ATTRIBUTES, in row-major order."""
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(max(numbers.size for numbers in attributes.values()))
    for own, numbers in attributes.items():
        kind, type = ATTRIBUTES[own]
        made = mesh.attributes.new(own, kind, "POINT")
        made.data.foreach_set("value", np.ascontiguousarray(numbers, type).ravel())
    return mesh


def spots_object(name: str, spots: np.ndarray, collection: bpy.types.Collection) -> bpy.types.Object:
    """The hidden object whose points say in which spotlights the entries (rows, columns) are, in bits."""
    return _source(f"{name} spots", points_mesh(f"{name} spots", spot=spots), collection)


def new_object(name: str, data: bpy.types.ID | None, collection: bpy.types.Collection) -> bpy.types.Object:
    """A new object in a collection."""
    ob = bpy.data.objects.new(name, data)
    collection.objects.link(ob)
    return ob


def empty(
    name: str, size: float, collection: bpy.types.Collection, parent: bpy.types.Object | None = None
) -> bpy.types.Object:
    """A new empty in a collection, displayed in this size."""
    ob = new_object(name, None, collection)
    ob.empty_display_size, ob.parent = size, parent
    return ob


def _source(name, mesh, collection):
    """A hidden object that others read."""
    ob = new_object(name, mesh, collection)
    ob[tags.KIND] = tags.SOURCE
    return ob


def hidden_object(name: str, hidden: Any, found: Any, collection: bpy.types.Collection) -> bpy.types.Object:
    """The hidden object of a stage with these Hidden points; its modifier, if it has one, still lacks inputs.
    `found` has the objects that are there already, by Points."""
    if not isinstance(hidden, Computed):
        name, mask = f"{name} {hidden.part}".rstrip(), hidden.mask
        mesh = points_mesh(name, value=hidden.values, **({} if mask is None else {"present": mask}))
        return _source(f"{name} values", mesh, collection)
    mesh = found[hidden.of].data if hidden.of else bpy.data.meshes.new(name)
    ob = drawn_object(f"{name} {hidden.part}", mesh, collection, node_group(hidden.group))
    ob[tags.KIND] = tags.SOURCE
    return ob


def resolved(inputs: Inputs, found: Any) -> dict[str, Any]:
    """Inputs with the objects in place of Points."""
    return {name: found[one] if isinstance(one, Points) else one for name, one in inputs.items()}


def matrix_object(
    plane: Plane, pool: Any, values: bpy.types.Object, collection: bpy.types.Collection
) -> bpy.types.Object:
    """The drawn matrix on a plane, with its beads; its modifier still lacks inputs."""
    ob = drawn_object(plane.stage.name, values.data, collection, node_group(plane.stage.group))
    ob.location = plane.origin
    ob[tags.KIND] = "matrix"
    ob[tags.NAME] = plane.stage.name
    ob[tags.SHAPE] = [plane.rows, plane.columns]
    rows, columns = plane.row_ruler, plane.column_ruler
    steps = {"Row Step": plane.row / rows.each, "Column Step": plane.column / columns.each}
    set_inputs(ob, steps | {"Columns": plane.columns} | gaps("row", rows) | gaps("column", columns))
    set_beads(ob, pool)
    return ob


def as_points(products: Iterable[bpy.types.Object]) -> bool:
    """Whether the elements of a scene with these products are drawn as points, not as instances."""
    return any(compat.get_input(ob.modifiers[MODIFIER], "As Points") for ob in products)


def set_beads(ob: bpy.types.Object, pool: Any) -> None:
    """Let each element of a drawn matrix stand for as many entries as this Pool says."""
    ob[tags.POOL], ob[tags.POOL_RULE] = [pool.rows, pool.columns], pool.rule
    beads = {"Pool Rows": pool.rows, "Pool Columns": pool.columns, "Pool Rule": POOLINGS.index(pool.rule)}
    set_inputs(ob, beads)


def product_object(cuboid: Cuboid, collection: bpy.types.Collection) -> bpy.types.Object:
    """The drawn interior of a matmul; its modifier still lacks inputs."""
    name = cuboid.stage.name
    mesh = bpy.data.meshes.new(f"{name} products")
    ob = drawn_object(f"{name} products", mesh, collection, node_group("Product"))
    ob.location = cuboid.origin
    ob[tags.KIND] = "product"
    ob[tags.NAME] = name
    ob[tags.SHAPE] = [cuboid.rows, cuboid.inner, cuboid.columns]
    set_inputs(ob, steps_of(cuboid))
    return ob


def steps_of(cuboid: Cuboid) -> dict[str, Any]:
    """The inputs for the places of the products of a cuboid."""
    inputs: dict = {}
    for axis in "ijk":
        ruler, step = getattr(cuboid, f"{axis}_ruler"), getattr(cuboid, f"{axis}_step")
        inputs |= {f"Step {axis}": step / ruler.each} | gaps(axis, ruler)
    return inputs


def gaps(axis: str, ruler: Ruler) -> dict[str, Any]:
    """The inputs that leave a gap after each block; its width is in entries."""
    return {f"Gap Block {axis}": ruler.block, f"Gap {axis}": float(ruler.gap * ruler.each)}


def drawn_object(name: str, mesh: Any, collection: bpy.types.Collection, group: str) -> bpy.types.Object:
    """An object whose modifier is the node group `group`."""
    ob = new_object(name, mesh, collection)
    modifier = ob.modifiers.new(MODIFIER, "NODES")
    modifier.node_group = group
    return ob


def set_inputs(ob: bpy.types.Object, inputs: Mapping[str, Any]) -> None:
    """Set inputs of the object's modifier by name and tag it for evaluation."""
    modifier = ob.modifiers[MODIFIER]
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            value = tuple(float(x) for x in value)
        compat.set_input(modifier, name, value)
    ob.update_tag()


def follow(ob: bpy.types.Object, name: str, leader: bpy.types.Object, leader_name: str) -> None:
    """Let an input of `ob` follow an input of `leader`: a plain driver, without any script."""
    follow_path(ob, name, leader, compat.input_path(leader.modifiers[MODIFIER], leader_name))


def follow_path(ob: bpy.types.Object, name: str, leader: Any, path: str) -> None:
    """Let an input of `ob` follow the property of `leader` at a data path."""
    modifier = ob.modifiers[MODIFIER]
    driver = ob.driver_add(compat.input_path(modifier, name)).driver
    driver.type = "SUM"
    variable = driver.variables.new()
    variable.targets[0].id = leader
    variable.targets[0].data_path = path


def keyframe(
    ob: bpy.types.Object,
    name: str,
    keys: Sequence[tuple[float, Any]],
    *,
    smooth: bool = False,
    stepped: bool = False,
) -> None:
    """Animate an input of the object's modifier through (frame, value) keys."""
    path = compat.input_path(ob.modifiers[MODIFIER], name)
    compat.set_keyframes(ob, path, keys, smooth=smooth, stepped=stepped)


def show(ob: bpy.types.Object, shown: Any) -> None:
    """Keys for an object that is visible from one frame until another; None: always."""
    if shown is not None:
        start, end = shown
        for path in ("hide_render", "hide_viewport"):
            compat.set_keyframes(ob, path, [(start - 1.0, 1.0), (start, 0.0), (end, 1.0)], stepped=True)


def element_object(shape: str, collection: bpy.types.Collection, bevel: float = 0.12) -> bpy.types.Object:
    """The object of radius 1 that is instanced for each element: a "sphere", or a "cube" whose bevels are a
    part of its width. The faces of a cube have an attribute `facet`: 1, or 2 on its bevels.
    """
    name = f"Matrix Cinema {shape}"
    mesh = bpy.data.meshes.new(name)
    _shape(mesh, shape, bevel)
    mesh.shade_smooth()
    return _source(name, mesh, collection)


def _shape(mesh, shape, width):
    import bmesh

    shell = bmesh.new()
    if shape == "cube":
        bmesh.ops.create_cube(shell, size=2.0)
        if width:
            edges = {"geom": shell.edges[:], "affect": "EDGES"}
            bmesh.ops.bevel(shell, offset=2.0 * width, segments=4, profile=0.5, **edges)
    else:
        bmesh.ops.create_icosphere(shell, subdivisions=3, radius=1.0)
    shell.to_mesh(mesh)
    shell.free()
    if shape == "cube":
        flat = [max(abs(x) for x in face.normal) > 0.999 for face in mesh.polygons]
        facet = mesh.attributes.new("facet", "FLOAT", "FACE")
        facet.data.foreach_set("value", [1.0 if own else 2.0 for own in flat])
