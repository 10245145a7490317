"""Rows, columns and entries that a description points out: the frame is around those and no others."""

import contextlib
import dataclasses

import numpy as np
import pytest
from from_tables import scene_from
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.description.scene import load_scene
from matrix_cinema.errors import InputError
from matrix_cinema.outputs.inspection import plan_lines
from matrix_cinema.staging.highlights import highlights
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.selections import Positions, Token, selections
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
        (
            "attn[animl]",
            'no row has the token "animl"; did you mean "animal".*; by position rows are 0 to 15',
        ),
        ("attn[16]", "no such row; rows are 0 to 15$"),
        ("attn[5:5]", "rows are 0 to 15"),
        ("attn[:, 3:99]", "no such column; columns are 0 to 15"),
        ("attn[-1]", 'the token "-1"; .* rows are 0 to 15'),
        ("V[0, x]", "they have no tokens; by position columns are 0 to 31"),
        ("[it]", 'nothing that is drawn is named ""; names: K'),
        ("attn[", "a bracket is not closed"),
        ("attn[it", "a bracket is not closed"),
        ("attn[it]]", "must come ; or the end"),
        ("attn[it] Q[it]", "must come ; or the end"),
        ("attn[,]", 'empty; all rows or columns are written ":", a comma "," in quotes'),
        ("attn[it,]", "a part is empty"),
        ("attn[, it]", "a part is empty"),
        ("attn[]", "a part is empty"),
        ("attn[it, it, it]", "a matrix has a row and a column; put a token with a comma in quotes"),
        ("Q[" + "9" * 5000 + "]", "rows are 0 to 15"),
        ("attn[" + "x" * 5000 + "]", "no row has the token"),
        ("a" * 5000, "nothing that is drawn"),
        ("attn[" * 5000, "not closed"),
        ("attn[" + '"' + "\\" * 5001, "not closed"),
        ("Q;" * 1001, "more than 1,000 frames"),
    ],
)
def test_what_is_not_there_is_refused(text, says):
    with pytest.raises(InputError, match=f"^look: highlight: .*{says}") as refused:
        pointed_out(HEAD, text)
    assert len(str(refused.value)) < 400


AWKWARD = (
    "[CLS]",
    "5",
    "+",
    "7",
    "=",
    "12",
    ",",
    "ok",
    "ok",
    '"',
    "\\",
    "]",
    "a b",
    "C#2",
    ";",
    ":",
    "don't",
    "[SEP]",
)


@pytest.mark.parametrize(
    "text, row",
    [
        *((f"S[{n}]", n) for n in (0, 5, 12)),  # a bare number is a position
        *(('S["5"]', 1), ('S["12"]', 5), ("S['7']", 3), ('S[ "5" , : ]', 1)),  # in quotes, a token
        *(("S[[CLS]]", 0), ("S[[SEP]]", 17), ('S["[SEP]"]', 17), ("S[+]", 2), ("S[=]", 4)),
        *(('S[","]', 6), ("S[',']", 6), ('S["]"]', 11), ('S[";"]', 14), ('S[":"]', 15)),
        *(("S[ok]", 7), ('S["ok"]', 7), ("S[ok#1]", 7), ("S[ok#2]", 8), ('S["ok"#2]', 8), ("S['ok' #2]", 8)),
        *(("S[ok₈]", 8), ('S["ok₈"]', 8)),  # as the picture tells it apart
        *(("S['\"']", 9), ('S["\\""]', 9), ('S["\\\\"]', 10), ("S[\\]", 10)),
        *(("S[a b]", 12), ('S["a b"]', 12), ("S[C#2]", 13), ('S["C#2"]', 13), ("S[C#2#1]", 13)),
        *(("S[don't]", 16), ('S["don\'t"]', 16), ("S['don\\'t']", 16)),
        ("`S`[ok]", 7),
    ],
)
def test_every_token_can_be_named(text, row):
    p = pointed_out(awkward(), text)
    (found,) = highlights(p)
    assert (found.rows, found.columns) == ((row, row), (0, 1))


def awkward():
    matrices = {"A": {"init": "uniform", "shape": [18, 2], "row_labels": list(AWKWARD)}}
    matrices["B"] = {"init": "uniform", "shape": [2, 2]}
    return scene_from({"expression": "S = A @ B", "matrices": matrices})


@pytest.mark.parametrize(
    "text, says",
    [
        ("S[18]", "no such row; rows are 0 to 17$"),
        ("S[99]", "rows are 0 to 17$"),
        ('S["ok"#3]', '#3 is out of range; 2 rows have the token "ok", counted from 1'),
        ("S[ok#0]", "counted from 1"),
        ('S["13"]', 'no row has the token "13"; .*by position'),
    ],
)
def test_a_message_says_what_there_is(text, says):
    with pytest.raises(InputError, match=says):
        pointed_out(awkward(), text)
    scene = awkward()
    labels = tuple("57") + AWKWARD[2:]
    few = dataclasses.replace(scene.matrices["A"], row_labels=(*labels[:-1], "99"))
    scene = dataclasses.replace(scene, matrices=scene.matrices | {"A": few})
    with pytest.raises(InputError, match='rows are 0 to 17; the token is written "99", in quotes$'):
        pointed_out(scene, "S[99]")


def test_inspect_says_what_is_pointed_out():
    (line,) = [line for line in plan_lines(pointed_out(awkward(), "S[5, :]")) if line.startswith("S[5")]
    assert line.split("  ")[-1] == "0 to 1" and '5 "12"' in line


@given(st.text(max_size=30), st.text(max_size=10))
@settings(max_examples=300)
def test_any_text_is_read_or_refused_and_any_token_has_a_spelling(text, token):
    with contextlib.suppress(InputError):
        selections(text, ["S", "S[1]", "a b", text[:3]], "here")
    for mark in "\"'":
        escaped = token.replace("\\", "\\\\").replace(mark, f"\\{mark}")
        (found,) = selections(f"S[:, {mark}{escaped}{mark}#4]", ["S"], "here")
        assert (found.rows, found.columns) == (Positions(), Token(token, 4))
