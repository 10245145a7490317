"""The same scene, built and rendered twice, gives the same picture to the byte."""

import dataclasses

import pytest
from matrix_cinema.description.scene import load_scene
from matrix_cinema.staging.plan import plan
from paths import ROOT

bpy = pytest.importorskip("bpy")

from matrix_cinema.blender.build import draw  # noqa: E402
from matrix_cinema.outputs.blend_file import begin_empty  # noqa: E402
from matrix_cinema.outputs.frames import Settings, render_still  # noqa: E402
from matrix_cinema.picture.drawing import film_of  # noqa: E402

# One head, many heads, two heads of a circuit, rotary positions, and beads of many entries.
NAMES = (
    "attention_head",
    "attention/04_head_grid",
    "attention/05_induction",
    "attention/07_rotary",
    "heads/multi_head",
)


@pytest.mark.one_blender
@pytest.mark.parametrize("name", NAMES)
def test_two_renders_of_an_attention_scene_agree_to_the_byte(factory, name, tmp_path):
    description = load_scene(ROOT / "examples" / f"{name}.toml")
    size = dataclasses.replace(description.render, width=96, height=54)
    made = []
    for picture in ("a.png", "b.png"):
        begin_empty()
        scene = draw(film_of(plan(dataclasses.replace(description, render=size))))
        frame = description.render.still_frame(1, scene.frame_end)
        render_still(scene, tmp_path / picture, frame, Settings(96, 54, 1), "mark")
        made.append((tmp_path / picture).read_bytes())
    assert made[0] == made[1]
