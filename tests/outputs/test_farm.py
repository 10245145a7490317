"""A film as a farm's job: parts that make up the whole, in the words of Open Job Description."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from matrix_cinema import api
from matrix_cinema.errors import InputError
from matrix_cinema.outputs.farm import (
    BLEND,
    FRAMES,
    JOB_FILES,
    TEMPLATES,
    require_job_place,
    template,
    write_job,
)
from matrix_cinema.outputs.frames_folder import Job, write_frames_job

pytestmark = pytest.mark.one_blender
PROGRAMS = {name: (TEMPLATES / name).read_text("utf-8") for name in ("render.py", "assemble.py")}
JOB = Job("0" * 64, 1, 24, 64, 36, 24, 1.001)


def test_a_job_has_what_the_specification_asks_for():
    job = template("A\tfilm\n" + "x" * 300, JOB, 10, "film.mp4", PROGRAMS)
    assert job["specificationVersion"] == "jobtemplate-2023-09"
    assert job["name"].startswith("A film xxx") and len(job["name"]) == 128
    assert template("", JOB, 1, "film.mp4", PROGRAMS)["name"]
    types = {p["name"]: p["type"] for p in job["parameterDefinitions"]}
    paths = {"BlenderFile", "OutputDir", "Film"}
    assert types == dict.fromkeys(paths, "PATH") | {"Blender": "STRING", "Device": "STRING", "Chunk": "INT"}
    render, assemble = job["steps"]
    assert assemble["dependencies"] == [{"dependsOn": render["name"]}]  # of all chunks
    (start,) = render["parameterSpace"]["taskParameterDefinitions"]
    assert start == {"name": "Start", "type": "INT", "range": "1-24:{{Param.Chunk}}"}
    said = json.dumps(job["steps"])
    for name in types:
        assert f"{{{{Param.{name}}}}}" in said
    for step, program in zip(job["steps"], PROGRAMS.values(), strict=True):
        (file,) = step["script"]["embeddedFiles"]
        assert file["data"] == program and "{{" not in program  # it would be taken for a parameter


@pytest.mark.parametrize(("first", "last", "transparent"), [(1, 24, False), (7, 7, True)])
def test_the_tool_of_open_job_description_finds_nothing_wrong(tmp_path, first, last, transparent):
    openjd = shutil.which("openjd") or pytest.skip("openjd-cli is not installed")
    write_job(tmp_path, "Fünf", replace(JOB, first=first, last=last), 10, transparent=transparent)
    checked = subprocess.run([openjd, "check", tmp_path / "template.json"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_a_bundle_is_laid_out_as_a_farm_takes_it(tmp_path):
    write_job(tmp_path / "job", "Fünf", JOB, 10, device="OPTIX")
    files = {path.name: path for path in (tmp_path / "job").iterdir()}
    assert {*files, BLEND} == set(JOB_FILES)
    assert json.loads(files["template.json"].read_text("utf-8"))["name"] == "Fünf"
    values = json.loads(files["parameter_values.json"].read_text())["parameterValues"]
    assert values == [{"name": "Blender", "value": "blender"}, {"name": "Device", "value": "OPTIX"}]
    assets = json.loads(files["asset_references.json"].read_text())["assetReferences"]
    assert assets["inputs"]["filenames"] == ["scene.blend"] and assets["outputs"]["directories"] == ["frames"]
    assert files["render.sh"].stat().st_mode & 0o111
    assert "-framerate 24000/1001" in files["README.txt"].read_text()
    for name in ("render.py", "assemble.py"):
        compile(files[name].read_text(), name, "exec")


@pytest.mark.parametrize("scene_says", [False, True])
def test_cards_by_their_numbers_are_refused_before_anything_is_drawn(tmp_path, monkeypatch, scene_says):
    file = tmp_path / "a.toml"
    file.write_text('expression = "C = A @ B"\n' + ('render.device = "cuda:0"\n' if scene_says else ""))
    monkeypatch.setattr(api, "load_blender", lambda: pytest.fail("Blender is loaded"))
    with pytest.raises(InputError, match="device cuda:0: a job uses all cards of a worker"):
        api.farm(file, tmp_path / "job", device=None if scene_says else "cuda:0")
    with pytest.raises(InputError, match="chunk 0: a task needs at least 1 frame"):
        api.farm(file, tmp_path / "job", chunk=0)
    assert not (tmp_path / "job").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no shell there")
@pytest.mark.parametrize(
    ("words", "passed"),
    [
        ([], ["1", "24", "frames"]),
        (["3"], ["3", "1", "frames"]),
        (["3", "12", "--cycles-device", "OPTIX"], ["3", "10", "frames", "--cycles-device", "OPTIX"]),
        (["--cycles-device", "OPTIX"], ["1", "24", "frames", "--cycles-device", "OPTIX"]),
    ],
)
def test_the_script_passes_on_what_it_is_given(tmp_path, words, passed):
    write_job(tmp_path, "A film", JOB, 10)
    echo = {"BLENDER": shutil.which("echo"), "PATH": os.environ["PATH"]}
    told = subprocess.run([tmp_path / "render.sh", *words], capture_output=True, text=True, env=echo)
    begin = ["-b", "scene.blend", "--python-exit-code", "1", "-P", "render.py", "--"]
    assert told.stdout.split() == [*begin, *passed]


def test_a_job_takes_no_folder_with_files_of_others(tmp_path):
    (tmp_path / "README.txt").write_text("mine")
    with pytest.raises(InputError, match="README.txt that is not part of a job"):
        require_job_place(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.txt"]
    require_job_place(tmp_path / "new")
    write_frames_job(tmp_path / FRAMES, JOB)
    require_job_place(tmp_path)  # it is an older job's
