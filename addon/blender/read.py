"""Reads back from the evaluated geometry what a built scene draws."""

from typing import Any

import bpy
import numpy as np

from ..errors import InputError, JobError
from . import tags

DTYPES = {"value": np.float32, "i": np.int32, "j": np.int32, "k": np.int32}


SIZES_OF = {"matrix": 2, "product": 3, "readout": 2, "why": 1}  # numbers in the shape of each kind


def drawn_objects(scene: bpy.types.Scene, kind: str) -> list[bpy.types.Object]:
    """The objects of a Blender scene that draw something of this kind: "matrix", "product", "readout", "why".

    If the scene lists its datablocks, copies that someone made of such an object do not count. Raises
    InputError for an object that does not say its name and its shape."""
    listed = set(tags.parts(scene))
    found = [ob for ob in scene.objects if ob.get(tags.KIND) == kind and (not listed or ob in listed)]
    for ob in found:
        if not isinstance(ob.get(tags.NAME), str):
            raise InputError(f'object "{ob.name}": its property {tags.NAME} is not the name of a {kind}')
        if shape_of(ob) is None:
            raise InputError(f'object "{ob.name}": its property {tags.SHAPE} is not {SIZES_OF[kind]} sizes')
    return found


def shape_of(ob: bpy.types.Object) -> tuple[int, ...] | None:
    """The shape of a drawn matrix or product, or None if its property is not a shape."""
    sizes = ob.get(tags.SHAPE)
    sizes = tuple(sizes) if hasattr(sizes, "__len__") else ()
    right = all(isinstance(size, int) and size >= 1 for size in sizes)
    return sizes if right and len(sizes) == SIZES_OF.get(ob.get(tags.KIND)) else None


def drawn(scene: bpy.types.Scene) -> list[tuple[str, str, tuple[int, ...], str]]:
    """(kind, name, shape, name of the object) of each matrix, product and readout. Raises as
    `drawn_objects`."""
    each = [(kind, ob, shape_of(ob)) for kind in SIZES_OF for ob in drawn_objects(scene, kind)]
    return [(kind, ob[tags.NAME], shape, ob.name) for kind, ob, shape in each if shape]


def evaluated_scene(scene: bpy.types.Scene) -> bpy.types.Depsgraph:
    """A scene, evaluated at its current frame, even if no window shows it."""
    if scene == bpy.context.scene:
        return bpy.context.evaluated_depsgraph_get()
    layer = scene.view_layers[0]
    layer.update()
    return layer.depsgraph


def elements(
    ob: bpy.types.Object, depsgraph: bpy.types.Depsgraph, most: int | None = None, *, sizes: bool = False
) -> dict[str, Any]:
    """The elements that an object draws at the current frame, and the "count" of all.

    "value", "i", "j" and, for products, "k" are arrays (n,). "position" is their place in the world and
    "place" the one in the object's own space, (n, 3) each. With `sizes` there is also their "radius" in that
    space, (n,); of an ellipsoid it is the largest.

    Of more than `most` elements only each n-th is returned; "every" is n, else 1. Instances and points are
    read alike. Raises JobError if the object draws anything else.
    """
    # The geometry set owns the data that it returns, so it is kept in a variable.
    evaluated = ob.evaluated_get(depsgraph)
    geometry = evaluated.evaluated_geometry()
    instances = geometry.instances_pointcloud()
    cloud = instances or geometry.pointcloud
    names = ["value", "i", "j"] + (["k"] if ob[tags.KIND] in ("product", "why") else [])
    count = 0 if cloud is None else len(cloud.points)
    # Odd, so that it does not keep step with sizes that are powers of two.
    every = 1 if most is None or count <= most else -(-count // most) | 1
    out = {"count": count, "every": every}
    if count == 0:
        return (
            out
            | {name: np.empty(0, DTYPES[name]) for name in names}
            | {key: np.empty((0, 3)) for key in ("position", "place")}
            | {"radius": np.empty(0)}
        )
    if missing := set(names) - set(cloud.attributes.keys()):
        raise JobError(f"{ob.name}: its elements have no {', '.join(sorted(missing))}")

    def read(attribute, field, kind, width=1):
        values = np.empty(count * width, kind)
        cloud.attributes[attribute].data.foreach_get(field, values)
        return values.reshape(count, width)[::every].copy() if every > 1 else values.reshape(count, width)

    for name in names:
        out[name] = read(name, "value", DTYPES[name])[:, 0]
    if instances:
        transforms = read("instance_transform", "value", np.float32, 16)  # by columns
        places = transforms[:, 12:15]
    else:
        places = read("position", "vector", np.float32, 3)
    if sizes and instances:
        out["radius"] = np.linalg.norm(transforms.reshape(-1, 4, 4)[:, :3, :3], axis=2).max(axis=1)
    elif sizes:
        out["radius"] = read("radius", "value", np.float32)[:, 0]
    world, out["place"] = np.array(evaluated.matrix_world, float), places
    out["position"] = places @ world[:3, :3].T + world[:3, 3]
    return out


def holds_values(ob: bpy.types.Object) -> bool:
    """Whether the mesh of a matrix object still has as many values as its shape says; a person may have
    edited it."""
    rows, columns = ob[tags.SHAPE]
    values = ob.data.attributes.get("value")
    return values is not None and values.data_type == "FLOAT" and len(values.data) == rows * columns


def stored_values(ob: bpy.types.Object) -> np.ndarray:
    """The values of a matrix object's own points, float32 (rows, columns). Raises JobError if there are too
    few or too many."""
    rows, columns = ob[tags.SHAPE]
    if not holds_values(ob):
        raise JobError(f"{ob.name}: its mesh does not hold the values of a {rows} × {columns} matrix")
    values = np.empty(rows * columns, np.float32)
    ob.data.attributes["value"].data.foreach_get("value", values)
    return values.reshape(rows, columns)


def stored_mask(ob: bpy.types.Object) -> np.ndarray | None:
    """Which entries of a matrix object exist, bool (rows, columns); None if its points do not say so."""
    if "present" not in ob.data.attributes:
        return None
    rows, columns = ob[tags.SHAPE]
    present = np.empty(rows * columns, bool)
    ob.data.attributes["present"].data.foreach_get("value", present)
    return present.reshape(rows, columns)
