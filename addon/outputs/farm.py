"""Writes a film as a job for a render farm: the .blend, and scripts with which stock Blender renders its
parts.

The folder is a job bundle of Open Job Description (specification jobtemplate-2023-09 in
https://github.com/OpenJobDescription/openjd-specifications, laid out for Deadline Cloud), with a shell script
for people without such a farm. Workers need only Blender; the worker that makes the film also needs this
program or ffmpeg. What is written stands in the folder `farm_job`.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..description.frame_rate import rate_text
from ..errors import InputError
from .files import require_folder_place, written_whole
from .frames_folder import Job, read_job

BLEND, FRAMES, FRAME_DIGITS = "scene.blend", "frames", 4
TEMPLATES = Path(__file__).with_name("farm_job")
FILLED_IN = ("render.py", "assemble.py", "render.sh", "README.txt", "asset_references.json")
JOB_FILES = (BLEND, "template.json", "parameter_values.json", *FILLED_IN)
# Options of ffmpeg by the suffix of the film, for the encoding that outputs.film_file asks of Blender.
CODECS = {
    ".mp4": "-c:v libx264 -crf 18 -pix_fmt yuv420p",
    ".mov": "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le",
}
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
    """Write a job without its .blend into `folder`, with `chunk` frames in a task. `device` is one of those
    that the template allows.

    Raises JobError if the disk refuses.
    """
    folder = Path(folder)
    film = "film.mov" if transparent else "film.mp4"
    texts = {name: _filled(name, folder, job, chunk, film) for name in FILLED_IN}
    texts["template.json"] = _json(template(title, job, chunk, film, texts))
    values = [{"name": "Blender", "value": "blender"}, {"name": "Device", "value": device}]
    texts["parameter_values.json"] = _json({"parameterValues": values})
    for name, text in texts.items():
        with written_whole(folder / name) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
    (folder / "render.sh").chmod(0o755)


def template(title: str, job: Job, chunk: int, film: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """The job template: a step whose tasks render `chunk` frames each, and a step that makes the film. Their
    programs are among the `texts`, by file name."""
    made = json.loads((TEMPLATES / "template.json").read_text("utf-8"))
    name = " ".join("".join(c if c.isprintable() else " " for c in title).split())[:JOB_NAME_LETTERS]
    made["name"] = name or made["name"]
    parameters = {one["name"]: one for one in made["parameterDefinitions"]}
    parameters["Film"]["default"], parameters["Chunk"]["default"] = film, chunk
    (start,) = made["steps"][0]["parameterSpace"]["taskParameterDefinitions"]
    start["range"] = f"{job.first}-{job.last}:{{{{Param.Chunk}}}}"
    for step in made["steps"]:
        (program,) = step["script"]["embeddedFiles"]
        program["data"] = texts[program["data"]]
    return made


def _filled(name, folder, job, chunk, film):
    """The text of a file, with the numbers of a job in place of @first@ and the like."""
    values = {"first": job.first, "last": job.last, "count": job.count, "chunk": chunk}
    values |= {"blend": BLEND, "frames": FRAMES, "film": film, "folder": folder.name}
    values |= {"fps": rate_text(job.fps / job.fps_base), "codec": CODECS[Path(film).suffix]}
    text = (TEMPLATES / name).read_text("utf-8")
    return re.sub("@([a-z]+)@", lambda found: str(values[found[1]]), text)


def _json(data):
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
