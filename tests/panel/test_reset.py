"""The buttons that reset what we built: each says before what it discards, and touches nothing else."""

import types

import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described  # noqa: E402
from built_scenes import random as random_matrices  # noqa: E402
from drawn_panels import Layout, buttons, drawn_texts  # noqa: E402
from matrix_cinema.blender import compat, given_back  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.ui import light_panel, properties, reset  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")
OURS = bpy.ops.matrix_cinema


def asked(cls, **values):
    """What an operator shows before it does anything: its lines, or what it reports instead."""
    shown, reported = [], []

    def dialog(operator, **_options):
        operator.draw = types.MethodType(cls.draw, operator)
        operator.layout = Layout(shown, {})
        operator.draw(bpy.context)
        return {"RUNNING_MODAL"}

    manager = types.SimpleNamespace(invoke_props_dialog=dialog)
    context = types.SimpleNamespace(
        scene=bpy.context.scene, object=bpy.context.object, window_manager=manager
    )
    operator = types.SimpleNamespace(report=lambda _kind, text: reported.append(text), **values)
    operator.blocks = types.MethodType(cls.blocks, operator)
    cls.invoke(operator, context, None)
    return [text for text in shown if text] or reported


def test_each_button_gives_back_its_own_and_says_it_before(factory):
    scene = build(
        described(
            "out = softmax(A @ B)", random_matrices(3, A=(2, 3), B=(3, 2)), look={"style": "studio_dark"}
        )
    )
    a, key, rim, camera = (scene.objects[name] for name in ("A", "Key", "Rim", scene.camera.name))
    before = a.location.x, key.data.energy, rim.location.y, camera.data.lens
    nothing = asked(reset.MATRIX_CINEMA_OT_reset_scene)
    assert nothing == ["Nothing was changed by hand here"]

    def spoil():
        a.location.x, key.data.energy, rim.location.y, camera.data.lens = 7.0, 12.5, 3.0, 85.0
        camera.keyframe_insert("location", frame=5)
        bpy.context.view_layer.objects.active = a

    spoil()
    assert "A: location" in asked(reset.MATRIX_CINEMA_OT_reset_object)
    assert OURS.reset_object() == {"FINISHED"}
    assert (a.location.x, key.data.energy) == (before[0], 12.5)

    assert asked(reset.MATRIX_CINEMA_OT_reset_lights, lamp="Key")[1:] == ["Key: energy"]
    assert OURS.reset_lights(lamp="Key") == {"FINISHED"}
    assert (key.data.energy, rim.location.y) == (before[1], 3.0)
    background = next(n for n in compat.node_tree(scene.world).nodes if n.type == "BACKGROUND")
    background.mute = True
    assert [line.partition(":")[0] for line in asked(reset.MATRIX_CINEMA_OT_reset_lights, lamp="")[1:]] == [
        "Rim", scene.world.name,
    ]  # fmt: skip
    assert OURS.reset_lights() == {"FINISHED"}
    assert rim.location.y == before[2]
    assert not any(node.mute for node in compat.node_tree(scene.world).nodes)

    scene.frame_set(3)
    assert OURS.reset_camera() == {"FINISHED"}
    assert scene.camera.data.lens == before[3] and scene.frame_current == 3
    assert not given_back.changes(scene)  # its own key is gone, too

    spoil()
    bpy.data.objects.remove(scene.objects["Ground"])
    lines = asked(reset.MATRIX_CINEMA_OT_reset_scene)
    assert "Ground: deleted" in lines and "Key: energy" in lines
    assert OURS.reset_scene() == {"FINISHED"} and "Ground" in scene.objects
    assert not given_back.changes(scene)


def test_the_buttons_are_in_the_panel_and_the_lamp_s_in_the_light_panel(factory):
    scene = build(described("out = A @ B", random_matrices(3, A=(2, 3), B=(3, 2))))
    properties.refill()
    texts = drawn_texts(reset.MATRIX_CINEMA_PT_reset)
    assert {"Reset Object", "Reset Lights", "Reset Camera", "Reset All", "Remove from Scene"} <= set(texts)
    scene.matrix_cinema_panel.lamp = 1
    given = buttons(light_panel.MATRIX_CINEMA_PT_light)
    assert given["matrix_cinema.reset_lights"] == {"lamp": "Fill"}
    assert OURS.remove() == {"FINISHED"} and not len(scene.objects) and not OURS.remove.poll()
