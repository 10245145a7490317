"""The side panel in Blender's Python module: its buttons, its sliders, and every panel's drawing."""

import dataclasses
import json
import os
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest
from paths import ROOT

bpy = pytest.importorskip("bpy")

import addon_utils  # noqa: E402
from drawn_panels import Layout, buttons, drawn_texts  # noqa: E402
from matrix_cinema import ui  # noqa: E402
from matrix_cinema.blender import compat, tags  # noqa: E402
from matrix_cinema.blender.objects import MODIFIER, as_points  # noqa: E402
from matrix_cinema.description.light import LampOptions  # noqa: E402
from matrix_cinema.description.scene import (  # noqa: E402
    MatrixOptions,
    ProductOptions,
    Render,
    from_json,
    load_scene,
    to_json,
)
from matrix_cinema.description.style import Style  # noqa: E402
from matrix_cinema.description.words import CHOICES, FIELDS  # noqa: E402
from matrix_cinema.staging.budget import MOST_CLEAR_PRODUCTS  # noqa: E402
from matrix_cinema.ui import (  # noqa: E402
    built,
    gallery,
    job,
    lamps,
    matrices,
    operators,
    panels,
    properties,
    source,
    sweep,
)

pytestmark = pytest.mark.usefixtures("registered")
CAPTURE = ROOT / "examples" / "data" / "minilm.safetensors"
SCENE = """
expression = "out = (attn = softmax(Q @ K.T / sqrt(6))) @ V"
title = "Made up"
[matrices]
Q = { init = "gaussian", shape = [4, 6] }
K = { init = "gaussian", shape = [5, 6] }
V = { init = "gaussian", shape = [5, 3] }
[look]
min_size = 0.123456789
labels = false
"""


@pytest.fixture
def scene_file(tmp_path):
    path = tmp_path / "made_up.toml"
    path.write_text(SCENE)
    return path


@pytest.fixture
def mine():
    """The user's own scene in a fresh file."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    return bpy.context.scene


@pytest.fixture
def made(mine, scene_file):
    """A scene that the panel has built."""
    mine.matrix_cinema_panel.file = str(scene_file)
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    return bpy.context.scene


# Registering


def names():
    """What registering adds to Blender, by name."""
    types_ = {name for name in dir(bpy.types) if "matrix_cinema" in name.lower()}
    owners = (bpy.types.Scene, bpy.types.Object, bpy.types.WindowManager)
    return types_ | {f"{owner.__name__}.{p}" for owner in owners for p in dir(owner) if "matrix_cinema" in p}


def test_registering_twice_leaves_nothing_behind():
    with_panel = names()
    assert {"Scene.matrix_cinema_panel", "Object.matrix_cinema_sweep"} <= with_panel
    for _ in range(2):
        ui.unregister()
        assert names() == set()
        assert not hasattr(bpy.types, "MATRIX_CINEMA_PT_source")
        ui.register()
    assert names() == with_panel


def test_every_field_of_a_description_has_words():
    for cls in (*properties.TABLES.values(), Style, MatrixOptions, ProductOptions, LampOptions):
        assert set(FIELDS[cls.__name__]) == {f.name for f in dataclasses.fields(cls)}, cls
    assert f"{MOST_CLEAR_PRODUCTS:,}" in CHOICES["interior"]["default"][1]
    for group in (*lamps.CLASSES, *matrices.CLASSES, *properties.CLASSES):
        for prop in group.bl_rna.properties:
            assert prop.identifier in ("rna_type", "name") or prop.type == "POINTER" or prop.description


def test_python_can_end_with_the_panel_registered():
    program = "import bpy, sys; from matrix_cinema import ui; ui.register(); sys.exit(0)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


# The description in the panel


def test_the_panel_shows_a_file_and_gives_back_the_same_description(mine, scene_file):
    panel = mine.matrix_cinema_panel
    panel.file = str(scene_file)
    assert panel.problem == ""
    assert panel.title == "Made up"
    assert panel.look.min_size == pytest.approx(0.123456789)
    assert properties.description(mine) == load_scene(scene_file)  # no digit lost to float32


def test_a_changed_field_is_in_the_description(mine, scene_file):
    panel = mine.matrix_cinema_panel
    panel.file = str(scene_file)
    panel.look.style = "paper"
    panel.look.color_map = "vik"
    panel.camera.lens = 85.1
    panel.animation.algorithm = "scalar"
    found = properties.description(mine)
    assert (found.look.style, found.look.color_map, found.look.shape) == ("paper", "vik", "")
    assert found.camera.lens == 85.1
    assert found.animation.algorithm == "scalar"
    panel.look.color_map = "default"
    assert properties.description(mine).look.color_map == ""


def test_the_panel_keeps_what_is_changed_of_a_style(mine, scene_file):
    changes = '[style]\nlight = "sun"\ntext = "#abcdef"\nglow = 0.123456789\nbackground = "#0b0d12"\n'
    scene_file.write_text(SCENE + changes)
    panel = mine.matrix_cinema_panel
    panel.file = str(scene_file)
    assert properties.description(mine) == load_scene(scene_file)
    assert panel.style.light == "sun" and panel.style.ground == "shadow"  # the style's own
    panel.style.ground, panel.style.backdrop, panel.style.exposure = "none", (0, 0.5, 1), 0.1
    found = properties.description(mine).style
    assert (found.ground, found.backdrop, found.exposure) == ("none", (0, 128 / 255, 1), 0.1)
    assert (found.light, found.glow, found.gloss) == ("sun", 0.123456789, None)
    panel.look.style = "paper"  # another style shows itself as it is
    assert panel.style.light == "studio" and panel.style.edges == pytest.approx(0.6)
    found = properties.description(mine).style
    assert found == Style(text=load_scene(scene_file).style.text)  # the panel does not show text


def test_a_style_file_is_shown_as_what_it_changes(mine, scene_file):
    scene_file.write_text(SCENE + 'style = "mine.toml"\n')
    (scene_file.parent / "mine.toml").write_text('base = "glass"\ndensity = 0.5\n')
    mine.matrix_cinema_panel.file = str(scene_file)
    found = properties.description(mine)
    assert (found.look.style, found.style) == ("glass", Style(density=0.5))


def test_a_capture_fills_layer_and_head(mine):
    panel = mine.matrix_cinema_panel
    panel.file = str(CAPTURE)
    assert panel.problem == ""
    layers = [item[0] for item in properties.layer_items(panel.file)]
    assert panel.layer == layers[0]
    panel.layer = layers[-1]
    panel.head = "11"
    assert properties.chosen_head(panel) == (layers[-1], 11)
    assert f"layer {layers[-1]}" in panel.title and "head 11" in panel.title
    first, again = properties.layer_items(panel.file), properties.layer_items(panel.file)
    assert first is again  # Blender needs the very same texts to live on


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[look]\nstile = 'paper'", "stile"),
        ("[look]\nstyle = 'papper'", 'did you mean "paper"'),
        ("[look]\ncolor_map = 'nothing'", "unknown colour map"),
        ("expression = ", "not TOML"),
    ],
)
def test_a_bad_file_is_told_in_the_panel_and_by_the_button(mine, tmp_path, text, told):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    before = contents()
    mine.matrix_cinema_panel.file = str(path)
    assert told in mine.matrix_cinema_panel.problem
    with pytest.raises(RuntimeError, match="Error: .*bad.toml") as failure:
        bpy.ops.matrix_cinema.build()
    assert len(str(failure.value).strip().splitlines()) == 1
    assert contents() == before


def contents():
    """The names of everything in the file."""
    return {
        kind: sorted(x.name for x in getattr(bpy.data, kind))
        for kind in ("scenes", "objects", "meshes", "collections", "materials", "node_groups", "cameras")
    }


def test_an_example_is_chosen_from_the_menu(mine):
    texts = drawn_texts(gallery.MATRIX_CINEMA_PT_gallery)
    assert "Attention head" in texts and len(set(texts)) == len(texts) > 50
    (path,) = [path for name, path in source.examples()[""] if name == "Attention head"]
    assert bpy.ops.matrix_cinema.open_example(path=str(path)) == {"FINISHED"}
    assert mine.matrix_cinema_panel.expression == load_scene(path).expression


# Building


def test_building_leaves_the_users_scene_alone(mine, scene_file):
    objects = [ob.name for ob in mine.objects]
    mine.matrix_cinema_panel.file = str(scene_file)
    mine.cycles.device = "GPU"  # as a start-up file may say
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    shown = bpy.context.scene
    assert shown.cycles.device == mine.cycles.device == "GPU"
    assert shown != mine and bpy.context.window.scene == shown
    assert [ob.name for ob in mine.objects] == objects
    assert "matrix_cinema" not in mine
    assert from_json(shown["matrix_cinema"]) == dataclasses.replace(load_scene(scene_file), folder=".")
    assert shown.matrix_cinema_panel.file == str(scene_file)
    assert not properties.is_pending(shown) and not properties.is_stale(shown)
    assert built.elements(shown) == 4 * 6 + 5 * 6 + 5 * 3 + 4 * 5 + 4 * 3 + 4 * 6 * 5 + 4 * 5 * 3
    assert not as_points(built.products(shown))


def test_rebuilding_happens_in_place_and_stays_at_the_frame(made):
    scenes = list(bpy.data.scenes)
    made.frame_set(20, subframe=0.25)
    made.matrix_cinema_panel.look.style = "paper"
    made.matrix_cinema_panel.look.instance_budget = 0
    assert properties.is_pending(made)
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    assert bpy.context.scene == made and list(bpy.data.scenes) == scenes
    assert made.frame_current_final == pytest.approx(20.25)
    assert from_json(made["matrix_cinema"]).look.style == "paper"
    assert as_points(built.products(made))
    assert not properties.is_pending(made)


@pytest.mark.parametrize("perspective", ["CAMERA", "PERSP"])
def test_rebuilding_leaves_the_look_through_the_camera(made, perspective):
    (space,) = (area.spaces.active for area in bpy.context.window.screen.areas if area.type == "VIEW_3D")
    assert space.region_3d.view_perspective == "CAMERA"
    space.region_3d.view_perspective = perspective
    made.matrix_cinema_panel.look.style = "paper"
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    assert space.region_3d.view_perspective == perspective


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("expression", "out = Q @ K @ V", "4.*6.*5.*6"),
        ("expression", "out = Q @ Missing", "Missing"),
        ("look.object", "Nobody", "Nobody"),
        ("look.object", "", "choose the mesh"),
        ("look.object", "Light", '"Light" is no mesh'),
        ("look.object", "Text", '"Text" is no mesh'),
        ("look.object", "Curve", '"Curve" is no mesh'),
    ],
)
def test_what_cannot_be_built_changes_nothing(made, field, value, told):
    bpy.data.objects.new("Light", bpy.data.lights.new("Light", "POINT"))
    for name, kind in (("Text", "FONT"), ("Curve", "CURVE")):
        bpy.data.objects.new(name, bpy.data.curves.new(name, kind))
    panel, text, before = made.matrix_cinema_panel, made["matrix_cinema"], contents()
    owner, _, name = field.rpartition(".")
    setattr(getattr(panel, owner) if owner else panel, name, value)
    if name == "object":
        panel.look.shape = "object"
    with pytest.raises(RuntimeError, match=told):
        bpy.ops.matrix_cinema.build()
    assert contents() == before and made["matrix_cinema"] == text


def test_without_cycles_a_scene_for_it_says_so_and_nothing_is_touched(made, monkeypatch):
    panel, objects = made.matrix_cinema_panel, [(ob, ob.name) for ob in bpy.data.objects]
    panel.live, text, view = False, made[tags.DESCRIPTION], panel.camera.view
    addon_utils.disable("cycles")
    try:
        monkeypatch.setattr(addon_utils, "enable", lambda *_, **__: None)  # as in a window
        with pytest.raises(RuntimeError, match="Error: Cycles is switched off in this Blender: .* EEVEE$"):
            bpy.ops.matrix_cinema.build()
        panel.live = True
        panel.render.samples, panel.camera.view = 7, "hero"
        assert "Cycles is switched off" in panel.problem and made[tags.DESCRIPTION] == text
        panel.render.samples, panel.camera.view = 64, view
        panel.look.element_scale = 0.5
        assert panel.problem == "" and made[tags.DESCRIPTION] != text  # it takes no engine to set a size
        assert [(ob, ob.name) for ob in bpy.data.objects] == objects
        panel.render.engine = "eevee"
        assert panel.problem == "" and made.render.engine == compat.eevee()
    finally:
        monkeypatch.undo()
        addon_utils.enable("cycles")


def test_an_own_object_is_drawn(made):
    cone = bpy.data.objects.new("Own", bpy.data.meshes.new("Own"))
    made.matrix_cinema_panel.look.shape = "object"
    made.matrix_cinema_panel.look.object = cone.name
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    modifier = sweep.products(made)[0].modifiers[MODIFIER]
    assert compat.get_input(modifier, "Element") == cone


def test_a_scene_is_called_by_its_file_unless_someone_named_it(made, scene_file):
    panel, name = made.matrix_cinema_panel, made.name
    assert name.startswith("Made up")
    bpy.ops.matrix_cinema.build()
    assert made.name == name
    panel.file = str(scene_file.rename(scene_file.with_name("other_thing.toml")))
    bpy.ops.matrix_cinema.build()
    assert made.name == "Other thing"
    made.name = "Mine"
    panel.file = str(scene_file.with_name("other_thing.toml").rename(scene_file))
    bpy.ops.matrix_cinema.build()
    assert made.name == "Mine"


def test_a_copy_of_a_scene_is_built_beside_it(made):
    bpy.ops.scene.new(type="LINK_COPY")
    copy, objects = bpy.context.scene, set(made.objects)
    assert "A copy of a built scene" in " ".join(drawn_texts(panels.MATRIX_CINEMA_PT_source))
    assert not bpy.ops.matrix_cinema.lay_out.poll()
    assert "Build" in drawn_texts(panels.MATRIX_CINEMA_PT_source)
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    assert bpy.context.scene not in (made, copy)
    assert set(made.objects) == set(copy.objects) == objects


def test_a_scene_that_is_linked_is_built_beside_it(made, tmp_path):
    bpy.data.libraries.write(str(tmp_path / "built.blend"), {made})
    with bpy.data.libraries.load(str(tmp_path / "built.blend"), link=True) as (_, wanted):
        wanted.scenes = [made.name]
    (linked,) = wanted.scenes
    bpy.context.window.scene, objects = linked, set(linked.objects)
    assert objects and "A copy of a built scene" in " ".join(drawn_texts(panels.MATRIX_CINEMA_PT_source))
    for name in ("lay_out", "reset_scene", "remove"):
        assert not getattr(bpy.ops.matrix_cinema, name).poll()
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    assert bpy.context.scene not in (made, linked) and set(linked.objects) == objects


def test_a_build_shows_what_a_render_would(made):
    """The still's moment, in the largest viewport; the others, and everyone's overlays, stay as they were."""
    assert made.frame_current == from_json(made["matrix_cinema"]).render.still_frame(1, made.frame_end) > 1
    (space,) = (area.spaces.active for area in bpy.context.window.screen.areas if area.type == "VIEW_3D")
    assert space.region_3d.view_perspective == "CAMERA" and space.overlay.show_overlays
    assert space.show_region_ui  # our tab is in this region


def test_building_needs_no_window(mine, scene_file):
    mine.matrix_cinema_panel.file = str(scene_file)
    with bpy.context.temp_override(window=None):
        assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
        assert not bpy.ops.matrix_cinema.render_still.poll()
    assert len(bpy.data.scenes) == 2 and len(bpy.data.scenes["Made up"].objects) > 20


def test_a_film_in_blenders_own_window_has_the_films_size(made, tmp_path):
    render, panel = made.render, made.matrix_cinema_panel
    panel.render.film_width, panel.render.film_height, panel.render.film_samples = 35, 20, 1
    made.frame_end, render.filepath = 2, str(tmp_path / "frame")
    before = (render.resolution_x, render.resolution_y, made.cycles.samples)
    assert bpy.ops.matrix_cinema.render_animation() == {"FINISHED"}
    for n in (1, 2):
        picture = bpy.data.images.load(str(tmp_path / f"frame000{n}.png"))
        assert tuple(picture.size) == (36, 20)
    assert (render.resolution_x, render.resolution_y, made.cycles.samples) == before
    render.resolution_x, render.resolution_y, made.cycles.samples = 24, 16, 2  # what someone has set stays
    bpy.ops.matrix_cinema.render_animation()
    picture.reload()
    assert tuple(picture.size) == (24, 16)
    render.filepath = str(tmp_path / "frame0001.png" / "below a file")
    with pytest.raises(RuntimeError, match=r"^Error: [^\n]*cannot save[^\n]*$"):
        bpy.ops.matrix_cinema.render_animation()


def test_the_panel_of_a_loaded_file_is_filled_before_it_is_drawn(made, tmp_path):
    wanted = properties.drafted(made.matrix_cinema_panel, from_json(made["matrix_cinema"]))
    made.matrix_cinema_panel.filled_from = made.matrix_cinema_panel.expression = ""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "built.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "built.blend"))
    scene = bpy.context.scene
    assert not properties.is_stale(scene) and scene.matrix_cinema_panel.expression == wanted.expression
    scene.matrix_cinema_panel.filled_from = scene.matrix_cinema_panel.expression = ""  # built by a script
    assert properties.description(scene).expression == wanted.expression


def test_a_scene_built_elsewhere_fills_the_panel(made, scene_file):
    panel = made.matrix_cinema_panel
    panel.file = ""
    changed = from_json(made["matrix_cinema"])
    changed = dataclasses.replace(
        changed, title="From elsewhere", look=dataclasses.replace(changed.look, style="paper")
    )
    made["matrix_cinema"] = to_json(changed)
    assert properties.is_stale(made)
    drawn_texts(panels.MATRIX_CINEMA_PT_source)  # may change nothing itself
    assert bpy.app.timers.is_registered(properties.refill)
    bpy.app.timers.unregister(properties.refill)
    properties.refill()
    assert panel.title == "From elsewhere" and panel.look.style == "paper"
    assert not properties.is_stale(made)
    assert properties.drafted(panel, changed) == changed
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    assert from_json(made["matrix_cinema"]).title == "From elsewhere"


def test_a_scene_file_keeps_the_dots_of_its_name(made, tmp_path):
    for given in ("v1.2", "v1.3.toml"):
        bpy.ops.matrix_cinema.save_scene(filepath=str(tmp_path / given))
    assert {path.name for path in tmp_path.glob("v1*")} == {"v1.2.toml", "v1.3.toml"}


def test_a_scene_file_is_saved_and_finds_its_files_from_there(mine, tmp_path):
    panel = mine.matrix_cinema_panel
    panel.file = str(CAPTURE)
    panel.look.style = "studio_light"
    target = tmp_path / "deeper" / "saved.toml"
    assert bpy.ops.matrix_cinema.save_scene(filepath=str(target)) == {"FINISHED"}
    saved = load_scene(target)
    assert saved.look.style == "studio_light"
    assert (target.parent / saved.capture.file).resolve() == CAPTURE
    panel.file = str(target)
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}


def test_reading_again_takes_what_the_file_has(made, scene_file):
    scene_file.write_text(SCENE.replace("Made up", "Made anew"))
    made.matrix_cinema_panel.look.style = "paper"
    assert bpy.ops.matrix_cinema.reload() == {"FINISHED"}
    assert made.matrix_cinema_panel.title == "Made anew"
    assert made.matrix_cinema_panel.look.style == "studio_light"


def test_build_is_greyed_out_with_nothing_chosen(mine):
    assert not bpy.ops.matrix_cinema.build.poll()


# Scrubbing


def test_a_sweep_slider_goes_where_its_curve_has_that_value(made):
    products = sweep.products(made)
    assert [ob["mc_name"] for ob in products] == ["attn", "out"]
    for ob in products:
        modifier = ob.modifiers[MODIFIER]
        for part in (0.0, 12.5, 33.3, 50.0, 100.0):
            ob.matrix_cinema_sweep = part
            assert ob.matrix_cinema_sweep == pytest.approx(part, abs=0.02)
            assert ob.matrix_cinema_step == pytest.approx(part / 100 * ob["mc_steps"], abs=1e-3)
            # What is drawn reads the modifier, as the timeline animates it.
            drawn = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).modifiers[MODIFIER]
            assert compat.get_input(drawn, "Sweep") == pytest.approx(part / 100 * ob["mc_steps"], abs=1e-3)
        assert compat.find_curve(ob, compat.input_path(modifier, "Sweep")) is not None
        ob.matrix_cinema_step = 1.5
        assert ob.matrix_cinema_step == pytest.approx(1.5, abs=1e-4)
        ob.matrix_cinema_step = 1e9
        assert ob.matrix_cinema_step == ob["mc_steps"]
        assert made.frame_current_final == int(made.frame_current_final)


def test_a_slider_follows_keys_that_were_moved(made):
    ob = sweep.products(made)[0]
    curve = sweep.curve_of(ob)
    for point in curve.keyframe_points:
        point.interpolation = "BEZIER"
        point.co.x *= 1.5
    curve.update()
    ob.matrix_cinema_step = 2.25
    assert curve.evaluate(made.frame_current_final) == pytest.approx(2.25, abs=1e-3)


def test_a_slider_of_a_loop_goes_to_the_rise_of_its_curve(made):
    made.matrix_cinema_panel.animation.loop_seconds = 1.0
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    for ob in sweep.products(bpy.context.scene):
        for part in (25.0, 100.0, 50.0):
            ob.matrix_cinema_sweep = part
            assert ob.matrix_cinema_sweep == pytest.approx(part, abs=0.02)
            assert bpy.context.scene.frame_current < bpy.context.scene["mc_done"]


def test_a_scene_of_many_heads_is_shown_built_and_saved(mine, tmp_path):
    path = ROOT / "examples" / "heads" / "grouped_query.toml"
    panel = mine.matrix_cinema_panel
    panel.file = str(path)
    panel.layout.row_length = 2
    found = properties.description(mine)
    assert found.capture.heads == (0, 2, 4, 7) and found.layout.row_length == 2
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    scene = bpy.context.scene
    assert not properties.is_pending(scene)
    assert from_json(scene["matrix_cinema"]).products == {}  # as it was written, not once for each head
    assert [ob["mc_name"] for ob in sweep.products(scene)][:2] == ["attn[0]", "attn[2]"]
    drawn_texts(panels.MATRIX_CINEMA_PT_source)
    target = tmp_path / "saved.toml"
    assert bpy.ops.matrix_cinema.save_scene(filepath=str(target)) == {"FINISHED"}
    saved = load_scene(target)
    assert saved.capture.heads == (0, 2, 4, 7) and (target.parent / saved.capture.file).exists()


def test_without_a_sweep_there_is_nothing_to_scrub(made):
    made.matrix_cinema_panel.animation.algorithm = "none"
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    assert not any(sweep.is_swept(ob) for ob in sweep.products(made))
    assert all(ob.matrix_cinema_sweep == 100 for ob in sweep.products(made))
    assert any("no sweep" in text for text in drawn_texts(panels.MATRIX_CINEMA_PT_sweep))


def test_other_objects_have_no_sweep(mine):
    cube = mine.objects["Cube"]
    cube.matrix_cinema_sweep = 50.0
    assert cube.matrix_cinema_sweep == 0.0


# Drawing


def test_panels_draw_before_anything_is_chosen(mine):
    texts = drawn_texts()
    assert any("Open a scene" in text for text in texts)
    assert "Build" not in texts and "Style" not in texts


def test_a_part_that_a_capture_lacks_can_be_taken_back(mine):
    panel = mine.matrix_cinema_panel
    panel.file = str(CAPTURE)
    panel.parts = {"projections"}
    assert "projections" in panel.problem
    assert {"Layer", "Head", "With", "Build"} <= set(drawn_texts(panels.MATRIX_CINEMA_PT_source))
    panel.parts = set()
    assert not panel.problem and bpy.ops.matrix_cinema.build() == {"FINISHED"}


def test_nothing_in_the_panel_takes_a_keyframe():
    for group in (*lamps.CLASSES, *matrices.CLASSES, *properties.CLASSES):
        for prop in group.bl_rna.properties:
            assert prop.identifier in ("rna_type", "name") or not prop.is_animatable, prop.identifier
    for name in ("matrix_cinema_sweep", "matrix_cinema_step"):
        assert not bpy.types.Object.bl_rna.properties[name].is_animatable


def test_what_is_rendered_is_in_a_menu_where_it_is_found(made):
    texts = drawn_texts(panels.MATRIX_CINEMA_MT_render)
    assert {"Build", "Render Still", "Figure", "Render Film"} <= set(texts)
    menu = types.SimpleNamespace(layout=Layout(found := [], {}))
    for draw in bpy.types.TOPBAR_MT_render._dyn_ui_initialize():
        if draw.__module__ == panels.__name__:
            draw(menu, bpy.context)
    assert found


def test_panels_draw_a_chosen_file_and_a_problem(mine, scene_file):
    mine.matrix_cinema_panel.file = str(scene_file)
    texts = drawn_texts()
    assert "Build" in texts and "Style" in texts and "Render Film" not in texts
    mine.matrix_cinema_panel.file = str(scene_file.with_name("gone.toml"))
    assert any("no such" in text for text in drawn_texts())
    mine.matrix_cinema_panel.file = str(CAPTURE)
    assert {"Layer", "Head"} <= set(drawn_texts())


def test_panels_draw_a_built_scene(made):
    texts = drawn_texts()
    assert {"Rebuild", "attn", "out", "Render Film", "Step"} <= set(texts)
    assert f"{built.elements(made):,} at most" in texts
    made.matrix_cinema_panel.render.film_samples = 99
    assert "Rebuild" in drawn_texts()
    made.matrix_cinema_panel.camera.view = "top"
    assert "Rebuild with Changes" in drawn_texts()


def test_panels_show_a_render_and_an_unfinished_film(made, tmp_path):
    made.matrix_cinema_panel.output = str(tmp_path / "film")
    job.current = types.SimpleNamespace(part=0.5, text="Rendering, 0:10 left", output=tmp_path / "film.mp4")
    try:
        texts = drawn_texts(panels.MATRIX_CINEMA_PT_render)
    finally:
        job.current = None
    assert "Cancel" in texts and "Render Film" not in texts and "film.mp4" in texts
    job.write_snapshot(made, job.snapshot_of(tmp_path / "film.mp4"))
    assert {"Resume Film", "Start Over"} <= set(drawn_texts(panels.MATRIX_CINEMA_PT_render))
    job.snapshot_of(tmp_path / "film.mp4").unlink()
    assert "Render Film" in drawn_texts(panels.MATRIX_CINEMA_PT_render)
    (tmp_path / "film.png").touch()
    assert buttons(panels.MATRIX_CINEMA_PT_render)["wm.path_open"]["filepath"] == str(tmp_path / "film.png")


# Rendering in the background


SAYS = """
import json, sys, time
for n in range(3):
    print(json.dumps({"job": "rendering", "percent": 40 * n, "left": 9 - n, "elapsed": n}), file=sys.stderr)
print("matrix-cinema: error: the disk is full", file=sys.stderr, flush=True)
if sys.argv[1] == "deaf":
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("matrix-cinema: deaf", file=sys.stderr, flush=True)
if sys.argv[1] in ("wait", "deaf"):
    time.sleep(60)
sys.exit(int(sys.argv[1]))
"""


def finished(running, seconds=20):
    end = time.monotonic() + seconds
    while running.poll():
        assert time.monotonic() < end, "the job does not end"
        time.sleep(0.02)
    return running


def test_a_job_tells_how_far_it_is_and_why_it_failed(tmp_path):
    good = finished(job.BackgroundJob([sys.executable, "-c", SAYS, "0"], tmp_path / "x.mp4"))
    assert good.ok and good.part == pytest.approx(0.8)
    assert good.text == "Rendering, 0:07 left"
    bad = finished(job.BackgroundJob([sys.executable, "-c", SAYS, "2"], tmp_path / "x.mp4"))
    assert not bad.ok and bad.message == "the disk is full"


def test_a_job_can_be_cancelled(tmp_path):
    running = job.BackgroundJob([sys.executable, "-c", SAYS, "wait"], tmp_path / "x.mp4")
    while not running.message:
        running.poll()
    running.cancel()
    finished(running)
    assert running.cancelled and not running.ok


def test_a_job_that_hears_nothing_is_ended_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "GRACE", 0.3)
    for end in (finished, lambda _: job.stop()):
        running = job.current = job.BackgroundJob([sys.executable, "-c", SAYS, "deaf"], tmp_path / "x.mp4")
        while running.message != "deaf":
            running.poll()
        running.cancel()
        end(running)
        assert running.cancelled and not running.ok and not running.poll()
    assert job.current is None


def test_the_snapshot_is_what_the_command_line_renders(made, tmp_path):
    bpy.data.scenes.new("Another")
    snapshot = job.snapshot_of(tmp_path / "film.mp4")
    job.write_snapshot(made, snapshot)
    asked = Render(film_width=64, film_height=36, film_samples=1)
    words = job.command("render", snapshot, tmp_path / "film.mp4", **job.picture_options("film", asked))
    asked = words[words.index(job.COMMAND) + 1 :]
    asked[asked.index("--film")] = "--still"
    asked[asked.index(str(tmp_path / "film.mp4"))] = str(tmp_path / "still.png")
    program = "import sys; from matrix_cinema.cli.start import start; sys.exit(start(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", program, *asked], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "still.png").exists()


def test_the_panels_figure_is_what_the_command_line_makes(made, tmp_path):
    made.matrix_cinema_panel.live = False
    made.matrix_cinema_panel.look.labels = True
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    made.matrix_cinema_panel.expression = "pending = Q"  # what is not built is in no picture
    asked = types.SimpleNamespace(width="40mm")
    words = operators.MATRIX_CINEMA_OT_figure.command(asked, made, None, tmp_path / "a.svg")
    words = [*words[words.index(job.COMMAND) + 1 :], "--dpi", "40", "--samples", "1"]
    program = "import sys; from matrix_cinema.cli.start import start; sys.exit(start(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '"job": "rendering"' in done.stderr and ">out</text>" in (tmp_path / "a.svg").read_text("utf-8")


def test_an_output_has_to_be_known(made, tmp_path):
    panel = made.matrix_cinema_panel
    for given, told in (("", "choose"), ("//film", "not saved"), (f"{tmp_path}/", "is a folder")):
        panel.output = given
        with pytest.raises(operators.InputError, match=told):
            operators.output_path(panel, "film")


@pytest.mark.parametrize(
    ("given", "still", "film", "figure"),
    [
        ("v1.2", "v1.2.png", "v1.2.mp4", "v1.2.svg"),
        ("layer5.head12", "layer5.head12.png", "layer5.head12.mp4", "layer5.head12.svg"),
        ("fig.1.png", "fig.1.png", "fig.1.mp4", "fig.1.svg"),
        ("film.webm", "film.png", "film.webm", "film.svg"),
        ("a.exr", "a.exr", "a.mp4", "a.svg"),
        ("A.PDF", "A.png", "A.mp4", "A.pdf"),
        ("ü.mov", "ü.png", "ü.mov", "ü.svg"),
    ],
)
def test_a_name_keeps_its_dots_and_its_suffix(mine, tmp_path, given, still, film, figure):
    panel = mine.matrix_cinema_panel
    panel.output = str(tmp_path / given)
    for kind, name in (("still", still), ("film", film), ("figure", figure)):
        assert operators.output_path(panel, kind) == tmp_path / name
    panel.render.transparent = True  # an MP4 does not keep that
    assert operators.output_path(panel, "film") == tmp_path / film.replace(".mp4", ".mov")


# The extension as it is installed


INSTALL = """
import json, sys
import bpy
import addon_utils
bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=True)
name = "bl_ext.user_default.matrix_cinema"
has_panel = lambda: hasattr(bpy.types, "MATRIX_CINEMA_PT_source")
told = [has_panel()]
for _ in range(2):
    addon_utils.disable(name)
    told.append(has_panel())
    addon_utils.enable(name)
    told.append(has_panel())
bpy.context.scene.matrix_cinema_panel.file = sys.argv[2]
told.append(sorted(bpy.ops.matrix_cinema.build()))
told.append("torch" in sys.modules)
print("told", json.dumps(told), flush=True)
if sys.argv[3] == "disabled":
    addon_utils.disable(name)
sys.exit(0)
"""


@pytest.fixture(scope="module")
def extension(tmp_path_factory):
    """The extension as a zip, made by Blender's own builder."""
    tool = Path(bpy.utils.system_resource("SCRIPTS"), "addons_core", "bl_pkg", "cli", "blender_ext.py")
    path = tmp_path_factory.mktemp("extension") / "matrix_cinema.zip"
    done = subprocess.run(
        [sys.executable, tool, "build", "--source-dir", ROOT, "--output-filepath", path],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return path


@pytest.mark.parametrize("ending", ["disabled", "enabled"])
def test_the_installed_panel_builds_and_does_not_block_the_end(extension, scene_file, tmp_path, ending):
    done = subprocess.run(
        [sys.executable, "-c", INSTALL, extension, scene_file, ending],
        capture_output=True,
        text=True,
        env=os.environ | {"BLENDER_USER_RESOURCES": str(tmp_path / "user")},
        timeout=60,
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("told ")), "")
    assert line, done.stderr
    assert json.loads(line[5:]) == [True, False, True, False, True, ["FINISHED"], False]
    assert done.returncode == 0, done.stderr


def test_the_subjects_to_choose_are_those_of_the_built_scene(mine, scene_file):
    mine.matrix_cinema_panel.file = str(scene_file)
    assert properties.SUBJECT_SEARCH(None, bpy.context, "") == []
    bpy.ops.matrix_cinema.build()
    scene = bpy.context.scene
    found = properties.SUBJECT_SEARCH(None, bpy.context, "")
    matrices = {ob["mc_name"] for ob in scene.objects if ob.get("mc_kind") == "matrix"}
    interiors = [f"{ob['mc_name']} products" for ob in built.products(scene)]
    assert len(interiors) > 1 and sorted(found) == sorted([*matrices, *interiors])
    assert properties.SUBJECT_SEARCH(None, bpy.context, "PROD") == interiors
    camera = scene.matrix_cinema_panel.camera
    camera.subject, camera.move = found[-1], "orbit"
    assert properties.description(scene).camera.subject == found[-1]
    assert "Turns" in drawn_texts()
