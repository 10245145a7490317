"""The legend tells every range that the picture uses, and the expression what is computed when."""

import numpy as np
import pytest
from from_tables import planned_from, planned_of
from hypothesis import given
from hypothesis import strategies as st
from matrix_cinema.errors import InputError
from matrix_cinema.staging.writing.items import Bar
from matrix_cinema.staging.writing.legend import (
    ALWAYS,
    FADED_NOTE,
    legend_of,
    legends_of,
    number,
    sizes_of,
    ticks,
)
from matrix_cinema.staging.writing.overlay import overlay
from matrix_cinema.staging.writing.scripts import LOWERED, ON_THE_LINE, RAISED, scripts_of
from matrix_cinema.staging.writing.statements import formula_of
from matrix_cinema.staging.writing.typesetter import JOINED


def planned(expression, look=None, **shapes):
    return planned_of(expression, shapes, "normal", look=look or {})


@given(st.floats(1e-3, 1e3), st.sampled_from(["vik", "oslo_r"]))
def test_a_number_of_a_bar_stands_at_its_place_and_the_last_at_its_end(high, color_map):
    told = ticks(color_map, high)
    assert told[-1] == (1.0, number(high))
    for at, text in told:
        value = float(text.replace("−", "-"))
        zero, reach = (0.5, 0.5) if color_map == "vik" else (0.0, 1.0)
        assert at == pytest.approx(zero + reach * value / high, abs=5e-3)
        assert -1e-9 <= at <= 1 + 1e-9


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.01249, "0.0125"),
        (-12345, "−12300"),
        (2e-5, "2e−5"),
        (-1.5e-12, "−1.5e−12"),
        (1e20, "1e20"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


@pytest.mark.parametrize("size", [1e-5, 1e-30, 1e30])
def test_ranges_of_any_size_are_told(size):
    scene = {
        "expression": "C = A @ B",
        "matrices": {"A": {"values": [[size, -size]]}, "B": {"values": [[0.5], [2]]}},
    }
    (bar,) = legend_of(planned_from(scene))
    told = bar.rows[0][0].replace(JOINED, " ")
    assert f"A {number(size)}" in told and f"C {number(1.5 * size)}" in told


@pytest.mark.parametrize(("size", "what"), [(1e-39, "too small"), (1e39, "too large")])
def test_what_single_precision_cannot_hold_is_refused(size, what):
    scene = {"expression": "A @ B", "matrices": {"A": {"values": [[size]]}, "B": {"values": [[1.0]]}}}
    with pytest.raises(InputError, match=f"A: .* {what} to draw"):
        planned_from(scene)
    scene["matrices"] = {name: {"values": [[np.sqrt(size)]]} for name in "AB"}
    with pytest.raises(InputError, match=f"A @ B: .* {what} to draw"):
        planned_from(scene)


def test_different_ranges_of_one_name_are_told_by_the_least_and_the_largest():
    values = {"A": [[300, 0]], "B": [[1e-7], [2e-5]], "C": [[5]]}
    tables = {name: {"values": one, "label": "W"} for name, one in values.items()}
    (bar,) = legend_of(planned_from({"expression": "y = A @ B @ C", "matrices": tables}))
    assert "max: W 2e−5 to 300 · " in bar.rows[0][0].replace(JOINED, " ")


def test_one_range_has_numbers_and_many_their_ends():
    few = planned("C = A @ B", {"sensitivity": "global", "product_clip": 100.0}, A=(4, 3), B=(3, 2))
    (bar,) = legend_of(few)
    assert [text for _, text in bar.rows[0][1]][1] == "0" and bar.rows[0][0] == "A, B, C"
    many = planned("C = softmax(A @ B)", A=(4, 3), B=(3, 2))
    signed, unsigned = legend_of(many)
    ((names, ends),) = signed.rows
    assert [text for _, text in ends] == ["−max", "0", "max"]
    assert (signed.title, unsigned.title) == ("value", "probability")
    for name, scale in (("A", many.final["A"]), ("B", many.final["B"]), ("C before softmax", many.raw["C"])):
        assert f"{name}{JOINED}{number(scale.high)}" in names  # on one line
    assert "products" not in names  # the picture is about C


def test_the_legend_names_the_function_before_which_sums_have_their_range():
    p = planned("attn = softmax(Q @ K.T / 2)", Q=(5, 4), K=(5, 4))
    told = " ".join(row for bar in legend_of(p) for row, _ in bar.rows).replace(JOINED, " ")
    sums = p.evaluation["Q"].final @ p.evaluation["K"].final.T
    assert f"attn before scaling {number(np.abs(sums).max())}" in told


def test_a_range_that_a_matrix_takes_over_is_told_once():
    p = planned("w = softmax((scaled = x / 2))", {"numbers": "on"}, x=(1, 5))
    signed, _ = legend_of(p)
    assert [names for names, _ in signed.rows] == ["x", "scaled"]


def test_the_legend_has_the_range_of_products_without_a_star():
    many = planned("D = (C = A @ B) @ E", A=(4, 3), B=(3, 2), E=(2, 5))
    (signed,) = legend_of(many)
    ((names, _),) = signed.rows
    assert f"max at the 99.7th percentile: products in C{JOINED}{number(many.products['C'].high)}" in names


def test_the_size_legend_is_the_law_of_sizes():
    p = planned("C = A @ B", {"min_size": 0.2, "numbers": "off"}, A=(4, 3), B=(3, 2))
    widths = [0.2 + 0.8 * np.sqrt(part) for part in (0.1, 0.5, 1.0)]
    assert [width for _, width in sizes_of(p).steps] == pytest.approx(widths)
    numbered = planned("C = A @ B", {"min_size": 0.2, "numbers": "on"}, A=(4, 3), B=(3, 2))
    assert min(width for _, width in sizes_of(numbered).steps) > numbered.least_size > 0.5
    assert sizes_of(p).absent == "zero: not drawn"
    masked = planned("C = tril(A @ B)", {"numbers": "off"}, A=(4, 3), B=(3, 4))
    assert sizes_of(masked).absent == "zero or masked: not drawn"


def test_sizes_have_values_for_numbers_where_all_bars_end_alike():
    sides = {"A": {"values": [[0.5, -3.0]]}, "B": {"values": [[1.0], [2.0]]}}
    many = sizes_of(planned_from({"expression": "C = A @ B", "matrices": sides}))
    assert (many.title, [text for text, _ in many.steps]) == (
        "size: |value| as part of max",
        ["0.1", "0.5", "1"],
    )
    one = {"expression": "C = A @ B", "matrices": sides, "look": {"sensitivity": "global"}}
    alike = sizes_of(planned_from({**one, "products": {"C": {"interior": False}}}))
    assert (alike.title, [text for text, _ in alike.steps]) == ("size: |value|", ["0.55", "2.75", "5.5"])


def written(statement):
    marks = {RAISED: "^", LOWERED: "_"}
    return "".join(marks.get(part.script, "") + part.text for part in statement.parts)


def test_an_expression_is_set_in_statements_and_lit_as_it_is_computed():
    p = planned("out = (S = softmax(Q @ K.T / sqrt(4), mask=causal)) @ V", Q=(5, 4), K=(5, 4), V=(5, 3))
    first, second = formula_of(p)
    assert written(first) == "S = softmax(Q K^T / √4, mask = causal)" and written(second) == "out = S V"
    move = p.timeline.moves["S"]
    lit = {part.text: part.lit for part in first.parts}
    assert lit["S = "] == () and lit["softmax("] == ((move.swept, move.finished),)
    assert set(lit["Q K"]) == {(move.start, move.swept), (move.swept, move.finished)}
    (own,) = [part.lit for part in second.parts if part.text == "S V"]
    assert own == ((p.timeline.moves["out"].start, p.timeline.moves["out"].swept),)


def test_indices_stand_lower_and_a_root_has_a_bar_over_the_inner_dimension():
    p = planned("attn_out = softmax((Q = x @ W_Q) @ K.T / sqrt(k))", x=(5, 3), W_Q=(3, 4), K=(5, 4))
    first, second = formula_of(p)
    assert written(first) == "Q = x W_Q" and written(second) == "attn_out = softmax(Q K^T / √4)"
    lines = overlay(p, 16 / 9).texts
    (under,) = [line for line in lines if line.barred]
    assert under.text == "4" and under.bar.y0 > under.y + 0.7 * under.size
    assert (under.bar.x0, under.bar.x1) == (under.box[0], under.box[2])


def test_a_matrix_named_k_is_no_inner_dimension():
    p = planned("s = k @ (q @ k.T / sqrt(2)) * 2", q=(2, 2), k=(2, 2))
    (only,) = formula_of(p)
    assert written(only) == "s = k (q k^T / √2) × 2"


def test_an_index_under_a_root_stands_lower():
    matrices = {"x": {"values": [[1, 2]]}, "d_k": {"values": [[4, 9]]}}
    (only,) = formula_of(planned_from({"expression": "y = x * sqrt(d_k)", "matrices": matrices}))
    assert written(only) == "y = x × √d_k"


def test_sheets_brackets_and_parts():
    p = planned("out = relu(x + b)[1:, :2] @ (y - z) * 2", x=(3, 4), b=(1, 4), y=(2, 5), z=(2, 5))
    assert written(formula_of(p)[-1]) == "out = relu(x + b)[1:, :2] (y − z) × 2"


def test_a_still_of_the_end_has_no_row_for_sums_that_it_does_not_draw():
    p = planned("y = softmax(A @ B)", A=(3, 4), B=(4, 5))
    names = [item for item in overlay(p, 16 / 9).texts if "before softmax" in item.text]
    end = p.timeline.moves["y"].finished
    assert names and all(item.shown == (0.0, end) for item in names)
    assert end <= p.timeline.last_frame
    later = [item for item in overlay(p, 16 / 9).texts if item.shown and item.shown[0] == end]
    assert any("A" in item.text for item in later)


def test_a_legend_shows_what_is_to_be_seen_at_the_time():
    sizes = {"Q": (5, 4), "K": (5, 4), "V": (5, 3)}
    given = {name: {"init": "gaussian", "shape": shape} for name, shape in sizes.items()}
    text = "out = (attn = softmax(Q @ K.T)) @ V"
    p = planned_from({"expression": text, "matrices": given, "beats": "auto"})
    half_way = {"Q": p.beats[0].told_at, "attn": p.timeline.moves["attn"].finished + 1.0, "out": 1e5}

    def told(at):
        return {bar.title: bar.rows[0][0].replace(JOINED, " ") for bar in legend_of(p, at=at)}

    assert list(told(half_way["Q"])) == ["value"] and told(half_way["Q"])["value"].startswith("max: Q ")
    assert not any(name in told(half_way["Q"])["value"] for name in ("K", "V", "out", "scores"))
    assert "scores" in told(p.timeline.moves["attn"].begins - 1.0)["value"]
    after = told(half_way["attn"])
    assert after["probability"] == "attn" and "scores" not in after["value"]
    assert all(name in told(half_way["out"])["value"] for name in ("Q", "K", "V", "out"))
    assert all(start < end for _, (start, end) in legends_of(p))
    bars = {item.color_map: item.shown for item in overlay(p, 16 / 9).items if isinstance(item, Bar)}
    assert bars[p.final["attn"].color_map] == (p.timeline.moves["attn"].begins, ALWAYS)
    assert bars[p.final["Q"].color_map] is None


def test_beside_numbers_no_sizes_are_told():
    sized = planned_from(LIT)
    numbered = planned_from(LIT | {"look": {"numbers": "on"}})
    told = [any("size" in item.text for item in overlay(p, 16 / 9).texts) for p in (sized, numbered)]
    assert told == [True, False]


def test_what_a_spotlight_fades_is_told_while_it_is_on():
    p = planned("C = A @ B", {}, A=(4, 3), B=(3, 2))
    lit = planned_from({**LIT, "spotlight": "C[1, 0]"})
    (faded,) = [item for item in overlay(lit, 16 / 9).texts if FADED_NOTE in item.text]
    assert faded.shown == (lit.spotlight.rise[0], ALWAYS)
    assert not [item for item in overlay(p, 16 / 9).texts if FADED_NOTE in item.text]
    whole = planned_from({**LIT, "spotlight": "A; B; C[1, 0]"})  # all but an entry of one matrix of three
    assert not [item for item in overlay(whole, 16 / 9).texts if FADED_NOTE in item.text]


LIT = {
    "expression": "C = A @ B",
    "matrices": {"A": {"values": [[1, 2], [3, 4]]}, "B": {"values": [[5], [6]]}},
    "look": {"numbers": "off"},
}


def test_the_legend_sets_an_index_lower_but_not_that_of_a_token():
    assert scripts_of("W_Q 2") == [("W", ON_THE_LINE), ("Q", LOWERED), (" 2", ON_THE_LINE)]
    assert scripts_of("x W_Oᵀ.")[1:3] == [("O", LOWERED), ("T", RAISED)]
    assert scripts_of("“a_b” of attn_out") == [("“a_b” of attn_out", ON_THE_LINE)]
