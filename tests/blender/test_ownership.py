"""What a person does by hand stays: random sequences of their actions, with builds, updates and resets
between them, some of which they undo.

What is not listed as ours when a build, update or reset begins is the user's. Afterwards it has to be there,
unchanged and in the same places, also after saving. Of ours there has to be exactly what one build makes.
"""

import contextlib
import os
from collections import Counter

import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described  # noqa: E402
from built_scenes import random as random_matrices  # noqa: E402
from matrix_cinema.blender import before_build, given_back, studio, tags  # noqa: E402
from matrix_cinema.blender.heirs import SHAPED  # noqa: E402
from matrix_cinema.blender.laid_out_anew import lay_out  # noqa: E402
from matrix_cinema.blender.rebuild import rebuilding  # noqa: E402
from matrix_cinema.blender.stored import plan_of  # noqa: E402
from matrix_cinema.blender.update import TO_DRAW, build, update, update_in_steps  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.errors import InputError, JobError  # noqa: E402
from person import Person  # noqa: E402
from whose import (  # noqa: E402
    by_hand,
    everything,
    inventory,
    key_of,
    only_of,
    ours,
    stays_of_scene,
    users_own,
    uses,
    written_twice,
)

# The suite tries a few seeds, each with three updates. Ask for more to look for trouble: "0-200".
SEEDS = range(*map(int, os.environ.get("MATRIX_CINEMA_SEEDS", "0-4").split("-")))
UPDATES = 3
SETS = 0.7  # of updates, before which the person also edits a value that a build sets
UNDOES = 0.5  # the part of updates after which the person undoes some steps
NEAR = 0.5  # the part of updates that change little
MATRICES = random_matrices(3, A=(2, 3), B=(3, 2))
WIDER = random_matrices(4, A=(4, 2), B=(2, 4))
LOOKS = [{"style": style} for style in ("paper", "studio_dark", "glass")]
EXPRESSIONS = ("out = (S = softmax(A @ B)) @ A", "out = A @ B")
WRITTEN = {"title": True, "labels": True, "legend": True}


def scene_description(look, expression=EXPRESSIONS[0], arrays=MATRICES, **tables):
    return described(expression, arrays, look=look, **tables)


# What is built one after another. Paper has no lamps, the fourth lacks a matrix, a product and the labels.
BUILT = (
    *map(scene_description, LOOKS),
    scene_description(LOOKS[1] | {"labels": False}, EXPRESSIONS[1]),
    scene_description(LOOKS[1], arrays=WIDER),
    scene_description(LOOKS[0] | WRITTEN, title="S"),
)
# Descriptions close to the dark studio: an update only sets values again, or makes the film anew.
LITTLE = (
    scene_description(LOOKS[1] | {"element_scale": 0.8}),
    scene_description(LOOKS[1], style={"roughness": 0.7, "exposure": 0.5}),
    scene_description(LOOKS[1], light={"key": {"strength": 2.0, "azimuth": 30.0}}),
    scene_description(LOOKS[1], render={"samples": 8}),
    scene_description(LOOKS[1], camera={"view": "front", "lens": 70.0}),
    scene_description(LOOKS[1], animation={"sweep_seconds": 1.0}),
    scene_description(LOOKS[1] | {"sensitivity": "global"}),
)


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


def test_an_empty_scene_with_the_same_settings_keeps_nothing_of_an_earlier_build(factory):
    scene = build(scene_description(LOOKS[1]))
    bpy.ops.scene.new(type="EMPTY")
    theirs = set(everything().values()) - ours()
    build(scene_description(LOOKS[1]), scene)
    assert set(everything().values()) - ours() == theirs


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


def test_a_collection_to_which_a_lamp_of_ones_own_is_bound_outlives_the_build(factory):
    scene = build(scene_description(LOOKS[1]))
    lamp = bpy.data.objects.new("mine", bpy.data.lights.new("mine", "POINT"))
    scene.collection.objects.link(lamp)
    lamp.light_linking.receiver_collection = stage = bpy.data.collections["Stage"]
    before_build.remove(scene)  # without it the lamp would light all that is there
    assert lamp.light_linking.receiver_collection == stage and list(bpy.data.collections) == [stage]
    build(scene_description(LOOKS[1]), scene)
    assert verify(scene).ok


def test_a_focus_on_hidden_numbers_stays(factory):
    scene = build(scene_description(LOOKS[1]))
    count = len(bpy.data.objects)
    scene.camera.data.dof.focus_object = scene.objects["A values"]
    build(scene_description(LOOKS[0]), scene)
    assert scene.camera.data.dof.focus_object == scene.objects["A values"] in tags.owned(scene)
    build(scene_description(LOOKS[1]), scene)
    assert len(bpy.data.objects) == count


def test_a_modifier_that_was_removed_comes_back_with_what_moves_it(factory):
    scene = build(scene_description(LOOKS[1]))
    scene.objects["out"].modifiers.clear()
    build(scene_description(LOOKS[0]), scene)
    assert verify(scene).ok


def test_what_a_person_puts_in_the_place_of_ours_is_theirs(factory):
    scene, own = build(scene_description(LOOKS[1])), bpy.data.materials.new("mine")
    before = tags.owned(scene)
    built = next(one for one in before if isinstance(one, bpy.types.Material))
    built.user_remap(own)  # Outliner › Remap Users, which also writes into our list
    assert set(tags.owned(scene)) == {*before} - {built}
    for look in (LOOKS[0], LOOKS[1]):
        build(scene_description(look), scene)
        assert bpy.data.materials.get("mine") == own and own not in tags.owned(scene)


def test_the_colour_that_a_material_has_in_solid_shading_stays(factory):
    scene = build(scene_description(LOOKS[1]))
    name = "Matrix Cinema studio_dark ice_ember"
    bpy.data.materials[name].diffuse_color = (1.0, 0.0, 0.0, 1.0)
    for look in (LOOKS[0], LOOKS[1]):  # the first has other materials
        build(scene_description(look), scene)
    assert tuple(bpy.data.materials[name].diffuse_color) == (1.0, 0.0, 0.0, 1.0)


def test_where_nothing_is_written_nothing_is_before_the_camera(factory):
    scene = build(scene_description(LOOKS[1] | {"formula": False}))
    scene.camera.data.type = "ORTHO"
    build(scene_description(LOOKS[1] | {"formula": False}), scene)
    assert not [ob for ob in tags.owned(scene) if ob.get(tags.WRITTEN)]


def test_a_scene_whose_node_group_was_deleted_is_built_again(factory):
    scene = build(scene_description(LOOKS[1]))
    bpy.data.node_groups.remove(scene.objects["out"].modifiers[0].node_group)
    with pytest.raises(JobError, match="is not drawn"):
        verify(scene)
    update(scene_description(LOOKS[1] | {"element_scale": 0.8}), scene)  # sets only what is there
    build(scene_description(LOOKS[1]), scene)
    assert verify(scene).ok


# -- what a person does --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """(a file with a built scene, {description: what a build of it makes in an empty file})."""
    made = {}
    for description in (*BUILT[::-1], *LITTLE, BUILT[0]):
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        scene = build(description)
        made[scene[tags.DESCRIPTION]] = inventory(scene), uses(scene)
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
    for _ in range(UPDATES):
        scene = bpy.data.scenes["Scene"]
        for _ in range(person.random.randint(1, 3)):
            person.act(scene)
        if person.random.random() < SETS:
            person.act(scene, "set_")
        updated(scene, expected, person)
        person.remembers()
        if person.random.random() < UNDOES:
            person.undoes()
        if person.random.random() < 0.3:
            reopen(tmp_path, person.done)
            person.begins()
    reopen(tmp_path, person.done)
    if not person.touched and ("Action", "") not in person.deleted:
        assert not (wrong := what_is_wrong(bpy.data.scenes["Scene"])), f"{wrong}\n{person.done}"


def what_is_wrong(scene):
    """What is wrong with the numbers that a scene draws, or ""."""
    try:
        report = verify(scene, [(scene.frame_start + scene.frame_end) / 2, scene[tags.DONE]])
    except (InputError, JobError) as error:
        return str(error)
    return "" if report.ok else "\n".join(report.lines())


def updated(scene, expected, person):
    """Change a scene in one of WAYS, chosen at random, and check all that this must not change."""
    done, window, way = person.done, bpy.context.window, person.random.choice(WAYS)
    if way is reset_all:  # a reset gives our datablocks their names back
        for room in (one for one in ours() if isinstance(one, bpy.types.Collection)):
            room.name = room[tags.TAG]
    window.scene = scene
    bpy.context.view_layer.update()
    before, before_ours, now = users_own(), ours(), by_hand(scene)
    before_stays = stays_of_scene(scene)
    person.set = {key: value for key, value in person.set.items() if key in now}  # without what was deleted
    person.set |= {key: value for key, value in now.items() if value != person.found.get(key, value)}
    assert tags.is_built(scene), str(done)
    # A person may have deleted a product, or set when it is finished.
    was_wrong = what_is_wrong(scene) or ("Action", "") in person.deleted
    done.append(way.__name__)
    if way(scene, person):
        person.draws_anew()
    person.touched = person.touched and bool(was_wrong)
    if not person.touched and ("Action", "") not in person.deleted:
        assert not (wrong := what_is_wrong(scene)), f"{wrong}\n{done}"
    after, person.found = users_own(), by_hand(scene)
    assert {key: person.found.get(key) for key in person.set} == person.set, str(done)
    for key, told in before.items():
        assert key in after, f"{key}\n{done}"
        if key != ("scenes", scene.name):
            assert after[key] == told, f"{key} {differing(told, after[key])}\n{done}"
    if way is not remove_and_build:  # which removes the collections that a view layer may exclude
        stays = stays_of_scene(scene)
        assert stays["markers"] == before_stays["markers"], str(done)
        for layer, left_out in before_stays["layers"].items():  # inside an excluded one, new ones are, too
            assert left_out <= stays["layers"][layer], str(done)
    assert not [block for block in ours() if "my note" in block], str(done)
    holds_one_build(scene, *expected[scene[tags.DESCRIPTION]], person)
    users = bpy.data.user_map()
    left = [block for block in set(everything().values()) & before_ours - ours() if not users[block]]
    left = [block for block in left if not block.use_fake_user]
    assert not left, f"{left}\n{done}"


def differing(before, after):
    """{property: (value before, value now)} for what has changed of a datablock."""
    return {key: (told, after.get(key)) for key, told in before.items() if after.get(key) != told}


# -- the ways in which a scene changes: each returns whether all was drawn anew ---------------------------


def build_it(scene, person):
    build(chosen(person), scene)
    return True


def update_it(scene, person):
    return TO_DRAW in list(update_in_steps(chosen(person), scene))


def chosen(person):
    among = LITTLE if person.random.random() < NEAR else BUILT
    which = person.random.randrange(len(among))
    person.done.append(f"{'LITTLE' if among is LITTLE else 'BUILT'}[{which}]")
    return among[which]


def lay_it_out(scene, person):
    with contextlib.suppress(InputError):  # such as without a camera
        lay_out(plan_of(scene), scene)


def reset_some(scene, person):
    blocks = given_back.of_camera(scene) + given_back.of_lights(scene)
    names = {tags.unnumbered(block[tags.TAG]) for block in blocks}
    given_back.reset(scene, blocks)
    person.set = {key: value for key, value in person.set.items() if key[1] not in names | {""}}


def reset_all(scene, person):
    given_back.reset_scene(scene)
    person.set, person.deleted = {}, {}
    return True


def remove_and_build(scene, person):
    before_build.remove(scene)
    assert not ours(), str(person.done)
    person.set, person.deleted = {}, {}
    build(chosen(person), scene)
    return True


WAYS = (build_it, update_it, update_it, update_it, lay_it_out, reset_some, reset_all, remove_and_build)


def holds_one_build(scene, expected, users, person):
    """Check that a scene has what a build of its description makes in an empty file, except what the person
    took away. Type is not compared, because it depends on their camera."""
    done, made = person.done, inventory(scene)
    if scene.world not in ours():  # the user has one of their own
        made |= Counter(key for key in expected if key[0] == "World")
    assert not made - expected, f"{made - expected}\n{done}"
    assert not written_twice(scene), f"{written_twice(scene)}\n{done}"
    # What a person deleted stays away, and so does what only that would use.
    missing = (expected - made).keys() - only_of(person.deleted, users)
    missing = {key for key in missing if (key[0], "") not in person.deleted}
    assert not missing, f"{missing}\n{done}"
    users = bpy.data.user_map()
    # A datablock that was made again does not rest any more, unless the user's own use the resting one.
    rests = [one for one in tags.resting(scene) if isinstance(one, SHAPED) and users[one] <= {scene, *ours()}]
    assert not {key_of(one) for one in rests} & made.keys(), str(done)


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
        assert after.get(key) == told, f"{key} {differing(told, after.get(key, {}))}\n{done}"
    assert len(tags.owned(bpy.data.scenes["Scene"])) == listed, str(done)


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
