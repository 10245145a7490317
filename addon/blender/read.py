"""What a built scene draws, read back from its evaluated geometry."""

import numpy as np

KINDS = {"value": np.float32, "i": np.int32, "j": np.int32, "k": np.int32}


def drawn_objects(scene, kind):
    """The objects of a Blender scene that draw something of this kind: "matrix" or "product"."""
    return [ob for ob in scene.objects if ob.get("mc_kind") == kind]


def elements(ob, depsgraph):
    """The elements that an object draws at the current frame: {"value", "i", "j"[, "k"]}, arrays (n,).

    Instances and points are read alike.
    """
    # The geometry set owns what it hands out, so it is kept in a variable.
    geometry = ob.evaluated_get(depsgraph).evaluated_geometry()
    cloud = geometry.instances_pointcloud() or geometry.pointcloud
    names = ["value", "i", "j"] + (["k"] if ob["mc_kind"] == "product" else [])
    if cloud is None or len(cloud.points) == 0:
        return {name: np.empty(0, KINDS[name]) for name in names}
    out = {}
    for name in names:
        out[name] = np.empty(len(cloud.points), KINDS[name])
        cloud.attributes[name].data.foreach_get("value", out[name])
    return out


def stored_values(ob):
    """The numbers that a matrix object's own points carry, float32 (rows, columns)."""
    values = np.empty(len(ob.data.vertices), np.float32)
    ob.data.attributes["value"].data.foreach_get("value", values)
    return values.reshape(tuple(ob["mc_shape"]))
