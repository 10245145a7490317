"""The element under a point of the picture is found, and described with the numbers in the file."""

import dataclasses

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from built_scenes import described  # noqa: E402
from matrix_cinema.blender import picking, tags  # noqa: E402
from matrix_cinema.blender.read import elements  # noqa: E402
from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.staging.writing.numerals import number  # noqa: E402

SIZE = np.array((640.0, 360.0))
LEFT = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
RIGHT = np.array([[7.0, 8.0], [-9.0, 1.0], [2.0, 3.0]])


@pytest.fixture
def scene(factory):
    """A product that is summed over three steps, and then a softmax; its rows are tokens."""
    made = described("S = softmax(A @ B)", {"A": LEFT, "B": RIGHT}, animation={"algorithm": "vvprod"})
    tokens = dataclasses.replace(made.matrices["A"], row_axis="query", row_labels=("the", "cat"))
    return build(dataclasses.replace(made, matrices=made.matrices | {"A": tokens}))


def projection_of(scene):
    depsgraph = bpy.context.evaluated_depsgraph_get()
    camera = scene.camera.evaluated_get(depsgraph)
    lens = camera.calc_matrix_camera(depsgraph, x=int(SIZE[0]), y=int(SIZE[1]))
    return depsgraph, np.array(lens) @ np.linalg.inv(np.array(camera.matrix_world))


def place_of(projection, position):
    clipped = projection @ np.append(position, 1.0)
    return (clipped[:2] / clipped[3] + 1) / 2 * SIZE


def test_the_element_under_a_point_is_found(scene):
    scene.frame_set(scene[tags.DONE])
    depsgraph, projection = projection_of(scene)
    for ob in scene.objects:
        if ob.get(tags.KIND) != "matrix":
            continue
        drawn = elements(ob, depsgraph, sizes=True)
        assert (drawn["radius"] > 0).all() and drawn["count"] >= 4
        for n in range(drawn["count"]):
            found = picking.hit(depsgraph, projection, SIZE, place_of(projection, drawn["position"][n]))
            assert (found.kind, found.name) == ("matrix", ob[tags.NAME])
            assert found.entry == (drawn["i"][n], drawn["j"][n])
    assert picking.hit(depsgraph, projection, SIZE, (1, 1)) is None
    assert picking.hit(depsgraph, projection, SIZE, SIZE / 2, most=0) is None


def test_an_element_is_found_again_where_it_stands_by_now(scene):
    scene.frame_set(scene[tags.DONE])
    depsgraph, projection = projection_of(scene)
    (given,) = [ob for ob in scene.objects if ob.get(tags.KIND) == "matrix" and ob[tags.NAME] == "A"]
    place = elements(given, depsgraph)["position"][4]
    found = picking.hit(depsgraph, projection, SIZE, place_of(projection, place))
    given.location.x += 3.0
    again = picking.found_again(bpy.context.evaluated_depsgraph_get(), found)
    assert np.allclose(again.position, np.add(found.position, (3, 0, 0)), atol=1e-4)
    assert dataclasses.replace(again, position=found.position) == found
    bpy.data.objects.remove(given)
    assert picking.found_again(bpy.context.evaluated_depsgraph_get(), found) is None


def test_an_instance_in_another_scene_is_found_too(scene):
    other = bpy.data.scenes.new("Other")
    parts = bpy.data.collections.new("Parts")
    for one in scene.collection.children_recursive:
        if one.name in ("Matrices", "Products"):
            parts.children.link(one)
    parts.instance_offset = (1, 2, 3)
    stand = bpy.data.objects.new("Stand", None)
    stand.instance_type, stand.instance_collection = "COLLECTION", parts
    stand.location, stand.scale = (5, 0, 1), (2, 2, 2)
    other.collection.objects.link(stand)
    bpy.context.window.scene = other
    depsgraph = bpy.context.evaluated_depsgraph_get()
    places = [np.array(one.matrix_world.translation) for one in depsgraph.object_instances if one.is_instance]
    (given,) = [ob for ob in scene.objects if ob.get(tags.KIND) == "matrix" and ob[tags.NAME] == "A"]
    where = 2 * (np.array(given.location) - (1, 2, 3)) + (5, 0, 1)
    assert np.abs(np.array(places) - where).sum(axis=1).min() < 1e-4  # as Blender has it
    along_y = np.diag([0.1, 0, 0, 1.0]) + np.outer([0, 0, 1, 0], [0, 0.001, 0, 0])
    along_y[1, 2], along_y[:2, 3] = 0.1, -0.1 * where[[0, 2]]
    found = picking.hit(depsgraph, along_y, SIZE, SIZE / 2)
    assert (found.scene, found.name, found.entry[0]) == (scene.name, "A", 0)
    assert np.abs(np.array(places) - found.position).sum(axis=1).min() < 1e-4


def test_an_entry_is_told_with_its_tokens_and_what_makes_it(scene):
    scene.frame_set(scene[tags.DONE])
    sums = LEFT @ RIGHT
    given = picking.told(picking.Hit(scene.name, "matrix", "A", (1, 2), (0, 0, 0)))
    assert given.head == "A[1, 2] = −6" and given.lines[0] == "query 1: cat, column 2"
    made = picking.told(picking.Hit(scene.name, "matrix", "S", (0, 1), (0, 0, 0)))
    assert made.lines[0] == "query 0: the, column 1"
    assert made.lines[1] == f"sum of all 3 products {sums[0, 1]:g}"
    assert made.lines[2].startswith(f"{sums[0, 1]:g} → softmax → ")
    inside = picking.told(picking.Hit(scene.name, "product", "S", (0, 1, 1), (0, 0, 0)))
    assert inside.head == "S: product 0, 1, 1 = −2"
    assert inside.lines[1] == "A[0, 1] × B[1, 1] = −2 × 1"


def test_the_sum_so_far_is_that_of_the_frame(scene):
    (ob,) = [ob for ob in scene.objects if ob.get(tags.KIND) == "matrix" and ob[tags.NAME] == "S"]
    hit, said = picking.Hit(scene.name, "product", "S", (1, 0, 0), (0, 0, 0)), []
    for frame in range(1, 7):  # the sweep
        scene.frame_set(frame)
        drawn = elements(ob, bpy.context.evaluated_depsgraph_get())
        (value,) = drawn["value"][(drawn["i"] == 1) & (drawn["j"] == 0)] if drawn["count"] else (0.0,)
        said.append(picking.told(hit).lines[-1])
        assert said[-1] == f"sum so far {number(float(value))}, of all 3 products −29"
    assert len(set(said)) == 6


def test_what_is_gone_is_not_told(scene):
    for hit in (
        picking.Hit("Nowhere", "matrix", "A", (0, 0), (0, 0, 0)),
        picking.Hit(scene.name, "matrix", "Z", (0, 0), (0, 0, 0)),
        picking.Hit(scene.name, "matrix", "A", (9, 0), (0, 0, 0)),
    ):
        assert picking.told(hit) is None
    scene[tags.GIVEN] = "{broken"
    assert picking.told(picking.Hit(scene.name, "matrix", "A", (0, 0), (0, 0, 0))).lines == (
        "row 0, column 0",
    )
