"""Anyone's .blend: a damaged or odd one gives an error of one line, and none writes more than the picture."""

import os
import zlib

import pytest
from matrix_cinema.cli.commands import run

bpy = pytest.importorskip("bpy")

from matrix_cinema.blender.objects import as_points  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.description.scene import load_scene  # noqa: E402
from matrix_cinema.outputs import blend_file  # noqa: E402


def saved(path):
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False)
    return path


def a_file_that_writes(folder):
    """A built scene that keeps caches, has an output of its compositor, and two eyes."""
    scene = bpy.context.scene
    if hasattr(scene, "compositing_node_group"):
        tree = bpy.data.node_groups.new("compositor", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
        end = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        end = tree.nodes.new("CompositorNodeComposite")
    layers, out = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeOutputFile")
    if hasattr(out, "base_path"):
        out.base_path = str(folder / "elsewhere")
    else:
        out.directory = str(folder / "elsewhere")
        out.file_output_items.new("RGBA", "Image")
    for node in (end, out):
        tree.links.new(layers.outputs["Image"], node.inputs[0])
    cloth = bpy.data.objects.new("cloth", bpy.data.meshes.new("cloth"))
    cloth.data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    scene.collection.objects.link(cloth)
    cloth.modifiers.new("cloth", "CLOTH").point_cache.use_disk_cache = True
    scene.render.use_multiview = scene.render.use_render_cache = True


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_a_file_writes_nothing_but_the_picture_unless_asked(factory, tiny, tmp_path):
    build(load_scene(tiny))
    a_file_that_writes(tmp_path)
    blend = saved(tmp_path / "theirs.blend")
    before = names(tmp_path)
    words = ["render", str(blend), "-o", str(tmp_path / "still.png"), "--quiet"]
    assert run([*words, "--frame", "2"]) == 0
    assert names(tmp_path) - before == {"still.png"}
    assert run([*words, "--frame", "3", "--file-outputs"]) == 0
    assert any(name.startswith("elsewhere/") for name in names(tmp_path))


def test_a_file_that_blender_does_not_survive_is_told(factory, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(blend_file.WATCHED)
    build(load_scene(tiny))
    good = saved(tmp_path / "good.blend")
    assert run(["inspect", str(good)]) == 0
    monkeypatch.setattr(blend_file, "_TRIAL", "import os; os.abort()")
    assert run(["inspect", str(good)]) == 2
    told = capsys.readouterr().err
    assert "good.blend: is damaged" in told and len(told.splitlines()) == 1


ODD = {
    "the description is a number": lambda scene, ob: scene.__setitem__("matrix_cinema", 5),
    "the description is no JSON": lambda scene, ob: scene.__setitem__("matrix_cinema", "{"),
    "no name": lambda scene, ob: ob.__delitem__("mc_name"),
    "a name that is a number": lambda scene, ob: ob.__setitem__("mc_name", 7),
    "no shape": lambda scene, ob: ob.__delitem__("mc_shape"),
    "a shape that is a text": lambda scene, ob: ob.__setitem__("mc_shape", "2 x 3"),
    "a shape of nothing": lambda scene, ob: ob.__setitem__("mc_shape", [0, -1, 2]),
    "axes that are no JSON": lambda scene, ob: scene.__setitem__("mc_axes", "nothing"),
    "axes of another form": lambda scene, ob: scene.__setitem__("mc_axes", '{"A": 5}'),
    "a last frame that is a text": lambda scene, ob: scene.__setitem__("mc_done", "late"),
    "elements that are a text": lambda scene, ob: scene.__setitem__("mc_elements", "many"),
    "steps that are a text": lambda scene, ob: ob.__setitem__("mc_steps", "few"),
    "parts that are a number": lambda scene, ob: scene.__setitem__("mc_parts", 3),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    from paths import ROOT

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    build(load_scene(ROOT / "tests" / "tiny.toml"))
    return saved(tmp_path_factory.mktemp("odd") / "built.blend")


@pytest.mark.one_blender
@pytest.mark.parametrize("what", ODD)
def test_odd_properties_are_told_in_a_line(built, registered, tmp_path, capsys, what):
    from matrix_cinema.ui import built as panel
    from matrix_cinema.ui import sweep

    bpy.ops.wm.open_mainfile(filepath=str(built))
    scene = bpy.context.scene
    ODD[what](scene, next(ob for ob in scene.objects if ob.get("mc_kind") == "product"))
    panel.elements(scene), panel.subjects(scene), as_points(panel.products(scene)), panel.description(scene)
    [sweep.steps_of(ob) for ob in sweep.products(scene)]
    path = saved(tmp_path / f"{zlib.crc32(what.encode())}.blend")
    for command in ("verify", "inspect"):
        capsys.readouterr()
        status, told = run([command, str(path)]), capsys.readouterr().err
        assert status in (0, 1, 2) and len(told.splitlines()) <= 1, told
        assert "traceback" not in told.lower() and os.path.exists(path), told
