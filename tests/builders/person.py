"""A person who does random things in Blender, to our datablocks and to their own alike."""

import random

import bpy
from matrix_cinema.blender import compat, tags
from matrix_cinema.blender.rebuild import adopt
from matrix_cinema.blender.remembered import modifier_of
from whose import backgrounds, curves_of, key_of, ours, users_own


def state():
    """What can be seen of the user's datablocks, and the names of ours, drawn and at rest."""
    bpy.context.window.scene = scene = bpy.data.scenes["Scene"]
    bpy.context.view_layer.update()
    return users_own(), sorted(b.name for b in (*tags.owned(scene), *tags.resting(scene)))


class Person:
    """Acts on a file at random, on our things and on their own alike."""

    def __init__(self, seed, built_file):
        self.random, self.built_file, self.deleted = random.Random(seed), built_file, {}
        self.done = []
        self.found, self.set = {}, {}  # values on our objects: after the last build, and as set since
        self.touched = False  # whether they have done anything since the last update

    def act(self, scene, of="do_"):
        """Do something of one kind: "do_", anything; "set_", edit a value that a build sets."""
        name = self.random.choice([name for name in vars(Person) if name.startswith(of)])
        self.done.append(name.removeprefix("do_"))
        getattr(self, name)(scene)
        self.touched = True
        self.remembers()

    def begins(self):
        """A file was opened, so nothing before can be undone."""
        self.steps = []
        tags.renew_lists()  # as the panel does
        self.remembers()

    def remembers(self):
        """Make a step of undo, and note the state to which undoing the next step has to lead back."""
        bpy.ops.ed.undo_push(message=self.done[-1] if self.done else "open")
        self.steps.append((state(), dict(self.deleted), dict(self.found), dict(self.set), self.touched))

    def undoes(self):
        """Undo some of the steps since the file was opened, or all, and redo some of these. The state has to
        be the one that was noted then."""
        back = self.random.randrange(1, len(self.steps))
        forth = self.random.randrange(back)
        self.done.append(f"undo {back}, redo {forth}")
        for n, step in ((back, bpy.ops.ed.undo), (forth, bpy.ops.ed.redo)):
            for _ in range(n):
                step()
                tags.renew_lists()  # as the panel does
        del self.steps[len(self.steps) - back + forth :]
        told, deleted, found, by_hand_set, self.touched = self.steps[-1]
        self.deleted, self.found, self.set = dict(deleted), dict(found), dict(by_hand_set)
        assert state() == told, self.done

    def takes_away(self, *blocks, lasts=True):
        """Note datablocks of ours that the person deletes or replaces by their own. With `lasts`, a build
        need not make them again."""
        self.deleted |= {key_of(block): lasts for block in blocks if block and tags.TAG in block}
        if any(isinstance(block, bpy.types.Action) for block in blocks):
            self.moves_it_otherwise()

    def moves_it_otherwise(self):
        """From now on, the person's keys and drivers, or that there are none, may decide when a number is
        finished."""
        self.deleted["Action", ""] = True

    def draws_anew(self):
        """A build drew everything anew: forget what the person deleted, if a build makes it again."""
        self.deleted, self.touched = {key: True for key, lasts in self.deleted.items() if lasts}, False

    def any_object(self, scene):
        return self.random.choice([*scene.objects] or [self.own_object(scene)])

    def any_collection(self, scene):
        inside = [one for one in scene.collection.children_recursive if not one.override_library]
        return self.random.choice([scene.collection, *inside])  # Blender adds nothing to an override

    def own_object(self, scene, data=None):
        """An object of their own, by default of a mesh of their own; an empty one where `data` is False."""
        ob = bpy.data.objects.new("logo", None if data is False else data or self.own_mesh())
        ob.location = [self.random.uniform(-9, 9) for _ in range(3)]
        ob["my note"] = "keep"
        self.any_collection(scene).objects.link(ob)
        return ob

    def own_mesh(self):
        mesh = bpy.data.meshes.new("logo")
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, self.random.random(), 0)], [], [(0, 1, 2)])
        mesh["my note"] = "keep"
        return mesh

    def own_image(self):
        image = bpy.data.images.new("mine", 2, 2)
        image["my note"] = "keep"
        return image

    def own_material(self):
        material = bpy.data.materials.new("mine")
        material["my note"] = "keep"
        compat.node_tree(material)
        return material

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
        self.constrains(ob, "COPY_LOCATION", target)

    def do_delete(self, scene):
        bpy.ops.object.select_all(action="DESELECT")
        ob = self.any_object(scene)
        if ob.visible_get():
            self.takes_away(ob)
            ob.select_set(True)
            bpy.ops.object.delete()

    def do_delete_for_good(self, scene):
        ob = self.any_object(scene)
        if not ob.override_library:  # Blender would make an override again when it reads the file
            self.takes_away(ob)
            bpy.data.objects.remove(ob)

    def do_delete_a_collection(self, scene):
        collection = self.any_collection(scene)
        for parent in [scene.collection, *scene.collection.children_recursive]:
            if collection.name in parent.children:  # the parent gets what was in it, as by Blender's Delete
                for inside in ("objects", "children"):
                    there = getattr(parent, inside)
                    for one in getattr(collection, inside):
                        if one.name not in there:
                            there.link(one)
                self.takes_away(collection, lasts=False)
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
        self.constrains(self.any_object(scene), "TRACK_TO", self.own_object(scene))

    def constrains(self, ob, kind, target):
        constraint = ob.constraints.new(kind)
        constraint.name, constraint.target = "mine", target

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
        if not ob.override_library:  # Blender saves no driver of an override
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

    # -- values that a build sets ------------------------------------------------------------------------

    def drawn(self, scene, *types):
        """Objects of ours in the scene, of these types."""
        mine = ours()
        return [ob for ob in scene.objects if ob in mine and ob.type in types]

    def set_a_lamp(self, scene):
        for lamp in self.drawn(scene, "LIGHT"):
            lamp.data.energy *= self.random.uniform(0.2, 0.9)
            lamp.data.color = (1, self.random.random(), 0)

    def set_the_lens(self, scene):
        for camera in self.drawn(scene, "CAMERA"):
            camera.data.lens *= self.random.uniform(0.8, 0.95)

    def set_an_input(self, scene):
        for ob in self.drawn(scene, "MESH"):
            modifier = modifier_of(ob)
            if modifier and "Min Size" in compat.input_identifiers(modifier):
                compat.set_input(modifier, "Min Size", self.random.uniform(0.2, 0.4))

    def set_a_place(self, scene):
        for ob in self.drawn(scene, "LIGHT", "MESH")[:3]:
            ob.location.y += self.random.uniform(0.1, 0.3)

    def set_the_world(self, scene):
        self.do_edit_world(scene)

    def set_the_samples(self, scene):
        scene.cycles.samples = self.random.randint(2, 50)

    def set_a_material(self, scene):
        mine = ours()
        for material in (one for one in bpy.data.materials if one in mine):
            for node in compat.node_tree(material).nodes:
                if node.type == "BSDF_PRINCIPLED" and not node.inputs["Roughness"].is_linked:
                    node.inputs["Roughness"].default_value = self.random.uniform(0.8, 0.9)

    # -- what is referred to, shared, animated, taken away ----------------------------------------------

    def do_object_in_another_scene(self, scene):
        bpy.data.scenes.new("another").collection.objects.link(self.any_object(scene))

    def do_background_scene(self, scene):
        bpy.data.scenes.new("another").background_set = scene

    def do_delete_another_scene(self, scene):
        others = [one for one in bpy.data.scenes if one != scene]
        if others:
            bpy.data.scenes.remove(self.random.choice(others))

    def do_instance_a_collection(self, scene):
        ob = self.own_object(scene, data=False)
        into = set(ob.users_collection)
        whole = [one for one in bpy.data.collections if not into & {one, *one.children_recursive}]
        if whole:
            ob.instance_type, ob.instance_collection = "COLLECTION", self.random.choice(whole)

    def do_light_only(self, scene):
        lamp = self.own_object(scene, bpy.data.lights.new("mine", "POINT"))
        lamp.light_linking.receiver_collection = self.random.choice([*bpy.data.collections, None])

    def do_point_a_modifier(self, scene):
        ob, other = self.own_object(scene), self.any_object(scene)
        if other.type == "MESH" and other != ob:
            ob.modifiers.new("mine", "SHRINKWRAP").target = other

    def do_use_a_node_group(self, scene):
        trees = [one for one in bpy.data.node_groups if one.bl_idname == "GeometryNodeTree"]
        if trees:
            self.own_object(scene).modifiers.new("mine", "NODES").node_group = self.random.choice(trees)

    def do_use_an_image(self, scene):
        material = self.own_material()
        if bpy.data.images:
            node = compat.node_tree(material).nodes.new("ShaderNodeTexImage")
            node.image = self.random.choice(list(bpy.data.images))
        self.own_object(scene).data.materials.append(material)

    def do_copy_a_material(self, scene):
        if bpy.data.materials:
            copy = self.random.choice(list(bpy.data.materials)).copy()
            copy["my note"] = "a copy"
            self.own_object(scene).data.materials.append(copy)

    def do_text_at_the_camera(self, scene):
        curve = bpy.data.curves.new("mine", "FONT")
        curve.body = "mine"
        self.own_object(scene, curve).parent = scene.camera

    def do_edit_text(self, scene):
        curves = [one for one in bpy.data.curves if isinstance(one, bpy.types.TextCurve)]
        if curves:
            self.random.choice(curves).body = "mine"

    def do_edit_mesh(self, scene):
        meshes = [one for one in bpy.data.meshes if one.vertices and not one.library]
        if meshes:
            self.random.choice(meshes).vertices[0].co.x += 1

    def do_hide_in_the_viewport(self, scene):
        self.any_object(scene).hide_viewport = True

    def do_hide_for_now(self, scene):
        ob = self.any_object(scene)
        if ob.name in bpy.context.view_layer.objects:
            ob.hide_set(True)

    def do_render_settings(self, scene):
        scene.render.resolution_x = self.random.choice([320, 640, 1080])
        scene.render.fps = self.random.choice([12, 25])
        scene.view_settings.exposure = self.random.uniform(-1, 1)

    def do_go_to_a_frame(self, scene):
        scene.frame_set(self.random.randint(scene.frame_start, scene.frame_end))

    def do_focus(self, scene):
        if scene.camera:
            scene.camera.data.dof.focus_object = self.any_object(scene)

    def do_note(self, scene):
        self.any_object(scene)["my word"] = "keep"

    def do_marker(self, scene):
        scene.timeline_markers.new("mine", frame=self.random.randint(1, 9))

    def do_key_the_place(self, scene):
        self.any_object(scene).keyframe_insert("location", frame=self.random.randint(1, 9))

    def do_edit_keys(self, scene):
        action = self.random.choice([*bpy.data.actions, None])
        points = action and [p for _, curve in curves_of(action) for p in curve.keyframe_points]
        if points:
            self.moves_it_otherwise()
            self.random.choice(points).co.y += 0.5

    def do_own_action(self, scene):
        ob = self.any_object(scene)
        if ob.animation_data and ob.animation_data.action:
            self.takes_away(ob.animation_data.action, lasts=False)
            ob.animation_data.action = action = ob.animation_data.action.copy()
            action["my note"] = "a copy"

    def do_share_an_action(self, scene):
        ob = self.own_object(scene)
        animation = ob.animation_data_create()
        animation.action = self.random.choice([*bpy.data.actions, None])

    def do_push_down(self, scene):
        ob = self.any_object(scene)
        if ob.animation_data and ob.animation_data.action and not ob.override_library:
            self.moves_it_otherwise()
            track = ob.animation_data.nla_tracks.new()
            track.strips.new("mine", 1, ob.animation_data.action)
            ob.animation_data.action = None

    def do_clear_animation(self, scene):
        ob = self.any_object(scene)
        if ob.animation_data and not ob.override_library:
            self.takes_away(ob.animation_data.action, lasts=False)
            ob.animation_data_clear()

    def do_drive_an_input(self, scene):
        ob = self.any_object(scene)
        modifier = modifier_of(ob)
        if modifier and not ob.override_library and "Min Size" in compat.input_identifiers(modifier):
            ob.driver_add(compat.input_path(modifier, "Min Size")).driver.expression = "0.2"

    def do_remove_a_modifier(self, scene):
        ob = self.any_object(scene)
        if ob.modifiers and not ob.override_library:
            ob.modifiers.remove(self.random.choice(list(ob.modifiers)))

    def do_delete_a_node_group(self, scene):
        self.delete_data(bpy.data.node_groups)
        for tree in bpy.data.node_groups:  # else Blender removes links to what is gone only later
            tree.interface_update(bpy.context)

    def do_delete_an_image(self, scene):
        self.delete_data(bpy.data.images)

    def do_delete_a_material(self, scene):
        self.delete_data(bpy.data.materials)

    def do_delete_an_action(self, scene):
        self.delete_data(bpy.data.actions)

    def do_delete_the_world(self, scene):
        self.delete_data(bpy.data.worlds)

    def do_delete_a_mesh(self, scene):
        """Blender deletes the objects that show the mesh along with it."""
        meshes = [one for one in bpy.data.meshes if not one.library]
        if meshes:
            mesh = self.random.choice(meshes)
            shown = [ob for ob in bpy.data.objects if ob.data == mesh]
            self.takes_away(mesh, *shown)
            bpy.data.meshes.remove(mesh)

    def do_purge(self, scene):
        bpy.data.orphans_purge(do_local_ids=True, do_linked_ids=True, do_recursive=True)

    def do_remap(self, scene):
        """Outliner › Remap Users: put a material or a picture of their own in the place of another."""
        kind = self.random.choice([bpy.data.materials, bpy.data.images])
        local = [one for one in kind if not one.library]
        if local:
            one = self.random.choice(local)
            # The person's own may now be in the place of any material or picture of ours.
            self.deleted |= {("Material", ""): True, ("Image", ""): True}
            one.user_remap(self.own_material() if kind == bpy.data.materials else self.own_image())

    def do_make_local(self, scene):
        bpy.ops.object.select_all(action="DESELECT")
        bpy.ops.object.make_local(type="ALL")

    def delete_data(self, kind):
        """Outliner › Delete, of a datablock of a kind."""
        local = [one for one in kind if not one.library]
        if local:
            block = self.random.choice(local)
            self.takes_away(block, lasts=False)
            kind.remove(block)

    # -- other files -------------------------------------------------------------------------------------

    def do_append(self, scene):
        with bpy.data.libraries.load(self.built_file) as (there, wanted):
            wanted.objects = list(there.objects)
        for ob in wanted.objects:
            scene.collection.objects.link(ob)

    def do_append_a_scene(self, scene):
        with bpy.data.libraries.load(self.built_file) as (there, wanted):
            wanted.scenes = list(there.scenes)
