"""The panel of a scene whose source is gone: it goes on from what the file itself carries."""

import shutil

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.ui import built, properties  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")


def test_a_saved_scene_is_restyled_without_its_source_folder(tmp_path):
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    folder = tmp_path / "examples"
    folder.mkdir()
    np.save(folder / "a.npy", np.arange(6.0, dtype=np.float32).reshape(2, 3))
    (folder / "one.toml").write_text(
        'expression = "out = A @ B"\nmatrices.A = { file = "a.npy" }\n'
        'matrices.B = { init = "uniform", shape = [3, 2] }\n'
    )
    panel = bpy.context.scene.matrix_cinema_panel
    panel.file = str(folder / "one.toml")
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    name = bpy.context.scene.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "built.blend"))
    shutil.rmtree(folder)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "built.blend"))
    scene = bpy.data.scenes[name]
    with bpy.context.temp_override(scene=scene):
        panel = scene.matrix_cinema_panel
        assert not properties.is_pending(scene)
        panel.look.style, panel.animation.sweep_seconds = "paper", 1.5
        assert properties.is_pending(scene)
        assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
        assert not properties.is_pending(scene) and built.description(scene).look.style == "paper"
        assert verify(scene).ok
        panel.file = str(tmp_path / "another.toml")  # it was never there
        with pytest.raises(RuntimeError, match="no such scene file"):
            bpy.ops.matrix_cinema.build()
