"""`verify` passes on what was built, and notices any one thing that is no longer so."""

import dataclasses

import numpy as np
import pytest
from paths import ROOT

bpy = pytest.importorskip("bpy")

from from_tables import scene_from  # noqa: E402
from matrix_cinema.blender import compat, tags  # noqa: E402
from matrix_cinema.blender import verify as verification  # noqa: E402
from matrix_cinema.blender.objects import MODIFIER, set_inputs  # noqa: E402
from matrix_cinema.blender.read import elements  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.blender.verify import TOLERANCE, telling_frames, verify  # noqa: E402
from matrix_cinema.description.scene import ANIMATIONS, Scene, load_scene, to_json  # noqa: E402
from matrix_cinema.errors import InputError, JobError  # noqa: E402

EXAMPLE = ROOT / "examples" / "attention_head.toml"
BARE = {"labels": False, "legend": False, "title": False}


def object_of(scene, kind, name):
    (ob,) = [ob for ob in scene.objects if ob.get("mc_kind") == kind and ob.get("mc_name") == name]
    return ob


def head(**tables):
    """A small causal head, K transposed, V in blocks."""
    description = {
        "expression": "out = (attn = softmax(Q @ K.T / sqrt(k), mask=causal)) @ V",
        "star": "none",  # so that products stay where they have settled
        "matrices": {
            "Q": {"init": "gaussian", "shape": [4, 3]},
            "K": {"init": "gaussian", "shape": [4, 3]},
            "V": {"init": "gaussian", "shape": [4, 5]},
        },
        "look": BARE,
        **tables,
    }
    return build(scene_from(description))


def test_the_example_is_right_at_every_telling_frame(factory):
    scene = build(load_scene(EXAMPLE))
    scene.frame_set(12, subframe=0.5)
    report = verify(scene)
    assert report.ok and max(row.error for row in report.rows) < TOLERANCE / 2
    assert (scene.frame_current, scene.frame_subframe) == (12, 0.5)
    last = {(row.kind, row.name): row for row in report.rows if row.frame == scene.frame_end}
    assert {(kind, name): row.drawn for (kind, name), row in last.items() if kind != "stored"} == {
        ("matrix", "Q"): 512,
        ("matrix", "K"): 512,
        ("matrix", "V"): 512,
        ("readout", "attn"): 256,
        ("matrix", "attn"): 256,
        ("matrix", "out"): 512,
        ("product", "attn"): 0,  # gone when they have settled
        ("product", "out"): 0,
        ("why", "attn"): 32,
    }
    swept = {row.drawn for row in report.rows if (row.kind, row.name) == ("product", "attn")}
    assert max(swept) > 16 * 16  # but not while they are made
    assert all(row.drawn == row.expected for (kind, _), row in last.items() if kind != "product")
    lines = report.lines()
    empty = sum(not row.drawn for row in report.rows)  # such as all that is not begun at the first frame
    said = f"{len(report.rows) - empty} comparisons (not counting {empty} where nothing is drawn), 0 failed"
    assert len(lines) == len(report.rows) + 2 and empty and lines[-1].startswith(said)
    assert not any("FAILED" in line for line in lines)


def test_the_telling_frames_are_starts_fractions_ends_and_crossfades(factory):
    timing = {"sweep_seconds": 1.0, "epilogue_seconds": 0.5, "hold_seconds": 0.5}
    scene = head(animation=timing, render={"fps": 10})
    found = telling_frames(scene)
    for frame in (1, 4.7, 11, 13.5, 16, 19.7, 26, 31):  # 0.37 of a sweep, half of softmax
        assert np.abs(np.array(found) - frame).min() < 1e-3, frame


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.one_blender) for n in (1, 2))])
def test_random_scenes_are_right(factory, seed):
    """Any animation, blocks, transposes and chain, as instances or points."""
    rng = np.random.default_rng(seed)
    a, b, c, d = (int(n) for n in rng.integers(1, 7, 4))

    def matrix(rows, columns):
        return {"init": "gaussian", "shape": [rows, columns], "seed": seed}

    description = {
        "expression": "out = relu(A.T @ (M = tanh(B @ C.T / 3))) @ (N = D @ E)",
        "matrices": {
            "A": matrix(b, a),
            "B": matrix(b, c),
            "C": matrix(d, c),
            "D": matrix(d, a),
            "E": matrix(a, c),
        },
        "animation": {"algorithm": str(rng.choice(ANIMATIONS))},
        "products": {"M": {"k_blocks": int(rng.integers(1, 4)), "animation": str(rng.choice(ANIMATIONS))}},
        "look": BARE | {"instance_budget": int(rng.choice([0, 1000])), "sensitivity": "superlocal"},
    }
    report = verify(build(scene_from(description)))
    assert report.ok, "\n".join(report.lines())


@pytest.mark.parametrize("algorithm", ["vvprod", "mvprod", "dotprod", "scalar"])
def test_products_of_masked_entries_are_not_made(factory, algorithm):
    """Whichever of the three matrices is masked and however it is turned, in blocks, with a threshold."""
    description = {
        "expression": "out = ((P = tril(A @ B)).T @ C) @ (R = triu(D @ E, 1)).T",
        "matrices": {
            name: {"init": "gaussian", "shape": shape}
            for name, shape in {"A": [5, 2], "B": [2, 4], "C": [5, 3], "D": [6, 2], "E": [2, 3]}.items()
        },
        "animation": {"algorithm": algorithm},
        "products": {"P": {"i_blocks": 2, "j_blocks": 2, "k_blocks": 2}, "out": {"k_blocks": 2}},
        "look": BARE | {"product_threshold": 0.1, "instance_budget": 0},
    }
    scene = build(scene_from(description))
    report = verify(scene, frames=[*telling_frames(scene)[1::3], scene.frame_end])
    assert report.ok, "\n".join(report.lines())
    made = {}
    graph = bpy.context.evaluated_depsgraph_get()
    for ob in [ob for ob in scene.objects if ob.get("mc_kind") == "product"]:
        set_inputs(ob, {"Sweep": float(ob["mc_steps"]), "Threshold": -1.0})
        ob.animation_data.action = None
        graph.update()
        geometry = ob.evaluated_get(graph).evaluated_geometry()
        made[ob["mc_name"]] = len(geometry.pointcloud.points)
    # 14 of the 20 entries of P are there, 3 of the 18 of R.
    assert made == {"P": 14 * 2, "P.T @ C": 14 * 3, "R": 3 * 2, "out": 3 * 4}


@pytest.mark.parametrize("expression", ["C = A @ B", "C = tril(A @ B)", "C = relu(A @ B)"])
def test_pooled_results_are_right_with_and_without_masks_and_epilogues(factory, expression):
    matrices = {"A": {"init": "gaussian", "shape": [6, 3]}, "B": {"init": "gaussian", "shape": [3, 8]}}
    look = BARE | {"pooling": "2x4", "instance_budget": 0}
    description = {"expression": expression, "matrices": matrices, "look": look}
    report = verify(build(scene_from(description)))
    assert report.ok, "\n".join(report.lines())


def change_value(scene, name, amount=1e-3):
    mesh = object_of(scene, "matrix", name).data
    values = mesh.attributes["value"].data
    # By as much as can be seen in the matrix, not more.
    values[0].value += amount * max(abs(v.value) for v in values)
    mesh.update()


def change_last_bit(scene, name):
    values = object_of(scene, "matrix", name).data.attributes["value"].data
    values[1].value = np.nextafter(np.float32(values[1].value), np.float32(9))


def truncate(scene):
    import bmesh

    mesh = object_of(scene, "matrix", "K").data
    shell = bmesh.new()
    shell.from_mesh(mesh)
    shell.verts.ensure_lookup_table()
    shell.verts.remove(shell.verts[-1])
    shell.to_mesh(mesh)
    shell.free()


def unmask(scene):
    mesh = object_of(scene, "matrix", "attn").data
    mesh.attributes["present"].data[1].value = True
    mesh.update()


def mask(scene):
    mesh = object_of(scene, "matrix", "attn").data
    mesh.attributes["present"].data[0].value = False
    mesh.update()


def rewrite(scene, old, new):
    assert old in scene["matrix_cinema"]
    scene["matrix_cinema"] = scene["matrix_cinema"].replace(old, new)


def modifier_input(kind, name, change):
    def corrupt(scene):
        ob = object_of(scene, kind, name)
        ((key, value),) = change.items()
        before = compat.get_input(ob.modifiers[MODIFIER], key)
        changed = value(before) if callable(value) else value
        assert changed != before
        set_inputs(ob, {key: changed})

    return corrupt


def shift(kind, name):
    def corrupt(scene):
        ob, step = object_of(scene, kind, name), "Row Step" if kind == "matrix" else "Step i"
        set_inputs(ob, {step: 1.01 * np.array(compat.get_input(ob.modifiers[MODIFIER], step))})

    return corrupt


def key(scene, kind, name, change):
    """Move the last keyframe of the object's first curve."""
    action = object_of(scene, kind, name).animation_data.action
    curve = action.layers[0].strips[0].channelbags[0].fcurves[0]
    curve.keyframe_points[-1].co[1] = change
    curve.update()


CORRUPTED = {
    "a value of Q": lambda scene: change_value(scene, "Q"),
    "a value of the finished attn": lambda scene: change_value(scene, "attn"),
    "the last bit of a value of the finished attn": lambda scene: change_last_bit(scene, "attn"),
    "a value of the finished out": lambda scene: object_of(scene, "matrix", "out").driver_remove(
        compat.input_path(object_of(scene, "matrix", "out").modifiers[MODIFIER], "Sweep")
    ),
    "a digest": lambda scene: object_of(scene, "matrix", "V").__setitem__("mc_sha256", "0" * 64),
    "a product's stride": modifier_input("product", "attn", {"Stride k": 2}),
    "a sum's stride": modifier_input("matrix", "attn", {"Stride k": 2}),
    "a block size": modifier_input("product", "attn", {"Block k": 2}),
    "a row step of an argument": modifier_input("product", "out", {"Left Row": lambda n: n - 1}),
    "a column step of an argument": modifier_input("matrix", "attn", {"Right Column": 1}),
    "an argument": lambda scene: set_inputs(
        object_of(scene, "product", "attn"), {"Left": object_of(scene, "matrix", "K")}
    ),
    "the number of columns": modifier_input("matrix", "V", {"Columns": 4}),
    "the inner size": modifier_input("product", "attn", {"Inner": 2}),
    "the number of rows": modifier_input("product", "attn", {"Rows": 3}),
    "the masked flag": modifier_input("matrix", "attn", {"Masked": False}),
    "an entry of the mask": unmask,
    "an entry off the mask": mask,
    "the mesh": truncate,
    "the expression": lambda scene: rewrite(scene, "sqrt(k)", "sqrt(2)"),
    "the mask in the expression": lambda scene: rewrite(scene, ", mask=causal", ""),
    "a name in the expression": lambda scene: rewrite(scene, "attn =", "atn ="),
    "the animation": lambda scene: scene.__setitem__(
        "matrix_cinema", scene["matrix_cinema"][:-1] + ', "animation": {"algorithm": "vmprod"}}'
    ),
    "the gap in the description": lambda scene: scene.__setitem__(
        "matrix_cinema", scene["matrix_cinema"][:-1] + ', "layout": {"gap": 3}}'
    ),
    "the place of a matrix": shift("matrix", "V"),
    "the place of a result": shift("matrix", "attn"),
    "the place of a product": shift("product", "out"),
    "a row's direction": modifier_input("matrix", "Q", {"Row Step": (0.0, 0.0, -1.01)}),
    "a product's direction": modifier_input("product", "attn", {"Step k": (0.0, 0.99, 0.0)}),
    "a lost matrix": lambda scene: bpy.data.objects.remove(object_of(scene, "matrix", "K")),
    "a lost product": lambda scene: bpy.data.objects.remove(object_of(scene, "product", "attn")),
    "a lost modifier": lambda scene: object_of(scene, "matrix", "out").modifiers.clear(),
    "an input of another version": lambda scene: next(
        item
        for item in object_of(scene, "product", "out").modifiers[MODIFIER].node_group.interface.items_tree
        if item.name == "Threshold"
    ).__setattr__("name", "Limit"),
    "a matrix of no expression": lambda scene: object_of(scene, "matrix", "V").__setitem__("mc_name", "W"),
    "a sweep that ends early": lambda scene: key(scene, "product", "out", 2.0),
}


@pytest.fixture(scope="module")
def saved_head(tmp_path_factory):
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = head(animation={"sweep_seconds": 0.4, "epilogue_seconds": 0.2, "hold_seconds": 0.1})
    assert verify(scene).ok
    path = str(tmp_path_factory.mktemp("verify") / "head.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=False)
    return path


def test_a_saved_file_is_right(saved_head):
    bpy.ops.wm.open_mainfile(filepath=saved_head)
    assert verify(bpy.context.scene).ok


@pytest.mark.parametrize("what", CORRUPTED)
@pytest.mark.one_blender
def test_every_single_corruption_is_noticed(saved_head, what):
    bpy.ops.wm.open_mainfile(filepath=saved_head)
    scene = bpy.context.scene
    CORRUPTED[what](scene)
    scene.view_layers[0].update()
    try:
        report = verify(scene)
    except (InputError, JobError) as error:
        assert "\n" not in str(error)
        return
    assert not report.ok
    assert any("FAILED" in line for line in report.lines())


def test_what_fails_in_a_scene_of_an_earlier_version_is_told_so(saved_head):
    bpy.ops.wm.open_mainfile(filepath=saved_head)
    scene = bpy.context.scene
    shift("matrix", "V")(scene)
    assert not verify(scene, [1]).older
    del scene[tags.LIT]
    assert "an earlier version built this scene" in verify(scene, [1]).lines()[-1]


def test_a_matrix_may_be_moved_and_turned_by_hand(saved_head):
    bpy.ops.wm.open_mainfile(filepath=saved_head)
    k, out = (object_of(bpy.context.scene, "matrix", name) for name in ("K", "out"))
    k.rotation_euler, out.location.x = (0.5, 0, 0), 7.0
    assert verify(bpy.context.scene).ok


def test_of_many_elements_a_sample_is_compared_and_all_are_counted(factory, monkeypatch):
    scene = head()
    monkeypatch.setattr(verification, "MOST_COMPARED", 10)
    report = verify(scene)
    assert report.ok, "\n".join(report.lines())
    last = [row for row in report.rows if row.kind == "product" and row.frame == scene.frame_end]
    assert {row.name: (row.drawn, row.every) for row in last} == {"attn": (30, 3), "out": (50, 5)}
    assert "of 1 in 5" in "\n".join(report.lines()) and "all are counted" in report.lines()[-1]
    set_inputs(object_of(scene, "product", "attn"), {"Rows": 3})
    assert not verify(scene).ok


def test_a_hidden_interior_is_not_evaluated(factory):
    scene = head(products={"attn": {"interior": False}})
    counts = {}
    for frame in (scene.frame_start, scene.frame_end):
        scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        for name in ("attn", "out"):
            geometry = object_of(scene, "product", name).evaluated_get(graph).evaluated_geometry()
            cloud = geometry.instances_pointcloud()
            counts[name] = len(cloud.points) if cloud else 0
    assert counts == {"attn": 0, "out": 50}
    assert verify(scene).ok


def test_the_source_is_compared_when_it_is_at_hand(factory):
    scene = head()
    values = np.array([[v.value for v in object_of(scene, "matrix", "Q").data.attributes["value"].data]])
    q = values.reshape(4, 3).astype(float)
    assert verify(scene, frames=[1.0], given={"Q": q}).ok
    q[2, 1] += 1e-3
    assert not verify(scene, frames=[1.0], given={"Q": q}).ok
    assert not verify(scene, frames=[1.0], given={"Q": q[:3]}).ok


def test_what_does_not_matter_is_let_be(factory):
    """Another element, another material, other lamps, and a file without our labels."""
    scene = head(look=BARE | {"labels": True})
    mesh = bpy.data.meshes.new("triangle")
    mesh.from_pydata([(1, 0, 0), (0, 1, 0), (0, 0, 1)], [], [(0, 1, 2)])
    other = bpy.data.objects.new("triangle", mesh)
    scene.collection.objects.link(other)
    for kind, name in (("matrix", "attn"), ("product", "out")):
        set_inputs(object_of(scene, kind, name), {"Element": other, "Material": bpy.data.materials.new("x")})
    for ob in [ob for ob in scene.objects if ob.type in ("LIGHT", "FONT")]:
        bpy.data.objects.remove(ob)
    assert verify(scene).ok


def test_frames_that_the_scene_has_not_are_refused(saved_head):
    bpy.ops.wm.open_mainfile(filepath=saved_head)
    for moment in (np.inf, -np.inf, np.nan, 0.0, 1e300):
        with pytest.raises(InputError, match="^frame .*: the scene has frames 1 to "):
            verify(bpy.context.scene, [2.5, moment])


def test_a_scene_that_is_not_ours(factory):
    scene = bpy.context.scene
    with pytest.raises(InputError, match="was not built by this program"):
        verify(scene)
    scene["matrix_cinema"] = "{"
    with pytest.raises(InputError, match="not JSON"):
        verify(scene)
    scene["matrix_cinema"] = to_json(dataclasses.replace(Scene(), expression="A @ B"))
    with pytest.raises(JobError, match="is not drawn"):
        verify(scene)


@pytest.mark.parametrize("look", [{"numbers": "on"}, {"pooling": "2x2", "pooling_rule": "mean"}])
def test_entries_of_an_additive_mask_are_not_drawn(factory, look):
    rng = np.random.default_rng(2)
    mask = np.where(np.tri(4) > 0, rng.normal(size=(4, 4)), -1e9)
    mask[3, 0] = 0.0
    matrices = {name: {"values": rng.normal(size=(4, 3)).tolist()} for name in "QKV"}
    matrices["M"] = {"values": mask.tolist()}
    scene = {"expression": "out = softmax(Q @ K.T + M) @ V", "matrices": matrices, "look": BARE | look}
    built = build(scene_from(scene))
    report = verify(built)
    assert report.ok, "\n".join(report.lines())
    built.frame_set(built.frame_end)
    (ob,) = [ob for ob in built.objects if ob.get("mc_kind") == "matrix" and ob["mc_name"] == "M"]
    drawn = elements(ob, bpy.context.evaluated_depsgraph_get())
    found = sorted(zip(drawn["i"].tolist(), drawn["j"].tolist(), strict=True))
    every = [(i, j) for i in range(4) for j in range(i + 1)]
    assert found == (every if "numbers" in look else [(0, 0), (2, 0), (2, 2)])


def test_what_is_hidden_with_its_collection_is_left_out(factory):
    scene = head()
    before = verify(scene).rows
    hidden = bpy.data.collections.new("put away")
    scene.collection.children.link(hidden)
    matrix = object_of(scene, "matrix", "V")
    for collection in matrix.users_collection:
        collection.objects.unlink(matrix)
    hidden.objects.link(matrix)
    hidden.hide_viewport = True
    after = verify(scene)
    assert after.ok
    gone = [row for row in before if (row.kind, row.name) == ("matrix", "V")]
    assert len(after.rows) == len(before) - len(gone) < len(before)
