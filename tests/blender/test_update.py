"""An update of a built scene makes it what a build of the new description would."""

import dataclasses
import difflib

import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described  # noqa: E402
from built_scenes import random as random_matrices  # noqa: E402
from matrix_cinema.blender import given_back, tags, update  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import verify  # noqa: E402
from matrix_cinema.description.changes import changes  # noqa: E402
from matrix_cinema.description.option import DRAWING, EVERYTHING, FILM  # noqa: E402
from matrix_cinema.description.scene import Beat, Cards, Scene  # noqa: E402
from matrix_cinema.look.styles import style_of  # noqa: E402
from scene_text import scene_text  # noqa: E402

MATRICES = random_matrices(3, A=(2, 3), B=(3, 2))
# What each look shows, so that every field matters somewhere.
LOOKS = {
    "studio_dark": {"style": {"haze": 0.2, "edges": 0.1, "shading": 0.1}, "readout": ["S"]},
    "glass": {"style": {"haze": 0.1, "edges": 0.1, "shading": 0.1}, "look": {"numbers": "on"}},
    "paper": {"style": {"shading": 0.1}, "look": {"color_map": "mm"}, "why": "out[0, 1]"},
}


OTHER_MAPS = {
    "color_map": "vik", "probability_map": "viridis", "signed_map": "berlin", "unsigned_map": "inferno"
}  # fmt: skip
OTHERS = {
    "view": "front", "move": "push_in", "projection": "oblique", "subject": "S", "lens": 70.0, "margin": 0.1,
    "why": "S[1, 0]", "readout": ("out",), "highlight": "S[0]", "row_guides": 0.5,
    "flow_guides": 0.5, "center_names": 6.0, "row_axis": "query", "total_seconds": 20.0,
}  # fmt: skip


def scene_of(style: str) -> Scene:
    own = LOOKS[style]
    look = {"style": style, "numbers": "off"} | own.get("look", {})
    rest = {key: value for key, value in own.items() if key != "look"}
    return described("out = (S = softmax(A @ B)) @ A", MATRICES, look=look, **rest)


def changed(scene: Scene, path: str) -> Scene:
    """The description with another value in a field."""
    name, _, rest = path.partition(".")
    value = getattr(scene, name)
    new = changed(value, rest) if rest else another(scene, name, value)
    return dataclasses.replace(scene, **{name: new})


def another(table, name, value):
    """Another value of a field, not far from what holds where it says nothing."""
    metadata = next(f.metadata for f in dataclasses.fields(table) if f.name == name)
    kind = next(f.type for f in dataclasses.fields(table) if f.name == name)
    if name == "beats" and not isinstance(value, str):
        return tuple(dataclasses.replace(beat, seconds=beat.seconds + 0.5) for beat in value)
    if metadata.get("choices"):
        return next(one for one in metadata["choices"] if one and one != value)
    if name in OTHERS:
        return OTHERS[name]
    if name == "device":
        return "cpu"
    if name in OTHER_MAPS:
        return OTHER_MAPS[name]
    if name == "about" or isinstance(value, str):
        return "for a test"
    if "Color" in str(kind) or "tuple" in str(kind):
        return tuple((len(name) + n) % 8 / 8 for n in (1, 4, 2))
    if "bool" in str(kind):
        return not value
    if "int" in str(kind):
        return value + 1
    return (metadata["low"] + 0.1 if value is None else value) * 0.9 + 0.05


def fields_that(words, scene):
    """The paths of all fields of a description whose change changes one of these."""

    def found(table, path):
        for f in dataclasses.fields(table):
            value = getattr(table, f.name)
            if dataclasses.is_dataclass(value):
                yield from found(value, f"{path}{f.name}.")
            elif f.metadata.get("changes", EVERYTHING) in words and f.name != "folder":
                yield path + f.name

    return list(found(scene, ""))


def not_pictures(scene):
    """The datablocks that a scene is built of, without pictures: an update exchanges those of colour maps."""
    return {one for one in tags.parts(scene) if not isinstance(one, bpy.types.Image)}


def same(scene, wanted: Scene):
    """Hold a scene to what a build of a description makes in an empty file."""
    found = scene_text(scene)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    fresh = scene_text(build(wanted))
    only = {
        where: sorted(a.keys() - b.keys())
        for where, a, b in (("update", found, fresh), ("build", fresh, found))
    }
    assert not any(only.values()), only
    for key, text in fresh.items():
        assert found[key] == text, (
            key
            + "\n"
            + "\n".join(
                difflib.unified_diff(
                    text.splitlines(), found[key].splitlines(), "build", "update", lineterm="", n=0
                )
            )
        )


@pytest.mark.parametrize("style", LOOKS)
def test_an_update_is_what_a_build_would_make(factory, style):
    begun = now = scene_of(style)
    scene = update.build(begun)
    for path in fields_that({DRAWING}, begun):
        if path not in ("style.environment",):
            now = changed(now, path)
    update.update(now, scene)
    kept = not_pictures(scene)
    for path in fields_that(update.IN_PLACE, begun):
        if ".fill." in path or ".rim." in path or (path == "render.engine" and style != "paper"):
            continue  # as the key; EEVEE has no samples of Cycles to compare
        before, now = now, changed(now, path)
        assert changes(before, now) <= update.IN_PLACE
        update.update(now, scene)
        assert not_pictures(scene) == kept, path
    assert style_of(now) != style_of(begun)
    same(scene, now)


# Fields of a film that concern its time, and its camera; the rest concerns what is written.
OF_TIME = ("animation.", "render.fps", "cards.", "beats")
OF_CAMERA = ("camera.", "render.width", "render.height")
AT_ONCE = 3  # fields that are changed before a film is made anew


# Each Blender sets keys and inputs in its own way. The fields of time change all of these: test them on each.
@pytest.mark.parametrize(
    "style, of",
    [
        ("studio_dark", OF_TIME),
        *(
            pytest.param(style, of, marks=pytest.mark.one_blender)
            for style, of in (("glass", OF_CAMERA), ("paper", ()))
        ),
    ],
)
def test_a_film_made_anew_equals_a_build_and_leaves_the_matrices(factory, style, of):
    begun = scene_of(style)
    begun = dataclasses.replace(
        begun,
        title="What is told",
        cards=Cards(source="made up"),
        layout=dataclasses.replace(begun.layout, scheme="stage"),
        camera=dataclasses.replace(begun.camera, view="stage"),
        beats=tuple(Beat(run=name, seconds=4.0) for name in ("S", "out")) if of == OF_TIME else "off",
    )
    paths = [
        path
        for path in fields_that({FILM}, begun)
        if (path.startswith(of) if of else not path.startswith(OF_TIME + OF_CAMERA))
        and path != ("beats" if begun.beats == "off" else "animation.loop_seconds")
    ]
    now, scene = begun, update.build(begun)
    stay = drawn_and_read(scene)
    for some in (paths[n : n + AT_ONCE] for n in range(0, len(paths), AT_ONCE)):
        for path in some:
            before, now = now, changed(now, path)
            assert changes(before, now) == {FILM}, path
        update.update(now, scene)
        assert drawn_and_read(scene) == stay, some
    assert len(paths) > 6 and not given_back.changes(scene) and verify(scene).ok
    same(scene, now)


def drawn_and_read(scene):
    """The objects of a scene that have numbers, and what they have."""
    kinds = ("matrix", "product", "source", "number")
    return {
        (ob, ob.data)
        for ob in tags.owned(scene)
        if isinstance(ob, bpy.types.Object) and ob.data and ob.get(tags.KIND) in kinds
    }


def test_another_colour_map_is_another_picture_and_no_other_shader(factory):
    begun = scene_of("glass")
    scene = update.build(begun)
    kept = not_pictures(scene)
    painted, mine = bpy.data.images["Matrix Cinema sky_clay"], bpy.data.materials.new("mine")
    bpy.data.materials["Matrix Cinema glass sky_clay"].name = "called"
    mine.use_nodes = True
    mine.node_tree.nodes.new("ShaderNodeTexImage").image = painted
    now = begun
    for signed, unsigned in (("vik", "viridis"), ("berlin", "viridis"), ("vik", "inferno")):
        look = dataclasses.replace(now.look, color_map=signed, probability_map=unsigned)
        before, now = now, dataclasses.replace(now, look=look)
        assert update.in_place(before, now, scene)
        update.update(now, scene)
        assert not_pictures(scene) == kept
    assert not given_back.changes(scene) and "called" in bpy.data.materials
    assert mine.node_tree.nodes[-1].image == painted and "Matrix Cinema berlin" not in bpy.data.images
    # One map for both is another legend, and no exchange.
    same_map = dataclasses.replace(now.look, color_map="viridis")
    assert not update.in_place(now, dataclasses.replace(now, look=same_map), scene)
    bpy.data.materials["called"].name = "Matrix Cinema glass vik"
    bpy.data.materials.remove(mine)
    assert verify(scene).ok
    same(scene, now)


def test_a_scene_that_was_not_drawn_here_is_planned_once(factory, monkeypatch):
    """Such a scene is one in an opened file. Once it is planned, changes of its look alone plan nothing."""
    begun = scene_of("paper")
    scene = update.build(begun)
    monkeypatch.setattr(update, "_last", None)
    planned, plan_of = [], update.plan_of
    monkeypatch.setattr(update, "plan_of", lambda *asked: planned.append(asked) or plan_of(*asked))
    now = begun
    for path in ("look.element_scale", "look.product_scale", "look.element_scale"):
        now = changed(now, path)
        update.update(now, scene)
    assert len(planned) == 1
    same(scene, now)
