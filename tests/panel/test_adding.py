"""What menus, files and drops add: in a scene of its own, or at the 3D cursor of the user's."""

import types

import numpy as np
import pytest
from paths import ROOT

bpy = pytest.importorskip("bpy")

from drawn_panels import Layout, buttons, drawn_texts  # noqa: E402
from matrix_cinema.blender.picking import Hit  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.description.from_files import scene_of_arrays  # noqa: E402
from matrix_cinema.description.scene import from_json  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.ui import adding, gallery, object_menu, panels, picking, preferences, source  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")
CAPTURE = ROOT / "examples" / "data" / "minilm.safetensors"


@pytest.fixture
def mine():
    """The user's own scene in a fresh file."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    return bpy.context.scene


def drawn_at(scene):
    """The places of all elements that a scene instances, (n, 3)."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    found = [np.array(one.matrix_world.translation) for one in depsgraph.object_instances if one.is_instance]
    return np.array(found)


def test_a_product_stands_at_the_cursor_and_changes_nothing_of_the_scene(mine):
    before = {ob: ob.matrix_world.copy() for ob in mine.objects}
    camera, world, engine = mine.camera, mine.world, mine.render.engine
    mine.cursor.location, mine.render.fps = (1, 2, 3), 30
    assert bpy.ops.matrix_cinema.add_product(rows=3, inner=4, columns=2, size=6.0) == {"FINISHED"}
    assert bpy.context.scene == mine and set(before) < set(mine.objects)
    assert (mine.camera, mine.world, mine.render.engine) == (camera, world, engine)
    stand = bpy.context.object
    assert stand.instance_type == "COLLECTION" and tuple(stand.location) == (1, 2, 3)
    places = drawn_at(mine)
    assert len(places) >= 3 * 4 + 4 * 2 + 3 * 2 + 3 * 4 * 2
    low, high = places.min(axis=0), places.max(axis=0)
    assert 4 < (high - low).max() < 7 and np.allclose((low + high)[:2] / 2, (1, 2), atol=1) and low[2] > 2.5
    made = bpy.data.scenes["Textbook product"]
    assert verify(made).ok and made.render.fps == 30 and not from_json(made["matrix_cinema"]).look.title


@pytest.mark.parametrize(
    ("expression", "told"), [("out = softmax(A @ B", "not closed"), ("out = A[0:99, :] @ B", "99")]
)
def test_what_cannot_be_added_leaves_nothing(mine, expression, told):
    before = sorted(block.name_full for block in bpy.data.user_map())
    with pytest.raises(RuntimeError, match=told):
        bpy.ops.matrix_cinema.add_expression(expression=expression)
    assert sorted(block.name_full for block in bpy.data.user_map()) == before


def test_nothing_is_added_to_what_is_linked(mine, tmp_path):
    path = str(tmp_path / "linked.blend")
    bpy.data.libraries.write(path, {mine})
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.scenes = [mine.name]
    bpy.context.window.scene, count = wanted.scenes[0], len(bpy.data.scenes)
    with pytest.raises(RuntimeError, match=r"^Error: Scene is linked from another file[^\n]*$"):
        bpy.ops.matrix_cinema.add_product()
    assert len(bpy.data.scenes) == count


def test_an_expression_in_a_scene_of_its_own(mine):
    assert bpy.ops.matrix_cinema.add_expression(expression="Y = relu(X @ W)", entries=3, place="SCENE")
    scene = bpy.context.scene
    assert scene != mine and scene.name == scene.matrix_cinema_panel.expression == "Y = relu(X @ W)"
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"} and verify(scene).ok  # the panel goes on from there


def test_a_head_of_a_capture(mine):
    asked = {"filepath": str(CAPTURE), "layer": "3", "head": "1"}
    assert bpy.ops.matrix_cinema.import_file(**asked) == {"FINISHED"}
    panel = bpy.context.scene.matrix_cinema_panel
    assert (panel.file, panel.layer, panel.head) == (str(CAPTURE), "3", "1")
    assert "head 1" in panel.title and "head 1" in from_json(bpy.context.scene["matrix_cinema"]).title


def test_arrays_are_drawn_or_multiplied_in_their_order(mine, tmp_path):
    left, right = np.arange(12.0).reshape(3, 4), np.arange(8.0).reshape(4, 2)
    np.save(tmp_path / "2 left.npy", left)
    np.savez(tmp_path / "right.npz", bias=np.ones(4), w=right)
    files = [{"name": "2 left.npy"}, {"name": "right.npz"}]
    assert bpy.ops.matrix_cinema.import_file(directory=str(tmp_path), files=files) == {"FINISHED"}
    scene = bpy.context.scene
    assert from_json(scene["matrix_cinema"]).expression == "product = M2_left @ w" and verify(scene).ok
    assert scene_of_arrays([tmp_path / "right.npz"]).matrices["w"].tensor == "w"
    for name, told in (("none.npz", "no array in it"), ("a.txt.zip", "known kinds")):
        np.savez(tmp_path / "none.npz", bias=np.ones(4))
        with pytest.raises(InputError, match=told):
            scene_of_arrays([tmp_path / name])


def test_drops_are_taken_where_they_make_sense(mine):
    handler = adding.MATRIX_CINEMA_FH_file
    assert {".toml", ".safetensors", ".npz", ".npy"} <= set(handler.bl_file_extensions.split(";"))
    for kind, taken in (("VIEW_3D", True), ("OUTLINER", True), ("TEXT_EDITOR", False)):
        assert handler.poll_drop(types.SimpleNamespace(area=types.SimpleNamespace(type=kind))) == taken
    module, _, function = handler.bl_import_operator.partition(".")
    taken = {p.identifier for p in getattr(getattr(bpy.ops, module), function).get_rna_type().properties}
    assert {"filepath", "directory", "files"} <= taken  # what a drop fills in


def test_menus_offer_it(mine):
    texts = drawn_texts(adding.MATRIX_CINEMA_MT_add)
    assert {"Textbook Product", "Expression...", "Head from a Capture..."} <= set(texts)
    for menu in (bpy.types.VIEW3D_MT_add, bpy.types.TOPBAR_MT_file_import):
        found = []
        for draw in menu._dyn_ui_initialize():
            if draw.__module__ == adding.__name__:
                draw(types.SimpleNamespace(layout=Layout(found, {})), bpy.context)
        assert found


# Examples


def test_every_example_is_in_one_group_has_its_own_name_and_can_be_searched(mine):
    every = gallery.found("")
    names = [name for _, name, _ in every]
    assert len(set(names)) == len(names) > 50
    for folder in source.examples():
        menu = getattr(bpy.types, gallery._menu_of(folder))
        shown = drawn_texts(menu)
        assert (
            shown == [name for _, name, _ in gallery.found("", folder or gallery.MAIN)] and len(shown) <= 26
        )
    assert [name for _, name, _ in gallery.found("softmax ATTENTION")] == ["Softmax"]
    assert gallery.found("no such thing") == []


def test_an_example_is_opened_in_a_new_scene_but_in_a_built_one_only_chosen(mine):
    (_, _, path) = next(one for one in gallery.found("two by three"))
    menu = getattr(bpy.types, gallery._menu_of("Textbook"))
    assert set(buttons(menu)) == {"matrix_cinema.import_file"}
    assert bpy.ops.matrix_cinema.import_file(filepath=str(path)) == {"FINISHED"}
    assert bpy.context.scene.name == "Two by three" and "matrix_cinema" not in mine
    assert set(buttons(menu)) == {"matrix_cinema.open_example"}


def test_most_examples_have_a_small_picture():
    every = [path for _, _, path in gallery.found("")]
    pictures = [source.thumbnail_of(path) for path in every]
    assert sum(one is not None for one in pictures) > 50
    assert sum(one.stat().st_size for one in pictures if one) < 250_000


# Picking


def test_a_picked_element_is_told_in_the_panel_and_pointed_out(mine):
    bpy.ops.matrix_cinema.add_product()
    made = bpy.data.scenes["Textbook product"]
    # The product stands in the user's own scene.
    assert "Pick Element" in drawn_texts(panels.MATRIX_CINEMA_PT_element)
    bpy.context.window.scene = made
    picking.pick(Hit(made.name, "product", "C", (1, 0, 2), (0, 0, 0)))
    texts = drawn_texts(panels.MATRIX_CINEMA_PT_element)
    assert any(text.startswith("C: product 1, 0, 2 = ") for text in texts) and "Why" in texts
    for setting in ("spotlight", "why", "subject"):
        assert bpy.ops.matrix_cinema.point_out(setting=setting) == {"FINISHED"}
    panel = made.matrix_cinema_panel
    assert (panel.spotlight, panel.why, panel.camera.subject) == ("C[1, 0]", "C[1, 0]", "C")
    bpy.data.scenes.remove(made)
    assert "Why" not in drawn_texts(panels.MATRIX_CINEMA_PT_element)
    assert not bpy.ops.matrix_cinema.point_out.poll() and bpy.ops.matrix_cinema.unpick() == {"FINISHED"}


# The menu of an object


def entries_of(ob):
    bpy.context.view_layer.objects.active = ob
    found = []
    object_menu.draw_entries(types.SimpleNamespace(layout=Layout(found, {})), bpy.context)
    return [text for text in found if text]


def test_a_right_click_offers_what_goes_with_an_object(mine):
    assert entries_of(mine.objects["Cube"]) == []
    bpy.ops.matrix_cinema.add_product()
    assert "Open Its Scene" in entries_of(bpy.context.object)
    assert bpy.ops.matrix_cinema.open_scene() == {"FINISHED"}
    made = bpy.context.scene
    assert made.name == "Textbook product"
    named = {ob["mc_kind"]: ob for ob in made.objects if ob.get("mc_name") == "C"}
    assert {"C", "Look At This", "Make This the Star", "Hide Its Products"} <= set(
        entries_of(named["product"])
    )
    panel = made.matrix_cinema_panel
    for what in ("SUBJECT", "STAR", "HIDE"):
        assert bpy.ops.matrix_cinema.of_object(what=what) == {"FINISHED"}
    assert (panel.camera.subject, panel.star, panel.products["C"].interior) == ("C products", "C", "off")
    assert "Show Its Products" in entries_of(named["matrix"])


# Preferences


def test_preferences_say_what_no_file_says(mine, monkeypatch, tmp_path):
    chosen = types.SimpleNamespace(
        style="paper", instance_budget=7, captures=str(tmp_path), results="", device="auto", fallback="cpu"
    )
    monkeypatch.setattr(preferences, "own", lambda: chosen)
    assert bpy.ops.matrix_cinema.add_product(place="SCENE") == {"FINISHED"}
    look = from_json(bpy.context.scene["matrix_cinema"]).look
    assert (look.style, look.instance_budget) == ("paper", 7)
    mine.matrix_cinema_panel.file = str(CAPTURE)
    assert mine.matrix_cinema_panel.look.style == "paper"
    path = ROOT / "examples" / "attention_head.toml"
    mine.matrix_cinema_panel.file = str(path)
    assert mine.matrix_cinema_panel.look.style != "paper"  # a scene file says it itself
    assert preferences.folder("captures") == f"{tmp_path}/" and preferences.folder("results") == ""
