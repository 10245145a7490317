"""What a person does by hand stays: random sequences of their actions, with rebuilds between them, some of
which they undo.

Whatever is not listed as ours when a rebuild begins is the user's: afterwards it has to be there, the same
and in the same places, also once it is saved. Of ours there is what one build makes, once.
"""

import os
import random
from collections import Counter

import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described  # noqa: E402
from built_scenes import random as random_matrices  # noqa: E402
from matrix_cinema.blender import compat, studio, tags  # noqa: E402
from matrix_cinema.blender.heirs import SHAPED  # noqa: E402
from matrix_cinema.blender.laid_out_anew import lay_out  # noqa: E402
from matrix_cinema.blender.rebuild import adopt, rebuilding  # noqa: E402
from matrix_cinema.blender.stored import plan_of  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402

# In the suite a few, each with three rebuilds; as many as are asked for when someone looks for trouble.
SEEDS = range(*map(int, os.environ.get("MATRIX_CINEMA_SEEDS", "0-4").split("-")))
REBUILDS = 3
UNDOES = 0.5  # of rebuilds, after which the person goes some steps back
MATRICES = random_matrices(3, A=(2, 3), B=(3, 2))
LOOKS = [{"style": style} for style in ("paper", "studio_dark", "glass")]
EXPRESSIONS = ("out = (S = softmax(A @ B)) @ A", "out = A @ B")
# What is built one after another: paper has no lamps, the last one lacks a matrix, a product and the labels.
BUILT = [(look, EXPRESSIONS[0]) for look in LOOKS] + [(LOOKS[1] | {"labels": False}, EXPRESSIONS[1])]

# The collections of a build, but for those that say what a lamp spares: "Matrix Cinema not Key".
ROOMS = ("Matrix Cinema", "Matrices", "Products", "Lettering", "Stage", "Values")
ROOTS = (bpy.types.Scene, bpy.types.WindowManager, bpy.types.WorkSpace, bpy.types.Screen)


def scene_description(look, expression=EXPRESSIONS[0]):
    return described(expression, MATRICES, look=look)


# -- what there is -------------------------------------------------------------------------------------


def everything():
    """Every datablock of the file by kind and name."""
    kinds = set(dir(bpy.data)) - {
        "screens",
        "workspaces",
        "all_ids",
        "brushes",
        "palettes",
        "window_managers",
    }
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


def seen(block, mine):
    """What a person could miss of a datablock: its content, its place, where it is found."""
    told = {name: str(block[name]) for name in block.keys() if name.startswith("my ")}
    if isinstance(block, bpy.types.Object):
        # What hangs on another goes with it: ours stand elsewhere in another expression.
        free = block.parent is None and not block.constraints
        # Blender places what is hidden only when it is shown again, also after an undo.
        free = free and block.name in bpy.context.view_layer.objects and block.visible_get()
        places = [block.matrix_world] if free else [block.matrix_basis, block.matrix_parent_inverse]
        told["place"] = [round(x, 4) for place in places for row in place for x in row]
        if block.animation_data and block.animation_data.drivers:
            told["drivers"], told["place"] = driven(block)
        told["data"] = block.data and seen(block.data, mine)
        # One of ours that the user took out of the scene is theirs now, beside the one that was built.
        told["in"] = sorted(place_named(c) for c in bpy.data.collections if block in set(c.objects))
        told["scenes"] = sorted(s.name for s in bpy.data.scenes if block in set(s.objects))
        told["hidden"] = block.hide_viewport, block.hide_render
        told["parent"] = named(block.parent)
        told["targets"] = [named(c.target) for c in block.constraints if hasattr(c, "target")]
        told["materials"] = [s.material and list(s.material.diffuse_color) for s in block.material_slots]
        told["keys"] = bool(block.animation_data and block.animation_data.action)
    elif isinstance(block, bpy.types.Mesh):
        told["points"] = [round(x, 4) for v in block.vertices for x in v.co]
        told["attributes"] = sorted(block.attributes.keys())
    elif isinstance(block, bpy.types.Collection):
        told["objects"] = sorted(ob.name for ob in block.objects if ob not in mine)
        told["children"] = sorted(c.name for c in block.children)
    elif isinstance(block, bpy.types.Scene):
        told["objects"] = sorted(ob.name for ob in block.objects if ob not in mine)
        told["camera"] = block.camera and block.camera.name
        told["collections"] = sorted(c.name for c in block.collection.children)
    elif isinstance(block, bpy.types.Material):
        told["color"] = [round(x, 4) for x in block.diffuse_color]
    elif isinstance(block, bpy.types.Light):
        told["energy"] = round(block.energy, 4)
    elif isinstance(block, bpy.types.Camera):
        told["lens"] = round(block.lens, 4)
    return told


def driven(ob):
    """The drivers of an object, and its place but for what these set, which follows other things."""
    drivers = ob.animation_data.drivers
    told = [
        (d.data_path, d.array_index, d.driver.type, d.driver.expression)
        + tuple((named(one.id), one.data_path) for v in d.driver.variables for one in v.targets)
        for d in drivers
    ]
    moved = {(d.data_path, d.array_index) for d in drivers}
    place = [
        round(x, 4)
        for path in ("location", "rotation_euler", "scale")
        for n, x in enumerate(getattr(ob, path))
        if (path, n) not in moved
    ]
    return told, place


def named(ob):
    """The name of what is referred to, without Blender's number: hidden numbers that copies read are there
    beside those of the later build, and one of the two has a number."""
    return ob and tags.unnumbered(ob.name)


def place_named(collection):
    """The name of a collection, without Blender's number only where one that we build has it as well."""
    plain = named(collection)
    return plain if plain in ROOMS or plain.startswith("Matrix Cinema not ") else collection.name_full


def state():
    """What there is of the user's, and the names of ours, listed and at rest."""
    bpy.context.window.scene = scene = bpy.data.scenes["Scene"]
    bpy.context.view_layer.update()
    return users_own(), sorted(b.name for b in (*tags.owned(scene), *tags.resting(scene)))


def key_of(block):
    """(kind, name) of one of ours, Blender's number left out."""
    return type(block).__name__, tags.unnumbered(block[tags.TAG])


def inventory(scene):
    """How many of ours there are of each kind and name."""
    return Counter(map(key_of, tags.owned(scene)))


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
    found, mine = {}, ours()
    things = [ob for ob in scene.objects if ob in mine] + tags.resting(scene)
    for ob in things:
        name = ob.get(tags.TAG)
        if isinstance(ob, bpy.types.Object) and ob.get(tags.KIND) != tags.SOURCE:
            if name == tags.unnumbered(name):
                found["place", name] = tuple(ob.location)
            if ob.data in mine and isinstance(ob.data, bpy.types.Light):
                found["energy", name] = ob.data.energy
            if ob.data in mine and isinstance(ob.data, bpy.types.Camera):
                found["lens", name] = ob.data.lens
    if scene.world in mine:
        found["background", ""] = [socket.default_value for socket in backgrounds(scene.world)]
    return found


def backgrounds(world):
    """The strengths of a world's backgrounds that a person can set."""
    nodes = [node for node in compat.node_tree(world).nodes if node.type == "BACKGROUND"]
    return [node.inputs["Strength"] for node in nodes if not node.inputs["Strength"].is_linked]


# -- one thing at a time ---------------------------------------------------------------------------------


def test_all_that_a_build_makes_is_tagged_and_listed(factory):
    before = set(everything().values())
    scene = build(scene_description(LOOKS[1] | {"title": True, "labels": True, "legend": True}))
    made = set(everything().values()) - before - {bpy.data.fonts.get("Bfont Regular")}
    assert made == set(tags.owned(scene)) and len(made) > 50
    assert all(block[tags.TAG] == block.name for block in made)


def test_what_lies_in_our_collections_stays_there(factory):
    scene, elsewhere = build(scene_description(LOOKS[1])), bpy.data.scenes.new("elsewhere")
    matrices, values = bpy.data.collections["Matrices"], bpy.data.collections["Values"]
    a = scene.objects["A"]
    copy, logo = a.copy(), bpy.data.objects.new("logo", bpy.data.meshes.new("logo"))
    copy.location.x += 9
    matrices.objects.link(copy)
    matrices.objects.link(logo)
    elsewhere.collection.objects.link(logo)
    logo.parent, logo.matrix_parent_inverse = a, a.matrix_world.inverted()
    values.objects.link(hidden := bpy.data.objects.new("hidden", None))
    data, count = copy.data, len(scene.objects)
    build(scene_description(LOOKS[0] | {"legend": False}), scene)
    assert {copy.name, logo.name} < set(matrices.objects.keys()) and hidden.name in values.objects
    assert logo.name in elsewhere.objects and copy.data == data and copy.modifiers[0].node_group
    assert logo.parent == scene.objects["A"] in tags.owned(scene)
    build(scene_description(LOOKS[1]), scene)
    assert len(scene.objects) == count and verify(scene).ok


def test_a_collection_that_was_moved_is_built_where_it_is(factory):
    scene, mine = build(scene_description(LOOKS[0])), bpy.data.collections.new("mine")
    scene.collection.children.link(mine)
    top, count = bpy.data.collections["Matrix Cinema"], len(scene.objects)
    scene.collection.children.unlink(top)
    mine.children.link(top)
    build(scene_description(LOOKS[0]), scene)
    assert len(scene.objects) == count and list(mine.children) == [top]
    assert list(scene.collection.children) == [mine] and len(bpy.data.collections) == 7


def test_a_world_and_a_camera_of_ones_own_stay(factory):
    scene = build(scene_description(LOOKS[0]))
    camera = bpy.data.objects.new("mine", bpy.data.cameras.new("mine"))
    scene.collection.objects.link(camera)
    scene.camera, scene.world = camera, bpy.data.worlds.new("mine")
    for style in ("studio_dark", "paper"):
        build(scene_description({"style": style}), scene)
        assert (scene.camera, scene.world) == (camera, bpy.data.worlds["mine"]) and len(bpy.data.worlds) == 1
    with rebuilding(scene):
        pass
    assert (scene.camera, scene.world) == (camera, bpy.data.worlds["mine"])
    assert list(scene.objects) == [camera] and not bpy.data.palettes


def test_a_copy_of_a_scene_and_its_original_leave_each_other_alone(factory):
    scene = build(scene_description(LOOKS[0]))
    copies = []
    for kind in ("LINK_COPY", "FULL_COPY"):
        bpy.context.window.scene = scene
        bpy.ops.scene.new(type=kind)
        copies.append(bpy.context.scene)
    linked, full = copies
    counts = {one: len(one.objects) for one in (scene, linked, full)}
    assert [tags.is_built(one) for one in counts] == [True, False, False]
    build(scene_description(LOOKS[0]), scene)
    assert {one: len(one.objects) for one in counts} == counts
    assert linked.camera == scene.camera and full.camera not in (None, scene.camera)
    for one in counts:  # all of them can be read, whichever is shown
        assert verify(one).ok
    with pytest.raises(InputError, match="is a copy of a built scene"):
        lay_out(plan_of(full), full)
    originals = set(scene.objects)
    build(scene_description(LOOKS[0]), linked)
    assert set(scene.objects) == originals < set(linked.objects)
    assert len(linked.objects) == 2 * len(originals) and tags.is_built(linked)


def test_a_build_that_fails_leaves_all_as_it_was(factory, monkeypatch):
    scene = build(scene_description(LOOKS[0]))
    world, camera = scene.world, scene.camera
    before = {key: block.users for key, block in everything().items()}

    def fail(*_):
        raise RuntimeError("the lamps are broken")

    monkeypatch.setattr(studio, "light", fail)
    with pytest.raises(RuntimeError, match="broken"):
        build(scene_description(LOOKS[1]), scene)
    assert {key: block.users for key, block in everything().items()} == before
    assert (scene.world, scene.camera) == (world, camera) and verify(scene).ok
    monkeypatch.undo()
    build(scene_description(LOOKS[0]), scene)
    assert {key: block.users for key, block in everything().items()} == before


# -- what a person does --------------------------------------------------------------------------------


class Person:
    """Acts on a file at random, on our things and on their own alike."""

    def __init__(self, seed, built_file):
        self.random, self.built_file, self.deleted = random.Random(seed), built_file, set()
        self.done = []
        self.found, self.set = {}, {}  # on things of ours: what they found after a build, what they set since

    def act(self, scene):
        name = self.random.choice([name for name in vars(Person) if name.startswith("do_")])
        self.done.append(name[3:])
        getattr(self, name)(scene)
        self.remembers()

    def begins(self):
        """Nothing before this is undone: a file was opened."""
        self.steps = []
        self.remembers()

    def remembers(self):
        """A step that can be undone: the state that undoing what comes next goes back to."""
        bpy.ops.ed.undo_push(message=self.done[-1] if self.done else "open")
        self.steps.append((state(), set(self.deleted), dict(self.found), dict(self.set)))

    def undoes(self):
        """Undo up to all steps since the file was opened, and redo some of them: all is as it was then."""
        back = self.random.randrange(1, len(self.steps))
        forth = self.random.randrange(back)
        self.done.append(f"undo {back}, redo {forth}")
        for n, step in ((back, bpy.ops.ed.undo), (forth, bpy.ops.ed.redo)):
            for _ in range(n):
                step()
        del self.steps[len(self.steps) - back + forth :]
        told, deleted, found, by_hand_set = self.steps[-1]
        self.deleted, self.found, self.set = set(deleted), dict(found), dict(by_hand_set)
        assert state() == told, self.done

    def takes_away(self, *blocks):
        """What of ours a build need not make: the person deletes it, or has put their own in its place."""
        self.deleted.update(key_of(block) for block in blocks if block and tags.TAG in block)

    def any_object(self, scene):
        return self.random.choice([*scene.objects] or [self.own_object(scene)])

    def any_collection(self, scene):
        inside = [one for one in scene.collection.children_recursive if not one.override_library]
        return self.random.choice([scene.collection, *inside])  # Blender adds nothing to an override

    def own_object(self, scene, data=None):
        ob = bpy.data.objects.new("logo", data or self.own_mesh())
        ob.location = [self.random.uniform(-9, 9) for _ in range(3)]
        ob["my note"] = "keep"
        self.any_collection(scene).objects.link(ob)
        return ob

    def own_mesh(self):
        mesh = bpy.data.meshes.new("logo")
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, self.random.random(), 0)], [], [(0, 1, 2)])
        return mesh

    def do_add(self, scene):
        self.own_object(scene)

    def do_add_a_light(self, scene):
        light = bpy.data.lights.new("mine", "POINT")
        light.energy = self.random.uniform(1, 99)
        self.own_object(scene, light)

    def do_duplicate(self, scene, linked=False):
        ob = self.any_object(scene)
        copy = ob.copy()
        if ob.data and not linked:
            copy.data = ob.data.copy()
        for collection in ob.users_collection:
            collection.objects.link(copy)
        copy["my note"] = "a copy"

    def do_duplicate_linked(self, scene):
        self.do_duplicate(scene, linked=True)

    def do_duplicate_all(self, scene):
        bpy.ops.object.select_all(action="SELECT")
        bpy.ops.object.duplicate()

    def do_move(self, scene):
        self.any_object(scene).location = [self.random.uniform(-9, 9) for _ in range(3)]

    def do_rename(self, scene):
        block = self.random.choice([self.any_object(scene), self.any_collection(scene)])
        if block != scene.collection:
            block.name = self.random.choice(["mine", "A", "Camera", "logo", "Matrices", "Matrix Cinema"])

    def do_rename_data(self, scene):
        blocks = [*bpy.data.materials, *bpy.data.meshes, *bpy.data.node_groups]
        block = self.random.choice([one for one in blocks if not one.library])
        block.name = self.random.choice(["mine", "A", "Matrix Cinema type", "Matrix Cinema Product"])

    def do_relink(self, scene):
        ob, there = self.any_object(scene), self.any_collection(scene)
        for collection in ob.users_collection:
            collection.objects.unlink(ob)
        there.objects.link(ob)

    def do_link_too(self, scene):
        ob, there = self.any_object(scene), self.any_collection(scene)
        if ob.name not in there.objects:
            there.objects.link(ob)

    def do_parent(self, scene):
        parent, child = self.any_object(scene), self.own_object(scene)
        child.parent, child.matrix_parent_inverse = parent, parent.matrix_world.inverted()

    def do_parent_ours(self, scene):
        ob, parent = self.any_object(scene), self.own_object(scene)
        if ob != parent:
            ob.parent = parent

    def do_constrain(self, scene):
        target, ob = self.any_object(scene), self.own_object(scene)
        ob.constraints.new("COPY_LOCATION").target = target

    def do_delete(self, scene):
        bpy.ops.object.select_all(action="DESELECT")
        ob = self.any_object(scene)
        if ob.visible_get():
            self.takes_away(ob)
            ob.select_set(True)
            bpy.ops.object.delete()

    def do_delete_for_good(self, scene):
        ob = self.any_object(scene)
        if not ob.override_library:  # which Blender makes again from its library when it reads the file
            self.takes_away(ob)
            bpy.data.objects.remove(ob)

    def do_delete_a_collection(self, scene):
        collection = self.any_collection(scene)
        for parent in [scene.collection, *scene.collection.children_recursive]:
            if collection.name in parent.children:  # which gets what was in it, as by Blender's own Delete
                for inside in ("objects", "children"):
                    there = getattr(parent, inside)
                    for one in getattr(collection, inside):
                        if one.name not in there:
                            there.link(one)
                bpy.data.collections.remove(collection)
                break

    def do_edit_material(self, scene):
        if bpy.data.materials:
            self.random.choice(list(bpy.data.materials)).diffuse_color = (1, self.random.random(), 0, 1)

    def do_own_material(self, scene):
        ob = self.any_object(scene)
        if ob.type == "MESH" and ob.data.materials:
            self.takes_away(ob.data.materials[0])
            ob.data.materials[0] = bpy.data.materials.new("Matrix Cinema type")

    def do_borrow_material(self, scene):
        if bpy.data.materials:
            self.own_object(scene).data.materials.append(self.random.choice(list(bpy.data.materials)))

    def do_own_mesh(self, scene):
        ob = self.any_object(scene)
        if ob.type == "MESH":
            self.takes_away(ob.data)
            ob.data = self.own_mesh()

    def do_edit_lamp(self, scene):
        if bpy.data.lights:
            self.random.choice(list(bpy.data.lights)).energy = self.random.uniform(1, 99)

    def do_edit_camera(self, scene):
        if scene.camera:
            scene.camera.data.lens = self.random.uniform(20, 90)

    def do_edit_world(self, scene):
        if scene.world and backgrounds(scene.world):
            backgrounds(scene.world)[0].default_value = self.random.uniform(0.1, 2)

    def do_edit_nodes(self, scene):
        material = self.random.choice([*bpy.data.materials, None])
        nodes = material.node_tree.nodes if material and material.node_tree else ()
        sockets = [one for node in nodes for one in node.inputs if one.type == "VALUE" and not one.is_linked]
        if sockets:
            self.random.choice(sockets).default_value = self.random.random()

    def do_hide(self, scene):
        self.any_object(scene).hide_render = True

    def do_modify(self, scene):
        ob = self.any_object(scene)
        if ob.type == "MESH":
            ob.modifiers.new("mine", "ARRAY")

    def do_constrain_ours(self, scene):
        self.any_object(scene).constraints.new("TRACK_TO").target = self.own_object(scene)

    def do_key_a_lamp(self, scene):
        if bpy.data.lights:
            self.random.choice(list(bpy.data.lights)).keyframe_insert("energy", frame=5)

    def do_own_camera(self, scene):
        scene.camera = self.own_object(scene, bpy.data.cameras.new("Camera"))

    def do_own_world(self, scene):
        scene.world = bpy.data.worlds.new("mine")

    def do_keyframe(self, scene):
        self.any_object(scene).keyframe_insert("scale", frame=3)

    def do_new_collection(self, scene):
        self.any_collection(scene).children.link(bpy.data.collections.new("mine"))

    def do_move_a_collection(self, scene):
        ones = list(scene.collection.children_recursive)
        one = self.random.choice([*ones, None])
        others = [c for c in ones if one and c != one and c not in one.children_recursive]
        if others:
            for parent in [scene.collection, *ones]:
                if one.name in parent.children:
                    parent.children.unlink(one)
            self.random.choice(others).children.link(one)

    def do_link_collection_elsewhere(self, scene):
        other = bpy.data.scenes.new("another")
        other.collection.children.link(self.random.choice(list(scene.collection.children)))

    def do_linked_copy(self, scene):
        bpy.ops.scene.new(type="LINK_COPY")
        bpy.context.window.scene = scene

    def do_full_copy(self, scene):
        bpy.ops.scene.new(type="FULL_COPY")
        bpy.context.window.scene = scene

    def do_key_the_lens(self, scene):
        if scene.camera:
            scene.camera.data.keyframe_insert("lens", frame=4)

    def do_shift_the_lens(self, scene):
        if scene.camera:
            scene.camera.data.shift_x = self.random.uniform(-0.5, 0.5)

    def do_another_projection(self, scene):
        if scene.camera:
            scene.camera.data.type = self.random.choice(["PERSP", "ORTHO"])

    def do_drive(self, scene):
        ob, other = self.own_object(scene), self.any_object(scene)
        driver = ob.driver_add("location", 0).driver
        driver.type = "SUM"
        target = driver.variables.new().targets[0]
        target.id, target.data_path = other, "location.x"

    def do_drive_ours(self, scene):
        ob = self.any_object(scene)
        if not ob.override_library:  # of which Blender saves no driver
            ob.driver_add("rotation_euler", 2).driver.expression = "0.5"

    def do_camera_at_a_marker(self, scene):
        marker = scene.timeline_markers.new("mine", frame=3)
        marker.camera = self.own_object(scene, bpy.data.cameras.new("mine"))

    def do_rename_a_marker(self, scene):
        if scene.timeline_markers:
            self.random.choice(list(scene.timeline_markers)).name = "mine"

    def do_view_layer(self, scene):
        layer = scene.view_layers.new("mine")
        children = list(layer.layer_collection.children)
        if children:
            self.random.choice(children).exclude = True

    def do_parent_the_camera(self, scene):
        if scene.camera:
            scene.camera.parent = self.own_object(scene)

    def do_single_user(self, scene):
        self.select(self.any_object(scene))
        bpy.ops.object.make_single_user(object=True, obdata=True, material=True)
        adopt(scene)

    def do_apply(self, scene):
        ob = self.any_object(scene)
        if self.select(ob) and ob.data and ob.data.users == 1 and ob.type == "MESH":
            bpy.ops.object.transform_apply()

    def do_set_origin(self, scene):
        ob = self.any_object(scene)
        if self.select(ob) and ob.type == "MESH" and ob.data.users == 1 and len(ob.data.vertices):
            bpy.ops.object.origin_set(type="ORIGIN_GEOMETRY")

    def do_join(self, scene):
        own, ob = self.own_object(scene), self.any_object(scene)
        if ob != own and ob.type == "MESH" and self.select(ob) and self.select(own, more=True):
            self.takes_away(ob)
            bpy.ops.object.join()

    def select(self, ob, more=False):
        """Select an object and make it active, where it can be seen; whether it can."""
        bpy.context.view_layer.update()
        if not more:
            bpy.ops.object.select_all(action="DESELECT")
        if ob.name not in bpy.context.view_layer.objects or not ob.visible_get():
            return False
        ob.select_set(True)
        bpy.context.view_layer.objects.active = ob
        return True

    def do_link_and_override(self, scene):
        with bpy.data.libraries.load(self.built_file, link=True) as (there, wanted):
            wanted.collections = [name for name in there.collections if name == "Lettering"]
        for collection in wanted.collections:
            collection.override_hierarchy_create(scene, bpy.context.view_layer)

    def do_empty_scene_with_settings(self, scene):
        bpy.ops.scene.new(type="EMPTY")
        bpy.context.window.scene = scene

    def do_append(self, scene):
        with bpy.data.libraries.load(self.built_file) as (there, wanted):
            wanted.objects = list(there.objects)
        for ob in wanted.objects:
            scene.collection.objects.link(ob)

    def do_append_a_scene(self, scene):
        with bpy.data.libraries.load(self.built_file) as (there, wanted):
            wanted.scenes = list(there.scenes)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A file with a built scene, and of each that is built what there is of it in an empty file."""
    made = []
    for look, expression in BUILT[::-1]:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        scene = build(scene_description(look, expression))
        made.insert(0, (inventory(scene), uses(scene)))
    path = str(tmp_path_factory.mktemp("ownership") / "built.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    return path, made


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_person_does_stays(fresh, tmp_path, seed):
    built_file, expected = fresh
    bpy.ops.wm.open_mainfile(filepath=built_file)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "file.blend"))
    person = Person(seed, built_file)
    person.found = by_hand(bpy.data.scenes["Scene"])
    person.begins()
    for _ in range(REBUILDS):
        scene = bpy.data.scenes["Scene"]
        for _ in range(person.random.randint(1, 3)):
            person.act(scene)
        which = person.random.randrange(len(BUILT))
        rebuild(scene, BUILT[which], expected[which], person)
        person.remembers()
        if person.random.random() < UNDOES:
            person.undoes()
        if person.random.random() < 0.3:
            reopen(tmp_path, person.done)
            person.begins()
    reopen(tmp_path, person.done)
    assert verify(bpy.data.scenes["Scene"]).ok, person.done


def rebuild(scene, built, expected, person):
    done = person.done
    bpy.context.view_layer.update()
    before, before_ours, now = users_own(), ours(), by_hand(scene)
    person.set = {key: value for key, value in person.set.items() if key in now}  # of what is not deleted
    person.set |= {key: value for key, value in now.items() if value != person.found.get(key, value)}
    assert tags.is_built(scene), done
    build(scene_description(*built), scene)
    done.append(f"build {built}")
    after, person.found = users_own(), by_hand(scene)
    assert {key: person.found.get(key) for key in person.set} == person.set, done
    for key, told in before.items():
        assert key in after, (key, done)
        if key != ("scenes", scene.name):
            assert after[key] == told, (key, done)
    made, (expected, users) = inventory(scene), expected
    if scene.world not in ours():  # the user has one of their own
        made += Counter(key for key in expected if key[0] == "World")
    assert not made - expected, (made - expected, done)
    # What a person deleted stays away, and what only that would use.
    missing = (expected - made).keys() - only_of(person.deleted, users)
    assert not missing, (missing, done)
    users = bpy.data.user_map()
    # What is made again rests no more, but where the user's things use what rests.
    rests = [one for one in tags.resting(scene) if isinstance(one, SHAPED) and users[one] <= {scene, *ours()}]
    assert not {key_of(one) for one in rests} & made.keys(), done
    left = [block for block in set(everything().values()) & before_ours - ours() if not users[block]]
    left = [block for block in left if not block.use_fake_user]
    assert not left, (left, done)


def reopen(folder, done):
    bpy.context.view_layer.update()
    before = users_own()
    listed = len(tags.owned(bpy.data.scenes["Scene"]))
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "file.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(folder / "file.blend"))
    bpy.context.window.scene = bpy.data.scenes["Scene"]
    bpy.context.view_layer.update()
    after = users_own()
    for key, told in before.items():
        assert after.get(key) == told, (key, done)
    assert len(tags.owned(bpy.data.scenes["Scene"])) == listed, done


def test_what_blender_makes_single_user_is_still_ours(factory):
    scene = build(scene_description(LOOKS[1]))
    key, lens = scene.objects["Key"], scene.camera.data
    count = len(tags.owned(scene))
    for ob in (key, scene.camera):  # the number beside the name of its data
        ob.data = ob.data.copy()
    key.data.energy = 12.5
    build(scene_description(LOOKS[1]), scene)
    assert scene.objects["Key"] == key and key.data.energy == 12.5 and key.data.name == "Key"
    assert scene.camera.data != lens and {key.data, scene.camera.data} < set(tags.owned(scene))
    assert len(tags.owned(scene)) == count and len(bpy.data.cameras) == 1
