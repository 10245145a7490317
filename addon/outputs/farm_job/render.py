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


def is_done(path: str, frame: int) -> bool:
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
    note = b"Note\0" + scene.render.stamp_note_text.encode()
    numbered = any(text.startswith(b"Frame\0") and int(text[6:]) == frame for text in texts)
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
