"""Every example is a scene that can be planned, of the size that it is meant to have."""

from pathlib import Path

import numpy as np
import pytest
from made_examples import EXAMPLES, NAMES, planned
from matrix_cinema.description.scene import load_scene
from matrix_cinema.formats.capture_file import open_capture
from matrix_cinema.staging.budget import count_elements

SCENES = sorted(EXAMPLES.rglob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_planned_and_says_what_it_is(name):
    p = planned(name)
    assert p.scene.title and p.scene.caption
    assert (EXAMPLES / f"{name}.toml").read_text().startswith("# ")


def test_the_article_has_its_25_scenes():
    numbers = [int(path.name[:2]) for path in SCENES if path.parent.name == "article"]
    assert numbers == list(range(1, 26))


@pytest.mark.parametrize(
    ("name", "elements"),
    [
        ("01_matmul_in_3d", 24 * 32 * 2 + 32 * 32 + 32 * 24 * 32),
        ("14_attention_head", 1_114_112),
        ("20_layer", 1_146_880),
    ],
)
def test_the_article_s_sizes(name, elements):
    """A head and a layer have as many beads as in mm, where of the interiors only planes are drawn."""
    p = planned(f"article/{name}")
    assert count_elements(p.arrangement, p.interiors) == elements


def test_what_is_random_says_so():
    for path in SCENES:
        scene = load_scene(path)
        if path.parent.name == "article" and "input" in scene.matrices:
            assert "random" in scene.caption.lower(), path.name


TRAINED = ["14_attention_head", "16_attention_head_even", "19_attention_head_grid"]
TRAINED += ["14_attention_head_minilm"]


@pytest.mark.parametrize("name", TRAINED)
def test_a_trained_head_is_worked_out_as_its_model_did(name):
    """What the scene makes of the captured input and weights is what was captured further on."""
    p = planned(f"article_trained/{name}")
    chosen = p.scene.capture
    capture = open_capture(Path(p.scene.folder) / chosen.file)
    for stage, tensor in (("Q", "q"), ("attn", "pattern"), ("head", "z")):
        captured = capture.tensor(chosen.layer, tensor, chosen.head)
        np.testing.assert_allclose(p.evaluation[stage].final, captured, atol=1e-5 * np.abs(captured).max())


def test_stripes_are_those_of_the_article():
    """−2 · (trunc(i / 8) mod 2) + 1, and the dot products of 24 such are ±24."""
    p = planned("article/02_dot_products")
    left, right = p.matrices["L"].values, p.matrices["R"].values
    assert all(left[i, k] == -2 * (i // 8 % 2) + 1 for i in range(32) for k in range(24))
    assert all(right[k, j] == -2 * (j // 8 % 2) + 1 for k in range(24) for j in range(32))
    assert set(p.evaluation["out"].final.ravel().tolist()) == {-24.0, 24.0}


def test_the_textbook_is_numbered_and_joined():
    for name in NAMES:
        if name.startswith("textbook/"):
            assert planned(name).numbers and planned(name).beams, name


def test_the_textbook_s_results():
    def result(name):
        p = planned(f"textbook/{name}")
        return p.evaluation[p.root].final.round(12).tolist()

    assert result("01_two_by_three") == [[31, 19], [85, 55]]
    assert result("02_dot_product") == [[21]]
    for way in ("03_matrix_vector_by_rows", "04_matrix_vector_by_columns"):
        assert result(way) == [[7], [8], [5], [14]]
    assert result("06_identity") == [[3, 1], [2, 5], [4, 6], [8, 7]]
    assert result("07_permutation") == [[4, 6], [3, 1], [8, 7], [2, 5]]
    assert result("08_rotation_chain") == [[-1], [2]]
