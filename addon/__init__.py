"""Matrix Cinema: the matrix products inside neural networks, as film.

    import matrix_cinema as mc
    mc.render("examples/attention_head.toml", "head.png")

`api` has a function for each job; most of them are found here by their names too. What is named here is
loaded when it is first asked for: neither Blender nor torch has to be there. docs/architecture.md has the
rooms.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import api
    from .api import (
        beats,
        build,
        devices,
        encode,
        estimate,
        farm,
        figure,
        film,
        inspect,
        load,
        render,
        sheet,
        still,
        storyboard,
        verify,
    )
    from .capture.record import record
    from .description.light import LampOptions, Light
    from .description.scene import (
        Animation,
        Beat,
        Camera,
        CaptureOptions,
        Layout,
        Look,
        MatrixOptions,
        ProductOptions,
        Render,
        Scene,
    )
    from .description.style import Style
    from .errors import InputError, JobError
    from .outputs.progress import Progress
    from .picture.figure_choice import panels
    from .picture.figure_page import PanelGrid, Shown

__version__ = "0.1.0"

# The module of each name. The job `capture` is not among them: by that name a room is found. It is
# `api.capture`.
_SCENE = "Animation Beat Camera CaptureOptions Layout Look MatrixOptions ProductOptions Render Scene"
_API_NAMES = {
    "api": "beats build devices encode estimate farm figure film inspect load render schema sheet still "
    "storyboard verify",
    "capture.record": "record",
    "description.light": "LampOptions Light",
    "description.scene": _SCENE,
    "description.style": "Style",
    "errors": "InputError JobError",
    "outputs.progress": "Progress",
    "picture.figure_choice": "panels",
    "picture.figure_page": "PanelGrid Shown",
}
_MODULES = {name: module for module, names in _API_NAMES.items() for name in names.split()}
__all__ = ["api", *_MODULES]


def __getattr__(name: str) -> object:
    if name == "api":
        return import_module(".api", __name__)
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def register() -> None:
    """Blender calls this when the extension is enabled."""
    from . import ui

    ui.register()


def unregister() -> None:
    """Blender calls this when the extension is disabled."""
    from . import ui

    ui.unregister()
