"""What is set in the panel is kept as a preset of Blender's, and loaded into another scene."""

import types
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from drawn_panels import drawn_texts  # noqa: E402
from matrix_cinema.ui import fields, light_panel, panels, presets, properties  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")
SHOWN_BY = ("preset_subdir", "preset_operator", "preset_add_operator")  # what a popover of presets says
SCENE = """
expression = "out = A @ B"
[matrices]
A = { init = "gaussian", shape = [2, 3] }
B = { init = "gaussian", shape = [3, 2] }
[camera]
subject = "A"
"""


@pytest.fixture(autouse=True)
def labels(registered):
    """Blender labels a menu with the preset that was chosen last; other tests look for what it was."""
    before = {cls: cls.bl_label for cls in presets.CLASSES if hasattr(cls, "bl_label")}
    yield
    for cls, label in before.items():
        cls.bl_label = label


@pytest.fixture
def panel(tmp_path):
    """The panel of a new scene, whose file names a matrix for the camera."""
    path = tmp_path / "a.toml"
    path.write_text(SCENE)
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    bpy.context.scene.matrix_cinema_panel.file = str(path)
    return bpy.context.scene.matrix_cinema_panel


def load(kind, name):
    path = bpy.utils.preset_find(name, f"matrix_cinema/{kind}")
    menu = f"MATRIX_CINEMA_PT_{kind}_presets"
    assert bpy.ops.script.execute_preset(filepath=path, menu_idname=menu) == {"FINISHED"}


def test_a_preset_gives_back_what_was_set_and_nothing_of_one_scene(panel, monkeypatch):
    panel.look.style, panel.look.color_map, panel.look.min_size = "glass", "vik", 0.25
    panel.style.glow, panel.style.light, panel.style.background = 0.5, "dark", (0.2, 0.4, 0.6)
    panel.look.highlight = "A[0]"
    panel.lamps["Key"].strength, panel.lamps["Rim"].on = 2.5, False
    panel.lamps["Fill"].azimuth = 35.0
    panel.layout.scheme, panel.layout.gap = "zigzag", 3.5
    panel.camera.view, panel.camera.azimuth, panel.camera.lens = "free", 12.0, 85.0
    scene = bpy.context.scene
    made = properties.description(scene)
    for kind in ("look", "light", "layout", "camera"):
        add = getattr(bpy.ops.matrix_cinema, f"{kind}_preset_add")
        assert add(name=f"Mine {kind}") == {"FINISHED"}
        assert Path(bpy.utils.preset_find(f"Mine_{kind}", f"matrix_cinema/{kind}")).is_file()

    panel.file = panel.file  # everything as the file has it
    plain = properties.description(scene)
    assert plain.look != made.look and plain.light != made.light
    told = []
    monkeypatch.setattr(fields, "listeners", [*fields.listeners, told.append])
    load("light", "Mine_light")
    found = properties.description(scene)
    assert found.light == made.light and found.look == plain.look and found.layout == plain.layout
    assert (found.style.light, found.style.glow) == ("dark", plain.style.glow) and told == [scene]
    for kind in ("look", "layout", "camera"):
        load(kind, f"Mine_{kind}")
    found = properties.description(scene)
    assert found.look.highlight == "" and found.camera.subject == "A" and len(told) == 4
    panel.look.highlight = "A[0]"
    assert properties.description(scene) == made
    for kind in ("look", "light", "layout", "camera"):
        remove = getattr(bpy.ops.matrix_cinema, f"{kind}_preset_add")
        assert remove(name=f"Mine_{kind}", remove_name=True) == {"FINISHED"}
        assert bpy.utils.preset_find(f"Mine_{kind}", f"matrix_cinema/{kind}") is None


def test_the_panels_with_presets_draw_them_in_their_headers(panel):
    with_presets = [
        cls
        for cls in (*panels.CLASSES, light_panel.MATRIX_CINEMA_PT_light)
        if hasattr(cls, "draw_header_preset")
    ]
    assert {f"{cls.__name__}_presets" for cls in with_presets} == {
        cls.__name__ for cls in presets.CLASSES if issubclass(cls, bpy.types.Panel)
    }
    assert drawn_texts(light_panel.MATRIX_CINEMA_PT_light)


def test_without_a_preset_the_popover_says_how_one_is_made(panel, monkeypatch):
    monkeypatch.setattr(bpy.utils, "preset_paths", lambda _: [])
    told = []
    row = types.SimpleNamespace(prop=lambda *_, **__: None, operator=lambda *_, **__: types.SimpleNamespace())
    row.row = lambda: row
    layout = types.SimpleNamespace(separator=lambda: None, row=lambda: row, column=lambda **_: row)
    layout.label = lambda text: told.append(text)
    popover = bpy.types.MATRIX_CINEMA_PT_look_presets
    stand_in = types.SimpleNamespace(layout=layout, **{n: getattr(popover, n) for n in SHOWN_BY})
    stand_in.path_menu = types.MethodType(popover.path_menu, stand_in)
    popover.draw(stand_in, bpy.context)
    assert told == ["None yet: name what is set now"]
