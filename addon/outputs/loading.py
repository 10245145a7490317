"""Loads Blender's module when a job needs it, without its output. If it is missing, the error says how to get
it."""

import sys
from types import ModuleType

from ..errors import InputError, JobError, needs_extra, not_loaded
from ..memory import address_limit
from .silence import blender_silenced
from .temporary import begin_in_blender

LEAST_ADDRESSES = 1.7e9  # bytes: 1.2 GB of Blender 4.5, 1.4 GB of Blender 5.2, once they are loaded
# What the bpy module links and a bare Debian or Ubuntu server lacks; EGL is for EEVEE.
PACKAGES = "libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libice6 libgl1 libegl1"


def load_blender(*, replacing: bool = False) -> ModuleType:
    """The bpy module. Raises JobError that says how to get it; for a job that is `replacing` the open file,
    InputError if that has unsaved changes."""
    _require_addresses()
    try:
        with blender_silenced():
            import bpy
    except (ImportError, MemoryError, OSError) as error:
        if "cannot open shared object" in str(error):
            lacking = (
                f"Blender's module needs system libraries ({error}); on Debian or Ubuntu: "
                f"apt-get install {PACKAGES}"
            )
            raise not_loaded(error, lacking) from None
        otherwise = (
            "on Python 3.11 or 3.13, or run this within Blender: blender -b -P scripts/matrix_cinema.py -- …"
        )
        raise needs_extra(error, "this needs Blender's Python module", "blender", otherwise) from None
    if bpy.app.background:
        begin_in_blender(bpy.app.tempdir)
    elif replacing and bpy.data.is_dirty:
        raise InputError("the file that is open in Blender has changes and would be replaced; save it first")
    return bpy


def _require_addresses():
    """Raise JobError if `ulimit -v` leaves Blender too little memory: it would crash while it loads."""
    most = address_limit()
    if "bpy" not in sys.modules and most is not None and most < LEAST_ADDRESSES:
        raise JobError(
            f"ulimit -v allows {most / 1e9:.1f} GB of memory; Blender alone takes {LEAST_ADDRESSES / 1e9:.1f}"
        )
