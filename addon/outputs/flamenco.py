"""Submits a farm's job to a Flamenco Manager. This is the only module that uses a network, and only with a
URL that the user gives.

The interface is that of Flamenco 3 (https://flamenco.blender.org/; a Manager has its OpenAPI document at
/api/v3/openapi3.json). The job has the type "simple-blender-render", which every Manager knows: it renders
chunks and makes a preview film of them. Workers read the .blend and write the frames in the job's folder, so
all of them must see that folder.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError, JobError
from .farm import BLEND, FRAME_DIGITS, FRAMES
from .frames_folder import Job

TYPE = "simple-blender-render"
PATIENCE = 30.0  # seconds for one answer
MOST_BYTES = 2**20  # of an answer
_PLATFORMS = {"win32": "windows", "darwin": "darwin"}  # the names that Go uses; others are the same in Python


def require_url(url: str) -> str:
    """The address of a Manager, up to its host and port. Raises InputError for a text that is no address."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = None, None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise InputError(f"`flamenco` {url}: is not the address of a Manager, such as http://manager:8080")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def submitted(folder: Path, title: str, job: Job, chunk: int, scene: str, etag: str) -> dict[str, Any]:
    """The job to send: the frames of a job's folder, `chunk` in a task. Managers from 3.9 on also need the
    name of the `scene` in its .blend."""
    folder = folder.absolute()
    return {
        "name": title or "Matrix Cinema",
        "type": TYPE,
        **({"type_etag": etag} if etag else {}),
        "priority": 50,
        "submitter_platform": _PLATFORMS.get(sys.platform, sys.platform),
        "metadata": {"project": "Matrix Cinema", "matrix_cinema.version": __version__},
        "settings": {
            "frames": f"{job.first}-{job.last}",
            "chunk_size": chunk,
            "blendfile": str(folder / BLEND),
            "render_output_root": str(folder / FRAMES),
            "add_path_components": 0,
            "render_output_path": str(folder / FRAMES / ("#" * FRAME_DIGITS)),
            "fps": job.fps / job.fps_base,
            "format": "PNG",
            "image_file_extension": ".png",
            "has_previews": False,
            "scene": scene,
        },
    }


def submit(url: str, folder: Path, title: str, job: Job, chunk: int, scene: str) -> str:
    """Submit a job to a Manager. Returns the URL of its page. Raises JobError if the Manager refuses it, and
    InputError for a text that is no address."""
    manager = require_url(url)
    kind = _asked(manager, f"/api/v3/jobs/type/{TYPE}")
    sent = submitted(folder, title, job, chunk, scene, str(kind.get("etag", "")))
    made = _asked(manager, "/api/v3/jobs", sent)
    if not isinstance(made.get("id"), str):
        raise JobError(f"{manager}: accepted the job but sent no number for it; is this a Flamenco Manager?")
    return f"{manager}/app/jobs/{made['id']}"


def _asked(manager: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON object that a Manager answers. Raises JobError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(manager + path, data, {"Accept": "application/json"})
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            said = json.loads(answer.read(MOST_BYTES))
    except urllib.error.HTTPError as error:
        raise JobError(f"{manager}: refused {path} with {error.code}: {_message(error)}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise JobError(f"{manager}: no Flamenco Manager answers there ({reason})") from None
    if not isinstance(said, dict):
        raise JobError(f"{manager}: no Flamenco Manager answers there, but another program")
    return said


def _message(error: urllib.error.HTTPError) -> str:
    """What a Manager says of an error: {"code": 400, "message": "…"}."""
    try:
        return str(json.loads(error.read(MOST_BYTES))["message"])[:300]
    except (OSError, ValueError, KeyError, TypeError):
        return str(error.reason)
