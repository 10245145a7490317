"""Opens and saves .blend files. Scripts in them are not run, and a file is saved whole or not at all.

A damaged .blend can crash Blender. Therefore another process opens each file first; if that process crashes,
the error is one line. A program that watches this process anyway sets WATCHED in its environment, to save
that time.
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ..blender import given_back, tags
from ..blender.build import draw
from ..blender.stored import described
from ..blender.update import update
from ..description.scene import Render, Scene
from ..description.source import CAMERA, Source, with_instead
from ..errors import InputError, JobError
from ..picture.drawing import film_of
from ..staging.plan import Plan
from .files import full_path, written_whole
from .harmless import make_harmless
from .silence import blender_silenced

_SEEKABLE = b"\xb1\xea\x92\x8f"  # closes the seek table at the end of a file packed by Zstandard


def begin_empty() -> None:
    """Open an empty file. The user's preferences and add-ons stay as they are."""
    with blender_silenced():
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def draw_alone(checked: Plan) -> bpy.types.Scene:
    """Draw a plan, as a film, in an empty file. Returns its Blender scene. Raises InputError."""
    begin_empty()
    return draw(film_of(checked))


WATCHED = "MATRIX_CINEMA_WATCHED"
_PATIENCE = 600  # seconds that opening a file may take
_TRIAL = """
import os, bpy
try:
    bpy.ops.wm.open_mainfile(filepath=os.environ["MATRIX_CINEMA_TRIAL"], load_ui=False, use_scripts=False)
    bpy.context.view_layer.update()
except Exception:
    pass  # `open_blend` reports it when it opens the file itself
os._exit(0)
"""


def open_blend(path: Path, *, file_outputs: bool = False) -> bpy.types.Scene:
    """Open a .blend and return the scene that was built in it, or else its current one.

    Without `file_outputs`, everything in the file that could write to the disk is switched off. Raises
    InputError for a file that is no .blend, or is so damaged that Blender crashes.
    """
    if WATCHED not in os.environ:
        _require_survived(path)
    try:
        with blender_silenced():
            bpy.ops.wm.open_mainfile(filepath=str(full_path(path)), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise InputError(f"{path}: Blender cannot open it ({str(error).strip()})") from None
    if not file_outputs:
        make_harmless()
    built = [scene for scene in bpy.data.scenes if tags.DESCRIPTION in scene]
    return bpy.context.scene if bpy.context.scene in built or not built else built[0]


def _require_survived(path):
    """Raise InputError if another Blender crashes or hangs when it opens this file."""
    program = [sys.executable, "-c", _TRIAL]
    if not bpy.app.module:
        program = [bpy.app.binary_path, "--background", "--factory-startup", "--python-expr", _TRIAL]
    environment = os.environ | {"MATRIX_CINEMA_TRIAL": str(full_path(path))}
    quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    try:
        ended = subprocess.run(program, env=environment, timeout=_PATIENCE, check=False, **quiet).returncode
    except subprocess.TimeoutExpired:
        raise InputError(f"{path}: Blender hangs when it opens the file; is it damaged?") from None
    if ended:
        raise InputError(f"{path}: is damaged: Blender crashes when it opens it (status {ended})")


def open_built(source: Source, *, file_outputs: bool = False) -> bpy.types.Scene:
    """The scene in a .blend that this project built. It is drawn again if the source asks for another style
    or camera. Raises InputError for any other file."""
    scene = open_blend(source.file, file_outputs=file_outputs)
    if tags.DESCRIPTION not in scene:
        raise InputError(f"{source.file}: holds no scene that this program built")
    if source.instead:
        wanted = with_instead(described(scene), source.instead)
        # Without this, a camera that a person has moved would stay.
        if not source.instead.keys().isdisjoint(CAMERA):
            given_back.reset(scene, given_back.of_camera(scene))
        update(wanted, scene)
    return scene


def description_as_set(scene: bpy.types.Scene) -> Scene:
    """The description in a built scene, with size, samples and engine as a person may have set them in
    Blender. For another scene, a description with only its render settings."""
    render = scene.render
    width, height = (
        max(16, n * render.resolution_percentage // 100) for n in (render.resolution_x, render.resolution_y)
    )
    traced = render.engine == "CYCLES"
    samples = scene.cycles.samples if traced else scene.eevee.taa_render_samples
    now = {"width": width, "height": height, "samples": samples, "engine": "cycles" if traced else "eevee"}
    if tags.DESCRIPTION not in scene:
        return Scene(render=Render(**now, film_width=width, film_height=height, film_samples=samples))
    own = described(scene)
    if (own.render.width, own.render.height) != (width, height):
        now |= {"film_width": width, "film_height": height}
    if own.render.samples != samples:
        now["film_samples"] = samples
    now["transparent"] = own.render.transparent or render.film_transparent
    return replace(own, render=replace(own.render, **now))


def save_blend(path: Path) -> None:
    """Save the open file, compressed, to `path`: whole or not at all. Raises JobError."""
    with written_whole(path) as part, blender_silenced():
        try:
            bpy.ops.wm.save_as_mainfile(filepath=str(part), compress=True, copy=True, check_existing=False)
        except RuntimeError as error:
            raise JobError(f"{path}: Blender could not save it ({str(error).strip()})") from None
        # Blender may report a file as saved though the disk was full.
        if not _ends_well(part):
            raise JobError(f"{path}: the file was cut short; the disk may be full")


def _ends_well(path):
    try:
        with open(path, "rb") as file:
            file.seek(-len(_SEEKABLE), os.SEEK_END)
            return file.read() == _SEEKABLE
    except OSError:
        return False
