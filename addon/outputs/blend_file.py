"""Opens and saves .blend files: scripts in them are not run, and one that is saved is whole.

A damaged .blend can end Blender itself. So another process opens a file first; what it cannot survive is
told in a line. Whoever watches this process all the same sets WATCHED in its environment.
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
    """An empty file; the user's preferences and add-ons stay as they are."""
    with blender_silenced():
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def draw_alone(checked: Plan) -> bpy.types.Scene:
    """The Blender scene of a plan, as a film, alone in an empty file. Raises InputError."""
    begin_empty()
    return draw(film_of(checked))


def require_saved() -> None:
    """Raise InputError where a person would lose what is open in Blender's window."""
    if not bpy.app.background and bpy.data.is_dirty:
        raise InputError("the file that is open in Blender has changes and would be replaced; save it first")


WATCHED = "MATRIX_CINEMA_WATCHED"
_PATIENCE = 600  # seconds in which a file has to be opened
_TRIAL = """
import os, bpy
try:
    bpy.ops.wm.open_mainfile(filepath=os.environ["MATRIX_CINEMA_TRIAL"], load_ui=False, use_scripts=False)
    bpy.context.view_layer.update()
except Exception:
    pass  # it is told where the file is opened in earnest
os._exit(0)
"""


def open_blend(path: Path, *, file_outputs: bool = False) -> bpy.types.Scene:
    """Open a .blend and return the scene that was built in it, or else its current one.

    Nothing in it writes to the disk from then on, unless `file_outputs` leaves it as it is. Raises InputError
    for what is no .blend, or one so damaged that Blender does not survive it.
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
    """Raise InputError when another Blender ends, or does not come to an end, over this file."""
    program = [sys.executable, "-c", _TRIAL]
    if not bpy.app.module:
        program = [bpy.app.binary_path, "--background", "--factory-startup", "--python-expr", _TRIAL]
    environment = os.environ | {"MATRIX_CINEMA_TRIAL": str(full_path(path))}
    quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    try:
        ended = subprocess.run(program, env=environment, timeout=_PATIENCE, check=False, **quiet).returncode
    except subprocess.TimeoutExpired:
        raise InputError(f"{path}: Blender does not come to an end of opening it; is it damaged?") from None
    if ended:
        raise InputError(f"{path}: is damaged: Blender crashes when it opens it (status {ended})")


def open_built(source: Source, *, file_outputs: bool = False) -> bpy.types.Scene:
    """The scene of a .blend that this project built, drawn anew where the source says another style or
    camera. Raises InputError for any other file."""
    scene = open_blend(source.file, file_outputs=file_outputs)
    if tags.DESCRIPTION not in scene:
        raise InputError(f"{source.file}: holds no scene that this program built")
    if source.instead:
        wanted = with_instead(described(scene), source.instead)
        if not source.instead.keys().isdisjoint(CAMERA):  # one that someone has moved is not to stay
            given_back.reset(scene, given_back.of_camera(scene))
        update(wanted, scene)
    return scene


def description_as_set(scene: bpy.types.Scene) -> Scene:
    """The description that a built scene carries, with the size, the samples and the engine that Blender has
    for it where someone has set them otherwise; of another scene, its render settings alone."""
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
