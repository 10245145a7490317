"""Tells whether a change of the program leaves the examples as they are.

Dump what their built scenes hold with the tree before the change and with the tree after it, and compare the
two dumps.

    python scripts/compare_examples.py dump before.json [SCENE or FOLDER...]
    python scripts/compare_examples.py compare before.json after.json

A dump is JSON: {scene file: {section: {what: value}}}. The first sections are the layout (places, steps and
gaps of every plane and cuboid), the labels, the overlay before the camera, and the camera. Then come the
keyframes and drivers, and the scales with all other inputs of modifiers. Materials and node groups are
digests.
"""

import argparse
import hashlib
import json
import math
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAYOUT_INPUTS = ("Row Step", "Column Step", "Step ", "Gap ", "Pool ", "Offset")
TAGS = ("mc_kind", "mc_name", "mc_shape", "mc_steps", "mc_pool", "mc_pool_rule", "mc_sha256", "mc_label")
TOLERANCE = 1e-6  # relative for numbers above 1, else absolute
MOST_SHOWN = 5  # differences listed for each section of a scene


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    dumping = commands.add_parser("dump", help="build scenes and write what they hold")
    dumping.add_argument("out", type=Path)
    dumping.add_argument("scenes", type=Path, nargs="*", help="scene files or folders; default: examples/")
    comparing = commands.add_parser("compare", help="list what differs between two dumps")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    options = parser.parse_args()
    if options.command == "compare":
        before, after = (json.loads(path.read_text()) for path in (options.before, options.after))
        lines = list(differences(before, after))
        print("\n".join([*lines, f"{len(before)} scenes before, {len(after)} after"]))
        return 1 if lines else 0
    from matrix_cinema import load_package  # the script; load_package gives its name to the package

    load_package()
    dumped = {}
    for path in scenes_of(options.scenes or [ROOT / "examples"]):
        dumped[f"{path.parent.name}/{path.name}"] = dump(path)
        print(path, flush=True)
    options.out.write_text(json.dumps(dumped))
    return 0


def scenes_of(places):
    """All scene files of the folders and below, in the order of their names."""
    for place in places:
        yield from sorted(place.rglob("*.toml")) if place.is_dir() else [place]


# Dumping


def dump(path: Path) -> dict:
    """All that the built scene of a file holds, by section and name."""
    import bpy
    from matrix_cinema import api

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = api.build(path)
    found = {}
    for ob in scene.objects:
        add_object(found, ob)
    for material in bpy.data.materials:
        found.setdefault("materials", {})[material.name] = tree_digest(material.node_tree)
    for group in bpy.data.node_groups:
        found.setdefault("node groups", {})[group.name] = tree_digest(group)
    rest = found.setdefault("rest", {})
    rest["scene"] = {key: plain(scene[key]) for key in ("mc_done", "mc_elements", "mc_axes")}
    rest["frames"] = [scene.frame_start, scene.frame_end, scene.render.fps]
    rest["description"] = scene["matrix_cinema"]
    rest["world"] = tree_digest(scene.world.node_tree) if scene.world else None
    return found


def add_object(found, ob):
    """Put what an object is into the sections that it belongs to."""
    parent = ob.parent.name if ob.parent else None
    drawn = ob.get("mc_kind") in ("matrix", "product", "readout")
    section = {"CAMERA": "camera", "EMPTY": "camera", "LIGHT": "lights"}.get(ob.type, "rest")
    if drawn:
        section = "layout"
    elif ob.get("mc_kind") == "label":
        section = "labels"
    elif ob.parent is not None and ob.parent.type == "CAMERA":
        section = "overlay"
    found.setdefault(section, {})[ob.name] = {
        "place": plain([ob.location, ob.rotation_euler, ob.scale]),
        "parent": parent,
        "hidden": [ob.hide_render, ob.hide_viewport],
        "color": plain(ob.color),
        "tags": {key: plain(ob[key]) for key in sorted(ob.keys()) if key in TAGS},
        "materials": [slot.material and slot.material.name for slot in ob.material_slots],
        "constraints": [[one.type, one.target and one.target.name] for one in ob.constraints],
        "data": data_of(ob),
    }
    for name, value in inputs_of(ob).items():
        of_layout = drawn and any(part in name for part in LAYOUT_INPUTS)
        found.setdefault("layout" if of_layout else "inputs", {})[f"{ob.name}: {name}"] = value
    for block in filter(None, (ob, ob.data)):
        for path, value in motion_of(block):
            found.setdefault("keyframes", {})[f"{block.name}: {path}"] = value


def data_of(ob):
    """What an object's own data are: a text, a camera, a lamp, or a mesh as a digest."""
    data = ob.data
    if ob.type == "FONT":
        return {"text": data.body, "size": data.size, "align": data.align_x, "font": data.font.name}
    if ob.type == "CAMERA":
        keys = ("type", "lens", "ortho_scale", "shift_x", "shift_y", "clip_start", "clip_end")
        return {key: plain(getattr(data, key)) for key in keys}
    if ob.type == "LIGHT":
        return {key: plain(getattr(data, key, None)) for key in ("type", "energy", "color", "size", "angle")}
    if ob.type == "MESH":
        return {"points": len(data.vertices), "digest": mesh_digest(data)}
    return None


def mesh_digest(mesh):
    """A digest of a mesh's points and named attributes; places are rounded, values are not."""
    import numpy as np

    digest = hashlib.sha256()
    places = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", places)
    digest.update((np.round(places, 4) + 0.0).tobytes())
    for attribute in sorted(mesh.attributes, key=lambda one: one.name):
        if attribute.data_type in ("FLOAT", "BOOLEAN") and not attribute.name.startswith("."):
            values = np.empty(len(attribute.data), np.float32 if attribute.data_type == "FLOAT" else bool)
            attribute.data.foreach_get("value", values)
            digest.update(attribute.name.encode() + values.tobytes())
    return digest.hexdigest()[:16]


def inputs_of(ob):
    """The node group of an object's modifier and its inputs by name."""
    from matrix_cinema.blender import compat

    found = {}
    for modifier in ob.modifiers:
        if modifier.type == "NODES" and modifier.node_group:
            found["node group"] = [modifier.node_group.name, modifier.show_render, modifier.show_viewport]
            for item in modifier.node_group.interface.items_tree:
                if (
                    item.item_type == "SOCKET"
                    and item.in_out == "INPUT"
                    and "Geometry" not in item.socket_type
                ):
                    found[item.name] = plain(compat.get_input(modifier, item.name))
    return found


def motion_of(block):
    """(path, keys of the curve) or (path, targets of the driver) of all that moves in a datablock."""
    motion = block.animation_data
    if motion is None:
        return
    if motion.action:
        for curve in curves_of(motion):
            keys = [[*point.co, point.interpolation, *point.handle_right] for point in curve.keyframe_points]
            yield f"{curve.data_path}[{curve.array_index}]", plain(keys)
    for driver in motion.drivers:
        targets = [[t.id and t.id.name, t.data_path] for v in driver.driver.variables for t in v.targets]
        yield f"{driver.data_path} follows", [driver.driver.type, targets]


def curves_of(motion):
    """The curves of an action, in every Blender."""
    if hasattr(motion.action, "fcurves"):
        return list(motion.action.fcurves)
    bags = (strip.channelbag(motion.action_slot) for layer in motion.action.layers for strip in layer.strips)
    return [curve for bag in bags if bag for curve in bag.fcurves]


def tree_digest(tree):
    """A digest of a node tree that does not depend on where its nodes stand."""
    lines = []
    for node in tree.nodes:
        values = [
            plain(getattr(socket, "default_value", None)) for socket in node.inputs if not socket.is_linked
        ]
        settings = ("operation", "data_type", "input_type", "attribute_name", "attribute_type", "aov_name")
        options = [str(getattr(node, name)) for name in settings if hasattr(node, name)]
        called = getattr(node, "node_tree", None)
        lines.append(json.dumps([node.bl_idname, values, options, called and called.name]))
    for link in tree.links:
        ends = (link.from_node.bl_idname, link.from_socket.name, link.to_node.bl_idname, link.to_socket.name)
        lines.append(json.dumps(ends))
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def plain(value):
    """A value of Blender's as one of JSON's."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if hasattr(value, "name"):
        return value.name
    return [plain(one) for one in value]


# Comparing


def differences(before, after):
    """What differs between two dumps, as lines of text."""
    for scene in sorted({*before, *after}):
        if scene not in before or scene not in after:
            yield f"{scene}: only {'before' if scene in before else 'after'}"
            continue
        for section in sorted({*before[scene], *after[scene]}):
            old, new = before[scene].get(section, {}), after[scene].get(section, {})
            changed = [name for name in sorted({*old, *new}) if not same(old.get(name), new.get(name))]
            for name in changed[:MOST_SHOWN]:
                yield f"{scene}: {section}: {name}: {told(old.get(name), new.get(name))}"
            if len(changed) > MOST_SHOWN:
                yield f"{scene}: {section}: and {len(changed) - MOST_SHOWN} more"


def same(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float | int):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return a == b


def told(a, b):
    """Two values, or only those parts of two tables that differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        keys = [key for key in {**a, **b} if not same(a.get(key), b.get(key))]
        a, b = ({key: one.get(key) for key in keys} for one in (a, b))
    return f"{str(a)[:150]} -> {str(b)[:150]}"


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # Blender 4.5's module hangs at Python's own exit
