"""A built .blend is a source like its scene file: it can be restyled, inspected, filmed, given to a farm."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from paths import ROOT
from PIL import Image

bpy = pytest.importorskip("bpy")

from matrix_cinema import api  # noqa: E402
from matrix_cinema.cli import commands as cli  # noqa: E402
from matrix_cinema.description.scene import Scene, from_dict  # noqa: E402
from matrix_cinema.description.source import open_source  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.outputs import blend_file  # noqa: E402
from matrix_cinema.outputs.frames_folder import read_job  # noqa: E402

SMALL = {"size": (64, 36), "samples": 1}


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A scene file and the .blend that is built of it, as ("a.toml", "b.blend"), in the working folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "tests/tiny.toml", "a.toml")
    api.build("a.toml", "b.blend")
    return "a.toml", "b.blend"


def dots(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), int)


def test_a_built_scene_is_restyled_as_its_scene_file_is(built):
    toml, blend = built
    for name in built:
        made = api.render(open_source(name, style="paper", view="top"), f"{name}.png", frame=5, **SMALL)
        assert made.frames[0] == 5
    assert np.abs(dots("a.toml.png") - dots("b.blend.png")).max() <= 1
    assert (
        cli.run(
            ["render", blend, "-o", "own.png", "--frame", "5", "--size", "64x36", "--samples", "1", "--quiet"]
        )
        == 0
    )
    assert np.abs(dots("own.png") - dots("b.blend.png")).max() > 50
    # The same job again is up to date; another style is another job.
    assert api.render(
        open_source(blend, style="paper", view="top"), "b.blend.png", frame=5, **SMALL
    ).up_to_date
    assert not api.render(open_source(blend, style="glass"), "b.blend.png", frame=5, **SMALL).up_to_date

    pages = [open_source(blend, style=style) for style in ("paper", "glass")]
    fills = []
    for n, one in enumerate(pages):
        api.figure(one, f"{n}.svg", width="3in", dpi=36, samples=1)
        fills.append(set(re.findall('fill="#[0-9a-f]+"', Path(f"{n}.svg").read_text().lower())))
    assert fills[0] != fills[1]


def test_a_turned_camera_moves_only_when_another_view_is_asked_for(built):
    _, blend = built
    scene = blend_file.open_built(open_source(blend))
    before = scene.camera.data.lens
    scene.camera.data.lens = 99.0
    blend_file.save_blend(Path("turned.blend"))
    assert cli.run(["build", "turned.blend", "-o", "paper.blend", "--style", "paper"]) == 0
    assert cli.run(["build", "turned.blend", "-o", "top.blend", "--view", "top"]) == 0
    made = blend_file.open_built(open_source("paper.blend"))
    assert made.camera.data.lens == 99.0 and blend_file.described(made).look.style == "paper"
    made = blend_file.open_built(open_source("top.blend"))
    assert made.camera.data.lens == pytest.approx(before) and blend_file.described(made).camera.view == "top"
    assert api.verify("top.blend").ok


@pytest.mark.one_blender
def test_a_built_scene_gives_the_estimate_beats_and_farm_job_of_its_file(built, capsys):
    toml, blend = built
    told = [api.estimate(name, "x.mp4", **SMALL) for name in built]
    assert [one.frames for one in told] == [12, 12] and told[0].elements == told[1].elements > 0
    assert told[0].memory == told[1].memory and told[1].different == 12  # others may have moved things in it
    assert api.estimate(blend, "x.png", **SMALL).frames == 1

    beats = [api.beats(name).beats for name in built]
    assert beats[0] == beats[1] and beats[0]
    sheets = [api.storyboard(name, f"{name}.png", size=(64, 36), samples=1) for name in built]
    assert sheets == [len(beats[0])] * 2
    assert np.abs(dots("a.toml.png") - dots("b.blend.png")).max() <= 1

    jobs = [api.farm(name, f"job.{name}", chunk=5, samples=1) for name in built]
    assert [(one.frames, one.tasks) for one in jobs] == [(12, 3)] * 2
    first, second = (read_job(one.folder / "frames") for one in jobs)
    assert (first.first, first.last, first.width, first.fps) == (
        second.first,
        second.last,
        second.width,
        second.fps,
    )
    readmes = [(one.folder / "README.txt").read_text().replace(str(one.folder), "") for one in jobs]
    assert readmes[0].count("\n") == readmes[1].count("\n")


@pytest.mark.one_blender
def test_what_cannot_be_is_refused_in_a_line(built, capsys):
    _, blend = built
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(Path("foreign.blend").absolute()), copy=True)
    for words, says in (
        (["render", blend, "--style", "papier"], '"paper"'),
        (["render", blend, "--head", "1"], "is built already"),
        (["build", blend, "-o", "c.blend"], "give another style"),
        (["build", blend, "-o", blend, "--style", "paper"], "would be lost"),
        (["render", "foreign.blend", "--style", "paper"], "no scene that this program built"),
        (["render", "foreign.blend", "-o", "x.mp4", "--dry-run"], "no scene that this program built"),
        (["farm", "foreign.blend", "-o", "job"], "no scene that this program built"),
        (["storyboard", "foreign.blend", "-o", "sheet.png"], "no scene that this program built"),
    ):
        assert cli.run(words) == 2, words
        error = capsys.readouterr().err
        assert says in error and error.count("\n") == 1, error
    assert not Path("c.blend").exists() and not Path("sheet.png").exists()
    with pytest.raises(InputError, match="is built already"):
        api.load(blend)
    assert from_dict(Scene, {}, "x").with_beats().beats == "auto"
