"""Numbers on elements, and beams to them, on real geometry against the definitions."""

import dataclasses
import itertools

import numpy as np
import pytest
from matrix_cinema.description.scene import ANIMATIONS, Animation, Look, MatrixOptions, ProductOptions, Scene
from matrix_cinema.staging.writing.numerals import Notation, notation, notation_of_weights, shown


@pytest.mark.parametrize(
    ("values", "decimals", "exponent", "longest"),
    [
        *(([1, -20, 300], 0, 0, "300"), ([0.5, 1], 1, 0, "0.5"), ([0.25, -1], 2, 0, "0.25")),
        *(([1 / 3], 2, 0, "0.33"), ([12.5], 1, 0, "12.5"), ([1234.5], 0, 0, "1234"), ([0], 0, 0, "0")),
        *(([0.01, -0.002, 0], 3, 0, "−0.002"), ([1 / 300], 4, 0, "0.0033"), ([999999], 0, 0, "999999")),
        *(([2e-5, -3e-6], 1, -5, "−0.3e−5"), ([2e-5], 0, -5, "2e−5"), ([4e8], 0, 8, "4e8")),
        *(([1e38 / 3], 1, 37, "3.3e37"), ([1.3e-38], 2, -37, "0.13e−37"), ([9.996, -3], 2, 0, "−3")),
    ],
)
def test_numbers_have_two_digits_of_the_largest_at_least(values, decimals, exponent, longest):
    assert notation(np.array(values, float)) == Notation(decimals, exponent, len(longest))


def test_weights_add_up_as_they_are_written_and_none_that_is_there_looks_like_0():
    weights = np.array([[0.9558, *[0.0044] * 10, 0.0002, 0.0]])
    assert np.abs(np.round(weights, 2).sum() - 1.0) > 0.005  # with two decimals they would not
    found = notation_of_weights(weights)
    assert abs(np.round(weights, found.decimals).sum() - 1.0) <= 0.005
    assert found == Notation(3, 0, 5, "<.001")
    assert notation_of_weights(np.array([[0.25, 0.75]])) == notation(np.array([0.25, 0.75]))


def test_small_scenes_are_numbered_by_themselves():
    assert shown("auto", 64, 64) and not shown("auto", 65, 64)
    assert shown("on", 10**6, 64) and not shown("off", 1, 64)


def small_scene(**animation):
    return Scene(
        expression="C = A @ B",
        matrices={
            "A": MatrixOptions(values=((1.0, -2.0, 3.0), (4.0, 0.0, 6.0))),
            "B": MatrixOptions(values=((7.0, 8.0), (-9.0, 10.0), (11.0, 12.0))),
        },
        animation=Animation(**{"algorithm": "vmprod", "epilogue_seconds": 0.0, **animation}),
        look=Look(legend=False, labels=False),
    )


def drawn_by_kind(target, kind):
    return {ob["mc_name"]: ob for ob in target.objects if ob.get("mc_kind") == kind}


def evaluated_mesh(bpy, ob):
    geometry = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    return geometry, geometry.mesh


def area_of(mesh):
    return sum(polygon.area for polygon in mesh.polygons) if mesh else 0.0


def area_of_text(bpy, text, size):
    """The area of a line of type, made by Blender's own text object."""
    curve = bpy.data.curves.new("text", "FONT")
    curve.body, curve.size = text, size
    ob = bpy.data.objects.new("text", curve)
    bpy.context.scene.collection.objects.link(ob)
    bpy.context.view_layer.update()
    mesh = ob.to_mesh()
    area = area_of(mesh)
    bpy.data.objects.remove(ob)
    return area


def written(name, value):
    """A value as it has to stand on its element."""
    power = {"A": 0, "B": -5, "C": -4}[name]  # of the largest, 1.2e-5 and 1.04e-4
    digits = f"{round(value * 10**-power, 1) + 0:g}"
    return (digits if digits == "0" or not power else f"{digits}e{power}").replace("-", "−")


@pytest.mark.parametrize("budget", [200_000, 0])  # instances, points
def test_every_number_is_the_value_at_that_frame(factory, budget):
    from matrix_cinema.blender.numbers import SIZE
    from matrix_cinema.blender.read import elements
    from matrix_cinema.blender.update import build

    scene = small_scene()
    look = dataclasses.replace(scene.look, instance_budget=budget)
    small = MatrixOptions(
        values=tuple(tuple(1e-6 * value for value in row) for row in scene.matrices["B"].values)
    )
    matrices = scene.matrices | {"B": small}
    target = build(dataclasses.replace(scene, look=look, matrices=matrices))
    numbers = {
        ob["mc_name"]: ob
        for ob in target.objects
        if ob.get("mc_kind") == "number" and "products" not in ob.name
    }
    assert set(numbers) == {"A", "B", "C"}
    left, right = (np.array(matrices[name].values) for name in ("A", "B"))
    shown_of = {"A": left, "B": right, "C": np.append(left[:, :, None] * right, left @ right)}
    longest = {name: max(len(written(name, v)) for v in np.ravel(every)) for name, every in shown_of.items()}
    matrices = drawn_by_kind(target, "matrix")
    for frame in (1, 13.25, target.frame_end):
        target.frame_set(int(frame), subframe=frame % 1)
        graph = factory.context.evaluated_depsgraph_get()
        for name, ob in numbers.items():
            values = elements(matrices[name], graph)["value"]
            texts = [written(name, float(v)) for v in values]
            assert len(texts) == matrices[name]["mc_shape"][0] * matrices[name]["mc_shape"][1]
            sizes = [SIZE * min(1.0, 2.6 / max(len(text), longest[name])) for text in texts]
            expected = sum(area_of_text(factory, t, s) for t, s in zip(texts, sizes, strict=True))
            keep, mesh = evaluated_mesh(factory, ob)
            assert area_of(mesh) == pytest.approx(expected, rel=0.02), (name, frame, texts)
            del keep


def test_numbers_are_no_elements_of_the_matrix(factory):
    from matrix_cinema.blender.update import build
    from matrix_cinema.blender.verify import verify

    report = verify(build(small_scene()))
    assert report.ok, "\n".join(report.lines())


@pytest.mark.parametrize("algorithm", [name for name in ANIMATIONS if name != "none"])
@pytest.mark.parametrize("blocks", [pytest.param((1, 1, 1), marks=pytest.mark.one_blender), (2, 2, 2)])
def test_beams_join_what_is_in_use_to_the_farthest_product(factory, algorithm, blocks):
    from matrix_cinema.blender.beams import THICKNESS
    from matrix_cinema.blender.build import draw
    from matrix_cinema.picture.drawing import film_of
    from matrix_cinema.staging.plan import plan

    i_blocks, j_blocks, k_blocks = blocks
    scene = small_scene(algorithm=algorithm, sweep_seconds=1.0)
    options = ProductOptions(i_blocks=i_blocks, j_blocks=j_blocks, k_blocks=k_blocks)
    p = plan(dataclasses.replace(scene, products={"C": options}))
    target = draw(film_of(p))
    (beams,) = drawn_by_kind(target, "guide").values()
    move, sweep = p.timeline.moves["C"], p.sweeps["C"]
    step = sweep.steps // 2
    frame = move.start + (move.swept - move.start) * (step + 0.5) / sweep.steps
    target.frame_set(int(frame), subframe=frame % 1)
    keep, mesh = evaluated_mesh(factory, beams)
    found = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", found)
    corners = found.reshape(-1, 8, 3) + np.array(beams.location, np.float32)
    del keep
    drawn = sorted([*c.min(axis=0).round(3), *c.max(axis=0).round(3)] for c in corners)

    (cuboid,) = p.arrangement.cuboids
    planes = {plane.role: plane for plane in p.arrangement.planes}
    rows, inner, columns = cuboid.rows, cuboid.inner, cuboid.columns
    used = [
        (i, j, k)
        for i, j, k in itertools.product(range(rows), range(columns), range(inner))
        if sweep.step(i, j, k) == step
    ]

    def place(i, j, k):
        steps = (i, cuboid.i_ruler, cuboid.i_step), (j, cuboid.j_ruler, cuboid.j_step)
        along = [ruler.at(n) * step for n, ruler, step in (*steps, (k, cuboid.k_ruler, cuboid.k_step))]
        return cuboid.origin + sum(along)

    expected = []
    for role, row, column in (("left", 0, 2), ("right", 2, 1), ("result", 0, 1)):
        third = 3 - row - column
        for entry in {(ijk[row], ijk[column]) for ijk in used}:
            plane = planes[role]
            start = plane.origin + plane.row_ruler.at(entry[0]) * plane.row
            start = start + plane.column_ruler.at(entry[1]) * plane.column
            ends = [place(*ijk) for ijk in used if (ijk[row], ijk[column]) == entry]
            end = max(ends, key=lambda end: np.abs(end - start).sum())
            if role != "result" and beam_to_nothing(p, role, entry, third, used, row, column):
                continue
            half = THICKNESS / 2
            expected.append([*(np.minimum(start, end) - half), *(np.maximum(start, end) + half)])
    assert len(drawn) == len(expected)
    assert np.allclose(np.array(drawn), np.array(sorted(np.round(expected, 3).tolist())), atol=2e-3)


def beam_to_nothing(p, role, entry, third, used, row, column):
    """Whether an entry is 0, or the only product that its beam leads to."""
    left, right = p.evaluation["A"].final, p.evaluation["B"].final
    joined = [ijk for ijk in used if (ijk[row], ijk[column]) == entry]
    own = {"left": left, "right": right}[role][entry]
    along_whole = p.sweeps["C"].strides[third] == 0
    products = [left[i, k] * right[k, j] for i, j, k in joined]
    return own == 0 or (not along_whole and not any(products))


def test_beams_and_numbers_can_be_switched_off(factory):
    from matrix_cinema.blender.update import build

    scene = small_scene()
    target = build(
        dataclasses.replace(scene, look=Look(numbers="off", beams="off", legend=False, labels=False))
    )
    assert not drawn_by_kind(target, "number") and not drawn_by_kind(target, "guide")


@pytest.mark.parametrize("view", ["isometric", "three_quarter"])  # without and with perspective
def test_numbers_are_seen_before_their_elements(factory, view):
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector
    from matrix_cinema.blender.read import elements
    from matrix_cinema.blender.update import build

    scene = small_scene()
    target = build(dataclasses.replace(scene, camera=dataclasses.replace(scene.camera, view=view)))

    def middle(points):
        seen = np.array([world_to_camera_view(target, target.camera, point)[:2] for point in points])
        return 0.5 * (seen.min(axis=0) + seen.max(axis=0))

    numbers, matrix = (drawn_by_kind(target, kind)["A"] for kind in ("number", "matrix"))
    keep, mesh = evaluated_mesh(factory, numbers)
    written = middle([numbers.matrix_world @ vertex.co for vertex in mesh.vertices])
    places = elements(matrix, factory.context.evaluated_depsgraph_get())["position"]
    drawn = middle([Vector(place) for place in places])
    del keep
    assert np.abs(written - drawn).max() < 0.012
