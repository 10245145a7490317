"""Walks through the side panel of a real Blender with the mouse: install, build, scrub, change, render.

    python3 tests/window/walk.py EXTENSION.zip PICTURES [--blender BLENDER] [--scene SCENE.toml]

Without --scene the first bundled example is taken from the panel's menu; with it the path is typed.
Exits with status 1 at the first thing that is not as it should be.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import by_hand
from desk import Desk
from panel import ROW, TAB, pick_element, set_picture, toggle_panel, type_path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("zip")
    parser.add_argument("pictures")
    parser.add_argument("--blender", default=os.environ.get("MATRIX_CINEMA_BLENDER_UI") or "blender")
    parser.add_argument("--scene", type=Path)
    parser.add_argument(
        "--part", choices=("panel", "hand", "all"), default="all", help="which part of the walk"
    )
    parser.add_argument(
        "--steps", nargs="*", help="by hand: only these steps, by the names of their functions"
    )
    parser.add_argument("--go-on", action="store_true", help="by hand: go on after a step that fails")
    parser.add_argument("--film", action="store_true", help="render a small film too, cancel and resume it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="matrix_cinema_user_") as user:
        subprocess.run(
            [
                asked.blender,
                "--command",
                "extension",
                "install-file",
                "-r",
                "user_default",
                "-e",
                str(Path(asked.zip).resolve()),
            ],
            env=os.environ | {"BLENDER_USER_RESOURCES": user},
            check=True,
        )
        for part, steps, size in (("panel", walk, (1600, 900)), ("hand", by_hand.walk, by_hand.SIZE)):
            if asked.part in (part, "all"):
                with Desk(asked.blender, Path(asked.pictures) / part, user, size=size) as desk:
                    steps(desk, Path(user), teller(desk), asked)
                    assert not desk.python_errors(), desk.python_errors()
    print("all well")


def teller(desk):
    """A function that prints what is done, with the time since now."""
    begun = time.monotonic()

    def done(what):
        print(f"{time.monotonic() - begun:6.1f} s  {what}", flush=True)

    done(f"Blender {desk.about['blender']} on {desk.about['renderer']}")
    return done


def walk(desk, user, done, asked):
    desk.open_tab(TAB, width=330)
    desk.photograph("1_empty")
    before = desk.state()
    controls = desk.controls()
    assert not before["built"]
    done(f"the tab is open; controls: {', '.join(sorted(controls))}")

    type_path(desk, controls, "/nowhere/at_all.toml")
    state = desk.wait_for(lambda s: s["problem"], 10, "an error in the panel")
    assert "no such scene file" in state["problem"] and state["objects"] == before["objects"]
    desk.photograph("2_no_such_file")
    done(f"a file that is not there: {state['problem']}")

    controls = desk.controls(until="matrix_cinema_panel.file")
    if asked.scene:
        type_path(desk, controls, str(asked.scene.resolve()))
    else:
        choose_example(desk, controls)
    state = desk.wait_for(lambda s: s["file"].endswith(".toml") and not s["problem"], 10, "a chosen scene")
    desk.photograph("3_chosen")
    done(f"chosen: {state['file']}")

    if asked.scene:
        desk.push("bpy.ops.matrix_cinema.build(")
    state = desk.wait_for(lambda s: s["built"], 60, "a built scene")
    assert set(before["scenes"]) < set(state["scenes"]), "the user's own scene is gone"
    assert state["scene"] not in before["scenes"], "built into the user's own scene"
    desk.ask("shade", "SOLID")  # software rendering is slow
    done(f"built: {state['scene']}, products {list(state['sweeps'])}")

    pick_element(desk)
    desk.photograph("3_picked")
    done("an element was picked")

    # The lowest slider is that of the product which is swept last.
    sliders = desk.controls(until="frame_current")["matrix_cinema_sweep"]
    desk.drag(min(sliders, key=lambda place: place[1]), across=-45)  # it is built at its end
    after = desk.state()
    moved = {name: (state["sweeps"][name], step) for name, step in after["sweeps"].items()}
    assert after["frame"] < state["frame"] and min(after["sweeps"].values()) < max(
        after["sweeps"].values()
    ), moved
    assert after["drawn"] != state["drawn"], "the same products are drawn"
    desk.move(500, 450)
    desk.ask("shade", "MATERIAL")
    desk.photograph_still("4_scrubbed")
    desk.ask("shade", "SOLID")
    done(f"scrubbed to frame {after['frame']:.2f}: {after['sweeps']}, drawn {after['drawn']}")

    desk.key("ctrl+z")
    undone = desk.wait_for(lambda s: s["frame"] != after["frame"], 20, "the slider undone")
    desk.key("ctrl+z")
    gone = desk.wait_for(lambda s: not s["built"], 20, "the build undone")
    assert gone["scenes"] == before["scenes"], gone["scenes"]
    desk.key("ctrl+shift+z", "ctrl+shift+z")
    again = desk.wait_for(lambda s: s["built"], 20, "the build done again")
    assert again["scenes"] == after["scenes"] and again["drawn"].keys() == after["drawn"].keys()
    done(f"undone (frame {undone['frame']:.2f}, then scene {gone['scene']}) and done again")

    look_around(desk)
    done("matrices and results were looked at, another style and another view built")
    make_pictures(desk, user)
    done("a still and a figure were rendered in the background")

    if asked.film:
        make_film(desk, user)
        done("a film was rendered in the background, cancelled and resumed")


GALLERY = (945, 538)  # the first button in the gallery of a window of 1600 × 900


def choose_example(desk, controls):
    """Open the gallery of examples, in the row under the file field, and take its first one, which is built
    in a scene of its own."""
    rows = [y for _, y in controls["matrix_cinema_panel.file"]]
    x, y = controls["matrix_cinema_panel.file"][0][0], (min(rows) + max(rows)) / 2
    desk.click(x, y - ROW)
    desk.settle(6)
    desk.photograph("3_examples")
    desk.click(*GALLERY)
    desk.wait_for(lambda s: s["built"], 90, "a built example")
    desk.move(400, 450)  # the gallery closes when the mouse has left it


def look_around(desk):
    """Change a result and a matrix, the style and the view in their panels, and rebuild."""
    toggle_panel(desk, "Results")
    desk.photograph("5_results")
    desk.choose("products[0].interior", 3)
    desk.wait_for(lambda s: s["interiors"]["attn"] == "off", 10, "a hidden interior")
    toggle_panel(desk, "Results")
    toggle_panel(desk, "Matrices")
    desk.photograph("5_matrices")
    desk.choose("matrices[0].color_map", 3)
    desk.wait_for(lambda s: s["maps"][0] != "default", 10, "another colour map of the first matrix")
    toggle_panel(desk, "Matrices")
    toggle_panel(desk, "Look")
    desk.photograph("6_look")
    before = desk.state()
    desk.choose("look.style", 3)
    desk.wait_for(lambda s: s["style"] != before["style"], 10, "another style")
    toggle_panel(desk, "Look")
    toggle_panel(desk, "Camera")
    desk.choose("camera.view", 3)
    desk.wait_for(lambda s: s["view"] != before["view"], 10, "another view")
    desk.photograph("6_camera")
    toggle_panel(desk, "Camera")
    before = desk.state()
    desk.push("bpy.ops.matrix_cinema.build(")
    state = desk.wait_for(lambda s: not s["drawn"]["attn"], 60, "a rebuilt scene, its first interior hidden")
    assert state["scenes"] == before["scenes"]
    assert state["perspective"] == "CAMERA", "the look through the camera is lost"
    desk.move(500, 450)
    desk.key("shift+Right")  # to the last frame
    desk.ask("shade", "MATERIAL")
    desk.photograph_still("7_rebuilt")
    desk.ask("shade", "SOLID")


def make_pictures(desk, user):
    """Render a still, then a figure, each small."""
    set_picture(desk, user / "picture", width=320, height=180, samples=4)
    for operator, suffix in (("render_still", ".png"), ("figure", ".svg")):
        desk.settle(5)
        desk.push(f"bpy.ops.matrix_cinema.{operator}(")
        desk.settle(5)
        if operator == "figure":
            desk.photograph("8_figure")
            desk.key("Return")
        picture = user / f"picture{suffix}"
        desk.wait_for(lambda s, path=picture: path.exists(), 240, f"a {suffix} picture")
        desk.wait_for(lambda s: s["rendering"] is None, 30, "the end of the job")
        shutil.copy(picture, desk.pictures)
    desk.settle(5)
    desk.photograph("8_rendered")


def make_film(desk, user):
    """Render a film in the background, cancel it, resume it to its end."""
    film = user / "film.mp4"
    set_picture(desk, user / "film", film_width=160, film_height=90, film_samples=4)
    desk.push("matrix_cinema.render_film")
    desk.wait_for(lambda s: (s["rendering"] or 0) > 0.05, 60, "a film that is being rendered")
    desk.photograph("9_rendering")
    desk.push("matrix_cinema.cancel")
    desk.wait_for(lambda s: s["rendering"] is None, 30, "a cancelled film")
    assert not film.exists()
    desk.settle(5)
    desk.photograph("9_cancelled")
    desk.push("matrix_cinema.render_film(resume=True)")
    desk.wait_for(lambda s: film.exists(), 600, "a finished film")
    desk.wait_for(lambda s: s["rendering"] is None, 30, "the end of the job")
    desk.settle(5)
    desk.photograph("9_film")
    assert not (user / "film.frames" / "scene.blend").exists(), "the snapshot is left behind"


if __name__ == "__main__":
    sys.exit(main())
