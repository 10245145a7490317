"""Each button is one step of undo: undone, all is as before; done again, as after."""

import pytest

bpy = pytest.importorskip("bpy")

from matrix_cinema.blender import tags  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")
SCENE = """
expression = "out = A @ B"
[matrices]
A = { init = "gaussian", shape = [2, 3] }
B = { init = "gaussian", shape = [3, 2] }
[look]
style = "studio_dark"
"""


def state():
    """What the buttons change: the scenes, where their objects stand, their light, what they say they are."""
    bpy.context.view_layer.update()
    return {scene.name: (*stands(scene), str(scene.get("matrix_cinema"))) for scene in bpy.data.scenes}


def stands(scene):
    places = {ob.name: [round(x, 4) for row in ob.matrix_basis for x in row] for ob in scene.objects}
    lights = {ob.name: ob.data.energy for ob in scene.objects if ob.type == "LIGHT"}
    blur = scene.camera and (scene.camera.name, scene.camera.data.dof.use_dof)
    return places, lights, blur


def pressed(name):
    """Press a button in the viewport, which looks at the scene from aside. Returns what was before and what
    is after. Without a window Blender makes no step of undo in a viewport, so that is made here."""
    button, window = getattr(bpy.ops.matrix_cinema, name), bpy.context.window
    (area,) = (one for one in window.screen.areas if one.type == "VIEW_3D")
    assert "UNDO" in button.bl_options, name
    area.spaces.active.region_3d.view_perspective = "PERSP"
    before = state()
    bpy.ops.ed.undo_push(message="before")
    with bpy.context.temp_override(window=window, area=area, space_data=area.spaces.active):
        assert button() == {"FINISHED"}
    bpy.ops.ed.undo_push(message=name)
    return before, state()


def spoil():
    """What a person does that Reset takes back."""
    ob = bpy.context.scene.objects["A"]
    ob.location.x += 9.0
    bpy.context.scene.objects["Key"].data.energy = 12.5
    bpy.context.view_layer.objects.active = ob


def open_made_up(folder, text=SCENE):
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    (folder / "made_up.toml").write_text(text)
    bpy.context.scene.matrix_cinema_panel.file = str(folder / "made_up.toml")


def test_each_button_is_undone_and_done_again(tmp_path):
    open_made_up(tmp_path)
    for name in ("build", "use_view", "frame", "reset_camera"):
        undone_and_done_again(name)
    for name in ("focus", "reset_object", "reset_lights", "reset_scene"):
        spoil()
        undone_and_done_again(name)
    for name in ("remove", "add_product"):
        undone_and_done_again(name)


def undone_and_done_again(name):
    shown = [bpy.context.scene.name]
    before, after = pressed(name)
    shown.append(bpy.context.scene.name)
    assert before != after, name
    for step, wanted, scene in zip((bpy.ops.ed.undo, bpy.ops.ed.redo), (before, after), shown, strict=True):
        step()
        bpy.context.window.scene = bpy.data.scenes[scene]  # without a window undo leaves another one there
        assert state() == wanted, name


def test_what_is_laid_out_anew_is_still_ours_once_that_is_undone(tmp_path):
    """Blender 5.2 empties a pointer of our list at about every third such undo."""
    open_made_up(tmp_path, SCENE.replace("A @ B", "softmax(A @ B) @ A"))
    bpy.ops.matrix_cinema.build()
    bpy.context.scene.camera.data.shift_x = 0.2
    for _ in range(10):
        bpy.context.window.scene = scene = next(filter(tags.is_built, bpy.data.scenes))
        before = [block.name for block in tags.owned(scene)]
        bpy.ops.ed.undo_push(message="before")
        bpy.ops.matrix_cinema.lay_out()
        bpy.ops.ed.undo_push(message="after")
        bpy.ops.ed.undo()
        scene = next(filter(tags.is_built, bpy.data.scenes))
        assert [block.name for block in tags.owned(scene)] == before


def test_a_list_that_lacks_nothing_is_not_written_again(tmp_path, monkeypatch):
    open_made_up(tmp_path)
    bpy.ops.matrix_cinema.build()
    written = []
    monkeypatch.setattr(tags, "write_list", lambda *told: written.append(told))
    tags.renew_lists()
    assert not written
    bpy.context.scene[tags.PARTS] = {"of another session": bpy.context.scene.objects["A"]}
    tags.renew_lists()
    assert [told[1:] for told in written] == [(tags.PARTS, [bpy.context.scene.objects["A"]])]
