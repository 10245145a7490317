"""The second part of the walk: from an empty file to a saved one, with what a person does by hand.

Add by menu, drop a file, pick layer and head, turn the camera and lay the labels out, read an element and
focus on it, drag a lamp, change the style, undo and redo each, compare still, figure and F12, save, and open
without the extension.
"""

import base64
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from panel import TAB, pick_element, set_picture, toggle_panel

EXAMPLES = Path(__file__).parents[2] / "examples"
CAPTURE = EXAMPLES / "data" / "minilm.safetensors"
SIZE = (1600, 1250)  # of the window: an open panel is seen whole
VIEWPORT = (600, 450)  # a place in the viewport
LAST_ENTRY = (520, 25)  # of the menu Add that was opened there
BALL = (28, 43)  # pixels from the panel's left, and above the row of the azimuth, to a lamp's direction
F12 = "96"  # its code: by its name xdotool holds Alt as well
SAME, ALIKE = 2 / 255, 0.04  # mean difference of pictures that are the same, and of those that differ in type


def walk(desk, user, done, asked):
    """Take all steps; with `asked.go_on` also those after one that fails."""
    desk.move(*VIEWPORT)
    failed = []
    for step in [step for step in STEPS if not asked.steps or step.__name__ in asked.steps]:
        try:
            step(desk, user, done)
        except AssertionError as error:
            if not asked.go_on:
                raise
            failed.append(f"{step.__name__}: {str(error)[:2000]}")
            done(f"FAILED {failed[-1]}")
            desk.photograph(f"failed_{step.__name__}")
            desk.key("Escape")
    assert not failed, "\n".join(failed)


def undo_and_redo(desk, name, before, after, look=lambda state: state):
    """Undo what was just done, and do it again: what is looked at is as before, then as after."""
    desk.move(*VIEWPORT)
    for key, wanted in (("ctrl+z", before), ("ctrl+shift+z", after)):
        desk.key(key)
        desk.wait_for(lambda s, wanted=wanted: look(s) == look(wanted), 30, f"{name}: {key}")


def add_by_menu(desk, _user, done):
    before = desk.state()
    desk.key("shift+a")
    desk.move(*LAST_ENTRY)
    desk.settle(4)
    desk.photograph("h01_add_menu")
    desk.key("Right")
    desk.photograph("h02_add_matrix_cinema")
    desk.key("Return")
    after = desk.wait_for(lambda s: s["instances"], 60, "a textbook product at the cursor")
    assert set(before["scenes"]) < set(after["scenes"]) and after["scene"] == before["scene"]
    desk.photograph("h03_added")
    undo_and_redo(desk, "add", before, after, lambda s: (s["scenes"], s["instances"]))
    done(f"added by menu: {after['instances']}, undone and done again")


def drop_a_file(desk, _user, done):
    before = desk.state()
    desk.drop(CAPTURE, *VIEWPORT)
    after = desk.wait_for(lambda s: s["scene"] not in before["scenes"], 90, "a dropped capture, built")
    desk.ask("shade", "SOLID")
    desk.photograph("h04_dropped")
    assert after["file"].endswith(CAPTURE.name) and after["built"]
    assert desk.ask("rectangle", "UI")[2] > 10, "the side panel is closed"
    undo_and_redo(desk, "drop", before, after, lambda s: (s["scene"], s["scenes"]))
    done(f"dropped: {after['scene']}, head {after['head']}, undone and done again")


def pick_layer_and_head(desk, _user, done):
    desk.open_tab(TAB, width=330)
    desk.photograph("h05_panel_of_capture")
    before = desk.state()
    desk.choose("matrix_cinema_panel.layer", 3)
    desk.choose("matrix_cinema_panel.head", 4)
    desk.move(*VIEWPORT)
    after = desk.wait_for(
        lambda s: (
            s["head"] != before["head"] and not s["pending"] and s["built_from"] != before["built_from"]
        ),
        90,
        "another head, built by itself",
    )
    desk.photograph("h06_another_head")
    done(f"layer and head {before['head']} -> {after['head']}, built by itself")


def stop_a_build(desk, _user, done):
    """Esc stops a build that has begun; what stood stays, and what is set waits."""
    desk.ask("put", "live", False)
    before = desk.state()
    desk.choose("matrix_cinema_panel.head", 6)
    desk.wait_for(lambda s: s["pending"], 20, "another head that waits")
    desk.push("bpy.ops.matrix_cinema.build(", then="Escape")
    after = desk.wait_for(lambda s: not s["building"], 90, "the end of that build")
    assert after["pending"] and after["built_from"] == before["built_from"], "Esc did not stop it"
    assert after["objects"] == before["objects"] and after["labels"] == before["labels"]
    desk.photograph("h07_stopped")
    desk.ask("put", "live", True)
    desk.choose("matrix_cinema_panel.head", 4)
    desk.move(*VIEWPORT)
    desk.wait_for(lambda s: s["head"] == before["head"] and not s["pending"], 30, "the head that stands")
    done("a build was stopped, and what stood stays")


def stop_the_pause(desk, _user, done):
    """Esc stops a build that a change has begun to wait for."""
    before = desk.state()
    desk.push("matrix_cinema_panel.head")
    desk.settle(3)
    desk.key(*["Down"] * 6)
    desk.type_keys("Return", "Escape")
    desk.settle(5)
    after = desk.wait_for(lambda s: s["head"] != before["head"], 20, "another head")
    assert after["pending"] and after["built_from"] == before["built_from"], "Esc did not stop the pause"
    desk.choose("matrix_cinema_panel.head", 4)
    desk.move(*VIEWPORT)
    desk.wait_for(lambda s: s["head"] == before["head"] and not s["pending"], 30, "the head that stands")
    done("the pause before a build was stopped")


def turn_the_camera(desk, _user, done):
    toggle_panel(desk, "Camera")
    desk.photograph("h07_camera_panel")
    desk.push("lock_camera")
    before = desk.state()
    desk.drag(VIEWPORT, across=160, up=40, button=2)
    desk.wait_for(lambda s: s["camera"] != before["camera"], 20, "a camera turned by hand")
    desk.settle(8)
    turned = desk.state()
    assert turned["labels"] == before["labels"]
    desk.photograph("h08_turned")
    desk.push("matrix_cinema.lay_out")
    settled = desk.wait_for(lambda s: s["labels"] != before["labels"], 60, "labels laid out anew")
    assert settled["camera"] == turned["camera"], "laying out moved the camera"
    desk.photograph("h09_settled")
    undo_and_redo(desk, "lay out", turned, settled, lambda s: s["labels"])
    desk.move(*VIEWPORT)
    desk.key("ctrl+z", "ctrl+z")
    desk.wait_for(lambda s: s["camera"] == before["camera"], 20, "the turn undone")
    desk.key("ctrl+shift+z", "ctrl+shift+z")
    desk.wait_for(lambda s: s["labels"] == settled["labels"], 20, "the turn done again")
    desk.push("lock_camera")
    done("camera turned by hand, labels settled, both undone and done again")


def focus_on_an_element(desk, _user, done):
    toggle_panel(desk, "Camera")
    pick_element(desk)
    told = desk.ask("told")
    assert told and len(told) > 1, told
    desk.photograph("h10_read")
    done(f"read: {' | '.join(told)}")
    before = desk.state()
    toggle_panel(desk, "Camera")
    desk.push("matrix_cinema.focus")
    after = desk.wait_for(lambda s: s["camera"]["blur"] and s["camera"]["focus"], 30, "a focus")
    desk.photograph("h11_focused")
    undo_and_redo(desk, "focus", before, after, lambda s: s["camera"])
    desk.key("ctrl+z")
    desk.wait_for(lambda s: not s["camera"]["blur"], 20, "the focus undone for good")
    toggle_panel(desk, "Camera")
    done(f"focused at {after['camera']['focus']}, undone and done again")


def drag_a_lamp(desk, _user, done):
    toggle_panel(desk, "Light")
    desk.photograph("h12_light_panel")
    before = desk.state()
    _, y = desk.find(".azimuth")  # beside it is the ball that is dragged
    left, *_ = desk.ask("rectangle", "UI")
    desk.drag((left + BALL[0], y + BALL[1]), across=18, up=-10)
    desk.move(*VIEWPORT)
    after = desk.wait_for(lambda s: s["lamps"] != before["lamps"], 30, "a lamp that was turned")
    desk.photograph("h13_lamp_turned")
    undo_and_redo(desk, "lamp", before, after, lambda s: s["lamps"])
    toggle_panel(desk, "Light")
    done(f"a lamp dragged: {before['lamps']} -> {after['lamps']}")


def change_the_style(desk, _user, done):
    toggle_panel(desk, "Look")
    before = desk.state()
    desk.choose("look.style", 3)
    desk.move(*VIEWPORT)
    after = desk.wait_for(
        lambda s: s["style"] != before["style"] and not s["pending"], 60, "another style, shown by itself"
    )
    desk.ask("shade", "MATERIAL")
    desk.photograph_still("h14_style", seconds=60)
    desk.ask("shade", "SOLID")
    undo_and_redo(desk, "style", before, after, lambda s: s["style"])
    toggle_panel(desk, "Look")
    done(f"style {before['style']} -> {after['style']} by itself, undone and done again")


def compare_pictures(desk, user, done):
    """Still, figure and F12 are one picture: still and F12 the same, the figure but for its type."""
    desk.open_tab(TAB)
    still, figure, own = user / "hand.png", user / "hand.svg", user / "f12.png"
    set_picture(desk, user / "hand", width=480, height=270, samples=8)
    desk.wait_for(lambda s: not s["pending"], 60, "the size of the picture in the scene")
    desk.push("matrix_cinema.render_still(")
    finished(desk, still)
    desk.push("matrix_cinema.figure(")
    desk.settle(5)
    desk.key("Return")
    finished(desk, figure)
    desk.move(*VIEWPORT)
    desk.settle(5)
    desk.key(F12)
    desk.wait_for(lambda s: s["busy"], 20, "Blender's own render")
    desk.wait_for(lambda s: not s["busy"], 300, "the end of F12")
    desk.ask("save_render", str(own))
    picture = user / "figure.png"
    found = re.search(rb"data:image/png;base64,([^\"']+)", figure.read_bytes())
    picture.write_bytes(base64.b64decode(found.group(1)))
    for one in (still, own, picture):
        (desk.pictures / one.name).write_bytes(one.read_bytes())
    mean, most = desk.ask("difference", str(still), str(own))
    assert mean < SAME, f"still and F12 differ by {mean:.4f} on average"
    of_figure, _ = desk.ask("difference", str(still), str(picture))
    done(f"still and F12 differ by {mean:.5f}, at most {most:.4f}; still and figure by {of_figure:.4f}")
    assert of_figure < ALIKE, f"still and figure differ by {of_figure:.4f} on average"


def finished(desk, file):
    desk.wait_for(lambda s: file.exists(), 300, f"the picture {file.name}")
    desk.wait_for(lambda s: s["rendering"] is None, 30, "the end of the job")


WITHOUT = """
import bpy, json, sys
scene = bpy.context.scene
assert not hasattr(bpy.types.Scene, "matrix_cinema_panel"), "the extension is here"
scene.render.filepath = sys.argv[-1]
bpy.ops.render.render(write_still=True)
print("FOUND", json.dumps([scene.name, scene.frame_current]))
"""


def save_and_open_without(desk, user, done):
    file, again = user / "kept.blend", user / "without.png"
    before = desk.state()
    desk.ask("save", str(file))
    with tempfile.TemporaryDirectory() as empty:
        said = subprocess.run(
            [desk.blender, "-b", "--factory-startup", str(file), "--python-exit-code", "3"]
            + ["--python-expr", WITHOUT, "--", str(again)],
            env=os.environ | {"BLENDER_USER_RESOURCES": empty},
            capture_output=True,
            text=True,
        )
    assert said.returncode == 0, said.stdout + said.stderr
    name, frame = json.loads(said.stdout.partition("FOUND ")[2].splitlines()[0])
    assert (name, frame) == (before["scene"], int(before["frame"]))
    (desk.pictures / again.name).write_bytes(again.read_bytes())
    mean, most = desk.ask("difference", str(user / "f12.png"), str(again))
    assert mean < SAME, f"without the extension the picture differs by {mean:.4f}"
    done(f"saved and opened without the extension: F12 differs by {mean:.5f}, at most {most:.4f}")


STEPS = (
    add_by_menu,
    drop_a_file,
    pick_layer_and_head,
    stop_the_pause,
    stop_a_build,
    turn_the_camera,
    focus_on_an_element,
    drag_a_lamp,
    change_the_style,
    compare_pictures,
    save_and_open_without,
)
