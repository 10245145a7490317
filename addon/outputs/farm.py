"""Writes a film as a job for a render farm: the .blend, and scripts with which stock Blender renders its
parts.

The folder is a job bundle of Open Job Description (specification jobtemplate-2023-09 in
https://github.com/OpenJobDescription/openjd-specifications, laid out for Deadline Cloud), with a shell script
for people without such a farm. Workers need only Blender; the worker that makes the film also needs this
program or ffmpeg.
"""

import json
import os
from pathlib import Path
from typing import Any

from ..description.frame_rate import rate_text
from ..errors import InputError
from .farm_scripts import ASSEMBLE, CODECS, README, RENDER, SCRIPT
from .files import require_folder_place, written_whole
from .frames_folder import Job, read_job

BLEND, FRAMES, FRAME_DIGITS = "scene.blend", "frames", 4
JOB_FILES = (
    BLEND,
    "template.json",
    "parameter_values.json",
    "asset_references.json",
    "render.py",
    "assemble.py",
    "render.sh",
    "README.txt",
)
DEVICES = ("CPU", "OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")
JOB_NAME_LETTERS = 128  # the longest name of a job in the specification


def require_job_place(folder: str | Path) -> None:
    """Raise InputError unless a job can be written in `folder`, where only an older job may be in the way."""
    require_folder_place(folder)
    there = [name for name in JOB_FILES if os.path.lexists(Path(folder) / name)]
    if there and read_job(Path(folder) / FRAMES) is None:
        raise InputError(
            f"{folder}: has a {there[0]} that is not part of a job of this program; give a new folder"
        )


def write_job(
    folder: str | Path, title: str, job: Job, chunk: int, *, device: str = "CPU", transparent: bool = False
) -> None:
    """Write a job without its .blend into `folder`, with `chunk` frames in a task. `device` is one of
    DEVICES.

    Raises JobError if the disk refuses.
    """
    folder = Path(folder)
    film = "film.mov" if transparent else "film.mp4"
    codec = CODECS[Path(film).suffix]
    numbers = {"first": job.first, "last": job.last, "fps": rate_text(job.fps / job.fps_base)}
    numbers |= {"blend": BLEND, "frames": FRAMES}
    assemble = ASSEMBLE.format(**numbers, codec=json.dumps(codec)[1:-1])
    more = {"chunk": chunk, "count": job.count, "film": film, "folder": folder.name}
    values = [{"name": "Blender", "value": "blender"}, {"name": "Device", "value": device}]
    assets = {
        "inputs": {"filenames": [BLEND], "directories": []},
        "outputs": {"directories": [FRAMES]},
        "referencedPaths": [],
    }
    files = {
        "template.json": _json(template(title, job, chunk, film, assemble)),
        "parameter_values.json": _json({"parameterValues": values}),
        "asset_references.json": _json({"assetReferences": assets}),
        "render.py": RENDER,
        "assemble.py": assemble,
        "render.sh": SCRIPT.format(**numbers),
        "README.txt": README.format(**numbers, **more, codec=" ".join(codec)),
    }
    for name, text in files.items():
        with written_whole(folder / name) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
    (folder / "render.sh").chmod(0o755)


def template(title: str, job: Job, chunk: int, film: str, assemble: str) -> dict[str, Any]:
    """The job template: a step whose tasks render `chunk` frames each, and a step that makes the film with
    the program `assemble`."""
    name = " ".join("".join(c if c.isprintable() else " " for c in title).split())[:JOB_NAME_LETTERS]
    rendering = ["-b", "{{Param.BlenderFile}}", "--python-exit-code", "1", "-P", "{{Task.File.Program}}"]
    rendering += ["--", "{{Task.Param.Start}}", "{{Param.Chunk}}", "{{Param.OutputDir}}"]
    rendering += ["--cycles-device", "{{Param.Device}}"]
    assembling = ["-b", "--factory-startup", "--python-exit-code", "1", "-P", "{{Task.File.Program}}"]
    assembling += ["--", "{{Param.OutputDir}}", "{{Param.Film}}"]
    start = {"name": "Start", "type": "INT", "range": f"{job.first}-{job.last}:{{{{Param.Chunk}}}}"}
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "name": name or "Matrix Cinema",
        "description": "A film of matrix products. Every task renders some of its frames with stock Blender.",
        "parameterDefinitions": _parameters(chunk, film),
        "steps": [
            {
                "name": "Render",
                "parameterSpace": {"taskParameterDefinitions": [start]},
                "script": _script(RENDER, rendering),
            },
            {
                "name": "Assemble",
                "dependencies": [{"dependsOn": "Render"}],
                "script": _script(assemble, assembling),
            },
        ],
    }


def _parameters(chunk, film):
    def one(name, kind, default, about, **more):
        return {"name": name, "type": kind, "default": default, "description": about, **more}

    def path(name, kind, flow, default, about):
        return one(name, "PATH", default, about, objectType=kind, dataFlow=flow)

    return [
        path("BlenderFile", "FILE", "IN", BLEND, "What is rendered."),
        path("OutputDir", "DIRECTORY", "OUT", FRAMES, "Where the frames go."),
        path("Film", "FILE", "OUT", film, "The film that is made of them."),
        one("Blender", "STRING", "blender", "Blender's program on a worker; 4.5 or newer."),
        one("Device", "STRING", "CPU", "What Cycles renders on.", allowedValues=list(DEVICES)),
        one("Chunk", "INT", chunk, "Frames of one task.", minValue=1),
    ]


def _script(program, words):
    """The script of a step: Blender with these arguments, and the program that it runs."""
    return {
        "embeddedFiles": [{"name": "Program", "type": "TEXT", "filename": "program.py", "data": program}],
        "actions": {"onRun": {"command": "{{Param.Blender}}", "args": words}},
    }


def _json(data):
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
