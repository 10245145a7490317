"""What a person changes on what we built stays when it is built again, and Reset gives ours back."""

import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described  # noqa: E402
from built_scenes import random as random_matrices  # noqa: E402
from matrix_cinema.blender import before_build, compat, given_back, remembered, tags  # noqa: E402
from matrix_cinema.blender.laid_out_anew import lay_out  # noqa: E402
from matrix_cinema.blender.objects import MODIFIER  # noqa: E402
from matrix_cinema.blender.stored import plan_of  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402

MATRICES = random_matrices(3, A=(2, 3), B=(3, 2))
ELEMENTS = "Matrix Cinema studio_dark ice_ember"  # the material of signed matrices
BARE = {"labels": False}


def scene_of(style="studio_dark", **tables):
    look = {"style": style, "labels": True} | tables.pop("look", {})
    return described("out = softmax(A @ B)", MATRICES, look=look, **tables)


def differences(scene):
    """The keys that count as changed, by name of the datablock."""
    ours = remembered.owned_by_any()
    found = {block.name: remembered.changed(block, ours) for block in [scene, *tags.owned(scene)]}
    return {name: keys for name, keys in found.items() if keys}


def told(scene):
    """All that is remembered of each datablock of a scene, by name."""
    ours = remembered.owned_by_any()
    return {(type(one).__name__, one.name): remembered.memory(one, ours) for one in tags.owned(scene)}


def test_what_nobody_changed_is_ours_and_what_is_built_again_is_the_same(factory):
    scene = build(scene_of())
    assert not differences(scene)
    assert not any(remembered.is_changed(block) for block in tags.owned(scene))
    first = told(scene)
    for style in ("paper", "glass", "studio_dark"):
        build(scene_of(style), scene)
        assert not differences(scene) and not tags.resting(scene)
    assert told(scene) == first
    assert verify(scene).ok


def test_what_an_earlier_version_built_and_is_drawn_no_more_goes(factory):
    scene = build(scene_of())
    for ob in (one for one in scene.objects if one.get(tags.KIND) == "label"):
        ob.constraints.new("COPY_ROTATION").target = scene.camera
        del ob[tags.SET]
    ob.constraints.new("COPY_LOCATION").target = mine = bpy.data.objects.new("mine", None)
    build(scene_of(look={"labels": False}), scene)
    rests = {one for one in tags.resting(scene) if isinstance(one, bpy.types.Object)}
    assert rests <= {ob, ob.parent} and ob.constraints[-1].target == mine


def test_what_a_person_changed_stays(factory):
    scene = build(scene_of())
    camera, key, a = scene.camera, scene.objects["Key"], scene.objects["A"]
    floor, out = scene.objects["Ground"], scene.objects["out products"]
    camera.data.lens, camera.data.dof.use_dof, camera.data.dof.aperture_fstop = 85.0, True, 1.4
    key.data.energy, key.data.color, key.location.x = 12.5, (1.0, 0.0, 0.0), 3.25
    a.location, a.name, a.hide_render = (7.0, 8.0, 9.0), "my A", True
    compat.set_input(out.modifiers[MODIFIER], "Scale", 0.125)
    mine = bpy.data.objects.new("mine", None)
    scene.collection.objects.link(mine)
    a.parent = mine
    a.modifiers.new("own", "ARRAY")
    a.constraints.new("LIMIT_SCALE").name = "own"
    floor.data.materials[0] = bpy.data.materials.new("own floor")
    strengths(scene.world)[0].default_value = 0.75
    scene.render.resolution_x, scene.cycles.samples, scene.frame_end = 333, 7, 9
    scene.render.fps, scene.view_settings.exposure = 31, 0.5
    metallic(ELEMENTS).default_value = 0.25
    scene.objects["B"].hide_set(True)
    kept = differences(scene)
    assert kept["my A"] == {"location", "hide_render", "parent"} and kept["Scene"] == {
        "render.resolution_x",
        "cycles.samples",
        "frame_end",
        "render.fps",
        "view_settings.exposure",
    }
    for style in ("glass", "paper", "studio_dark"):  # paper has no floor
        build(scene_of(style, layout={"gap": 5.0}), scene)
        assert scene.camera == camera and camera.data.lens == 85.0 and camera.data.dof.use_dof
        assert scene.objects["my A"] == a and tuple(a.location) == (7.0, 8.0, 9.0) and a.hide_render
        assert a.parent == mine and a.modifiers.keys() == [MODIFIER, "own"] and "own" in a.constraints
        assert compat.get_input(out.modifiers[MODIFIER], "Scale") == 0.125
        assert (scene.render.resolution_x, scene.cycles.samples, scene.frame_end) == (333, 7, 9)
        assert (scene.render.fps, scene.view_settings.exposure) == (31, 0.5)
        assert scene.objects["B"].hide_get()
        assert strengths(scene.world)[0].default_value == 0.75
    assert scene.objects["Key"] == key and key.data.energy == 12.5 and key.location.x == 3.25
    assert scene.objects["Ground"] == floor and floor.data.materials[0].name == "own floor"
    assert metallic(ELEMENTS).default_value == 0.25
    drawn = compat.get_input(scene.objects["B"].modifiers[MODIFIER], "Material")
    assert drawn.name == ELEMENTS and not tags.resting(scene)
    assert scene.objects["B"].location.z == 5.0 and verify(scene).ok  # ours, so it moved


def metallic(material):
    """The input Metallic of the material of this name."""
    nodes = bpy.data.materials[material].node_tree.nodes
    return next(node for node in nodes if node.type == "BSDF_PRINCIPLED").inputs["Metallic"]


def strengths(world):
    """The strengths of a world's backgrounds that a person can set."""
    found = [node.inputs["Strength"] for node in compat.node_tree(world).nodes if node.type == "BACKGROUND"]
    return [socket for socket in found if not socket.is_linked]


def test_a_shifted_lens_is_of_its_build_and_a_person_s_stays(factory):
    scene = build(scene_of(look=BARE, camera={"projection": "oblique"}))
    lens = scene.camera.data
    shifted = lens.shift_x, lens.shift_y
    assert any(shifted)
    build(scene_of(look=BARE, camera={"projection": "perspective"}), scene)
    assert scene.camera.data == lens and (lens.shift_x, lens.shift_y) == (0.0, 0.0)
    build(scene_of(look=BARE, camera={"projection": "oblique"}), scene)
    assert (lens.shift_x, lens.shift_y) == shifted and not differences(scene)
    lens.shift_x = 0.25
    build(scene_of(look=BARE, camera={"projection": "perspective"}), scene)
    assert lens.shift_x == 0.25 and given_back.changes(scene) == [f"{lens.name}: shift x"]


def test_reset_gives_ours_back_and_says_what_it_discards(factory):
    scene = build(scene_of(look=BARE))
    first, a, key = told(scene), scene.objects["A"], scene.objects["Key"]
    a.location.x, key.data.energy, scene.cycles.samples = 7.0, 12.5, 3
    assert given_back.reset(scene, given_back.of_object(scene, key)) == ["Key: energy"]
    assert sorted(given_back.changes(scene)) == ["A: location", "Scene: samples"]
    a.name = "my A"
    bpy.data.objects.remove(scene.objects["Ground"])
    build(scene_of(look=BARE), scene)
    assert a.name == "my A" and a.location.x == 7.0 and "Ground" not in scene.objects
    given_back.reset_scene(scene)
    assert "Ground" in scene.objects and told(scene) == first and not given_back.changes(scene)


def test_a_lamp_behind_the_scene_still_spares_the_floor(factory):
    scene = build(scene_of(look=BARE))
    for _ in range(2):
        spared = scene.objects["Rim"].light_linking.receiver_collection
        assert list(spared.objects) == [scene.objects["Ground"]]
        assert spared.collection_objects[0].light_linking.link_state == "EXCLUDE"
        build(scene_of(look=BARE), scene)


def test_a_shifted_lens_that_a_person_changed_keeps_the_middle_of_the_picture(factory):
    """An oblique camera looks at one side of the scene, so its lens is shifted, as far as it is long."""
    shifted, straight = (
        scene_of("paper", look=BARE, camera={"projection": one}) for one in ("oblique", "perspective")
    )
    scene = build(straight)
    lens = scene.camera.data
    assert (lens.shift_x, lens.shift_y) == (0.0, 0.0)
    build(shifted, scene)
    ours = lens.lens, lens.shift_x, lens.shift_y
    assert abs(lens.shift_x) > 0.1 and not differences(scene)
    lens.lens *= 2.0
    build(shifted, scene)
    assert (lens.lens, lens.shift_x, lens.shift_y) == pytest.approx([2.0 * one for one in ours])
    assert remembered.changed(lens) == {"lens"}
    lens.shift_x += 0.25
    assert remembered.changed(lens) == {"lens", "shift_x"}
    build(straight, scene)
    assert lens.shift_x == pytest.approx(2.0 * ours[1] + 0.25) and lens.shift_y == 0.0
    build(shifted, scene)
    given_back.reset(scene, given_back.of_camera(scene))
    assert (lens.lens, lens.shift_x, lens.shift_y) == pytest.approx(ours) and not differences(scene)
    lens.lens *= 2.0
    given_back.reset(scene, given_back.of_camera(scene))
    assert (lens.lens, lens.shift_x, lens.shift_y) == pytest.approx(ours) and not differences(scene)
    lens.type, lens.lens = "ORTHO", 2.0 * lens.lens  # for which a shift is a part of the picture
    build(shifted, scene)
    assert (lens.shift_x, lens.shift_y) == pytest.approx(ours[1:])
    assert remembered.changed(lens) == {"type", "lens"}


def test_children_of_a_deleted_camera_hang_on_its_successor(factory):
    scene = build(scene_of())
    children = {ob.name for ob in scene.camera.children_recursive}
    bpy.data.objects.remove(scene.camera)
    assert not [line for line in given_back.changes(scene) if line.endswith("parent")]
    for style in ("paper", "studio_dark"):
        build(scene_of(style), scene)
    camera = next(ob for ob in tags.owned(scene) if getattr(ob, "type", "") == "CAMERA")
    assert {ob.name for ob in camera.children_recursive} == children and children


@pytest.mark.parametrize("said", [{"lens": "long"}, {"lens": 0}, {"shift_x": [0.1]}, {"shift_x": "far"}])
def test_what_a_file_says_of_a_lens_may_be_anything(factory, said):
    lens = build(scene_of(look=BARE, camera={"projection": "oblique"})).camera.data
    before = remembered.remembered(lens)
    remembered.keep(lens, before | {"values": before["values"] | said})
    lens.shift_x += 0.25
    assert remembered.changed(lens) == {"shift_x", *said}


def test_a_scene_of_ones_own_gets_back_what_it_was_before_its_first_build(factory):
    scene = bpy.context.scene
    world, camera = bpy.data.worlds.new("mine"), bpy.data.objects.new("mine", bpy.data.cameras.new("mine"))
    scene.collection.objects.link(camera)
    scene.world, scene.camera = world, camera
    render = scene.render
    render.resolution_x, render.resolution_y, render.fps, scene.frame_end = 3840, 2160, 30, 77
    scene.cycles.samples, scene.view_settings.view_transform = 999, "Raw"
    before = remembered.all_settings(scene)
    markers = [scene.timeline_markers.new("mine", frame=5).name]
    build(scene_of(beats="auto"), scene)
    build(scene_of("paper"), scene)  # what the first build found is what counts
    assert render.resolution_x == 1280 and scene.world != world and scene.camera != camera
    assert {"width: 3840", "fps: 30", "world: mine", "camera: mine"} < set(before_build.told(scene))
    assert before_build.remove(scene) and remembered.all_settings(scene) == before
    assert (scene.world, scene.camera, list(scene.objects)) == (world, camera, [camera])
    assert [one.name for one in scene.timeline_markers] == markers
    assert not [key for key in scene.keys() if key.startswith("mc_")] and not tags.is_built(scene)
    build(scene_of(), scene)
    render.resolution_x, scene.world = 500, (own := bpy.data.worlds.new("later"))
    before_build.remove(scene)
    assert (render.resolution_x, render.fps, scene.world) == (500, 30, own)


def test_the_second_scene_of_a_file_is_built_again_in_its_own_collections(factory):
    build(scene_of())
    scene, mine = bpy.data.scenes.new("second"), bpy.data.objects.new("mine", None)
    build(scene_of(), scene)
    rooms = scene.collection.children_recursive
    next(one for one in rooms if one.name == "Lettering.001").objects.link(mine)
    count = len(scene.objects)
    for again in (build, lambda _, scene: lay_out(plan_of(scene), scene)):
        again(scene_of(), scene)
        assert scene.collection.children_recursive == rooms and not scene.collection.objects
        assert mine.users_collection[0].name == "Lettering.001" and len(scene.objects) == count
