"""The functions of the package, each once on a tiny scene: what they make, tell and refuse."""

import dataclasses
import re
import struct

import matrix_cinema as mc
import numpy as np
import pytest
from paths import ROOT

CAPTURE = ROOT / "examples" / "data" / "minilm.safetensors"


@pytest.fixture
def blender():
    return pytest.importorskip("bpy")


def test_every_name_that_the_docs_show_is_there():
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {name for path in documents for name in re.findall(r"\bmc\.([A-Za-z]\w*)", path.read_text())}
    assert {"render", "film", "still", "Scene"} <= shown
    lacking = [name for name in shown - {"capture"} if name != "record" and not hasattr(mc, name)]
    assert lacking == [] and "record" in mc.__all__ and hasattr(mc.api, "capture")
    assert set(mc.__all__) <= set(dir(mc))
    with pytest.raises(AttributeError, match="no attribute 'rendre'"):
        _ = mc.rendre


def test_a_scene_is_loaded_with_changes(tiny):
    scene = mc.load(tiny, style="paper", view="front")
    assert (scene.look.style, scene.camera.view) == ("paper", "front")
    head = mc.load(CAPTURE, layer=5, head=1)
    assert head == mc.load(CAPTURE, layer="5", head=1) and head.capture.head == 1
    with pytest.raises(mc.InputError, match="say which with `layer`"):
        mc.load(CAPTURE)


def test_numbers_of_ones_own_are_checked_as_a_file_is(blender):
    values = np.arange(6.0).reshape(2, 3)
    scene = mc.Scene(
        expression="C = A @ B",
        matrices={"A": mc.MatrixOptions(values=values), "B": mc.MatrixOptions(values=values.T.tolist())},
    )
    assert mc.verify(mc.build(scene)).ok
    read = mc.inspect(scene).of.evaluation["C"].final
    assert np.array_equal(read, values @ values.T)
    wrong = dataclasses.replace(scene, render=mc.Render(width=1))
    with pytest.raises(mc.InputError, match="scene: render: width: 1 is too small; the least is 16"):
        mc.build(wrong)


def test_a_description_may_have_tables_and_lists_in_place_of_its_parts():
    scene = mc.Scene(
        expression="A @ A", matrices={"A": {"init": "eye", "shape": (2, 2)}}, beats=[mc.Beat(say="hello")]
    )
    assert mc.beats(scene).beats[0].say == "hello"
    with pytest.raises(mc.InputError, match=r"matrices.A: expected a table, found ndarray.*MatrixOptions"):
        mc.beats(mc.Scene(expression="A @ A", matrices={"A": np.eye(2)}))


def test_what_is_no_source_is_refused_and_an_unknown_option_is_never_passed_over(tiny):
    for source in (3, None, np.eye(2), [tiny]):
        with pytest.raises(mc.InputError, match="a source is the name of a file, or a Scene; found"):
            mc.load(source)
    with pytest.raises(TypeError, match='load: unknown option "stile"; did you mean "style"?'):
        mc.load(tiny, stile="paper")
    with pytest.raises(TypeError, match='render: unknown option "sample"; did you mean "samples"?'):
        mc.still(tiny, sample=3)
    for job, output in ((mc.render, "a.png"), (mc.farm, "job"), (mc.figure, "a.svg")):
        with pytest.raises(TypeError, match=f'{job.__name__}: "style" is an option of load'):
            job(tiny, output, style="paper")


def test_choices_of_a_capture_are_of_the_right_kind():
    one = mc.load(CAPTURE, layer=np.int64(5), head=np.int64(1), parts="steps")
    assert one == mc.load(CAPTURE, layer=5, head=1, parts=["steps"])
    with pytest.raises(mc.InputError, match=r"`head`: \[0, 1\] is not a whole number"):
        mc.load(CAPTURE, layer=5, head=[0, 1])
    with pytest.raises(mc.InputError, match="`passes`: '0-1' are neither numbers"):
        mc.load(CAPTURE, layer=5, passes="0-1")
    shown, _ = mc.panels(str(CAPTURE), layers=[5], heads=[1])
    assert shown == mc.panels([str(CAPTURE)], layers=[5], heads=[1])[0]
    with pytest.raises(mc.InputError, match=r"`heads`: 0 is not a list, such as \[0\]"):
        mc.panels(CAPTURE, layers=[5], heads=0)


def test_numbers_of_pictures_have_limits_in_python_too(tiny, blender):
    for options, message in (
        ({"bits": 12}, "bits: 12"),
        ({"if_device_fails": "no"}, "if_device_fails: 'no'"),
    ):
        with pytest.raises(mc.InputError, match=message):
            mc.render(tiny, "a.png", **options)
    for options in ({"dpi": 0}, {"dpi": "60"}, {"font_size": 0}):
        with pytest.raises(mc.InputError, match=f"`{next(iter(options))}`: .* is not a number from"):
            mc.figure(tiny, "a.svg", **options)


def test_a_still_in_memory_is_shown_by_a_notebook(tiny, blender):
    heard = []
    picture = mc.still(tiny, size=(40, 30), frame=3, progress=heard.append)
    assert picture._repr_png_() == picture.png and picture.frame == 3
    assert struct.unpack(">2I", picture.png[16:24]) == (40, 30)
    assert heard[0].done == 0 and heard[-1].finished and {one.job for one in heard} == {"rendering"}


def test_pictures_and_films(tiny, blender, capsys):
    folder = tiny.parent
    made = mc.render(tiny, folder / "a.png")
    assert (made.kind, made.now, len(made.frames), made.last) == ("still", 1, 1, 12)
    assert mc.render(tiny, folder / "a.png").up_to_date
    film = mc.film(mc.load(tiny), folder / "a.mp4", frames=(2, 4))
    assert (film.now, list(film.frames)) == (3, [2, 3, 4]) and film.output.exists()
    assert mc.encode(folder / "a.frames", folder / "b.webm", frames=(2, 4)) == 3
    built = mc.build(tiny, folder / "a.blend")
    assert mc.render(folder / "a.blend", folder / "b.png").now == 1
    assert built is not None and mc.verify(folder / "a.blend", [12]).ok
    assert capsys.readouterr() == ("", "")  # nothing prints


def test_a_figure_a_farm_and_a_sheet(tiny, blender):
    folder = tiny.parent
    page = mc.figure([tiny, mc.Shown(mc.load(tiny), 3, "later")], folder / "a.svg", dpi=40, samples=1)
    assert len(page.pictures) == 2 and "later" in (folder / "a.svg").read_text()
    job = mc.farm(tiny, folder / "job", chunk=5)
    assert (job.frames, job.tasks) == (12, 3) and "README.txt" in str(job)
    pytest.importorskip("matplotlib")
    assert mc.sheet(CAPTURE, folder / "a.png", layer=5, head=1) == 1


def test_what_a_listener_raises_ends_the_job(tiny, blender):
    class Enough(Exception):
        pass

    def listen(heard):
        if heard.done > 0:
            raise Enough

    with pytest.raises(Enough):
        mc.render(tiny, tiny.parent / "frames", progress=listen)
    assert [path.name for path in (tiny.parent / "frames").glob("*.png")] == ["0001.png"]
    assert mc.render(tiny, tiny.parent / "frames").now == 9  # and two copied


def test_inspecting():
    told = mc.inspect(CAPTURE, layer=5)
    assert "worth filming" in str(told) and list(told.of.layers) and str(told) == "\n".join(told.lines)
    assert "expression: " in str(mc.inspect(mc.load(CAPTURE, layer=5, head=1)))


def test_an_import_becomes_a_capture(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "saved.npz", **{name: rng.normal(size=(1, 2, 3, 4)) for name in "qkv"})
    made = mc.api.capture(tmp_path / "a.safetensors", origin=tmp_path / "saved.npz", tokens=[["a", "b", "c"]])
    assert list(made.capture.tokens_q) == ["a", "b", "c"] and made.path.exists()


@pytest.mark.parametrize(
    "job, said",
    [
        (lambda there: mc.render(there, "a.jpg"), "suffix must be .png or .exr for a still"),
        (lambda there: mc.render(there, "a.png", frames=(1, 2)), "a still takes `frame`"),
        (lambda there: mc.render(there, "a.png", size=(1, 1)), "render: width: 1 is too small"),
        (lambda there: mc.render(there, "a.png", samples=0), "render: samples: 0 is too small"),
        (lambda there: mc.render(there, "frames", frames=(4, 2)), "the first is after the last"),
        (lambda there: mc.film(there, "a.mp4", frames=(1,)), "frames: (1,) is not two whole numbers"),
        (lambda there: mc.film(there, "a.mp4", frames="14"), "frames: '14' is not two whole numbers"),
        (lambda there: mc.still(there, frame="3"), "frame: '3' is not a whole number"),
        (lambda there: mc.still(there, frame=True), "frame: True is not a whole number"),
        (lambda there: mc.still(there, size=(64,)), "size: (64,) is not two whole numbers"),
        (lambda there: mc.estimate(there, "a.gif", transparent=True), ".gif has no transparency; give .mov"),
        (lambda there: mc.render(there, there), "suffix must be"),
        (lambda there: mc.film(there, "a.png"), "suffix must be .mp4, .mov"),
        (lambda there: mc.build(there, "a.png"), "suffix must be .blend"),
        (lambda there: mc.build(there, "a.blend", target=object()), "not both"),
        (lambda there: mc.figure(there, "a.docx"), "suffix must be .pdf, .svg or .png"),
        (lambda there: mc.verify(there.with_suffix(".toml.old")), "no such file"),
        (lambda there: mc.api.capture("a.safetensors"), "exactly one of `model`, `call` and `origin`"),
        (lambda there: mc.api.capture("a.safetensors", model="x", tokens=["b"]), "`tokens` is for `origin`"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(job, said, tiny, blender, monkeypatch):
    monkeypatch.chdir(tiny.parent)
    with pytest.raises(mc.InputError, match=re.escape(said)):
        job(tiny)
    assert [path.name for path in tiny.parent.iterdir()] == ["tiny.toml"]


def test_a_figure_of_no_scene_is_refused():
    with pytest.raises(mc.InputError, match="a figure needs at least one scene"):
        mc.figure([], "x.pdf")
