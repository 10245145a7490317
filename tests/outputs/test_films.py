"""Pictures and films without background, values as a pass of an OpenEXR, light from a user's panorama."""

import re

import numpy as np
import pytest
from from_tables import scene_from
from matrix_cinema.cli import commands as cli
from PIL import Image

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from exr import pass_of, read_exr  # noqa: E402
from mathutils import Vector  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.description.scene import load_scene  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.look.lights import RIGS  # noqa: E402
from matrix_cinema.outputs import marks  # noqa: E402
from one_matrix import VALUES, matrix_scene  # noqa: E402

pytestmark = pytest.mark.usefixtures("factory")


@pytest.mark.parametrize("style, budget", [("paper", 200_000), ("studio_dark", 200_000), ("glass", 0)])
def test_the_value_pass_has_the_values(tmp_path, style, budget):
    path, out = matrix_scene(tmp_path, style), tmp_path / "a.exr"
    path.write_text(path.read_text().replace("[camera]", f"instance_budget = {budget}\n[camera]"))
    assert cli.run(["render", str(path), "-o", str(out), "--frame", "1", "--quiet"]) == 0
    channels = read_exr(out)
    value, element = (pass_of(channels, name) for name in ("value", "element"))
    scene = build(load_scene(path))
    (ob,) = [ob for ob in scene.objects if ob.get("mc_kind") == "matrix"]
    for i, row in enumerate(VALUES):
        for j, wanted in enumerate(row):
            x, y, _ = world_to_camera_view(scene, scene.camera, ob.matrix_world @ Vector((j, 0, -i)))
            at = int((1 - y) * 64), int(x * 96)
            assert value[at] == pytest.approx(wanted, rel=1e-6) and element[at] == pytest.approx(1)
    assert value[0, 0] == element[0, 0] == 0
    assert {name.split(".")[-1] for name in channels if ".Combined." in name} == set("RGBA")
    edges = (element > 0.05) & (element < 0.95)  # there the two passes together still tell the value
    assert edges.any()
    apart = np.abs(value[edges] / element[edges])[:, None] / np.abs(np.ravel(VALUES)) - 1
    assert np.median(np.abs(apart).min(axis=1)) < 1e-3


def test_an_exr_is_made_once_and_seen_to_be_whole(tmp_path, capsys):
    path, out = matrix_scene(tmp_path, "paper"), tmp_path / "a.exr"
    command = ["render", str(path), "-o", str(out), "--size", "33x40"]
    assert cli.run(command) == 0
    capsys.readouterr()
    assert cli.run(command) == 0 and "is up to date" in capsys.readouterr().out
    whole = out.read_bytes()
    bare = whole[: whole.rindex(b"matrix-cinema")]
    for content in (bare[:-1], bare[:3000], bare[:100], b"", b"no picture", whole):
        out.write_bytes(content)
        assert marks.seal(out, "0" * 64) is False
    out.write_bytes(bare)
    assert marks.read_mark(out) == "" and marks.seal(out, "0" * 64) and marks.read_mark(out) == "0" * 64


@pytest.mark.parametrize("style", ["paper", "studio_dark"])
def test_a_transparent_still_has_no_background_and_no_floor(tmp_path, style):
    path = matrix_scene(tmp_path, style)
    for name, given in (("clear", ["--transparent"]), ("full", [])):
        assert cli.run(["render", str(path), "-o", str(tmp_path / f"{name}.png"), "--quiet", *given]) == 0
    clear, full = Image.open(tmp_path / "clear.png"), Image.open(tmp_path / "full.png")
    assert (clear.mode, full.mode) == ("RGBA", "RGB")
    alpha = np.asarray(clear)[..., 3]
    assert alpha[0, 0] == 0 and alpha.max() == 255 and (alpha == 255).mean() > 0.2
    inside = alpha == 255
    if style == "paper":  # the elements are the same
        assert np.abs(np.asarray(clear)[inside, :3].astype(int) - np.asarray(full)[inside]).max() <= 2
    scene = load_scene(path)
    assert not scene.render.transparent
    path.write_text(path.read_text() + "transparent = true\n")
    assert cli.run(["render", str(path), "-o", str(tmp_path / "said.png"), "--quiet"]) == 0
    assert Image.open(tmp_path / "said.png").mode == "RGBA"


@pytest.mark.parametrize("suffix, codec", [(".mov", b"ap4h"), (".webm", b"V_VP9")])
def test_a_film_keeps_its_transparency(tiny, suffix, codec):
    out = tiny.parent / f"a{suffix}"
    command = ["render", str(tiny), "-o", str(out), "--style", "paper", "--transparent", "--frames", "6-7"]
    assert cli.run([*command, "--quiet"]) == 0
    assert codec in out.read_bytes() and marks.read_mark(out)
    movie = bpy.data.images.load(str(out))
    alpha = np.array(movie.pixels[:]).reshape(-1, 4)[:, 3]
    frame = np.asarray(Image.open(tiny.parent / "a.frames" / "0006.png"))
    assert frame.shape[2] == 4
    assert alpha.min() < 0.01 and alpha.max() > 0.99
    assert alpha.mean() == pytest.approx(frame[..., 3].mean() / 255, abs=0.01)
    before = out.stat().st_mtime_ns
    assert cli.run([*command, "--quiet"]) == 0 and out.stat().st_mtime_ns == before


def test_a_film_without_transparency_in_a_mov(tiny):
    out = tiny.parent / "a.mov"
    assert cli.run(["render", str(tiny), "-o", str(out), "--frames", "6-7", "--quiet"]) == 0
    assert b"apch" in out.read_bytes()  # ProRes 422 HQ


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_film_that_cannot_be_transparent(tiny, suffix, capsys):
    assert cli.run(["render", str(tiny), "-o", str(tiny.parent / f"a{suffix}"), "--transparent"]) == 2
    assert f"{suffix} has no transparency; give .mov, .webm, .apng or .webp" in capsys.readouterr().err
    assert [path.name for path in tiny.parent.iterdir()] == ["tiny.toml"]


def panorama(path, color):
    """A small Radiance HDR of one colour."""
    image = bpy.data.images.new("sky", 8, 4, float_buffer=True)
    image.pixels.foreach_set([*color, 1.0] * 32)
    image.file_format, image.filepath_raw = "HDR", str(path)
    image.save()
    bpy.data.images.remove(image)


def test_a_panorama_lights_the_scene_and_is_packed(tmp_path):
    panorama(tmp_path / "red.hdr", (4.0, 0.2, 0.2))
    lit = '[style]\nlight = "environment"\nenvironment = "red.hdr"\nglow = 0.0\n'
    path = matrix_scene(tmp_path, "studio_light", lit)
    blend = tmp_path / "a.blend"
    assert cli.run(["build", str(path), "-o", str(blend)]) == 0
    (tmp_path / "red.hdr").unlink()
    assert cli.run(["render", str(blend), "-o", str(tmp_path / "a.png"), "--quiet"]) == 0
    assert bpy.utils.blend_paths() == []
    seen = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    red, green = seen[24:40, 20:76, 0].mean(), seen[24:40, 20:76, 1].mean()
    assert red > 1.5 * green


def test_a_panorama_that_is_none_changes_nothing(tmp_path):
    path = matrix_scene(tmp_path, "paper")
    scene = build(load_scene(path))
    before = {block.name for block in bpy.data.objects} | {block.name for block in bpy.data.images}
    for content in (
        b"#?RADIANCE\n\n-Y 4 +X 8\nand no picture",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x04",
    ):
        (tmp_path / "bad.hdr").write_bytes(content)
        path.write_text(matrix_scene(tmp_path, "paper").read_text() + '[style]\nenvironment = "bad.hdr"\n')
        with pytest.raises(InputError, match=re.escape("bad.hdr")):
            build(load_scene(path), scene)
        assert before == {b.name for b in bpy.data.objects} | {b.name for b in bpy.data.images}


# Only the sky differs between Blenders.
@pytest.mark.parametrize(
    "rig",
    [
        pytest.param(name, marks=() if rig.sky else pytest.mark.one_blender)
        for name, rig in RIGS.items()
        if name != "environment"
    ],
)
def test_every_rig_lights_the_scene(tmp_path, rig):
    description = {
        "expression": "A",
        "matrices": {"A": {"values": [[1, 1], [1, 1]]}},
        "style": {"light": rig, "glow": 0.0},
        "look": {"style": "studio_light", "labels": False},
    }
    dark = {**description, "style": {"light": rig, "light_strength": 0.0, "glow": 0.0}}
    brightness = []
    for one in (description, dark):
        scene = build(scene_from(one))
        scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples = 32, 18, 4
        scene.render.filepath = str(tmp_path / "a.png")
        scene.render.image_settings.file_format = "PNG"
        bpy.ops.render.render(write_still=True)
        brightness.append(np.asarray(Image.open(tmp_path / "a.png").convert("L"))[7:11, 13:19].mean())
    assert brightness[0] > brightness[1] + 1
    assert len([ob for ob in scene.objects if ob.type == "LIGHT"]) == len(RIGS[rig].lamps) + RIGS[rig].sky
    assert (scene.world.cycles.sampling_method == "AUTOMATIC") == RIGS[rig].sky  # a gradient needs few pixels
