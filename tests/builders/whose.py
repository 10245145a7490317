"""What there is in a file, by whose it is: all of the user's as a person sees it, and ours as they set it."""

from collections import Counter

import bpy
from matrix_cinema.blender import compat, tags
from matrix_cinema.blender.remembered import MODIFIER

ROOMS = ("Matrix Cinema", "Matrices", "Products", "Lettering", "Stage", "Values")  # collections of a build
ROOTS = (bpy.types.Scene, bpy.types.WindowManager, bpy.types.WorkSpace, bpy.types.Screen)
NOT_LISTED = {"screens", "workspaces", "all_ids", "brushes", "palettes", "window_managers"}


def everything():
    """Every datablock of the file by kind and name."""
    kinds = [kind for kind in dir(bpy.data) if kind not in NOT_LISTED]
    kinds = [kind for kind in kinds if isinstance(getattr(bpy.data, kind), bpy.types.bpy_prop_collection)]
    return {(kind, block.name_full): block for kind in kinds for block in getattr(bpy.data, kind)}


def ours():
    return {one for scene in bpy.data.scenes for one in (*tags.owned(scene), *tags.resting(scene))}


def users_own():
    """(kind, name) to what can be seen of each datablock of the user's that Blender keeps."""
    mine, kept = ours(), used()
    return {
        key: seen(block, mine)
        for key, block in everything().items()
        if key[0] not in ("fonts", "libraries") and block not in mine and block in kept
    }


def used():
    """What Blender keeps: scenes, what has a fake user, and all that these use. What only something unused
    uses is lost with it once the file is saved."""
    uses, users = {}, bpy.data.user_map()
    for block, by in users.items():
        for user in by:
            uses.setdefault(user, []).append(block)
    kept, found = set(), [block for block in users if isinstance(block, ROOTS) or block.use_fake_user]
    while found:
        block = found.pop()
        if block not in kept:
            kept.add(block)
            found += uses.get(block, ())
    return kept


# -- what is seen of a datablock of the user's ----------------------------------------------------------


def seen(block, mine):
    """What a person could miss of a datablock: its content, its place, where it is found."""
    told = {name: str(block[name]) for name in block.keys() if name.startswith("my ")}
    told |= next((see(block, mine) for kind, see in SEEN if isinstance(block, kind)), {})
    if getattr(block, "node_tree", None):
        told["nodes"] = nodes_of(block.node_tree)
    return told | motion(block)


def seen_object(block, mine):
    # What hangs on another goes with it: ours stand elsewhere in another expression.
    free = block.parent is None and not block.constraints
    # Blender places what is hidden only when it is shown again, also after an undo.
    free = free and block.name in bpy.context.view_layer.objects and block.visible_get()
    places = [block.matrix_world] if free else [block.matrix_basis, block.matrix_parent_inverse]
    told = {"place": [round(x, 4) for place in places for row in place for x in row]}
    if block.animation_data and block.animation_data.drivers:
        told["place"] = undriven_place(block)
    told["data"] = block.data and seen(block.data, mine)
    # One of ours that the user took out of the scene is theirs now, beside the one that was built.
    told["in"] = sorted(named(c) for c in bpy.data.collections if block in set(c.objects))
    told["scenes"] = sorted(s.name for s in bpy.data.scenes if block in set(s.objects))
    told["hidden"] = block.hide_viewport, block.hide_render
    told["parent"] = named(block.parent)
    told["targets"] = [named(c.target) for c in block.constraints if hasattr(c, "target")]
    told["modifiers"] = [(m.name, m.type, refers(m)) for m in block.modifiers]
    told["instances"] = block.instance_collection and named(block.instance_collection)
    spared = block.light_linking.receiver_collection
    told["lights only"] = spared and named(spared)
    told["materials"] = [s.material and list(s.material.diffuse_color) for s in block.material_slots]
    return told


def refers(modifier):
    """The name of what a modifier refers to; of our own, what another build names otherwise, is not told."""
    if modifier.type == "NODES":
        return named(modifier.node_group)
    return named(getattr(modifier, "target", None) or getattr(modifier, "object", None))


def undriven_place(ob):
    """The place of an object but for what drivers set, which follows other things."""
    moved = {(d.data_path, d.array_index) for d in ob.animation_data.drivers}
    return [
        round(x, 4)
        for path in ("location", "rotation_euler", "scale")
        for n, x in enumerate(getattr(ob, path))
        if (path, n) not in moved
    ]


def seen_mesh(block, _):
    points = [round(x, 4) for v in block.vertices for x in v.co]
    return {"points": points, "attributes": sorted(block.attributes.keys())}


def seen_collection(block, mine):
    objects = sorted(ob.name for ob in block.objects if ob not in mine)
    return {"objects": objects, "children": own_children(block)}


def own_children(collection):
    """The collections in a collection but for those that we build, which go where nothing is in them."""
    return sorted(c.name for c in collection.children if tags.TAG not in c and named(c) not in ROOMS)


def seen_scene(block, mine):
    told = {"objects": sorted(ob.name for ob in block.objects if ob not in mine)}
    told["camera"] = named(block.camera)
    told["collections"] = own_children(block.collection)
    told["background"] = named(block.background_set)
    told["size"] = block.render.resolution_x, block.render.resolution_y
    return told | stays_of_scene(block)


def stays_of_scene(block):
    """What is the user's also of a scene that is built again: their markers, what their view layers leave
    out."""
    markers = sorted((m.name, m.frame, m.camera and m.camera.name) for m in block.timeline_markers)
    layers = {
        layer.name: {one.name for one in every_layer(layer.layer_collection) if one.exclude}
        for layer in block.view_layers
    }
    return {"markers": markers, "layers": layers}


def every_layer(layer):
    return [layer] + [one for child in layer.children for one in every_layer(child)]


SEEN = (
    (bpy.types.Object, seen_object),
    (bpy.types.Mesh, seen_mesh),
    (bpy.types.Collection, seen_collection),
    (bpy.types.Scene, seen_scene),
    (bpy.types.Material, lambda one, _: {"color": [round(x, 4) for x in one.diffuse_color]}),
    (bpy.types.Light, lambda one, _: {"energy": round(one.energy, 4)}),
    (bpy.types.Camera, lambda one, _: {"lens": round(one.lens, 4), "focus": named(one.dof.focus_object)}),
    (bpy.types.TextCurve, lambda one, _: {"text": (one.body, round(one.size, 4), named(one.font))}),
    (bpy.types.NodeTree, lambda one, _: nodes_of(one)),
    (bpy.types.Image, lambda one, _: {"size": tuple(one.size), "pixels": tuple(one.pixels[:64])}),
    (bpy.types.Action, lambda one, _: {"keys": keys_of(one)}),
)


def nodes_of(tree):
    """The nodes of a tree, what they refer to, the numbers of their inputs, and how many links there are."""
    told = []
    for node in tree.nodes:
        numbers = [round(s.default_value, 4) for s in node.inputs if s.type == "VALUE" and not s.is_linked]
        other = getattr(node, "image", None) or getattr(node, "node_tree", None)
        told.append((node.bl_idname, named(other), numbers))
    return {"nodes": told, "links": len(tree.links)}


def keys_of(action):
    """The keys of an action, by place."""
    return sorted(
        (*at, [tuple(round(x, 4) for x in p.co) for p in curve.keyframe_points])
        for at, curve in curves_of(action)
    )


def curves_of(action):
    """The curves of an action, each with its path and index."""
    strips = [strip for layer in action.layers for strip in layer.strips]
    bags = [bag for strip in strips for bag in strip.channelbags]
    return [((curve.data_path, curve.array_index), curve) for bag in bags for curve in bag.fcurves]


def motion(block):
    """The drivers of a datablock, and which action it has."""
    animation = getattr(block, "animation_data", None)
    if animation is None:
        return {"motion": None}
    drivers = [
        (d.data_path, d.array_index, d.driver.type, d.driver.expression)
        + tuple((named(one.id), one.data_path) for v in d.driver.variables for one in v.targets)
        for d in animation.drivers
    ]
    tracks = [[named(strip.action) for strip in track.strips] for track in animation.nla_tracks]
    return {"motion": (drivers, animation.action and keys_of(animation.action), tracks)}


def named(block):
    """The name of what is referred to, without Blender's number: hidden numbers that copies read are there
    beside those of the later build, and one of the two has a number."""
    return block and tags.unnumbered(block.name)


# -- ours -----------------------------------------------------------------------------------------------


def key_of(block):
    """(kind, name) of one of ours, Blender's number left out."""
    return type(block).__name__, tags.unnumbered(block[tags.TAG])


def inventory(scene):
    """How many of ours there are of each kind and name, but for what is written: where nothing fits, that is
    another for another camera."""
    mine = set(tags.owned(scene))
    users, found = bpy.data.user_map(subset=mine), {one for one in mine if one.get(tags.WRITTEN)}
    data = {one for one in mine if not isinstance(one, bpy.types.Object)}
    while more := {one for one in data - found if (by := users[one] & mine) and by <= found}:
        found |= more
    found |= {one for one in mine if isinstance(one, bpy.types.Action) and not users[one] & mine}
    return Counter(map(key_of, mine - found))


def written_twice(scene):
    """What is written in a scene twice, in the same place."""
    mine = [one for one in tags.owned(scene) if one.get(tags.WRITTEN)]
    told = [(key_of(ob), named(ob.parent), *(round(x, 4) for x in ob.location)) for ob in mine]
    shown = [(*at, ob.data and getattr(ob.data, "body", "")) for at, ob in zip(told, mine, strict=True)]
    return [one for one, n in Counter(shown).items() if n > 1 and one[0][1] not in ("shade", "Overlay")]


def uses(scene):
    """Which of ours use each of ours, by kind and name."""
    mine = set(tags.owned(scene))
    users = bpy.data.user_map(subset=mine)
    return {key_of(one): {key_of(user) for user in users[one] & mine} for one in mine}


def only_of(keys, users):
    """Some of ours, and what only these use: the material of a floor, what says that a lamp spares it."""
    found = set(keys)
    while more := {key for key, by in users.items() if by and by <= found} - found:
        found |= more
    return found


def by_hand(scene):
    """(what, name that it was built with) to what a person may have set on each thing of ours, be it drawn or
    at rest. Those of which there are several are left out."""
    found, mine = dict(settings_of(scene)), ours()
    things = [ob for ob in scene.objects if ob in mine] + tags.resting(scene)
    for ob in things:
        name = ob.get(tags.TAG)
        if isinstance(ob, bpy.types.Object) and ob.get(tags.KIND) != tags.SOURCE:
            if name == tags.unnumbered(name):
                found |= {(what, name): value for what, value in set_on_object(ob).items()}
            if ob.data in mine and isinstance(ob.data, bpy.types.Light):
                found["energy", name] = ob.data.energy
            if ob.data in mine and isinstance(ob.data, bpy.types.Camera):
                found["lens", name] = ob.data.lens
    if scene.world in mine:
        found["background", ""] = [socket.default_value for socket in backgrounds(scene.world)]
    return found


def settings_of(scene):
    """The settings of rendering, as `by_hand` tells them."""
    paths = ("render.resolution_x", "render.fps", "view_settings.exposure", "frame_end")
    return {("scene", path): scene.path_resolve(path) for path in paths}


def set_on_object(ob):
    """What a person may have set on an object of ours, or added to it."""
    return {
        "place": tuple(ob.location),
        "hidden": (ob.hide_viewport, ob.hide_render),
        "notes": sorted(key for key in ob.keys() if key.startswith("my ")),
        "modifiers": [m.name for m in ob.modifiers if m.name != MODIFIER],
        "constraints": [c.name for c in ob.constraints if c.name.startswith("mine")],
        "turned": [d.driver.expression for d in drivers_of(ob) if d.data_path == "rotation_euler"],
    }


def drivers_of(ob):
    return ob.animation_data.drivers if ob.animation_data else ()


def backgrounds(world):
    """The strengths of a world's backgrounds that a person can set."""
    nodes = [node for node in compat.node_tree(world).nodes if node.type == "BACKGROUND"]
    return [node.inputs["Strength"] for node in nodes if not node.inputs["Strength"].is_linked]
