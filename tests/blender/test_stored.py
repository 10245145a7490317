"""A built file is enough: with all sources gone it is planned again, and what it says is what was built."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from paths import ROOT

bpy = pytest.importorskip("bpy")
import bmesh  # noqa: E402
from from_tables import scene_from  # noqa: E402
from matrix_cinema import api  # noqa: E402
from matrix_cinema.blender import tags  # noqa: E402
from matrix_cinema.blender.stored import plan_of, stored_matrices  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.description.scene import load_scene  # noqa: E402
from matrix_cinema.description.source import Source  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.outputs import blend_file  # noqa: E402
from matrix_cinema.staging.plan import plan  # noqa: E402

pytestmark = pytest.mark.usefixtures("factory")


@pytest.fixture
def away(tmp_path):
    """A folder with an array, a table, an additive mask and heads, and the scene file that draws them."""
    random = np.random.default_rng(0)
    np.save(tmp_path / "q.npy", random.normal(size=(2, 3, 4)).astype(np.float32))
    np.save(tmp_path / "k.npy", random.normal(size=(3, 4)).astype(np.float32))
    np.save(tmp_path / "m.npy", np.triu(np.full((3, 3), -1e9), 1).astype(np.float32))
    (tmp_path / "v.csv").write_text("a,b\n1.5,2\n3,4\n5,-6\n")
    (tmp_path / "scene.toml").write_text("""
expression = "out = (attn = softmax(Q @ K.T + M)) @ V"
[matrices]
Q = { file = "q.npy", row_labels = ["x", "y", "z"] }
K = { file = "k.npy", row_axis = "key" }
M = { file = "m.npy" }
V = { file = "v.csv" }
[look]
labels = false
""")
    return tmp_path


def test_everything_of_a_plan_comes_back_from_a_saved_file_without_its_sources(away, tmp_path_factory):
    description = load_scene(away / "scene.toml")
    first = plan(description)
    place = tmp_path_factory.mktemp("elsewhere") / "built.blend"
    api.build(description, place)
    shutil.rmtree(away)
    scene = blend_file.open_built(Source(place, None))
    again = plan_of(scene)
    for name, one in first.given.items():
        other = again.given[name]
        np.testing.assert_array_equal(other.values, one.values)
        for key in ("row_axis", "column_axis", "row_labels", "column_labels", "leading", "source", "note"):
            assert getattr(other, key) == getattr(one, key), (name, key)
        assert (other.mask is None) == (one.mask is None)
    np.testing.assert_array_equal(again.given["M"].mask, first.given["M"].mask)
    for name, result in first.evaluation.results.items():
        np.testing.assert_allclose(again.evaluation.results[name].final, result.final, atol=1e-12)

    look = dataclasses.replace(description.look, style="paper")
    restyled = dataclasses.replace(description, look=look, title="Again")
    matrices = description.matrices | {"K": dataclasses.replace(description.matrices["K"], label="Keys")}
    api.build(dataclasses.replace(restyled, matrices=matrices), target=scene)
    assert scene.get(tags.DESCRIPTION) and json.loads(scene[tags.DESCRIPTION])["look"]["style"] == "paper"
    assert verify(scene).ok
    assert plan_of(scene).given["Q"].row_labels == ("x", "y", "z")

    other = dataclasses.replace(description.matrices["K"], slices=("0:2",))  # other numbers of the file
    changed = dataclasses.replace(description, matrices=description.matrices | {"K": other})
    count = len(bpy.data.objects)
    with pytest.raises(InputError, match="k.npy: no such file"):
        api.build(changed, target=scene)
    assert len(bpy.data.objects) == count


def test_only_a_missing_source_is_read_from_the_blend(away):
    scene = build(load_scene(away / "scene.toml"))
    np.save(away / "k.npy", np.ones((3, 4), np.float32))
    (away / "v.csv").unlink()
    description = load_scene(away / "scene.toml")
    made = plan_of(scene, description, sources=True)
    assert (made.given["K"].values == 1.0).all()
    assert made.given["V"].values.tolist() == [[1.5, 2.0], [3.0, 4.0], [5.0, -6.0]]
    assert not (plan_of(scene, description).given["K"].values == 1.0).all()


def test_a_capture_comes_back_with_its_tokens(tmp_path):
    for name in ("attention_head.toml", "data/minilm.safetensors"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "examples" / name, tmp_path / name)
    description = load_scene(tmp_path / "attention_head.toml")
    bare = dataclasses.replace(description.look, labels=False)
    scene, first = build(dataclasses.replace(description, look=bare)), plan(description)
    shutil.rmtree(tmp_path)
    again = plan_of(scene)
    assert [one.text for one in again.beats] == [one.text for one in first.beats] and len(first.beats) > 4
    assert again.matrices["Q"].row_labels == first.matrices["Q"].row_labels and "animal" in str(
        again.matrices["Q"].row_labels
    )
    np.testing.assert_array_equal(again.matrices["Q"].values, first.matrices["Q"].values)


def test_a_font_and_an_environment_come_back(tmp_path):
    font = next((ROOT / "tests").rglob("*.ttf"), None)
    picture = tmp_path / "sky.png"
    image = bpy.data.images.new("sky", 8, 4)
    image.filepath_raw, image.file_format = str(picture), "PNG"
    image.save()
    table = {
        "expression": "out = A @ B",
        "matrices": {name: {"init": "uniform", "shape": [2, 2]} for name in "AB"},
        "style": {"light": "environment", "environment": "sky.png"},
    }
    if font:
        shutil.copy(font, tmp_path / "own.ttf")
        table["look"] = {"font": "own.ttf"}
    description = dataclasses.replace(scene_from(table), folder=str(tmp_path))
    scene = build(description)
    shutil.rmtree(tmp_path)
    build_again = plan_of(scene)
    assert build_again.description.style.environment == "sky.png"
    assert build_again.environment.is_file()
    api.build(dataclasses.replace(description, title="Again"), target=scene)
    assert scene.world and [i for i in bpy.data.images if i.packed_file]


def test_what_a_file_says_of_its_matrices_is_held_to_its_form(away):
    scene = build(load_scene(away / "scene.toml"))
    for wrong in ("[]", "{", '{"Q": {"row_labels": 3}}', '{"Q": {"secret": 1}}', '{"Q": []}'):
        scene[tags.GIVEN] = wrong
        with pytest.raises(InputError):
            stored_matrices(scene)
    scene[tags.GIVEN] = "{}"
    assert stored_matrices(scene) == {}


def test_a_matrix_with_an_edited_mesh_is_read_from_its_source(away):
    scene = build(load_scene(away / "scene.toml"))
    for ob in scene.objects:
        if ob.get(tags.KIND) == "matrix" and ob[tags.NAME] in ("M", "Q[1]"):
            edited = bmesh.new()
            edited.from_mesh(ob.data)
            edited.verts.ensure_lookup_table()
            edited.verts.remove(edited.verts[0])
            edited.to_mesh(ob.data)
            edited.free()
    assert stored_matrices(scene).keys() == {"K", "V"}
    again = plan_of(scene, load_scene(away / "scene.toml"))
    np.testing.assert_array_equal(again.given["Q"].values, np.load(away / "q.npy"))
    (away / "q.npy").unlink()
    with pytest.raises(InputError, match="q.npy: no such file"):
        plan_of(scene, load_scene(away / "scene.toml"))
