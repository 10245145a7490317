"""The programs and texts in a farm's job. They run where this project is not installed."""

# Run by Blender's own Python, on a worker.
RENDER = '''\
"""Renders frames of the film in the .blend that is open. Whole frames of it that are there are kept.

    blender -b scene.blend --python-exit-code 1 -P render.py -- FIRST COUNT FOLDER [--cycles-device OPTIX]
"""

import os
import struct
import sys
import zlib

import bpy

scene = bpy.context.scene
first, count, folder = sys.argv[sys.argv.index("--") + 1 :][:3]
first, last = int(first), min(int(first) + int(count) - 1, scene.frame_end)
folder = os.path.abspath(folder)


def is_done(path, frame):
    """Whether a file is a whole PNG in which Blender noted this film and this frame."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return False
    texts, place, kind = set(), 8, b""
    while place + 12 <= len(data) and kind != b"IEND":
        size, kind = struct.unpack_from(">I4s", data, place)
        content = data[place + 8 : place + 8 + size]
        if data[place + 8 + size : place + 12 + size] != struct.pack(">I", zlib.crc32(kind + content)):
            return False
        if kind == b"tEXt":
            texts.add(content)
        place += 12 + size
    note = b"Note\\0" + scene.render.stamp_note_text.encode()
    numbered = any(text.startswith(b"Frame\\0") and int(text[6:]) == frame for text in texts)
    return kind == b"IEND" and place == len(data) and note in texts and numbered


os.makedirs(folder, exist_ok=True)
for frame in range(first, last + 1):
    path = os.path.join(folder, f"{frame:04d}.png")
    if is_done(path, frame):
        print(f"{path} is there", flush=True)
        continue
    part = os.path.join(folder, f".{frame:04d}.{os.getpid()}.png")
    scene.frame_set(frame)
    scene.render.filepath = part.replace("{", 2 * "{").replace("}", 2 * "}")  # a single one means a template
    bpy.ops.render.render(write_still=True)
    if not is_done(part, frame):
        sys.exit(f"{path}: Blender wrote no whole picture; is the disk full?")
    os.replace(part, path)
'''

ASSEMBLE = '''\
"""Makes the film of the frames, with matrix-cinema where it is installed, else with ffmpeg.

    blender -b --factory-startup --python-exit-code 1 -P assemble.py -- FOLDER FILM
"""

import os
import shutil
import subprocess
import sys

folder, film = sys.argv[sys.argv.index("--") + 1 :][:2]
first, last = {first}, {last}
missing = [n for n in range(first, last + 1) if not os.path.exists(os.path.join(folder, f"{{n:04d}}.png"))]
if missing:
    sys.exit(f"{{folder}}: frame {{missing[0]}} and {{len(missing) - 1}} more are missing")
if program := shutil.which("matrix-cinema"):  # it looks at every frame: that it is whole, and of this film
    sys.exit(subprocess.run([program, "encode", folder, "-o", film]).returncode)
if not (program := shutil.which("ffmpeg")):
    sys.exit("a film needs matrix-cinema or ffmpeg on this worker; all frames are in " + folder)
words = ["-framerate", "{fps}", "-start_number", str(first), "-i", os.path.join(folder, "%04d.png")]
words += ["-frames:v", str(last - first + 1), {codec}, film]
sys.exit(subprocess.run([program, "-y", "-loglevel", "error", *words]).returncode)
'''
# Options of ffmpeg by the suffix of the film, for the encoding that outputs.film_file asks of Blender.
CODECS = {
    ".mp4": ["-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p"],
    ".mov": ["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"],
}

SCRIPT = """\
#!/bin/sh
# Renders the film with stock Blender: all of it, or ./render.sh FIRST LAST. Frames that are there are kept.
# What follows is passed on to Blender: ./render.sh --cycles-device OPTIX
# Another program than "blender": BLENDER=/path/to/blender ./render.sh
set -e
cd "$(dirname "$0")"
first={first} last={last}
case "$1" in [0-9]*) first=$1 last=${{2:-$1}}; shift; [ $# -eq 0 ] || shift;; esac
exec "${{BLENDER:-blender}}" -b {blend} --python-exit-code 1 -P render.py -- \\
    "$first" "$((last - first + 1))" {frames} "$@"
"""

README = """\
{blend} holds the whole film, frames {first} to {last}. It needs neither Matrix Cinema nor any other file:
Blender 4.5 or newer renders it anywhere. The frames go to {frames}/0001.png and on. A whole frame that is
there is not rendered again: after an interruption, run the same command again.

On an Open Job Description farm, such as Deadline Cloud, in tasks of {chunk} frames:

    deadline bundle submit .

Its parameters: Device (CPU, OPTIX, CUDA, HIP, METAL, ONEAPI), Chunk (frames of a task), Blender (its
program), Film. The last step makes the film, on a worker that has matrix-cinema or ffmpeg.

With the tool of Open Job Description itself, here:

    openjd run template.json --step Render
    openjd run template.json --step Assemble

On a Flamenco farm whose workers see this folder:

    matrix-cinema farm SCENE.toml -o {folder} --flamenco http://manager:8080

By hand, all frames or some of them; several machines that share this folder may each take a part:

    ./render.sh
    ./render.sh 1 {chunk}
    ./render.sh 1 {chunk} --cycles-device OPTIX

With Blender's own words, for any other farm:

    blender -b {blend} -a
    blender -b {blend} -s 1 -e {chunk} -a -- --cycles-device OPTIX

When all {count} frames are there, they become a film:

    matrix-cinema encode {frames} -o {film}
    ffmpeg -framerate {fps} -i {frames}/%04d.png {codec} {film}
"""
