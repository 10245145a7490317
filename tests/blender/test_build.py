"""A built scene keeps its contract: names, attributes, values at every frame, and a clean file.

The expected numbers are worked out here, by NumPy in float64 and by loops that walk the products
in the order of each animation, not by the code that is tested.
"""

import itertools
import json

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import EPILOGUE, FPS, HOLD, SWEEP, as_matrix, described, drawn, random  # noqa: E402
from matrix_cinema.blender import compat  # noqa: E402
from matrix_cinema.blender.objects import set_inputs  # noqa: E402
from matrix_cinema.blender.rebuild import rebuilding  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.description.scene import from_json  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402

# The axes that an animation walks, outermost first. Along the other axes, all is visited at once.
WALKS = {
    "none": "",
    "dotprod": "ij",
    "dotprod_columns": "ji",
    "axpy": "jk",
    "vmprod": "i",
    "mvprod": "j",
    "vvprod": "k",
    "scalar": "ijk",
}


def steps_of(walk, shape, blocks):
    """The step of every product (i, k, j), by walking one block, and the number of steps."""
    sizes = dict(zip("ikj", (-(-n // b) for n, b in zip(shape, blocks, strict=True)), strict=True))
    order = {}
    for n, place in enumerate(itertools.product(*(range(sizes[axis]) for axis in walk))):
        order[place] = n
    steps = np.zeros(shape, int)
    for i, k, j in np.ndindex(*shape):
        local = {"i": i % sizes["i"], "k": k % sizes["k"], "j": j % sizes["j"]}
        steps[i, k, j] = order[tuple(local[axis] for axis in walk)]
    return steps, len(order)


def size(magnitude, minimum=0.12):
    return minimum + (1 - minimum) * np.sqrt(np.clip(magnitude, 0, 1))


@pytest.mark.parametrize(
    ("algorithm", "blocks"), [(a, (2, 3, 2)) for a in WALKS] + [("vvprod", (1, 1, 1)), ("scalar", (1, 1, 1))]
)
def test_values_and_sizes_at_every_frame(factory, algorithm, blocks):
    """out = tanh(A.T @ B.T) of 5 x 4 x 3: products, their weights, partial sums, the crossfade."""
    arrays = random(1, A=(4, 5), B=(3, 4))
    left, right = arrays["A"].T, arrays["B"].T
    i_blocks, k_blocks, j_blocks = blocks
    options = {"i_blocks": i_blocks, "k_blocks": k_blocks, "j_blocks": j_blocks}
    scene = build(
        described(
            "out = tanh(A.T @ B.T)",
            arrays,
            animation={"algorithm": algorithm},
            products={"out": options},
            look={"settled_scale": 0.5, "product_scale": 0.6, "min_size": 0.12, "product_clip": 99.7},
        )
    )
    products = left[:, :, None] * right[None, :, :]
    raw, final = left @ right, np.tanh(left @ right)
    clip = np.percentile(np.abs(products), 99.7)
    steps, count = steps_of(WALKS[algorithm], products.shape, blocks)
    moving = algorithm != "none"
    swept = 1 + (SWEEP * FPS if moving else 0)
    settled = swept + (EPILOGUE * FPS if moving else 0)
    assert scene.frame_end == settled + HOLD * FPS

    for frame in [*range(1, scene.frame_end + 1), 1.3, 4.75, swept + 0.5]:
        sweep = count * np.interp(frame, [1, swept], [0, 1]) if moving else 1.0
        finish = np.interp(frame, [swept, settled], [0, 1]) if moving else 1.0
        weights = np.clip(sweep - steps, 0, 1)
        shown = drawn(scene, "product", "out", frame)
        # Sweep is a float, so an element may begin a millionth of a step early or late.
        certain = (weights > 1e-5) | (weights == 0)
        there = as_matrix(shown | {"j": shown["k"], "k": shown["j"]}, products.shape, "radius") > 0
        np.testing.assert_array_equal(there[certain], (weights > 0)[certain])
        value = products[shown["i"], shown["k"], shown["j"]]
        np.testing.assert_allclose(shown["value"], value, rtol=3e-7)
        weight = weights[shown["i"], shown["k"], shown["j"]] * (1 - 0.5 * finish if moving else 1)
        np.testing.assert_allclose(
            shown["radius"], 0.5 * 0.6 * size(np.abs(value) / clip) * weight, atol=2e-6
        )

        shown = drawn(scene, "matrix", "out")
        sums = (weights * products).sum(axis=1)
        expected = (1 - finish) * sums + finish * final
        np.testing.assert_allclose(
            as_matrix(shown, raw.shape), expected, atol=1e-5 * np.abs(raw).max(), err_msg=str(frame)
        )
        magnitude = (1 - finish) * np.clip(np.abs(sums) / np.abs(raw).max(), 0, 1)
        magnitude += finish * np.abs(final) / np.abs(final).max()
        magnitude = np.where(np.abs(expected) > 0, size(magnitude), 0)
        np.testing.assert_allclose(as_matrix(shown, raw.shape, "radius"), 0.5 * 0.9 * magnitude, atol=2e-3)
    shown = drawn(scene, "matrix", "out", scene.frame_end)
    np.testing.assert_allclose(as_matrix(shown, raw.shape), final, atol=1e-6)
    np.testing.assert_array_equal(as_matrix(drawn(scene, "matrix", "A"), (4, 5)), arrays["A"])


def attention(seed=2, **tables):
    """A causal attention head of 4 tokens, with its values before and after softmax."""
    arrays = random(seed, Q=(4, 3), K=(4, 3), V=(4, 2))
    scores = arrays["Q"] @ arrays["K"].T / np.sqrt(3)
    kept = np.tril(np.ones((4, 4), bool))
    powers = np.exp(scores) * kept
    weights = powers / powers.sum(axis=1, keepdims=True)
    expression = "out = (attn = softmax(Q @ K.T / sqrt(k), mask=causal)) @ V"
    return described(expression, arrays, **tables), arrays, kept, weights


def test_the_second_product_takes_finished_values_and_masked_entries_are_absent(factory):
    description, arrays, kept, weights = attention()
    scene = build(description)
    raw = arrays["Q"] @ arrays["K"].T
    for frame, expected in ((7.0, raw), (8.5, 0.5 * (raw + weights)), (10.0, weights)):
        shown = drawn(scene, "matrix", "attn", frame)
        assert sorted(zip(shown["i"], shown["j"], strict=True)) == sorted(zip(*np.nonzero(kept), strict=True))
        np.testing.assert_allclose(as_matrix(shown, (4, 4)), expected * kept, atol=1e-6 * np.abs(raw).max())
    products = drawn(scene, "product", "out", scene.frame_end)
    assert len(products["value"]) == 10 * 2  # a masked entry makes no products
    i, j, k = products["i"], products["j"], products["k"]
    np.testing.assert_allclose(products["value"], weights[i, k] * arrays["V"][k, j], atol=1e-6)
    out = as_matrix(drawn(scene, "matrix", "out"), (4, 2))
    np.testing.assert_allclose(out, weights @ arrays["V"], atol=1e-6)


def test_zeros_are_absent_and_everything_else_is_there(factory):
    """However small, and however small it is drawn."""
    a = np.array([[0.0, 1e-30, -2.0], [0.5, -0.25, 0.0]])
    b = np.array([[1.0, 0.0], [2.0, 3.0], [0.5, 0.0]])
    look = {"min_size": 0.001, "sensitivity": "superlocal", "product_clip": 100.0}
    scene = build(described("out = A @ B", {"A": a, "B": b}, look=look))
    scene.frame_set(scene.frame_end)
    for name, values in (("A", a), ("B", b), ("out", a @ b)):
        shown = drawn(scene, "matrix", name)
        assert len(shown["value"]) == np.count_nonzero(values), name
        np.testing.assert_allclose(as_matrix(shown, values.shape), values, rtol=1e-6)
    shown = drawn(scene, "product", "out")
    assert len(shown["value"]) == np.count_nonzero(a[:, :, None] * b[None])
    whole = random(9, A=(2, 3), B=(3, 2))
    scene = build(described("out = A @ B", whole, look=look))  # the smallest entry has magnitude 0
    assert len(drawn(scene, "matrix", "A")["value"]) == 6


def test_places_of_matrices_and_products(factory):
    """Positions by the design: entries in rows and columns, products before the entries they join."""
    arrays = random(3, A=(2, 3), B=(3, 4))
    scene = build(described("out = A @ B", arrays, layout={"gap": 2.5}))
    scene.frame_set(scene.frame_end)
    shown = {name: drawn(scene, "matrix", name) for name in ("A", "B", "out")}
    i, j = shown["out"]["i"], shown["out"]["j"]
    np.testing.assert_allclose(shown["out"]["position"], np.stack([j, 0 * i, -i], 1), atol=1e-5)
    i, k = shown["A"]["i"], shown["A"]["j"]
    np.testing.assert_allclose(shown["A"]["position"], np.stack([-2.5 + 0 * i, k - 4.5, -i], 1), atol=1e-5)
    k, j = shown["B"]["i"], shown["B"]["j"]
    np.testing.assert_allclose(shown["B"]["position"], np.stack([j, k - 4.5, -3.5 + 0 * j], 1), atol=1e-5)
    shown = drawn(scene, "product", "out")
    i, j, k = shown["i"], shown["j"], shown["k"]
    np.testing.assert_allclose(shown["position"], np.stack([j, k - 4.5, -i], 1), atol=1e-5)


def test_instances_and_points_are_the_same_elements(factory):
    found = []
    for budget in (200_000, 0):
        description, *_ = attention(look={"instance_budget": budget})
        scene = build(description)
        found.append(
            [drawn(scene, kind, "attn", frame) for frame in (3.3, 8.0) for kind in ("matrix", "product")]
        )
    for instances, points in zip(*found, strict=True):
        assert len(instances["value"]) > 0
        for name in instances:
            np.testing.assert_allclose(instances[name], points[name], rtol=1e-6, err_msg=name)


def test_a_cloud_of_points_is_denoised_without_its_normals(factory):
    found = []
    for budget in (200_000, 0):
        cycles = build(attention(look={"instance_budget": budget})[0]).cycles
        assert cycles.use_denoising
        found.append((cycles.denoising_prefilter, cycles.denoising_input_passes))
    assert found == [("FAST", "RGB_ALBEDO_NORMAL"), ("NONE", "RGB_ALBEDO")]


def test_names_kinds_shapes_and_the_description(factory):
    description, *_ = attention(look={"labels": True, "legend": True, "title": True}, title="A head")
    scene = build(description)
    found = {
        (ob["mc_kind"], ob["mc_name"]): list(ob["mc_shape"])
        for ob in scene.objects
        if ob.get("mc_kind") in ("matrix", "product")
    }
    assert found == {
        ("matrix", "Q"): [4, 3],
        ("matrix", "K"): [4, 3],
        ("matrix", "V"): [4, 2],
        ("matrix", "attn"): [4, 4],
        ("matrix", "out"): [4, 2],
        ("product", "attn"): [4, 3, 4],
        ("product", "out"): [4, 4, 2],
    }
    assert json.loads(scene["matrix_cinema"])["expression"] == description.expression
    assert from_json(scene["matrix_cinema"]) == description
    for ob in scene.objects:
        if ob.get("mc_kind") == "product":
            steps = compat.get_input(ob.modifiers[0], "Steps")
            assert ob["mc_steps"] == steps == ob["mc_shape"][1]  # vvprod: one step for each k


def curves_of(block):
    """All F-curves of a data-block's action, whatever the version."""
    animation = block.animation_data
    if animation is None or animation.action is None:
        return []
    bags = [bag for layer in animation.action.layers for strip in layer.strips for bag in strip.channelbags]
    return [curve for bag in bags for curve in bag.fcurves]


def test_one_curve_sweeps_a_product_and_no_scripts_run(factory):
    description, *_ = attention(look={"labels": True, "legend": True, "title": True}, title="A head")
    scene = build(description)
    for ob in scene.objects:
        sweeps = []
        for modifier in ob.modifiers:
            inputs = [i.name for i in modifier.node_group.interface.items_tree if i.in_out == "INPUT"]
            if "Sweep" in inputs:
                path = compat.input_path(modifier, "Sweep")
                sweeps += [curve for curve in curves_of(ob) if curve.data_path == path]
        assert len(sweeps) == (ob.get("mc_kind") == "product"), ob.name
        for curve in sweeps:
            assert [list(point.co)[1] for point in curve.keyframe_points] == [0.0, ob["mc_steps"]]
            assert {point.interpolation for point in curve.keyframe_points} == {"LINEAR"}
        for driver in ob.animation_data.drivers if ob.animation_data else ():
            assert driver.driver.type != "SCRIPTED"
    for name in dir(bpy.app.handlers):
        handlers = getattr(bpy.app.handlers, name)
        if isinstance(handlers, list):
            assert not [h for h in handlers if "matrix_cinema" in getattr(h, "__module__", "")], name
    assert len(bpy.data.texts) == 0


def test_sweep_by_hand_moves_the_result(factory):
    arrays = random(4, A=(2, 4), B=(4, 3))
    scene = build(described("out = A @ B", arrays))
    (product,) = [ob for ob in scene.objects if ob.get("mc_kind") == "product"]
    product.animation_data.action = None
    for sweep in (0.0, 2.0, 2.5, 4.0):
        set_inputs(product, {"Sweep": sweep})
        bpy.context.view_layer.update()
        weights = np.clip(sweep - np.arange(4), 0, 1)
        expected = (arrays["A"] * weights) @ arrays["B"]
        np.testing.assert_allclose(as_matrix(drawn(scene, "matrix", "out"), (2, 3)), expected, atol=1e-6)
        assert len(drawn(scene, "product", "out")["value"]) == 6 * np.ceil(sweep)


@pytest.mark.parametrize("settled", [0.0, 0.4])
def test_a_trail_settles_products_after_their_step(factory, settled):
    arrays, look = random(4, A=(2, 5), B=(5, 2)), {"settled_scale": settled}
    whole = drawn(build(described("out = A @ B", arrays, look=look)), "product", "out", 7)
    scene = build(described("out = A @ B", arrays, look=look, animation={"trail": 2.0}))
    shown = drawn(scene, "product", "out", 1 + SWEEP * FPS * 3.5 / 5)  # Sweep is 3.5
    assert set(shown["k"]) == ({1, 2, 3} if settled == 0.0 else {0, 1, 2, 3})
    radius = as_matrix(whole, (2, 2, 5), "radius")[shown["i"], shown["j"], shown["k"]]
    size = np.array([settled, 0.25 + 0.75 * settled, 0.75 + 0.25 * settled, 0.5])  # ages 2.5, 1.5, 0.5
    np.testing.assert_allclose(shown["radius"], radius * size[shown["k"]], rtol=1e-4)


def test_an_interior_that_is_not_drawn_still_sums(factory):
    arrays = random(5, A=(2, 4), B=(4, 3))
    scene = build(described("out = A @ B", arrays, products={"out": {"interior": False}}))
    (product,) = [ob for ob in scene.objects if ob.get("mc_kind") == "product"]
    assert product.hide_render
    shown = drawn(scene, "matrix", "out", 1 + SWEEP * FPS / 2)
    expected = arrays["A"][:, :2] @ arrays["B"][:2]
    np.testing.assert_allclose(as_matrix(shown, (2, 3)), expected, atol=1e-6)


@pytest.mark.parametrize(("fps", "kept"), [(7, (7, 1.0)), (24, (24, 1.0)), (29.97, (30, 1.001))])
def test_at_the_last_frame_everything_is_finished(factory, fps, kept):
    """Also when the times are no whole frames and nothing is held."""
    timing = {"sweep_seconds": 0.33, "epilogue_seconds": 0.21, "pause_seconds": 0.1, "hold_seconds": 0.0}
    description, arrays, _, weights = attention(animation=timing, render={"fps": fps})
    scene = build(description)
    assert (scene.render.fps, scene.render.fps_base) == pytest.approx(kept, rel=1e-7)
    for name, expected in (("attn", weights), ("out", weights @ arrays["V"])):
        shown = drawn(scene, "matrix", name, scene.frame_end)
        np.testing.assert_allclose(as_matrix(shown, expected.shape), expected, atol=1e-6)


def test_a_result_used_twice_has_one_interior_and_one_sweep(factory):
    arrays = random(6, A=(3, 2), B=(2, 4))
    scene = build(described("out = (S = relu(A @ B)) @ S.T", arrays))
    scene.frame_set(scene.frame_end)
    assert sorted(ob["mc_name"] for ob in scene.objects if ob.get("mc_kind") == "product") == ["S", "out"]
    relu = np.maximum(arrays["A"] @ arrays["B"], 0)
    np.testing.assert_allclose(as_matrix(drawn(scene, "matrix", "out"), (3, 3)), relu @ relu.T, atol=1e-6)


def test_a_product_that_is_transposed_where_it_is_used(factory):
    arrays = random(7, A=(3, 2), B=(2, 4), C=(3, 2))
    scene = build(described("out = (S = A @ B).T @ C", arrays))
    scene.frame_set(scene.frame_end)
    expected = (arrays["A"] @ arrays["B"]).T @ arrays["C"]
    np.testing.assert_allclose(as_matrix(drawn(scene, "matrix", "out"), (4, 2)), expected, atol=1e-6)


# -- the file around the scene -------------------------------------------------------------------------


def inventory():
    """Every data-block of the file by kind and name, with its users, but for Blender's own font."""
    found = {}
    for kind in set(dir(bpy.data)) - {"screens", "workspaces", "fonts", "all_ids"}:
        blocks = getattr(bpy.data, kind)
        if isinstance(blocks, bpy.types.bpy_prop_collection):
            found |= {(kind, block.name): block.users for block in blocks if isinstance(block, bpy.types.ID)}
    return found


def test_rebuilding_replaces_everything_and_clearing_leaves_nothing(factory):
    scene = bpy.context.scene
    keep = bpy.data.objects.new("mine", bpy.data.meshes.new("mine"))
    scene.collection.objects.link(keep)
    bpy.data.materials.new("Mine")
    bpy.data.collections.new("Mine")
    before = inventory()
    description, *_ = attention(look={"labels": True, "legend": True, "title": True}, title="A head")
    build(description)
    once = inventory()
    for style in ("paper", "studio_light", "studio_dark"):
        build(described("A @ B", random(8, A=(2, 3), B=(3, 2)), look={"style": style}))
    build(description)
    assert inventory() == once
    with rebuilding(scene):
        pass
    assert inventory() == before


def test_two_scenes_of_one_file_do_not_touch_each_other(factory):
    first, second = bpy.context.scene, bpy.data.scenes.new("second")
    description, *_ = attention()
    build(description, first)
    build(described("out = A @ B", random(8, A=(2, 2), B=(2, 2))), second)
    names = {ob.name for ob in second.objects}
    world = second.world.name
    assert second.frame_end == 9
    build(description, first)
    assert {ob.name for ob in second.objects} == names and second.world.name == world
    assert not set(first.objects) & set(second.objects)
    with rebuilding(second):
        pass
    shown = drawn(first, "matrix", "V", first.frame_end)
    assert len(shown["value"]) == 8 and first.camera is not None and first.world is not None


A, B = random(9, A=(2, 3), B=(3, 2)).values()
BAD = {
    "no expression": ("", {}, {}, "has no .expression."),
    "not an expression": ("A @", {"A": A}, {}, "expression"),
    "shapes": ("A @ A", {"A": A}, {}, r"\(2, 3\) times \(2, 3\)"),
    "style": ("A @ B", {"A": A, "B": B}, {"look": {"style": "studio"}}, "unknown style"),
    "color map": ("A @ B", {"A": A, "B": B}, {"look": {"color_map": "vikk"}}, 'did you mean "vik"'),
    "product": ("A @ B", {"A": A, "B": B}, {"products": {"C": {}}}, '"C" is not a result'),
    "object": ("A @ B", {"A": A, "B": B}, {"look": {"shape": "object", "object": "Suzane"}}, "Suzanne"),
    "no object": ("A @ B", {"A": A, "B": B}, {"look": {"shape": "object"}}, "choose the mesh object"),
    "not a mesh": ("A @ B", {"A": A, "B": B}, {"look": {"shape": "object", "object": "Lamp"}}, "Suzanne"),
    "too large for a float": ("A @ B", {"A": 1e300 * A, "B": 1e-300 * B}, {}, "A.*too large"),
    "products too large": ("S = tanh(A @ B)", {"A": 1e30 * A, "B": 1e30 * B}, {}, "too large"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.one_blender
def test_a_bad_description_changes_nothing(factory, case):
    scene = bpy.context.scene
    for name, data in (("Suzanne", bpy.data.meshes.new("m")), ("Lamp", bpy.data.lights.new("l", "POINT"))):
        scene.collection.objects.link(bpy.data.objects.new(name, data))
    build(described("out = A @ B", random(9, A=(2, 3), B=(3, 2))))
    before, text = inventory(), scene["matrix_cinema"]
    expression, arrays, tables, message = BAD[case]
    with pytest.raises(InputError, match=message) as raised:
        build(described(expression, arrays, **tables))
    assert "\n" not in str(raised.value)
    assert inventory() == before and scene["matrix_cinema"] == text


def test_the_users_own_object_is_what_is_drawn(factory):
    mesh = bpy.data.meshes.new("octahedron")
    mesh.from_pydata([(1, 0, 0), (0, 1, 0), (0, 0, 1)], [], [(0, 1, 2)])
    scene = bpy.context.scene
    scene.collection.objects.link(bpy.data.objects.new("octahedron", mesh))
    look = {"shape": "object", "object": "octahedron"}
    build(described("out = A @ B", random(9, A=(2, 3), B=(3, 2)), look=look))
    build(described("out = A @ B", random(9, A=(2, 3), B=(3, 2)), look=look))
    scene.frame_set(scene.frame_end)
    drawn_meshes = {
        len(instance.object.data.vertices)
        for instance in bpy.context.evaluated_depsgraph_get().object_instances
        if instance.is_instance and instance.parent.original.get("mc_kind") in ("matrix", "product")
    }
    assert drawn_meshes == {3}


def test_an_object_of_ours_is_not_the_users_own(factory):
    build(described("out = A @ B", random(9, A=(2, 3), B=(3, 2))))
    before = inventory()
    look = {"shape": "object", "object": "Matrix Cinema cube"}
    with pytest.raises(InputError, match="no mesh object"):
        build(described("out = A @ B", random(9, A=(2, 3), B=(3, 2)), look=look))
    assert inventory() == before
