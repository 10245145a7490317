"""Everything that can be seen of a built scene as text, block by block, so that two can be compared."""

import hashlib

import bpy
import numpy as np
from matrix_cinema.blender import compat, tags

# Properties that do not say what a thing is: they say where it is kept or used, or follow from others.
SKIPPED = {
    "rna_type", "name", "name_full", "users", "session_uid", "original", "preview", "tag", "is_evaluated",
    "is_missing", "library", "asset_data", "override_library", "animation_data", "node_tree", "data",
    "use_fake_user", "bound_box", "is_updated", "is_updated_data", "location_absolute", "warning_propagation",
    "is_library_indirect", "execution_time", "persistent_uid", "is_embedded_data", "is_icon_custom",
    "is_runtime_data", "use_extra_user", "id_type", "library_weak_reference", "frame_current", "select",
    "frame_current_final", "frame_float", "frame_subframe", "absolute_path", "is_dirty", "is_float",
    "bindcode", "pixels", "unique_name", "dimensions", "node_warnings", "is_active_output",
}  # fmt: skip


def scene_text(scene: bpy.types.Scene) -> dict[str, str]:
    """The datablocks that a scene was built of, and its settings, as {kind and name: text}. The name is that
    which the build gave. Several datablocks of one name share a text."""
    found: dict[str, list[str]] = {}
    scene.frame_set(scene.frame_end)
    for block in tags.parts(scene):
        kind, name = type(block).__name__, tags.built_as(block)
        found.setdefault(f"{kind} {name}", []).append(_block(block))
    texts = {key: "\n".join(sorted(blocks)) for key, blocks in found.items()}
    owned = {key: value for key, value in scene.items() if key.startswith("mc_") and key != tags.PARTS}
    owned.pop(tags.TAG, None)
    texts["Scene"] = "\n".join([*_properties(scene, _nested(scene)), str(sorted(map(str, owned.items())))])
    texts["Scene"] += f" {scene.frame_start} {scene.frame_end} {scene.camera and _name(scene.camera)}"
    texts["Description"] = scene[tags.DESCRIPTION]
    return texts


def _nested(scene):
    return ("render", "view_settings", *["cycles"] * (scene.render.engine == "CYCLES"))


def _block(block):
    lines = [*_properties(block), *_animation(block)]
    lines += [
        f"{key} = {_value(value)}" for key, value in sorted(block.items()) if key not in (tags.TAG, "cycles")
    ]
    if isinstance(block, bpy.types.Object):
        lines += [f"data = {block.data and _name(block.data)}", *_modifiers(block)]
        lines += [line for c in block.constraints for line in _properties(c)]
    if isinstance(block, bpy.types.Mesh):
        lines += _attributes(block)
    if isinstance(block, bpy.types.Image):
        lines.append(_digest(np.array(block.pixels[:])))
    if tree := (block if isinstance(block, bpy.types.NodeTree) else getattr(block, "node_tree", None)):
        lines += _tree(tree)
    return "\n".join(lines)


def _properties(struct, nested=()):
    for prop in struct.bl_rna.properties:
        name = prop.identifier
        if name in nested:
            yield from (f"{name}.{line}" for line in _properties(getattr(struct, name)))
        elif name not in SKIPPED and not name.startswith("matrix") and prop.type != "COLLECTION":
            yield f"{name} = {_value(getattr(struct, name, None))}"


def _value(value):
    if isinstance(value, bpy.types.ID):
        return _name(value)
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, bpy.types.bpy_struct):
        return type(value).__name__
    if hasattr(value, "__len__") and not isinstance(value, (str, dict, set)):
        return [_value(one) for one in value]
    return str(value)


def _name(block):
    return tags.built_as(block) if tags.TAG in block else block.name


def _animation(block):
    data = getattr(block, "animation_data", None)
    if data is None:
        return
    for curve in data.drivers:
        targets = [(v.targets[0].id.name, v.targets[0].data_path) for v in curve.driver.variables]
        yield f"driver {curve.data_path}[{curve.array_index}] {curve.driver.type} {targets}"
    action, slot = data.action, data.action_slot
    for layer in action.layers if action else ():
        for strip in layer.strips:
            for curve in strip.channelbag(slot).fcurves:
                keys = [
                    (*map(_value, key.co), key.interpolation, key.easing) for key in curve.keyframe_points
                ]
                yield f"curve {curve.data_path}[{curve.array_index}] {keys}"


def _modifiers(ob):
    for modifier in ob.modifiers:
        yield from (f"modifier {line}" for line in _properties(modifier))
        for item in modifier.node_group.interface.items_tree:
            if item.item_type == "SOCKET" and item.in_out == "INPUT" and "Geometry" not in item.socket_type:
                value = compat.get_input(modifier, item.name)
                yield f"input {item.name} = {_value(value)}"


def _attributes(mesh):
    for attribute in mesh.attributes:
        if attribute.name.startswith("."):  # Blender's own
            continue
        kind = (
            "color"
            if "COLOR" in attribute.data_type
            else "vector"
            if "VECTOR" in attribute.data_type or attribute.data_type == "FLOAT2"
            else "value"
        )
        values = [_value(getattr(one, kind)) for one in attribute.data]
        yield f"{attribute.name} {attribute.domain} {_digest(values)}"
    yield f"{len(mesh.polygons)} faces, {[slot and _name(slot) for slot in mesh.materials]}"


def _tree(tree):
    for node in tree.nodes:
        yield f"node {node.name} {node.bl_idname}"
        yield from (f"  {line}" for line in _properties(node) if not line.startswith(("location", "parent")))
        for socket in node.inputs:
            yield f"  {socket.identifier} = {_value(getattr(socket, 'default_value', None))}"
    for link in tree.links:
        begin, end = (link.from_node, link.from_socket), (link.to_node, link.to_socket)
        yield " > ".join(f"{node.name}.{socket.identifier}" for node, socket in (begin, end))


def _digest(values):
    return hashlib.sha256(str(values if isinstance(values, list) else values.tolist()).encode()).hexdigest()[
        :12
    ]
