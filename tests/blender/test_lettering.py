"""Type in Blender: as wide as its table says, on nothing else, lit as the film goes, in the user's font."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from letters import bare_letters
from paths import ROOT

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from from_tables import scene_from  # noqa: E402
from mathutils import Vector  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.description.scene import load_scene  # noqa: E402
from matrix_cinema.look.drawn_order import drawn  # noqa: E402
from matrix_cinema.look.typeface import built_in, extent, typeface_of  # noqa: E402
from matrix_cinema.staging.writing.boxes import clashes  # noqa: E402

EXAMPLES = ROOT / "examples"
TEXTS = ["softmax(Q K", "×÷·−–—…√≤≥≈", "Ġthe", "▁Straße", "ĠλόγοςĊ", "Привет", "中文字", "한국어",
         "日本のカナ", "Äéñçø½²³", "हिन्दी", "😀🎉", "שלום", "مرحبا", "[CLS]", "…↵→←"]  # fmt: skip
DESCRIPTION = {
    "expression": "out = (S = softmax(A @ B)) @ C",
    "matrices": {
        "A": {"init": "uniform", "shape": [5, 3], "row_labels": ["Ġa", "中", "é", "\u200b", "x" * 90]},
        "B": {"init": "uniform", "shape": [3, 6]},
        "C": {"init": "uniform", "shape": [6, 4]},
    },
}


def ink(text, font=None):
    """(left, bottom, right, top) of a line of type of size 1."""
    curve = bpy.data.curves.new("line", "FONT")
    curve.body = text
    if font:
        curve.font = font
    ob = bpy.data.objects.new("line", curve)
    bpy.context.scene.collection.objects.link(ob)
    bpy.context.view_layer.update()
    box = np.array(ob.bound_box)
    bpy.data.objects.remove(ob)
    bpy.data.curves.remove(curve)
    return (*box[:, :2].min(axis=0), *box[:, :2].max(axis=0))


def width(text, font=None):
    """How much further the second H of a pair stands when the text is between them."""
    return ink(f"H{text}H", font)[2] - ink("HH", font)[2]


@pytest.mark.parametrize("text", TEXTS)
def test_type_is_as_wide_and_high_as_the_table_says(factory, text):
    assert all(built_in().has(letter) for letter in text)
    assert width(drawn(text)) == pytest.approx(built_in().width(text), abs=2e-3 * len(text))
    _, low, _, high = ink(drawn(text))
    assert extent(text)[0] <= low + 0.02 and high <= extent(text)[1] + 0.02


def test_what_the_table_lacks_has_no_glyph(factory):
    nothing = ink("\U000fffff")
    for letter in "ཀꙮ\ufffd":
        assert not built_in().has(letter) and ink(letter) == pytest.approx(nothing, abs=1e-3)


def a_font(path, capitals=700, line=1200):
    """A font with the letters A to Z and a to z as bars of a width of their own."""
    builder = pytest.importorskip("fontTools.fontBuilder")
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    letters = [chr(code) for code in (*range(65, 91), *range(97, 123))]
    glyphs, metrics = {}, {}
    for n, name in enumerate([".notdef", "space", *letters]):
        pen = TTGlyphPen(None)
        if name != "space":
            corners = [(50, 0), (50, capitals), (300 + 10 * n, capitals), (300 + 10 * n, 0)]
            pen.moveTo(corners[0])
            for corner in corners[1:]:
                pen.lineTo(corner)
            pen.closePath()
        glyphs[name], metrics[name] = pen.glyph(), (400 + 10 * n, 50)
    made = builder.FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder(list(glyphs))
    made.setupCharacterMap({32: "space"} | {ord(letter): letter for letter in letters})
    made.setupGlyf(glyphs)
    made.setupHorizontalMetrics(metrics)
    made.setupHorizontalHeader(ascent=line - 200, descent=-200)
    made.setupNameTable({"familyName": "Bars", "styleName": "Regular"})
    made.setupOS2(sCapHeight=capitals, sTypoAscender=line - 200)
    made.setupPost()
    made.save(path)
    return path


def test_an_own_font_is_packed_and_as_wide_as_its_file_says(factory, tmp_path):
    path = a_font(tmp_path / "bars.ttf")
    description = scene_from(DESCRIPTION | {"look": {"font": str(path)}})
    face = typeface_of(description)
    scene = build(description)
    own = {ob.data.font for ob in scene.objects if ob.type == "FONT"}
    (font,) = {one for one in own if one.name.startswith("Matrix Cinema")}
    assert font.packed_file and not Path(font.filepath).is_file()
    for text in ("QKV", "A hat"):
        assert face.scale * width(text, font) == pytest.approx(face.width(text), abs=2e-2), text
    assert face.width("Qé中") == built_in().width("Qé中")  # it lacks these, so Blender's own is used
    used = {ob.data.body: ob.data.font for ob in scene.objects if ob.type == "FONT"}
    assert used["B"] == font and used["中"] != font
    assert face.scale * ink("H", font)[3] == pytest.approx(ink("H")[3], abs=1e-2)  # as high
    assert_apart(scene)
    build(scene_from(DESCRIPTION))  # without it, nothing of it stays
    assert not [f for f in bpy.data.fonts if f.name.startswith("Matrix Cinema")]


def outlines(scene):
    """(text, its rectangle on the picture (4, 2)) of all type that is there at this moment."""
    aspect = scene.render.resolution_x / scene.render.resolution_y
    bare_letters(scene)
    found = []
    for ob in scene.objects:
        if ob.type == "FONT" and ob.get("mc_kind") in ("label", "overlay") and not ob.hide_render:
            corners = [ob.matrix_world @ Vector(ob.bound_box[n]) for n in (0, 4, 7, 3)]
            seen = [world_to_camera_view(scene, scene.camera, corner) for corner in corners]
            if ob.bound_box[0][0] < ob.bound_box[4][0] and ob.bound_box[0][1] < ob.bound_box[3][1]:
                box = np.array([ob.bound_box[n][:2] for n in (0, 4, 7, 3)])
                assert np.ptp(box, axis=0).min() > 0
                found.append((ob.data.body, np.array(seen)[:, :2] * (aspect, 1.0)))
    return found


def assert_apart(scene):
    found = outlines(scene)
    pairs = clashes(np.array([corners for _, corners in found]), 1e-4)
    assert [(found[m][0], found[n][0]) for m, n in pairs] == []
    return found


@pytest.mark.parametrize(
    ("name", "view"),
    [("attention_head", "right"), ("textbook/01_two_by_three", ""), ("chains/feed_forward", ""),
     ("heads/grouped_query", ""), ("attention_head", "isometric")],
)  # fmt: skip
@pytest.mark.one_blender
def test_type_is_on_nothing_else(factory, name, view):
    """Bounds of the evaluated type, seen by Blender's camera."""
    scene = load_scene(EXAMPLES / f"{name}.toml")
    if view:
        scene = dataclasses.replace(scene, camera=dataclasses.replace(scene.camera, view=view))
    built = build(scene)
    built.frame_set(built.frame_end)
    assert len(assert_apart(built)) > 5


@pytest.mark.one_blender
def test_hostile_tokens_do_not_break_the_picture(factory):
    scene = build(scene_from(DESCRIPTION))
    texts = [text for text, _ in assert_apart(scene)]
    assert {"Ġa", "中", "é", "U+200B"} <= set(texts) and any(text.endswith("x…") for text in texts)


def test_what_is_computed_is_lit(factory):
    scene = build(scene_from(DESCRIPTION))

    def lit():
        return {ob.data.body for ob in scene.objects
                if ob.type == "FONT" and ob.get("mc_kind") == "overlay" and 0.5 < ob.color[0] < 1.0001
                and ob.color[1] == 0.0 and not ob.data.body.startswith(("max", "out"))}  # fmt: skip

    found = []
    for frame in range(scene.frame_start, scene.frame_end + 1):
        scene.frame_set(frame)
        if not found or found[-1] != lit():
            found.append(lit())
    assert [sorted(texts) for texts in found if texts] == [["A B"], [")", "A B", "softmax("], ["S C"]]


@pytest.mark.one_blender
def test_text_over_a_moving_picture_has_a_shade_and_labels_have_times(factory):
    description = dataclasses.replace(
        load_scene(EXAMPLES / "attention_head.toml"), beats="off", spotlight="", why="", readout="off"
    )
    for move, shaded in (("none", 0), ("visit", 2)):  # title and legend
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        camera = dataclasses.replace(description.camera, move=move)
        scene = build(dataclasses.replace(description, camera=camera))
        shades = [ob for ob in scene.objects if ob.get("mc_kind") == "shade"]
        assert len(shades) == shaded
        type_at = {round(ob.location.z, 5) for ob in scene.objects if ob.get("mc_kind") == "overlay"}
        assert all(ob.location.z < min(type_at) for ob in shades)
        assert all(scene.camera in (ob.parent, ob.parent.parent) for ob in shades)
        seen = set()
        for frame in range(1, scene.frame_end + 1, 6):
            scene.frame_set(frame)
            labels = [ob for ob in scene.objects if ob.get("mc_kind") == "label"]
            seen.add(frozenset(ob.name for ob in labels if not ob.hide_render))
        assert all(seen) and (len(seen) == 1) == (move == "none")
        assert set().union(*seen) == {ob.name for ob in labels}
        if move == "visit":
            assert sum(len(names) for names in seen) == len(labels)  # none is there in two phases
