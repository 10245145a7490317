"""Renders in the background: another Blender renders a snapshot of the scene while this one stays free.

There are no threads: the other process writes its progress to a file, and `poll` reads the new lines. The
snapshot of an unfinished film stays beside its frames, so that the film can be resumed exactly as it was
begun.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ..blender.stored import described
from ..description.scene import Render
from ..outputs.blend_file import WATCHED, description_as_set
from ..outputs.files import written_whole
from ..outputs.frames_folder import film_folders
from ..outputs.owner import owned_stem
from ..outputs.progress import clock_time
from . import preferences
from .preferences import ADDON

COMMAND = "matrix_cinema"
_BEGINNING = "Starting Blender"
GRACE = 4.0  # seconds for a cancelled process to end by itself; while Blender starts, it ignores signals

current: Any = None  # the job that is running, if any: one at a time


class BackgroundJob:
    """A running command that makes the file `output`. Call `poll` now and then until it returns False.

    `part` is the part that is done, 0 to 1; `text` says what the command is doing. `message` is the last line
    it wrote that is no progress: after a failure, the reason.
    """

    def __init__(self, command: Sequence[str], output: str | Path):
        self.output = Path(output)
        self.part, self.text, self.message = 0.0, _BEGINNING, ""
        self.cancelled, self._deadline = False, 0.0
        handle, self._log = tempfile.mkstemp(prefix=owned_stem(), suffix=".log")
        with open(handle, "wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=os.environ | {WATCHED: "1"},
            )
        self._reader = open(self._log, encoding="utf-8", errors="replace")
        self._begun_line = ""

    def poll(self) -> bool:
        """Read what the process has written since the last call. Returns whether it still runs."""
        if self._reader.closed:
            return False
        runs = self._process.poll() is None
        if runs and self.cancelled and time.monotonic() > self._deadline:
            self._process.kill()
        *lines, self._begun_line = (self._begun_line + self._reader.read()).split("\n")
        for line in lines:
            self._take(line.strip())
        if not runs:
            self._reader.close()
            os.unlink(self._log)
        return runs

    @property
    def ok(self) -> bool:
        """Whether the process ended without an error."""
        return self._process.returncode == 0

    @property
    def reason(self) -> str:
        """Why the process failed, in one line."""
        status = self._process.returncode
        crashed = status < 0 or status > 255  # by a signal, or with a status that Windows gives a crash
        if crashed and not self.cancelled:
            return f"{self.output}: Blender crashed (status {status}); a datablock may be damaged"
        return self.message or f"{self.output}: rendering failed"

    def cancel(self) -> None:
        """Ask the process to end; after GRACE `poll` ends it. The frames that are done stay."""
        self.cancelled, self.text = True, "Stopping"
        self._deadline = time.monotonic() + GRACE
        if self._process.poll() is None:
            if os.name == "posix":
                self._process.send_signal(signal.SIGINT)
            else:
                self._process.terminate()

    def end(self) -> None:
        """Cancel, and wait until the process has ended."""
        self.cancel()
        while self.poll():
            time.sleep(0.02)

    def _take(self, line):
        if line.startswith("matrix-cinema: "):
            self.message = line.partition(": ")[2].removeprefix("error: ")
            return
        try:
            said = json.loads(line)
            for kind in ("error", "warning", "note", "message"):
                self.message = str(said.get(kind, self.message))
            self.part = float(said["percent"]) / 100.0
            left = "" if said["left"] is None else f", {clock_time(said['left'])} left"
            self.text = f"{said['job'].capitalize()}{left}"
        except (ValueError, KeyError, TypeError, AttributeError):
            return


def command(kind: str, file: Path, output: Path, **options: Any) -> list[str]:
    """The command line with which Blender does a job of this kind, "render" or "figure", with a file. An
    option that is True stands alone; one that is False or None is left out."""
    words = [bpy.app.binary_path, "--background", "--addons", ADDON, "--command", COMMAND, kind, str(file)]
    for name, value in ({"output": output} | options | {"json-progress": True}).items():
        if value is not None and value is not False:
            words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return words


def picture_options(kind: str, render: Any) -> dict[str, Any]:
    """The options of the command "render" for a "still" or a "film" with the settings of a Render."""
    of = "film_" if kind == "film" else ""
    return {
        kind: True,
        "size": f"{getattr(render, f'{of}width')}x{getattr(render, f'{of}height')}",
        "samples": getattr(render, f"{of}samples"),
        "engine": render.engine,
        "transparent": render.transparent,
        **preferences.device_options(render.device),
    }


def asked_of(scene: bpy.types.Scene, draft: Any) -> Render:
    """The settings for a render of a built scene: those of the Blender scene, where a person may have set
    them, with the changes that the panel's draft makes to the description."""
    built = described(scene).render
    said = "width height samples film_width film_height film_samples engine transparent".split()
    changed = {name: getattr(draft, name) for name in said if getattr(draft, name) != getattr(built, name)}
    return replace(description_as_set(scene).render, **changed, device=draft.device)


def snapshot_of(output: Path) -> Path:
    """The path of the snapshot of an unfinished film."""
    return film_folders(output)[0] / f"{output.name}.blend"


def write_snapshot(scene: bpy.types.Scene, path: Path) -> None:
    """Write a Blender scene with all that it uses to a file of its own."""
    with written_whole(path) as part:
        bpy.data.libraries.write(str(part), {scene}, path_remap="ABSOLUTE", compress=True)


def stop() -> None:
    """End the running job, if any: when the extension is disabled or another file is opened."""
    global current
    if current is not None:
        current.end()
        current = None
