"""Strips of patches in a built scene: the picture's own colours at each, read back from the file alone."""

import numpy as np
import pytest
import seen_captures

bpy = pytest.importorskip("bpy")

from matrix_cinema import api  # noqa: E402
from matrix_cinema.blender import tags  # noqa: E402
from matrix_cinema.blender.image_pixels import colors_of  # noqa: E402
from matrix_cinema.blender.stored import plan_of  # noqa: E402
from matrix_cinema.description.from_capture import scene_from_capture  # noqa: E402
from matrix_cinema.description.source import Source  # noqa: E402
from matrix_cinema.outputs import blend_file  # noqa: E402

pytestmark = pytest.mark.usefixtures("factory")


def test_the_patches_of_a_built_file_are_those_of_the_picture(tmp_path):
    source = seen_captures.write(tmp_path / "x.safetensors")
    api.build(scene_from_capture(source, layer=0, head=0), tmp_path / "x.blend")
    source.unlink()
    scene = blend_file.open_built(Source(tmp_path / "x.blend", None))
    strips = [ob for ob in scene.objects if ob.get(tags.KIND) == "patches"]
    assert {ob[tags.NAME] for ob in strips} >= {"Q", "K", "V", "attn", "out"}
    for ob in strips:
        assert not ob.hide_render and not ob.visible_shadow
        material = ob.data.materials[0]
        (image,) = (n.image for n in material.node_tree.nodes if n.type == "TEX_IMAGE")
        assert image.packed_file and np.array_equal(colors_of(image), seen_captures.PIXELS)
        uv = np.empty(2 * 4 * 6, np.float32)
        ob.data.uv_layers[0].data.foreach_get("uv", uv)
        middles = uv.reshape(6, 4, 2).mean(axis=1)
        assert np.allclose(middles[:, 0] * 3, [0.5, 1.5, 2.5] * 2) and np.allclose(
            middles[:, 1] * 2, [1.5] * 3 + [0.5] * 3
        )
    again = plan_of(scene)
    assert len(again.strips) == len(strips)
    assert all(np.array_equal(one.picture.pixels, seen_captures.PIXELS) for one in again.strips)


def test_a_scene_is_drawn_again_without_a_second_picture(tmp_path):
    source = seen_captures.write(tmp_path / "x.safetensors")
    description = scene_from_capture(source, layer=0, head=0)
    api.build(description)
    count = len(bpy.data.images), sum(ob.get(tags.KIND) == "patches" for ob in bpy.data.objects)
    api.build(description)
    assert count == (len(bpy.data.images), sum(ob.get(tags.KIND) == "patches" for ob in bpy.data.objects))
