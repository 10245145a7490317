"""A film as a job for a render farm: the .blend beside what tells stock Blender to render it in parts.

The folder is an Open Job Description job bundle (specification jobtemplate-2023-09, as
https://github.com/OpenJobDescription/openjd-specifications has it, laid out as Deadline Cloud takes it),
and a shell script for whoever has no such farm. Workers need Blender and nothing else.
"""

import json
import os
from pathlib import Path

from ..errors import InputError
from .files import require_folder_place, written_whole
from .frames_folder import read_job

BLEND, FRAMES, DIGITS = "scene.blend", "frames", 4
FILES = (BLEND, "template.json", "parameter_values.json", "asset_references.json", "render.sh", "README.txt")
LONGEST_NAME = 128  # of a job, by the specification


def require_job_place(folder: str | Path) -> None:
    """Raise InputError unless a job can be written in `folder`: nothing is in the way but an older job."""
    require_folder_place(folder)
    there = [name for name in FILES if os.path.lexists(Path(folder) / name)]
    if there and read_job(Path(folder) / FRAMES) is None:
        raise InputError(
            f"{folder}: has a {there[0]} that is not of a job of this program; give a new folder"
        )


def write_job(folder, title, first, last, chunk, fps):
    """Write all of a job but its .blend into `folder`: frames `first` to `last`, `chunk` in one task. `fps`
    is the text of how many are a second, such as "24000/1001".

    Raises JobError when the disk refuses.
    """
    folder = Path(folder)
    files = {
        "template.json": _json(template(title, first, last, chunk)),
        "parameter_values.json": _json({"parameterValues": [{"name": "Blender", "value": "blender"}]}),
        "asset_references.json": _json(
            {
                "assetReferences": {
                    "inputs": {"filenames": [BLEND], "directories": []},
                    "outputs": {"directories": [FRAMES]},
                    "referencedPaths": [],
                }
            }
        ),
        "render.sh": SCRIPT.format(first=first, last=last, blend=BLEND, frames=FRAMES, digits="#" * DIGITS),
        "README.txt": README.format(
            count=last - first + 1, first=first, last=last, chunk=chunk, fps=fps, blend=BLEND, frames=FRAMES
        ),
    }
    for name, text in files.items():
        with written_whole(folder / name) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
    (folder / "render.sh").chmod(0o755)


def template(title, first, last, chunk):
    """The job template. A task renders the frames from its Start to its End."""
    ends = range(min(first + chunk - 1, last), last + 1, chunk)
    name = " ".join("".join(c if c.isprintable() else " " for c in title).split())[:LONGEST_NAME]
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "name": name or "Matrix Cinema",
        "description": "A film of matrix products. Every task renders some of its frames with stock Blender.",
        "parameterDefinitions": [
            _path("BlenderFile", "FILE", "IN", BLEND, "What is rendered."),
            _path("OutputDir", "DIRECTORY", "OUT", FRAMES, "Where the frames go."),
            {
                "name": "Blender",
                "type": "STRING",
                "default": "blender",
                "description": "Blender's program on a worker; 4.5 or newer.",
            },
        ],
        "steps": [
            {
                "name": "Render",
                "parameterSpace": {
                    "taskParameterDefinitions": [
                        {"name": "Start", "type": "INT", "range": _range(first, last, chunk)},
                        {"name": "End", "type": "INT", "range": _ends(ends, last, chunk)},
                    ],
                    "combination": "(Start, End)",
                },
                "script": {
                    "actions": {
                        "onRun": {
                            "command": "{{Param.Blender}}",
                            "args": [
                                "-b",
                                "{{Param.BlenderFile}}",
                                "-o",
                                "{{Param.OutputDir}}/" + "#" * DIGITS,
                                "-s",
                                "{{Task.Param.Start}}",
                                "-e",
                                "{{Task.Param.End}}",
                                "-a",
                            ],
                        }
                    }
                },
            }
        ],
    }


def _path(name, kind, flow, default, about):
    return {
        "name": name,
        "type": "PATH",
        "objectType": kind,
        "dataFlow": flow,
        "default": default,
        "description": about,
    }


def _range(first, last, step):
    """Whole numbers from first to last in steps, as the specification writes them."""
    return f"{first}-{last}:{step}" if last > first else f"{first}"


def _ends(ends, last, chunk):
    """The last frame of every chunk; the film's own last one where chunks do not come out even."""
    whole = _range(ends[0], ends[-1], chunk)
    return whole if ends[-1] == last else f"{whole},{last}"


def _json(data):
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


SCRIPT = """\
#!/bin/sh
# Renders frames of the film with stock Blender: all of them, or ./render.sh FIRST LAST.
# Another program than "blender": BLENDER=/path/to/blender ./render.sh
set -e
cd "$(dirname "$0")"
"${{BLENDER:-blender}}" -b {blend} -o //{frames}/{digits} -s "${{1:-{first}}}" -e "${{2:-{last}}}" -a
"""

README = """\
{blend} holds the whole film, frames {first} to {last}. It needs neither Matrix Cinema nor any other file:
Blender 4.5 or newer renders it anywhere. The frames go to {frames}/0001.png and on.

On an Open Job Description farm, such as Deadline Cloud, in tasks of {chunk} frames:

    deadline bundle submit .

With the tool of Open Job Description itself, here:

    openjd run template.json --step Render

By hand, all frames or some of them; several machines that share this folder may each take a part:

    ./render.sh
    ./render.sh 1 {chunk}

On a graphics card Blender takes one more word at the end: -- --cycles-device OPTIX (or CUDA, HIP, METAL).

When all {count} frames are there, they become a film:

    matrix-cinema encode {frames} -o film.mp4
    ffmpeg -framerate {fps} -i {frames}/%04d.png -c:v libx264 -pix_fmt yuv420p film.mp4
"""
