"""The panel's lists: where each given matrix comes from, what each result does otherwise than the rest."""

import dataclasses

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from matrix_cinema.description.scene import from_json, load_scene, to_toml  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.look.styles import with_style_file  # noqa: E402
from matrix_cinema.ui import matrices, properties  # noqa: E402
from paths import ROOT  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")
EXAMPLES = ROOT / "examples"
SCENE = """
expression = "out = (attn = softmax(Q @ K.T)) @ V"
[matrices]
Q = { init = "gaussian", shape = [4, 6], seed = 7, min = 0.123456789 }
K = { values = [[0.1, 0.2, 0.3, 0.4, 0.5, 1e-17], [1, 2, 3, 4, 5, 6]], row_labels = ["a", "b"] }
V = { file = "v.csv", slices = ["0:2", ":"] }
[products.attn]
k_blocks = 2
interior = false
[look]
labels = false
"""


@pytest.fixture
def scene(tmp_path):
    """The user's own scene, in whose panel the scene file above is chosen."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    np.savetxt(tmp_path / "v.csv", np.arange(12.0).reshape(3, 4), delimiter=",")
    path = tmp_path / "three.toml"
    path.write_text(SCENE)
    bpy.context.scene.matrix_cinema_panel.file = str(path)
    return bpy.context.scene


def drafted(scene):
    return properties.description(scene)


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_example_goes_through_the_panel_unchanged(path):
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    panel = bpy.context.scene.matrix_cinema_panel
    panel.file = str(path)
    assert panel.problem == ""
    assert drafted(bpy.context.scene) == with_style_file(load_scene(path))


def test_the_lists_have_what_the_expression_names(scene):
    panel = scene.matrix_cinema_panel
    assert [item.name for item in panel.matrices] == ["Q", "K", "V"]
    assert [(item.name, item.is_product) for item in panel.products] == [("attn", True), ("out", True)]
    assert [matrices.summary(item) for item in panel.matrices] == ["gaussian, 4 × 6", "typed", "v.csv"]
    assert drafted(scene) == load_scene(panel.file)


def test_what_is_changed_is_in_the_description_and_in_its_file(scene, tmp_path):
    panel, before = scene.matrix_cinema_panel, load_scene(scene.matrix_cinema_panel.file)
    q, k, v = panel.matrices
    q.init, q.shape, q.seed = "expr: i - j", (0, 0, 5, 6), 8
    k.numbers = "1, 0, 0, 0, 0, 0.1; 0 1 0 0 0 0"
    v.source, v.init, v.shape, v.color_map = "init", "normal", (0, 0, 2, 3), "vik"
    panel.products["out"].interior = "off"
    panel.products["attn"].color_map = "batlow"
    made = drafted(scene)
    wanted = before.matrices["Q"]
    assert made.matrices["Q"] == dataclasses.replace(wanted, init="expr: i - j", shape=(5, 6), seed=8)
    assert made.matrices["K"].values == ((1, 0, 0, 0, 0, 0.1), (0, 1, 0, 0, 0, 0))
    assert made.matrices["K"].row_labels == ("a", "b")
    v = made.matrices["V"]
    assert (v.file, v.slices, v.init, v.shape, v.color_map) == ("", (), "normal", (2, 3), "vik")
    assert (made.products["attn"].k_blocks, made.products["attn"].color_map) == (2, "batlow")
    assert made.products["out"].interior is False
    path = tmp_path / "saved.toml"
    path.write_text(to_toml(made), "utf-8")
    panel.file = str(path)
    assert drafted(scene) == made


def test_a_built_scene_is_rebuilt_with_what_is_changed(scene):
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    made = bpy.context.scene
    panel = made.matrix_cinema_panel
    assert not properties.is_pending(made)
    panel.products["attn"].interior = "on"
    panel.matrices["Q"].shape[2] = 3
    assert properties.is_pending(made)
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    assert not properties.is_pending(made)
    assert from_json(made["matrix_cinema"]).matrices["Q"].shape == (3, 6)
    shapes = {ob["mc_name"]: list(ob["mc_shape"]) for ob in made.objects if ob.get("mc_kind") == "product"}
    assert shapes["attn"] == [3, 6, 2]


def test_another_expression_brings_its_own_matrices(scene):
    panel = scene.matrix_cinema_panel
    panel.matrices["Q"].seed = 9
    panel.expression = "out = (half = Q @ W"
    assert [item.name for item in panel.matrices] == ["Q", "K", "V"]  # what cannot be read changes nothing
    panel.expression = "out = (half = Q @ W) + b"
    assert [item.name for item in panel.matrices] == ["Q", "W", "b"]
    assert [(item.name, item.is_product) for item in panel.products] == [("half", True), ("out", False)]
    for name, shape in (("W", (0, 0, 6, 5)), ("b", (0, 0, 1, 5))):
        panel.matrices[name].shape = shape
    assert drafted(scene).matrices["Q"].seed == 9
    assert drafted(scene).products == {}  # "attn" is gone, and nobody is bothered with it
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}


def test_numbers_that_are_none_are_told(scene):
    scene.matrix_cinema_panel.matrices["K"].numbers = "1, x"
    with pytest.raises(InputError, match="matrix K: values: expected numbers"):
        drafted(scene)


def test_a_seed_beyond_blenders_numbers_stays(scene, tmp_path):
    path = tmp_path / "large.toml"
    path.write_text(SCENE.replace("seed = 7", "seed = 5000000000"))
    scene.matrix_cinema_panel.file = str(path)
    assert drafted(scene) == load_scene(path)


def test_new_names_beside_those_of_a_capture_come_from_it():
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    panel = bpy.context.scene.matrix_cinema_panel
    panel.file = str(EXAMPLES / "data" / "minilm.safetensors")
    assert {item.source for item in panel.matrices} == {"tensor"}
    panel.expression = "out = q @ k.T"
    assert [(item.name, item.tensor) for item in panel.matrices] == [("q", "q"), ("k", "k")]
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}


def test_typed_numbers_survive_an_expression_without_their_matrix(scene):
    panel = scene.matrix_cinema_panel
    panel.expression = "out = A @ B"
    item = panel.matrices["B"]
    item.source, item.numbers, item.label, item.seed = "values", "1, 2.5; 3, 4", "mine", 7
    panel.products["out"].color_map = "vik"
    panel.expression = "other = A @ C"
    assert [one.name for one in panel.matrices] == ["A", "C"]
    panel.expression = "out = A @ B"
    item = panel.matrices["B"]
    assert (item.source, item.numbers, item.label, item.seed) == ("values", "1, 2.5; 3, 4", "mine", 7)
    assert panel.products["out"].color_map == "vik" and panel.products["out"].is_product
    assert "C" in panel.shelved_matrices
    for n in range(100):  # only so many matrices are put away
        panel.expression = f"out = A @ X{n}"
    assert len(panel.shelved_matrices) == 64
