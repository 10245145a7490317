"""Every node group as text is compared with its snapshot in the folder beside this file. The texts are the
same on every Blender, and no change of a group goes unseen.

After a change that is meant: UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/blender/test_nodes.py
and read the difference before committing it.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from paths import ROOT

bpy = pytest.importorskip("bpy")

from matrix_cinema.blender.nodes import every_group, node_group, store  # noqa: E402
from matrix_cinema.blender.nodes.formula import Group  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.description.source import open_source  # noqa: E402
from node_text import describe  # noqa: E402

SNAPSHOTS = Path(__file__).parent / "snapshots"
MAKERS = every_group()
UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_group_is_what_it_was(factory, name):
    text = describe(MAKERS[name]()) + "\n"
    path = SNAPSHOTS / f"{name}.txt"
    if UPDATE:
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path} is missing; see this file's first lines"
    assert text == path.read_text(encoding="utf-8"), "a group has changed; see this file's first lines"


def test_every_snapshot_is_of_a_group():
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == set(MAKERS)


def test_a_group_is_made_once_in_a_file(factory):
    visit = node_group("visit")
    assert node_group("visit") == visit
    assert len([g for g in bpy.data.node_groups if g.name.startswith(visit.name)]) == 1
    for group in bpy.data.node_groups:
        for link in group.links:
            assert link.is_valid, (group.name, link.from_node.name)


def test_a_later_build_reads_what_an_earlier_one_made(factory, monkeypatch):
    """The same groups, and none that is not used; they are made again where their file is gone."""
    monkeypatch.setattr(store, "_seen", {})
    scene = open_source(ROOT / "tests" / "tiny.toml").description
    build(scene)
    first = {tree.name: describe(tree) for tree in bpy.data.node_groups}
    factory.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with monkeypatch.context() as patch:
        made, begin = [], Group.__init__
        patch.setattr(Group, "__init__", lambda self, name: made.append(name) or begin(self, name))
        build(replace(scene, look=replace(scene.look, settled_scale=0.2)))
    # They refer to a font, and to the matrices of the scene, so they are not stored.
    assert made == ["Matrix Cinema Number", "Matrix Cinema shadows"]
    assert {tree.name: describe(tree) for tree in bpy.data.node_groups} == first
    assert not bpy.data.libraries
    Path(store._file()).unlink()
    build(scene, bpy.data.scenes.new("Another"))
    assert len(bpy.data.node_groups) == 2 * len(first)
    factory.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    build(scene)
    assert {tree.name: describe(tree) for tree in bpy.data.node_groups} == first


def test_the_text_tells_whatever_matters(factory):
    """Two groups that differ in an operation, a constant, a link, a clamp or a type have two texts."""

    def group(make):
        tree = Group("g")
        a, b = tree.input("A", float, 0.5), tree.input("B", float)
        tree.output("Out", float, make(tree, a, b))
        text = describe(tree.finish())
        bpy.data.node_groups.remove(tree.tree)
        return text

    variants = [
        lambda g, a, b: a + b,
        lambda g, a, b: a - b,
        lambda g, a, b: b - a,
        lambda g, a, b: a + 0.25,
        lambda g, a, b: a + 0.5,
        lambda g, a, b: g.real("ADD", a, b, clamp=True),
        lambda g, a, b: g.whole("ADD", a, b),
        lambda g, a, b: g.switch(a > b, a, b),
        lambda g, a, b: g.switch(a > b, b, a),
        lambda g, a, b: g.attribute("value"),
        lambda g, a, b: g.attribute("other"),
        lambda g, a, b: g.attribute("value", "INT"),
    ]
    texts = [group(make) for make in variants]
    assert len(set(texts)) == len(texts)
    assert texts[0] == group(variants[0])


def test_arithmetic_on_fields_is_arithmetic(factory):
    """Whole numbers stay whole, // and % included; the rest is floating point."""
    g = Group("arithmetic")
    a, b = g.input("a", int), g.input("b", int)
    x = g.input("x", float)
    outputs = {
        "sum": a + b,
        "difference": a - b,
        "reverse": 10 - a,
        "product": a * b,
        "quotient": a // b,
        "rest": a % b,
        "ratio": a / b,
        "mixed": a + x,
        "scaled": 2 * x,
        "minus": 1.0 - x,
        "mix": g.mix(x, 3.0, 0.25),
        "clamped": g.clamp(x),
        "absolute": g.absolute(x - 2),
        "equal": g.switch(a == 7, 1.0, 0.0),
        "both": g.switch((a > b) & (x > 0.0), 1.0, 0.0),
        "either": g.switch((b > a) | (x > 0.0), 1.0, 0.0),
        "neither": g.switch(~(a > b), 1.0, 0.0),
    }
    points = g.store(g.points(1), **outputs)
    g.output("Geometry", "geometry", points)
    tree = g.finish()
    ob = bpy.data.objects.new("probe", bpy.data.meshes.new("probe"))
    bpy.context.scene.collection.objects.link(ob)
    modifier = ob.modifiers.new("probe", "NODES")
    modifier.node_group = tree
    from matrix_cinema.blender import compat

    for name, value in (("a", 7), ("b", 3), ("x", 1.5)):
        compat.set_input(modifier, name, value)
        assert compat.get_input(modifier, name) == value
    ob.update_tag()
    geometry = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    found = {name: geometry.pointcloud.attributes[name].data[0].value for name in outputs}
    assert found == pytest.approx(
        {
            "sum": 10,
            "difference": 4,
            "reverse": 3,
            "product": 21,
            "quotient": 2,
            "rest": 1,
            "ratio": 7 / 3,
            "mixed": 8.5,
            "scaled": 3.0,
            "minus": -0.5,
            "mix": 1.875,
            "clamped": 1.0,
            "absolute": 0.5,
            "equal": 1.0,
            "both": 1.0,
            "either": 1.0,
            "neither": 0.0,
        }
    )
    assert {name for name, value in found.items() if isinstance(value, int)} == {
        "sum",
        "difference",
        "reverse",
        "product",
        "quotient",
        "rest",
    }
    with pytest.raises(KeyError, match='no input "z"'):
        compat.get_input(modifier, "z")
