"""A film in beats: what each says, what is there, what runs in it and when, and where the camera is."""

import dataclasses
from functools import cache

import numpy as np
import pytest
from colors import contrast, linear, luminance
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema import api
from matrix_cinema.attention import statistics
from matrix_cinema.description.from_capture import scene_from_capture
from matrix_cinema.description.scene import Animation, Beat, Camera, Layout, MatrixOptions, Scene
from matrix_cinema.errors import InputError
from matrix_cinema.look.styles import STYLES
from matrix_cinema.look.typeface import BUILT_IN_CAPITALS
from matrix_cinema.picture.film import compose, outlines
from matrix_cinema.picture.lasting import lasting
from matrix_cinema.staging.beats.auto import LEAST_ATTENTION, head_of
from matrix_cinema.staging.beats.caption_numbers import CaptionNumber, parsed, with_numbers, written
from matrix_cinema.staging.beats.told import number_at
from matrix_cinema.staging.camera.clearance import covered
from matrix_cinema.staging.camera.views import parts_of
from matrix_cinema.staging.plan import plan
from matrix_cinema.staging.writing.boxes import meeting
from matrix_cinema.staging.writing.callout_options import said_of
from matrix_cinema.staging.writing.numerals import number
from paths import ROOT

FPS = 24
TOKENS = ("the", "cat", "}", "a:b", "the")
HEAD = "out = (attn = softmax((Q = x @ W) @ K.T)) @ V"


def scene(*beats, expression="D = (C = A @ B) @ E", animation=None, **more):
    sizes = {"A": (3, 4), "B": (4, 5), "E": (5, 2)}
    given = {name: MatrixOptions(init="gaussian", shape=shape) for name, shape in sizes.items()}
    return Scene(
        expression=expression,
        matrices=given,
        beats=beats,
        animation=animation or Animation(sweep_seconds=2.0, epilogue_seconds=1.0, hold_seconds=0.5),
        **more,
    )


def head(beats="auto", expression=HEAD, matrices_of="xWKV", **more):
    labels = {"row_labels": TOKENS}
    made = {
        "x": MatrixOptions(init="gaussian", shape=(5, 6), seed=1, **labels),
        "W": MatrixOptions(init="gaussian", shape=(6, 4), seed=2),
        "K": MatrixOptions(init="gaussian", shape=(5, 4), seed=3, **labels),
        "V": MatrixOptions(init="gaussian", shape=(5, 4), seed=4, **labels),
    }
    made = {name: made[name] for name in matrices_of}
    return Scene(expression=expression, matrices=made, beats=beats, **more)


@cache
def told_head():
    """(plan, film) of the head in automatic beats, which no test changes."""
    p = plan(head())
    return p, compose(p, 16 / 9)


# Numbers in captions


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("no number", ["no number"]),
        ("{C[1, 2]} and {{C}}", [CaptionNumber("C[1, 2]", ".2f"), " and {C}"]),
        ("{attn[:, animal]:.0%}!", [CaptionNumber("attn[:, animal]", ".0%"), "!"]),
        ('{C["}", ":"]:.1f}', [CaptionNumber('C["}", ":"]', ".1f")]),
        ("{softmax(x)[a:b, 1]}", [CaptionNumber("softmax(x)[a:b, 1]", ".2f")]),
    ],
)
def test_a_caption_is_texts_and_numbers(text, parts):
    assert parsed(text, "say") == parts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{C[0, 0]", "the brace is not closed"),
        ("a } b", "a } closes nothing"),
        ("{C[0, 0]:d}", '"d" is not how a number is written'),
        ("{C[0, 0]:.9f}", '".9f" is not how'),
        ("{C[0, 0]!r}", "after a matrix and its"),
        ("{D}", "more than one entry"),
        ("{C[0]}", "more than one entry"),
        ("{}", "is not one entry"),
        ("{C summs[0, 0]}", 'named "C summs"; did you mean "C sums"'),
        ("{C[9, 0]}", "rows are 0 to 2"),
        ("{C.__class__}", "nothing that is drawn is named"),
    ],
)
def test_a_caption_that_names_what_is_not_there_is_refused(text, message):
    with pytest.raises(InputError, match="beats\\[1\\]: say") as raised:
        plan(scene(Beat(say="first"), Beat(say=text)))
    assert message in str(raised.value) and "\n" not in str(raised.value)


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_a_number_is_the_datas_to_its_digits(number, digits):
    text = written(number, f".{digits}f").replace("−", "-")
    assert abs(float(text) - number) <= 0.5 * 10.0**-digits * (1 + 1e-6)
    assert not (text.startswith("-") and float(text) == 0.0)


def test_captions_take_their_numbers_from_the_data():
    p = plan(
        scene(Beat(say="{C[1, 2]:.3f}, {D sums[0, 1]:.1f}", run="C"), expression="D = relu((C = A @ B) @ E)")
    )
    raw, value = p.evaluation["D"].raw[0, 1], p.evaluation["C"].final[1, 2]
    assert p.beats[0].text == f"{value:.3f}, {raw:.1f}".replace("-", "−")


@pytest.mark.parametrize("entry", ['attn["}", "a:b"]', 'attn["the"#2, cat]', "attn[2, 3]"])
def test_tokens_of_all_kinds_are_found(entry):
    p = plan(head("off"))
    row, column = {"}": 2, '"': 4, "2": 2}[entry[6 if entry[5:7] == '"}' else 5]], 1 if "cat" in entry else 3
    assert number_at(p, entry, "say") == p.evaluation["attn"].final[row, column]
    assert with_numbers(f"{{{entry}:.4f}}", lambda one: number_at(p, one, "say"), "say")


# Time


def spans(p):
    return [((beat.start - 1) / FPS, (beat.end - 1) / FPS) for beat in p.beats]


def test_a_beat_is_long_enough_to_read_and_for_what_runs():
    p = plan(scene(Beat(say="x" * 60), Beat(say="short"), Beat(run="C, D", show="C"), Beat(seconds=7.0)))
    lengths = [end - start for start, end in spans(p)]
    assert lengths[0] == pytest.approx(4.0) and lengths[1] == pytest.approx(2.0)
    # The way there, two sweeps, and products step back while the picture rests.
    assert lengths[2] == pytest.approx(0.8 + 2.0 + 2.0 + 0.4 + 0.25)
    assert lengths[3] == pytest.approx(7.0)
    moves, third = p.timeline.moves, p.beats[2]
    assert third.span.arrived == moves["C"].start < moves["C"].swept == moves["D"].start
    assert moves["D"].swept < third.end
    assert p.timeline.last_frame == p.timeline.done == round(p.beats[-1].end)


def test_a_result_without_a_beat_is_there_from_the_start_or_follows_its_operands():
    alone = plan(scene(Beat(say="a"), Beat(run="D"))).timeline.moves
    assert alone["C"].sweep_keys() == [(0.0, alone["C"].steps)] and alone["D"].start > 1.0
    after = plan(scene(Beat(say="a"), Beat(run="C"), Beat(say="b"))).timeline.moves
    assert after["D"].start == after["C"].finished


def test_sums_and_epilogue_may_have_a_beat_each():
    p = plan(
        scene(
            Beat(run="D sums"),
            Beat(say="b"),
            Beat(run="D epilogue"),
            expression="D = softmax((C = A @ B) @ E)",
        )
    )
    move, last = p.timeline.moves["D"], p.beats[2]
    assert move.swept < p.beats[0].end and last.start < move.begins < move.finished < last.end
    assert move.finish_keys() == [(move.begins, 0.0), (move.finished, 1.0)]


def test_seconds_of_its_own_hold_what_runs():
    p = plan(scene(Beat(run="C"), Beat(run="D", show="D", seconds=1.5), Beat(say="c")))
    beat, move = p.beats[1], p.timeline.moves["D"]
    assert beat.end - beat.start == 1.5 * FPS
    assert beat.start < move.start < move.swept < beat.end


def test_a_wanted_length_stretches_all():
    animation = Animation(total_seconds=10.0)
    p = plan(scene(Beat(say="a"), Beat(run="C"), Beat(run="D"), animation=animation))
    assert p.timeline.last_frame == 240 and p.beats[-1].end == pytest.approx(240.0)
    assert p.beats[1].start < p.timeline.moves["C"].start < p.beats[1].end


@pytest.mark.parametrize(
    ("beats", "message"),
    [
        ([Beat(run="D"), Beat(run="C")], 'beats[0]: run: "D" is made of "C", which is only run in beats[1]'),
        ([Beat(run="C"), Beat(run="C")], 'beats[1]: run: "C" was run already, in beats[0]'),
        ([Beat(run="C epilogue")], 'beats[0]: run: "C" has no epilogue'),
        ([Beat(run="A")], 'beats[0]: run: nothing is named "A"'),
        ([Beat(show="C, d")], 'beats[0]: show: nothing is named "d"'),
        ([Beat(present="c")], 'beats[0]: present: nothing is named "c"'),
        ([Beat(spotlight="C[9]")], 'beats[0]: spotlight: "C[9]": there is no such row'),
    ],
)
def test_what_cannot_be_is_refused(beats, message):
    with pytest.raises(InputError) as raised:
        plan(scene(*beats))
    assert message in str(raised.value)


@pytest.mark.parametrize("more", [{"fuse": "sync"}, {"loop_seconds": 1.0}])
def test_beats_are_no_loop_and_fuse_nothing(more):
    with pytest.raises(InputError, match=f"animation: {next(iter(more))}: a film in beats has none"):
        plan(scene(Beat(run="C"), animation=Animation(**more)))


def test_without_beats_all_is_as_before():
    p, off = plan(scene()), plan(dataclasses.replace(scene(), beats="off"))
    assert p.beats == off.beats == () and p.timeline == off.timeline


# What is there, and the spotlight


def test_a_matrix_comes_with_the_beat_that_shows_or_makes_it():
    p = plan(scene(Beat(show="A"), Beat(show="B"), Beat(run="C", show="C"), Beat(run="D"), Beat(say="end")))
    there = [set(beat.there) for beat in p.beats]
    assert there[:2] == [{"A"}, {"A", "B"}] and {"A", "B", "C"} <= there[2]
    assert there[3] == there[4] == {"A", "B", "C", "D", "E"}
    assert p.arrivals["B"] == (p.beats[1].start, p.beats[1].span.arrived) and "A" not in p.arrivals


def test_other_heads_wait_until_the_camera_shows_them():
    p = plan(api.load(ROOT / "examples/heads/grouped_query.toml").with_beats())
    told = {plane.stage.name for plane in p.arrangement.planes if plane.stage.name.endswith("[0]")}
    for beat in p.beats[2:-1]:
        assert beat.there == told | {"Q[0]", "K[0]", "attn[0]"} and beat.shows
    assert all(phase.near.endswith("[0]") for phase in compose(p, 16 / 9).shot.phases[:-1])
    assert {"attn[2]", "attn[4]", "attn[7]"} <= p.beats[-1].there
    assert p.arrivals["attn[7]"][0] == p.beats[-1].start > p.timeline.moves["attn[7]"].finished


def test_products_before_labels_have_stepped_back_when_a_beat_is_told():
    p = plan(head())
    for name, move in p.timeline.moves.items():
        (made,) = [beat for beat in p.beats if beat.start <= move.start < beat.end]
        assert move.swept < move.settled <= made.told_at + 0.5, name


def test_each_beat_has_its_spotlight():
    lit = [Beat(spotlight="A[1]"), Beat(spotlight="A[1]"), Beat(), Beat(spotlight="C[0, 2]"), Beat()]
    p = plan(scene(*lit, spotlight="D[2]"))
    light = p.spotlight
    assert [shine.number for shine in light.shines] == [0, 1, 2]
    assert np.array_equal(light.spots["A"] & 1, np.repeat([[0], [1], [0]], 4, axis=1))
    assert np.array_equal(light.spots["A"] & 2, np.repeat([[2], [0], [0]], 4, axis=1))
    frames, dims = zip(*light.dim_keys(), strict=True)
    assert list(frames) == sorted(set(frames)) and set(dims) == {0.0, 1.0}
    for beat, on in zip(p.beats, (1, 1, 0, 1, 1), strict=True):
        assert np.interp(beat.end - 1, frames, dims) == on
    assert light.shines[0].fall[0] == p.beats[1].end


def test_what_stays_lit_does_not_go_out_between_beats():
    grows = [Beat(spotlight="A[1]"), Beat(spotlight="A[1]; B[:, 2]"), Beat(spotlight="B[:, 2]"), Beat()]
    p = plan(scene(*grows))
    first, second, third = p.spotlight.shines
    frames, dims = zip(*p.spotlight.dim_keys(), strict=True)
    between = np.linspace(p.beats[0].told_at, p.beats[1].told_at)
    assert np.interp(between, frames, dims).min() == 1.0
    assert first.fall == second.rise == (p.beats[1].span.arrived,) * 2
    assert np.interp(second.fall[1], frames, dims) == 0.0 and third.rise[0] >= second.fall[1]


# The camera


def test_the_camera_stands_while_a_beat_is_told_and_sees_all_that_it_shows():
    p = plan(
        scene(Beat(show="A"), Beat(show="C products", run="C"), Beat(show="D", view="-30, 20"), Beat(run="D"))
    )
    made = compose(p, 16 / 9)
    for beat in p.beats:
        first, last = (made.shot.pose(frame) for frame in (beat.span.arrived, beat.end - 1))
        assert np.allclose(first, last)
        view = made.shot.view(beat.span.arrived)
        for name in beat.shows or ("",):
            points = np.concatenate([part.corners() for part in parts_of(p.arrangement, name)])
            assert np.abs(view.project(points)).max() < 1.0
    assert len(made.shot.keys) <= 2 * len(p.beats)


# Beats that are written by themselves


@pytest.mark.parametrize(("back", "what"), [(0, "itself"), (1, "the one before it")])
def test_what_a_head_does_is_said_of_the_tokens_that_can(back, what):
    """The first token has none before it, and attends to itself; it is not counted."""
    queries, keys = 9.0 * np.eye(5, 6), np.roll(9.0 * np.eye(5, 6), back, axis=1)
    labels = {"row_labels": tuple("abcde"), "row_axis": "token"}
    matrices = {
        name: MatrixOptions(values=tuple(map(tuple, made.tolist())), **labels)
        for name, made in {"Q": queries, "K": keys, "V": np.eye(5)}.items()
    }
    expression = "out = (attn = softmax(Q @ K.T, mask=causal)) @ V"
    told = [beat.text for beat in plan(Scene(expression=expression, matrices=matrices, beats="auto")).beats]
    assert f"On average a token gives 1.00 of its attention to {what}." in told


def test_a_faint_token_is_said_as_it_stands_beside_the_matrix():
    marks = {"row_labels": ('"', "'", ".", "it's", "'"), "row_axis": "token"}
    rows = tuple(map(tuple, (9.0 * np.eye(5)).tolist()))
    matrices = {name: MatrixOptions(values=rows, **marks) for name in ("Q", "K", "V")}
    expression = "out = (attn = softmax(Q @ K.T)) @ V"

    def told(row):
        p = plan(Scene(expression=expression, matrices=matrices, beats="auto", spotlight=f"attn[{row}, 0]"))
        return next(beat.text for beat in p.beats if "goes into row" in beat.text).partition("the value")[2]

    assert [told(row) for row in range(5)] == [
        f' of «"» goes into row {token} of out.' for token in ('«"»', "«'»₁", "«.»", "“it's”", "«'»₄")
    ]


@given(st.integers(0, 2**20), st.booleans())
@settings(max_examples=12)
def test_every_number_that_is_said_is_the_datas(seed, masked):
    """A caption says no number but those that it takes from the data, the sum of a row, and tokens."""
    expression = HEAD.replace("K.T)", "K.T, mask=causal)") if masked else HEAD
    one = head(expression=expression)
    one = dataclasses.replace(
        one,
        matrices={
            name: dataclasses.replace(
                made, seed=seed + n, row_labels=made.row_labels and ("a", "b", "c", "d", "e")
            )
            for n, (name, made) in enumerate(one.matrices.items())
        },
    )
    p = plan(one)
    pattern = p.evaluation["attn"].final
    query, key = head_of(p).pair
    existing = p.evaluation["attn"].existing & ~np.eye(5, dtype=bool)
    existing[:, 0] &= not masked
    telling = pattern[existing].max()
    assert pattern[query, key] >= telling and (telling < LEAST_ATTENTION or pattern[query, key] == telling)
    there = p.evaluation["attn"].existing
    itself, previous = (fun(pattern, there) for fun in (statistics.to_itself, statistics.to_previous))
    means = [
        f"On average a token gives {share:.2f} of its attention "
        for share in (itself, previous, statistics.to_first(pattern, there))
    ]
    for beat in p.beats:
        if beat.text.startswith("On average"):
            assert beat.text.startswith(tuple(means))
            continue
        for part in parsed(beat.beat.say, "say"):
            if isinstance(part, CaptionNumber):
                assert written(number_at(p, part.entry, "say"), part.digits) in beat.text
            else:
                told = part.replace("add up to 1.", "").replace("from 4 products.", "")
                assert not any(letter.isdigit() for letter in told)
    shown = [
        part for beat in p.beats for part in parsed(beat.beat.say, "say") if isinstance(part, CaptionNumber)
    ]
    assert f"attn[{'abcde'[query]}, {'abcde'[key]}]" in [field.entry for field in shown]


def test_of_a_head_that_attends_to_itself_that_is_told():
    near = head(expression="out = (attn = softmax(100 * Q @ Q.T)) @ V")
    near = dataclasses.replace(
        near,
        matrices={
            "Q": dataclasses.replace(near.matrices["x"], row_labels=("a", "b", "c", "d", "e")),
            "V": near.matrices["V"],
        },
    )
    query, key = head_of(plan(near)).pair
    assert query == key


def test_of_several_heads_one_that_tells_something_is_told():
    """The other head gives more to a token, but to itself."""
    given = api.load(ROOT / "examples/attention/06_grouped_query.toml").with_beats()
    chosen = head_of(plan(given))
    assert chosen.pattern.name == "attn[7]" and chosen.pair == (2, 1)
    assert chosen.alike != (chosen.pattern,)


def test_only_a_softmax_is_told_as_attention():
    told = [b.text for b in plan(api.load(ROOT / "examples/attention/07_rotary.toml").with_beats()).beats]
    assert told[0] == "before = q_pre k_preᵀ." and not any("attention" in text for text in told)


def test_heads_that_are_made_of_each_other_are_told_one_after_the_other():
    p = plan(api.load(ROOT / "examples/attention/08_circuit.toml").with_beats())
    assert head_of(p).alike == (head_of(p).pattern,)
    texts = [beat.text for beat in p.beats]
    assert any(text.endswith(", into attn0 OV.") for text in texts)  # it has no name of its own
    assert "attn1 = softmax(Q1 K1ᵀ / √16, mask = causal)." in texts


def test_a_head_is_told_through_the_pair_that_the_scene_points_at():
    asked, answers = TOKENS[3], TOKENS[1]
    p = plan(head(spotlight=f'attn["{asked}", "{answers}"]'))
    assert head_of(p).pair == (3, 1)
    assert any(beat.text.startswith(f"“{asked}” asks") for beat in p.beats)
    assert head_of(plan(head(spotlight=f'attn["{asked}"]'))).pair == head_of(plan(head())).pair  # a row


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ("causal", "Later tokens are masked."),
        ("window(2)", "Later tokens are masked, and tokens too far back."),
    ],
)
def test_a_mask_is_told_as_what_it_takes_away(mask, said):
    p = plan(head(expression=HEAD.replace("K.T)", f"K.T, mask={mask})")))
    (text,) = [beat.text for beat in p.beats if "masked" in beat.text]
    assert text.startswith(f"{said} Softmax")


def test_a_head_is_told_from_its_queries_to_its_output():
    p = plan(head())
    runs = [beat.beat.run for beat in p.beats if beat.beat.run]
    assert runs == ["Q", "attn sums", "attn epilogue", "out"]
    assert not any(beat.beat.present for beat in p.beats)  # Q is made: the camera is near, and looks straight
    for other in (
        head(camera=Camera(view="stage", projection="perspective")),
        head(expression="out = (attn = softmax(K @ V.T)) @ x", matrices_of="xKV"),
    ):
        assert [beat.beat.present for beat in plan(other).beats].count("attn") == 1
    assert {plane.stage.name for plane in p.arrangement.planes} == p.beats[-1].there


@pytest.mark.parametrize(
    "expression",
    ["A", "A @ B", "D = (C = A @ B) @ E", "relu(A)", "softmax(A @ B)", "softmax(A)", "A @ B; B @ E"],
)
def test_any_expression_can_be_told(expression):
    one = scene(expression=expression)
    used = {name: made for name, made in one.matrices.items() if name in expression}
    p = plan(dataclasses.replace(one, beats="auto", matrices=used))
    assert p.beats and all(move.finished <= p.timeline.last_frame for move in p.timeline.moves.values())


# What is read


def test_captions_are_large_and_cover_nothing():
    p, made = told_head()
    assert not made.overlay.shades
    told = [text for text in made.overlay.texts if text.kind == "told"]
    assert {text.shown[0] for text in told} == {beat.start for beat in p.beats}
    for beat in p.beats:
        lines = [text for text in told if text.shown[0] == beat.start]
        size = max(line.size for line in lines)
        assert 1 <= len({line.y for line in lines if line.size == size}) <= 2
        said = "".join(line.text for line in lines).replace(" ", "")
        assert said == beat.text.replace("ᵀ", "T").replace(" ", "")
        assert BUILT_IN_CAPITALS * size * 720 >= 14 and all(line.box[2] < 16 / 9 for line in lines)
        view = made.shot.view(beat.span.arrived)
        boxes = made.overlay.boxes / (16 / 9, 1, 16 / 9, 1) * 2 - 1
        for part in [part for part in parts_of(p.arrangement) if part.stage.name in beat.there]:
            assert not covered(view.project(part.corners())[None, None], boxes)[0]


def test_scores_keep_their_name_until_softmax_is_half_through():
    p, made = told_head()
    move = p.timeline.moves["attn"]
    half = 0.5 * (move.begins + move.finished)
    assert move.swept < half < p.timeline.last_frame
    for one in made.every:
        names = {label.text for label in one.lettering.labels if label.kind == "name"}
        words = {label.text for label in one.lettering.labels if label.text == "softmax"}
        before, sees = one.phase.end <= half, {"attn", "scores"} & names
        assert sees <= ({"scores"} if before else {"attn"}) and not (before and words)
    shown = [(one.phase.start, one.phase.end, one.lettering) for one in lasting(made.every)]
    named = [
        (label.text, start, end)
        for start, end, letters in shown
        for label in letters.labels
        if label.kind == "name"
    ]
    assert max(end for text, _, end in named if text == "scores") == half
    assert min(start for text, start, _ in named if text == "attn") == half
    count = sum(len(one.lettering.labels) for one in made.every)
    assert sum(len(letters.labels) for *_, letters in shown) < count


def test_labels_come_with_what_they_belong_to():
    p, made = told_head()
    for one in made.every[1:]:
        beat = max((beat for beat in p.beats if beat.start <= one.phase.start), key=lambda beat: beat.start)
        assert one.phase.start >= beat.start + 0.7 * (beat.span.arrived - beat.start)


def test_what_passes_under_a_caption_is_shaded_in_that_beat_alone():
    p = plan(scene(Beat(say="far"), Beat(say="near " * 9, show="A", view="60, 20"), Beat(say="far")))
    made, (_, near, last) = compose(p, 16 / 9), p.beats
    assert made.overlay.shaded == ((near.start, last.span.arrived),) and made.overlay.shades


def test_a_camera_moves_on_for_each_beat():
    p, made = told_head()
    poses = np.array([made.shot.pose(beat.span.arrived) for beat in p.beats])
    moves = [n for n, (a, b) in enumerate(zip(poses, poses[1:], strict=False)) if not np.allclose(a, b)]
    looks = [(beat.there, beat.why) for beat in p.beats]  # the bars of a why need room
    assert len(moves) <= 5 and not any(looks[n + 1] == looks[n] for n in moves)


def test_a_number_beside_an_entry_is_the_one_that_it_has_then():
    lit = {"spotlight": "attn[1, 2]"}
    p = plan(
        head((Beat(run="attn sums"), Beat(**lit), Beat(run="attn epilogue"), Beat(**lit), Beat(run="out")))
    )
    for n, raw in ((1, True), (3, False)):
        beat, moves = p.beats[n], p.timeline.moves
        (one,) = [one for one in p.spotlight.lit(beat.start, beat.end, moves) if one.pointed]
        assert one.raw == raw
        assert said_of(p, one.stage, (1, 2), raw).endswith(
            number(p.evaluation["attn"].raw[1, 2]) if raw else f"{p.evaluation['attn'].final[1, 2]:.2f}"
        )
    both = plan(head((Beat(run="attn sums"), Beat(**lit), Beat(run="attn epilogue", **lit), Beat(run="out"))))
    shown = both.spotlight.lit(both.beats[1].start, both.beats[2].end, both.timeline.moves)
    assert not any(one.pointed for one in shown)  # it changes meanwhile


@pytest.mark.parametrize("style", STYLES)
def test_captions_stand_out_from_their_ground(style):
    chosen = STYLES[style]
    for ground in (chosen.background, chosen.backdrop):
        assert contrast(*luminance(linear([chosen.text, ground]))) >= 4.5


def test_automatic_beats_do_not_point_at_what_is_left_out():
    """Scores that give way to their sum, and given matrices that are hidden, are in no spotlight."""
    biased = head(expression="out = (attn = softmax((s = x @ K.T) + B)) @ V", layout=Layout(sums="in place"))
    given = {
        name: MatrixOptions(init="gaussian", shape=shape) for name, shape in (("x", (5, 4)), ("B", (5, 5)))
    }
    matrices = {name: one for name, one in (biased.matrices | given).items() if name != "W"}
    p = plan(dataclasses.replace(biased, matrices=matrices))
    assert p.unseen == {"s"}
    q = plan(head(animation=Animation(hide_inputs=True)))
    for one in (p, q):
        lit = [beat.beat.spotlight for beat in one.beats if beat.beat.spotlight]
        assert lit and not any(f"{name}[" in text for name in one.unseen for text in lit)


@pytest.mark.parametrize("values", ["attn", "(v = attn @ (x @ W))"])
def test_values_that_are_made_of_the_pattern_are_made_after_it(values):
    p = plan(head(expression=f"out = (attn = softmax((Q = x @ W) @ K.T)) @ {values}", matrices_of="xWK"))
    moves = p.timeline.moves
    assert moves["Q"].finished < moves["attn"].start < moves["attn"].finished <= moves["out"].start
    assert (
        "v" not in moves
        or moves["attn"].finished <= moves["v"].start < moves["v"].finished <= moves["out"].start
    )


def test_a_beat_of_which_all_is_hidden_has_a_camera():
    heads = {name: MatrixOptions(init="gaussian", shape=(2, 5, 4)) for name in "QKV"}
    expression = "out = sum_heads((attn = softmax(Q @ K.T)) @ V)"
    made = Scene(expression=expression, matrices=heads, beats="auto", animation=Animation(hide_inputs=True))
    assert np.isfinite([key.pose for key in compose(plan(made), 16 / 9).shot.keys]).all()


@pytest.mark.parametrize(
    ("layer", "head", "said"),
    [
        (
            "layers.1",
            1,
            "Large scores are capped. Later tokens are masked. Softmax: the weights of each row add",
        ),
        (
            "layers.2",
            1,
            "Later tokens are masked. Softmax: the weights of each row and of its sink add up to 1",
        ),
        ("h.0", 1, "A bias is added. Later tokens are masked. Softmax"),
        ("encoder.0", 1, "Masked pairs have no weight. Softmax: the weights of each row add up to 1."),
    ],
)
def test_what_happens_to_scores_before_softmax_is_told(layer, head, said):
    masks = ROOT / "examples" / "data" / "masks.safetensors"
    p = plan(scene_from_capture(masks, layer, head).with_beats())
    assert any(said in beat.text for beat in p.beats)


# The products of an entry


def test_values_are_called_as_they_are_drawn():
    p = plan(api.load(ROOT / "examples/attention/02_full_head.toml").with_beats())
    (values,) = [plane for plane in p.arrangement.planes if plane.stage.name == "V"]
    said = "columns of Vᵀ" if values.transposed else "rows of V"
    assert any(f"The weights mix the values, {said}," in beat.text for beat in p.beats)


def test_scores_that_give_way_to_the_pattern_are_made_with_it():
    masks = ROOT / "examples" / "data" / "masks.safetensors"
    p = plan(scene_from_capture(masks, "layers.2", 1).with_beats())
    assert p.is_unseen(head_of(p).scores)
    (made,) = [beat for beat in p.beats if "scores" in beat.beat.run]
    assert made.text.startswith("Query times key: scores.") and "attn" in made.beat.run
    assert "attn" in made.shows


def test_the_score_is_opened_up_where_it_is_told_and_before_softmax():
    p, film = told_head()
    n, last = [n for n, beat in enumerate(p.beats) if beat.why]
    assert last == len(p.beats) - 1  # and once more at the end
    why, weights = p.beats[n].why, next(beat for beat in p.beats if "Softmax" in beat.text)
    assert (why.stage, (why.i, why.j)) == (head_of(p).scores, head_of(p).pair)
    assert p.beats[n].text.endswith(f"{written(why.total, '.1f')}, from 4 products.")
    assert p.beats[n].end <= weights.start
    (chart,) = film.beat_charts
    assert chart.shown == (p.beats[n].span.arrived, p.beats[n].end)
    assert film.why.why.stage is why.stage and film.why.shown[0] >= p.beats[-1].span.arrived
    boxes = [around_box(film, one, label) for one in film.every for label in one.lettering.labels
             if chart.during(one.phase.start, one.phase.end)]  # fmt: skip
    assert boxes and not meeting(np.array([chart.box]), np.array(boxes)).any()


def around_box(film, one, label):
    """The box of a label on the picture, in heights of it."""
    (corners,) = outlines(dataclasses.replace(one.lettering, labels=(label,)), one.view, 16 / 9)
    return (*corners.min(axis=0), *corners.max(axis=0))


def test_the_why_of_a_beat_is_one_entry_of_a_product():
    p = plan(scene(Beat(say="a"), Beat(say="b", why="C[1, 2]"), Beat(say="c")))
    left, right = p.evaluation["A"].final, p.evaluation["B"].final
    assert p.beats[1].why.total == pytest.approx(float(left[1] @ right[:, 2]))
    with pytest.raises(InputError, match=r"beats\[1\]: why: .*one entry"):
        plan(scene(Beat(say="a"), Beat(why="C[1]")))
