"""The datablocks of a file by owner: what can be seen of the user's own, and what a person set on ours."""

from collections import Counter

import bpy
from matrix_cinema.blender import compat, tags
from matrix_cinema.blender.remembered import MODIFIER, modifier_of

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
    """{(kind, name): what can be seen of it} for each datablock of the user's that Blender keeps."""
    mine, kept = ours(), used()
    return {
        key: seen(block, mine)
        for key, block in everything().items()
        if key[0] not in ("fonts", "libraries") and block not in mine and block in kept
    }


def used():
    """The datablocks that Blender keeps: scenes, those with a fake user, and all that these use. When a file
    is saved, an unused datablock is lost, and with it what only that datablock uses."""
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
    # A child moves with its parent, and ours stand elsewhere in another expression: compare its own place.
    free = block.parent is None and not block.constraints
    # Blender moves a hidden object only when it is shown again, also after an undo.
    free = free and block.name in bpy.context.view_layer.objects and block.visible_get()
    places = [block.matrix_world] if free else [block.matrix_basis, block.matrix_parent_inverse]
    told = {"place": [round(x, 4) for place in places for row in place for x in row]}
    if block.animation_data and block.animation_data.drivers:
        told["place"] = undriven_place(block)
    told["data"] = block.data and seen(block.data, mine)
    # A collection of ours that the user took out of the scene is theirs now. A build makes another of that
    # name, so one of the two gets a number, which `named` leaves out.
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
    """The name of what a modifier refers to, without the number that another build may give it."""
    if modifier.type == "NODES":
        return named(modifier.node_group)
    return named(getattr(modifier, "target", None) or getattr(modifier, "object", None))


def undriven_place(ob):
    """The place of an object without the values that drivers set, because these follow other objects."""
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
    """The names of the collections in a collection, without those that a build makes and removes."""
    return sorted(c.name for c in collection.children if tags.TAG not in c and named(c) not in ROOMS)


def seen_scene(block, mine):
    told = {"objects": sorted(ob.name for ob in block.objects if ob not in mine)}
    told["camera"] = named(block.camera)
    told["collections"] = own_children(block.collection)
    told["background"] = named(block.background_set)
    told["size"] = block.render.resolution_x, block.render.resolution_y
    return told | stays_of_scene(block)


def stays_of_scene(block):
    """What belongs to the user even in a scene that is built again: their markers, and the collections that
    their view layers exclude."""
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
    """The name of a datablock without Blender's number. The user's copies keep the hidden values of an older
    build, and a later build makes others of the same name: one of the two then has a number."""
    return block and tags.unnumbered(block.name)


# -- ours -----------------------------------------------------------------------------------------------


def key_of(block):
    """(kind, name) of one of ours, Blender's number left out."""
    return type(block).__name__, tags.unnumbered(block[tags.TAG])


def inventory(scene):
    """How many datablocks of ours there are of each kind and name. Type is left out, because the camera
    decides which of it fits."""
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
    """{key of a datablock of ours: keys of those of ours that use it}; see `key_of`."""
    mine = set(tags.owned(scene))
    users = bpy.data.user_map(subset=mine)
    return {key_of(one): {key_of(user) for user in users[one] & mine} for one in mine}


def only_of(keys, users):
    """The keys of some of ours and of what only these use, such as the material of a floor, and the
    collection by which a lamp spares the floor."""
    found = set(keys)
    while more := {key for key, by in users.items() if by and by <= found} - found:
        found |= more
    return found


def by_hand(scene):
    """{(property, name that it was built with): value} of what a person may have set on our objects, drawn or
    at rest. Left out are objects that a build makes several of, and values with keys, which Blender sets."""
    found, mine = dict(settings_of(scene)), ours()
    things = [ob for ob in scene.objects if ob in mine] + tags.resting(scene)
    for ob in things:
        name = ob.get(tags.TAG)
        if isinstance(ob, bpy.types.Object) and ob.get(tags.KIND) != tags.SOURCE:
            if name == tags.unnumbered(name):
                found |= {(what, name): value for what, value in set_on_object(ob).items()}
            is_free = ob.data in mine and not (ob.data.animation_data and ob.data.animation_data.action)
            if is_free and isinstance(ob.data, bpy.types.Light):
                found["light", name] = ob.data.energy, tuple(ob.data.color)
            if is_free and isinstance(ob.data, bpy.types.Camera):
                found["lens", name] = ob.data.lens
    for material in (one for one in bpy.data.materials if one in mine):
        if rough := roughness_of(material):  # of the style that is shown
            found["rough", tags.unnumbered(material[tags.TAG])] = rough
    if scene.world in mine:
        found["background", ""] = [socket.default_value for socket in backgrounds(scene.world)]
    return found


def settings_of(scene):
    """The settings of rendering, as `by_hand` tells them."""
    paths = ("render.resolution_x", "render.fps", "view_settings.exposure", "frame_end", "cycles.samples")
    return {("scene", path): scene.path_resolve(path) for path in paths}


def set_on_object(ob):
    """What a person may have set on an object of ours, or added to it."""
    modifier = modifier_of(ob)
    inputs = compat.input_identifiers(modifier) if modifier else {}
    least = {"least": compat.value_at(modifier, inputs["Min Size"])} if "Min Size" in inputs else {}
    return least | {
        "place": tuple(ob.location),
        "hidden": (ob.hide_viewport, ob.hide_render),
        "notes": sorted(key for key in ob.keys() if key.startswith("my ")),
        "modifiers": [m.name for m in ob.modifiers if m.name != MODIFIER],
        "constraints": [c.name for c in ob.constraints if c.name.startswith("mine")],
        "turned": [d.driver.expression for d in drivers_of(ob) if d.data_path == "rotation_euler"],
    }


def roughness_of(material):
    """The roughness of what a material is made of, where a person can set it."""
    nodes = [node for node in compat.node_tree(material).nodes if node.type == "BSDF_PRINCIPLED"]
    return [
        node.inputs["Roughness"].default_value for node in nodes if not node.inputs["Roughness"].is_linked
    ]


def drivers_of(ob):
    return ob.animation_data.drivers if ob.animation_data else ()


def backgrounds(world):
    """The strengths of a world's backgrounds that a person can set."""
    nodes = [node for node in compat.node_tree(world).nodes if node.type == "BACKGROUND"]
    return [node.inputs["Strength"] for node in nodes if not node.inputs["Strength"].is_linked]
