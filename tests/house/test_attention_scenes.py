"""The scenes of examples/attention: what each computes is what the capture says, to 1e-6 of its size."""

import numpy as np
import pytest
from made_examples import planned
from matrix_cinema.formats.capture_file import open_capture
from paths import ROOT

SCENES = ROOT / "examples" / "attention"
MINILM, LAYER_5, INDUCTION, MASKS, LONG = (
    open_capture(ROOT / f"examples/data/{name}.safetensors")
    for name in ("minilm", "minilm_layer_5", "induction", "masks", "minilm_512")
)
# scene: [(result, the numbers of the file that it has to have)]
EXPECTED = {
    "01_scores": [("attn", MINILM.tensor(0, "pattern", 2))],
    "02_full_head": [(a, MINILM.tensor(5, b, 11)) for a, b in
                     (("Q", "q"), ("K", "k"), ("V", "v"), ("attn", "pattern"), ("z", "z"))],
    "03_softmax": [("scaled", MINILM.tensor(3, "scores", 1)[10:11] / np.sqrt(32)),
                   ("weights", MINILM.tensor(3, "pattern", 1)[10:11])],
    "04_head_grid": [(f"pattern[{n},{h}]", MINILM.tensor(n, "pattern", h))
                     for n in (0, 3, 5) for h in range(12)],
    "05_induction": [("attn", INDUCTION.tensor(1, "pattern", 2)), ("z", INDUCTION.tensor(1, "z", 2))],
    "06_grouped_query": [(f"{a}[{h}]", INDUCTION.tensor(0, b, h)[:8, :cut]) for h in (4, 7)
                         for a, b, cut in (("attn", "pattern", 8), ("z", "z", None))],
    "07_rotary": [("q", INDUCTION.tensor(0, "q", 7)), ("k", INDUCTION.tensor(0, "k", 7)),
                  ("after", INDUCTION.tensor(0, "scores", 7))],
    "08_circuit": [("attn0", INDUCTION.tensor(0, "pattern", 7)),
                   ("attn1", INDUCTION.tensor(1, "pattern", 2)), ("K1", INDUCTION.tensor(1, "k", 2)),
                   ("z1", INDUCTION.tensor(1, "z", 2))],
    "09_head_writes": [("sum", (LAYER_5.tensor(5, "attn_out")[10:11] - LAYER_5.tensor(5, "b_O"))[:, :16].T)],
    "10_masks": [(name, MASKS.tensor(layer, "pattern", head)) for layer, name, head in
                 ((0, "padding", 0), (1, "window", 0), (2, "alibi", 0), (3, "softcap", 0), (4, "sink", 1),
                  ("5.cross", "cross", 0))],
    "10_long_context": [("attn", LONG.tensor(0, "pattern", 2))],
}  # fmt: skip


def test_every_scene_of_captured_numbers_is_compared():
    captured = [path.stem for path in SCENES.glob("*.toml") if "data/" in path.read_text()]
    assert sorted(EXPECTED) == sorted(captured)


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_computed_is_what_was_captured(name):
    compare(planned(f"attention/{name}"), EXPECTED[name])


def compare(p, expected):
    for result, wanted in expected:
        found = p.evaluation[result].final
        assert found.shape == wanted.shape, result
        assert np.abs(found - wanted).max() <= 1e-6 * np.abs(wanted).max(), result


def test_masked_entries_are_absent_and_probabilities_have_one_scale():
    p = planned("attention/10_masks")
    for layer, name in enumerate(("padding", "window", "alibi", "softcap", "sink")):
        mask = p.evaluation[name].mask
        assert np.array_equal(mask, MASKS.allowed(layer, 0)), name
        assert (p.final[name].low, p.final[name].high) == (0, 1)
    grid = planned("attention/04_head_grid")
    assert len({grid.final[f"pattern[{n},{h}]"] for n in (0, 3, 5) for h in range(12)}) == 1


def test_keys_of_a_group_are_drawn_once():
    p = planned("heads/grouped_query")
    compare(p, [(f"attn[{h}]", INDUCTION.tensor(0, "pattern", h)[:8, :8]) for h in (0, 2, 4, 7)])
    drawn = [plane.stage.name for plane in p.arrangement.planes]
    assert sorted(n for n in drawn if n[0] == "K") == ["K[0]", "K[1]"]
    assert sum(n.startswith("Q[") for n in drawn) == 4


def test_tokens_are_on_the_axes():
    p = planned("attention/05_induction")
    assert "".join(p.matrices["Q"].row_labels) == "<s>MatrixMatrix"
    p = planned("attention/03_softmax")
    scores = p.matrices["scores"]
    assert scores.row_labels == ("it",) and scores.column_labels[2] == "animal"
