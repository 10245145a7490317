"""A film as a farm's job: parts that make up the whole, in the words of Open Job Description."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.errors import InputError
from matrix_cinema.outputs.farm import FRAMES, require_job_place, template, write_job
from matrix_cinema.outputs.frames_folder import Job, write_frames_job


def numbers(text):
    """The integers of a range expression such as "1-12:5,14"."""
    found = []
    for part in text.split(","):
        ends, _, step = part.partition(":")
        first, _, last = ends.partition("-")
        found += range(int(first), int(last or first) + 1, int(step or 1))
    return found


def parameter(job, name):
    (step,) = job["steps"]
    (found,) = [p for p in step["parameterSpace"]["taskParameterDefinitions"] if p["name"] == name]
    assert found["type"] == "INT"
    return numbers(found["range"])


@given(st.integers(1, 50), st.integers(0, 400), st.integers(1, 60))
@settings(deadline=None)
def test_the_tasks_render_every_frame_once(first, more, chunk):
    job = template("A film", first, first + more, chunk)
    starts, ends = parameter(job, "Start"), parameter(job, "End")
    assert len(starts) == len(ends)  # (Start, End) takes them in pairs
    frames = [n for start, end in zip(starts, ends, strict=True) for n in range(start, end + 1)]
    assert frames == list(range(first, first + more + 1))
    assert all(0 <= end - start < chunk for start, end in zip(starts, ends, strict=True))


def test_a_job_has_what_the_specification_asks_for():
    job = template("A\tfilm\n" + "x" * 300, 1, 24, 10)
    assert job["specificationVersion"] == "jobtemplate-2023-09"
    assert job["name"].startswith("A film xxx") and len(job["name"]) == 128
    assert template("", 1, 2, 1)["name"]
    types = {p["name"]: p["type"] for p in job["parameterDefinitions"]}
    assert types == {"BlenderFile": "PATH", "OutputDir": "PATH", "Blender": "STRING"}
    action = job["steps"][0]["script"]["actions"]["onRun"]
    words = " ".join([action["command"], *action["args"]])
    for name in types:
        assert f"{{{{Param.{name}}}}}" in words
    # Blender carries out its words in their order: file, output, frames, then the rendering.
    assert words.split()[-5:] == ["-s", "{{Task.Param.Start}}", "-e", "{{Task.Param.End}}", "-a"]


def test_a_bundle_is_laid_out_as_a_farm_takes_it(tmp_path):
    write_job(tmp_path / "job", "Fünf", 1, 24, 10, "24000/1001")
    files = {path.name: path for path in (tmp_path / "job").iterdir()}
    assert set(files) == {
        "template.json",
        "parameter_values.json",
        "asset_references.json",
        "render.sh",
        "README.txt",
    }
    assert json.loads(files["template.json"].read_text("utf-8"))["name"] == "Fünf"
    values = json.loads(files["parameter_values.json"].read_text())["parameterValues"]
    assert values == [{"name": "Blender", "value": "blender"}]
    assets = json.loads(files["asset_references.json"].read_text())["assetReferences"]
    assert assets["inputs"]["filenames"] == ["scene.blend"] and assets["outputs"]["directories"] == ["frames"]
    assert files["render.sh"].stat().st_mode & 0o111
    assert "-framerate 24000/1001" in files["README.txt"].read_text()


def test_a_job_takes_no_folder_with_files_of_others(tmp_path):
    (tmp_path / "README.txt").write_text("mine")
    with pytest.raises(InputError, match="README.txt that is not of a job"):
        require_job_place(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.txt"]
    require_job_place(tmp_path / "new")
    write_frames_job(tmp_path / FRAMES, Job("0" * 64, 1, 24, 64, 36, 24, 1.0))
    require_job_place(tmp_path)  # it is an older job's
