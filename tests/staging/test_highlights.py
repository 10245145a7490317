"""Rows, columns and entries that a description points out: the frame is around those and no others."""

import dataclasses

import numpy as np
import pytest
from matrix_cinema.description.scene import load_scene
from matrix_cinema.errors import InputError
from matrix_cinema.staging.highlights import highlights
from matrix_cinema.staging.plan import plan
from paths import ROOT

HEAD = load_scene(ROOT / "examples/attention_head.toml")
GRID = load_scene(ROOT / "examples/attention/04_head_grid.toml")


def pointed_out(scene, text):
    return plan(dataclasses.replace(scene, look=dataclasses.replace(scene.look, highlight=text)))


@pytest.mark.parametrize(
    "text, name, rows, columns",
    [
        ("attn[it]", "attn", [10], range(16)),
        ("attn[:, animal]", "attn", range(16), [2]),
        ("attn[it, animal]", "attn", [10], [2]),
        ("K[2:5, :]", "K", [2, 3, 4], range(32)),  # drawn transposed: still its own rows
        ("K[3, 30:]", "K", [3], [30, 31]),
        ("Q[0]", "Q", [0], range(32)),
        ("V", "V", range(16), range(32)),
    ],
)
def test_a_frame_is_around_what_is_named_and_nothing_else(text, name, rows, columns):
    p = pointed_out(HEAD, text)
    (found,) = highlights(p)
    assert found.name == name and found.lines.shape == (12, 2, 3)
    (plane,) = [plane for plane in p.arrangement.planes if plane.stage.name == name]
    low, high = found.lines.min(axis=(0, 1)), found.lines.max(axis=(0, 1))
    i, j = (n.ravel() for n in np.indices((plane.rows, plane.columns)))
    within = ((low < plane.places(i, j)) & (plane.places(i, j) < high)).all(axis=1)
    assert {(int(a), int(b)) for a, b in zip(i[within], j[within], strict=True)} == {
        (a, b) for a in rows for b in columns
    }


def test_several_and_those_of_one_head_or_of_all():
    def names(scene, text):
        return [one.name for one in highlights(pointed_out(scene, text))]

    assert names(HEAD, "Q[it] ; attn[it]\nattn[:, 2]") == ["Q", "attn", "attn"]
    assert names(GRID, "pattern[3,1][it, animal]") == ["pattern[3,1]"]
    assert len(names(GRID, "pattern[it]")) == 36
    assert names(HEAD, "") == []


@pytest.mark.parametrize(
    "text, says",
    [
        ("atn[it]", 'did you mean "attn"'),
        ("attn[animl]", 'did you mean "animal"'),
        ("attn[16]", "0 to 15"),
        ("attn[5:5]", "0 to 15"),
        ("attn[:, 3:99]", "0 to 15"),
        ("V[0, x]", "give a number"),
        ("[it]", "nothing that is drawn"),
        ("attn[", "nothing that is drawn"),
    ],
)
def test_what_is_not_there_is_refused(text, says):
    with pytest.raises(InputError, match=says):
        pointed_out(HEAD, text)
