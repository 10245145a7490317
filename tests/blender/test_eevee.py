"""EEVEE draws what Cycles draws, as far as it has what that needs. Left out where there is no OpenGL."""

import functools
import subprocess
import sys

import numpy as np
import pytest
from matrix_cinema.cli import commands as cli
from PIL import Image

bpy = pytest.importorskip("bpy")

from exr import pass_of, read_exr  # noqa: E402
from one_matrix import VALUES, matrix_scene  # noqa: E402

pytestmark = pytest.mark.usefixtures("factory", "opengl")
PROBE = """
import bpy
scene = bpy.context.scene
scene.render.engine = "BLENDER_EEVEE" if bpy.app.version >= (5, 0) else "BLENDER_EEVEE_NEXT"
scene.render.resolution_x = scene.render.resolution_y = 16
scene.eevee.taa_render_samples = 1
bpy.ops.render.render()
"""


@functools.cache
def draws():
    """Whether this Blender can draw with OpenGL; where it cannot, it takes its whole process with it."""
    return subprocess.run([sys.executable, "-c", PROBE], capture_output=True).returncode == 0


@pytest.fixture
def opengl():
    if not draws():
        pytest.skip("no OpenGL here")


def picture(path, out, *options):
    assert cli.run(["render", str(path), "-o", str(out), "--frame", "1", "--quiet", *options]) == 0
    return np.asarray(Image.open(out).convert("RGBA"), float)


def test_flat_elements_have_the_colours_that_cycles_gives_them(tmp_path):
    path = matrix_scene(tmp_path, "paper")
    found, wanted = (
        picture(path, tmp_path / f"{engine}.png", "--engine", engine, "--samples", "16")
        for engine in ("eevee", "cycles")
    )
    inked = np.abs(wanted[..., :3] - 255).max(axis=-1) > 60
    assert inked.sum() > 300
    assert np.median(np.abs(found - wanted)[inked]) <= 1
    assert np.abs(found - wanted)[~inked].mean() < 1


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


def test_a_transparent_picture_has_no_floor(tmp_path):
    path = matrix_scene(tmp_path, "studio_dark")
    path.write_text(path.read_text().replace('"front"', '"three_quarter"'))
    alpha = picture(path, tmp_path / "a.png", "--engine", "eevee", "--transparent")[..., 3]
    assert alpha[0, 0] == alpha[-1, 0] == alpha[-1, -1] == 0 and (alpha == 255).sum() > 300


def test_the_value_pass_has_the_values_as_far_as_eevee_keeps_them(tmp_path, capsys):
    out = tmp_path / "a.exr"
    command = ["render", str(matrix_scene(tmp_path, "paper")), "-o", str(out), "--frame", "1"]
    assert cli.run([*command, "--engine", "eevee"]) == 0
    assert "EEVEE keeps three digits" in capsys.readouterr().err
    channels = read_exr(out)
    value, element = (pass_of(channels, name) for name in ("value", "element"))
    whole = value[element == 1]
    for wanted in np.ravel(VALUES)[np.ravel(VALUES) < 65504]:
        assert np.abs(whole / wanted - 1).min() < 1e-3
