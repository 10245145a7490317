"""A built .blend is complete: another Blender, without this project, renders the same picture from it."""

import json
import os
import site
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from paths import ROOT

bpy = pytest.importorskip("bpy")

from from_tables import scene_from  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.description.scene import load_scene  # noqa: E402
from PIL import Image  # noqa: E402

EXAMPLE = ROOT / "examples" / "attention_head.toml"

# What a stranger does with the file: open it, look around, render one frame.
STRANGER = """
import importlib.util, json, os, sys
sys.path.append({packages!r})
import bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.wm.open_mainfile(filepath={blend!r})
scene = bpy.context.scene
handlers = [h for name in dir(bpy.app.handlers) if isinstance(getattr(bpy.app.handlers, name), list)
            for h in getattr(bpy.app.handlers, name)]
owners = [block for blocks in (bpy.data.objects, bpy.data.materials, bpy.data.node_groups, bpy.data.worlds,
          bpy.data.scenes) for block in blocks if block.animation_data]
scene.render.filepath = {picture!r}
bpy.ops.render.render(write_still=True)
print("FACTS", json.dumps(dict(
    knows_us=importlib.util.find_spec("matrix_cinema") is not None or "matrix_cinema" in sys.modules,
    frame=scene.frame_current,
    description=json.loads(scene["matrix_cinema"])["expression"],
    paths=bpy.utils.blend_paths(absolute=True),
    unpacked=[i.name for i in bpy.data.images if i.type != "RENDER_RESULT" and not i.packed_file],
    texts=len(bpy.data.texts),
    libraries=len(bpy.data.libraries),
    handlers=[getattr(h, "__module__", "") for h in handlers],
    scripted=[o.name for o in owners for d in o.animation_data.drivers if d.driver.type == "SCRIPTED"],
)))
sys.stdout.flush()
os._exit(0)
"""


def picture(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def small(scene):
    """Few pixels, few samples, and nothing that depends on the moment."""
    scene.render.resolution_x, scene.render.resolution_y = 160, 90
    scene.render.image_settings.file_format = "PNG"
    scene.cycles.samples, scene.cycles.seed, scene.cycles.use_denoising = 2, 7, False
    scene.cycles.use_adaptive_sampling = False


def test_another_blender_renders_the_same_pixels(factory, tmp_path):
    scene = build(load_scene(EXAMPLE))
    small(scene)
    scene.frame_set(40)
    blend, ours, theirs = (str(tmp_path / name) for name in ("head.blend", "ours.png", "theirs.png"))
    bpy.ops.wm.save_as_mainfile(filepath=blend, compress=True)
    scene.render.filepath = ours
    bpy.ops.render.render(write_still=True)

    packages = next(p for p in site.getsitepackages() if (Path(p) / "bpy").exists())
    script = STRANGER.format(packages=packages, blend=blend, picture=theirs)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment["BLENDER_USER_RESOURCES"] = str(tmp_path / "stranger")
    done = subprocess.run(  # -S: no site packages, so none of ours; -I: nothing from here
        [sys.executable, "-I", "-S", "-c", script],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(next(line[6:] for line in done.stdout.splitlines() if line.startswith("FACTS ")))
    assert not facts["knows_us"]
    assert facts["frame"] == 40 and "softmax" in facts["description"]
    assert facts["paths"] == [] and facts["unpacked"] == [] and facts["libraries"] == 0
    assert facts["texts"] == 0 and facts["scripted"] == []
    assert not [module for module in facts["handlers"] if "matrix" in module]
    assert Path(blend).stat().st_size < 1_000_000  # node groups, the same for every scene, and type
    seen = picture(ours)
    np.testing.assert_array_equal(picture(theirs), seen)
    assert seen.std() > 5  # there is something to see


def test_the_file_grows_with_the_inputs_and_not_with_the_products(factory, tmp_path):
    sizes = {}
    for n in (64, 128):
        a = {"init": "uniform", "shape": [n, n]}
        look = {"labels": False, "legend": False, "numbers": "off", "beams": "off", "instance_budget": 0}
        build(scene_from({"expression": "A @ B", "look": look, "matrices": {"A": a, "B": a}}))
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / f"{n}.blend"), compress=False)
        sizes[n] = (tmp_path / f"{n}.blend").stat().st_size
    entries = 3 * (128**2 - 64**2)  # of three matrices; there are 2,097,152 products
    assert sizes[128] - sizes[64] < 18 * entries  # a place and a value, in float32
