"""EEVEE draws what Cycles draws, as far as it can. These tests are skipped where there is no OpenGL."""

import contextlib
import io
import subprocess
import sys

import numpy as np
import pytest
from matrix_cinema.cli import commands as cli
from PIL import Image

bpy = pytest.importorskip("bpy")

from exr import pass_of, read_exr  # noqa: E402
from one_matrix import VALUES, matrix_scene  # noqa: E402

pytestmark = pytest.mark.usefixtures("opengl", "factory")
# Workbench, for it draws with OpenGL as EEVEE does and has fewer shaders to compile.
PROBE = """
import bpy
scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 16
bpy.ops.render.render()
"""


@pytest.fixture(scope="module")
def opengl():
    """Skip where this Blender cannot draw with OpenGL: there, the attempt crashes the whole process."""
    if subprocess.run([sys.executable, "-c", PROBE], capture_output=True).returncode != 0:
        pytest.skip("no OpenGL here")


@pytest.fixture(scope="module")
def flat(opengl, tmp_path_factory):
    """(the channels of a flat picture by EEVEE, those by Cycles, what was said of EEVEE's), rendered once."""
    folder, said = tmp_path_factory.mktemp("flat"), io.StringIO()
    command = ["render", str(matrix_scene(folder, "paper")), "--frame", "1", "--samples", "16"]
    with contextlib.redirect_stderr(said):
        for engine in ("eevee", "cycles"):
            assert cli.run([*command, "-o", str(folder / f"{engine}.exr"), "--engine", engine]) == 0
    return *(read_exr(folder / f"{engine}.exr") for engine in ("eevee", "cycles")), said.getvalue()


def picture(path, out, *options):
    assert cli.run(["render", str(path), "-o", str(out), "--frame", "1", "--quiet", *options]) == 0
    return np.asarray(Image.open(out).convert("RGBA"), float)


def shown(channels):
    """The picture of an EXR as a PNG would have it, 0 to 255, without rounding: (height, width, 3)."""
    planes = (next(v for k, v in channels.items() if k.endswith(f"Combined.{c}")) for c in "RGB")
    light = np.clip(np.stack(list(planes), axis=-1).astype(float), 0.0, 1.0)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def test_flat_elements_have_the_colours_that_cycles_gives_them(flat):
    found, wanted = map(shown, flat[:2])
    inked = np.abs(wanted - 255).max(axis=-1) > 60
    assert inked.sum() > 300
    assert np.median(np.abs(found - wanted)[inked]) <= 1
    assert np.abs(found - wanted)[~inked].mean() < 1


def test_the_value_pass_has_the_values_as_far_as_eevee_keeps_them(flat):
    channels, _, said = flat
    assert said.count("EEVEE keeps three digits") == 1
    value, element = (pass_of(channels, name) for name in ("value", "element"))
    whole = value[element == 1]
    for wanted in np.ravel(VALUES)[np.ravel(VALUES) < 65504]:
        assert np.abs(whole / wanted - 1).min() < 1e-3


# The floor is the same object in both, and no Blender has another one.
@pytest.mark.parametrize("style", ["studio_light", pytest.param("glass", marks=pytest.mark.one_blender)])
def test_a_floor_that_only_catches_shadows_is_not_seen(tmp_path, style):
    path = matrix_scene(tmp_path, style)
    path.write_text(path.read_text().replace('"front"', '"three_quarter"'))  # the floor fills the picture
    found = picture(path, tmp_path / "shadow.png", "--engine", "eevee")
    path.write_text(path.read_text() + '[style]\nground = "none"\n')
    without = picture(path, tmp_path / "none.png", "--engine", "eevee")
    np.testing.assert_allclose(
        found[[0, 0, -1, -1], [0, -1, 0, -1]], without[[0, 0, -1, -1], [0, -1, 0, -1]], atol=2
    )
    assert np.abs(found - without).mean() < 4


@pytest.mark.one_blender  # our floor is hidden there: the same in each
def test_a_transparent_picture_has_no_floor(tmp_path):
    path = matrix_scene(tmp_path, "studio_dark")
    path.write_text(path.read_text().replace('"front"', '"three_quarter"'))
    alpha = picture(path, tmp_path / "a.png", "--engine", "eevee", "--transparent")[..., 3]
    assert alpha[0, 0] == alpha[-1, 0] == alpha[-1, -1] == 0 and (alpha == 255).sum() > 300
