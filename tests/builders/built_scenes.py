"""Small scenes for tests, and what Blender draws of them, read back by these tests' own reading."""

import dataclasses

import bpy
import numpy as np
from from_tables import scene_from
from matrix_cinema.description.scene import Look

FPS, SWEEP, EPILOGUE, HOLD = 10, 0.6, 0.3, 0.2  # 6, 3 and 2 frames
BARE = {"labels": False, "legend": False, "title": False}
BARE |= {key: "off" for key in ("numbers", "beams") if key in {f.name for f in dataclasses.fields(Look)}}


def described(expression, arrays, **tables):
    """A small scene of written values, without type, at few frames."""
    timing = {"sweep_seconds": SWEEP, "epilogue_seconds": EPILOGUE, "hold_seconds": HOLD}
    tables["animation"] = timing | tables.get("animation", {})
    tables["look"] = BARE | tables.get("look", {})
    tables["matrices"] = {name: {"values": array.tolist()} for name, array in arrays.items()}
    tables["render"] = {"fps": FPS} | tables.get("render", {})
    return scene_from({"expression": expression, **tables})


def random(seed, **shapes):
    """float32 matrices as float64, so that storing them changes nothing."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=shape).astype(np.float32).astype(float) for name, shape in shapes.items()}


def drawn(scene, kind, name, frame=None):
    """What one object draws, by our own reading: arrays by attribute, with "position" and "radius"."""
    if frame is not None:
        scene.frame_set(int(frame // 1), subframe=frame % 1)
    (ob,) = [ob for ob in scene.objects if ob.get("mc_kind") == kind and ob.get("mc_name") == name]
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    geometry = evaluated.evaluated_geometry()
    cloud = geometry.instances_pointcloud()
    instanced = cloud is not None
    cloud = cloud or geometry.pointcloud
    if cloud is None or len(cloud.points) == 0:
        return {name: np.zeros(0, int) for name in ("value", "i", "j", "k", "radius", "tone", "lit")}
    out = {}
    for attribute in ("value", "i", "j", "k", "tone", "lit"):
        if attribute in cloud.attributes:
            layer = cloud.attributes[attribute]
            assert layer.data_type == ("INT" if attribute in "ijk" else "FLOAT")
            out[attribute] = np.zeros(len(cloud.points), int if attribute in "ijk" else np.float32)
            layer.data.foreach_get("value", out[attribute])
    if instanced:
        transforms = np.zeros(16 * len(cloud.points), np.float32)
        cloud.attributes["instance_transform"].data.foreach_get("value", transforms)
        transforms = transforms.reshape(-1, 4, 4)
        out["radius"], place = transforms[:, 0, 0], transforms[:, 3, :3]
    else:
        out["radius"], place = np.zeros(len(cloud.points), np.float32), np.zeros(3 * len(cloud.points))
        cloud.attributes["radius"].data.foreach_get("value", out["radius"])
        cloud.attributes["position"].data.foreach_get("vector", place)
        place = place.reshape(-1, 3)
    out["position"] = place + np.array(ob.location)
    return out


def as_matrix(elements, shape, what="value"):
    """Elements by row and column; absent ones are 0, none may be there twice."""
    out = np.zeros(shape)
    axes = tuple(elements[axis] for axis in "ijk"[: len(shape)])
    assert len(set(zip(*axes, strict=True))) == len(elements["value"])
    out[axes] = elements[what]
    return out
