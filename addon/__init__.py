"""Matrix Cinema: the matrix products inside neural networks, as film.

The rooms, each of which imports only from those before it: `files`, `capture` (a torch model to a
file), `algebra` (expression to values), `look` (colours, styles), `staging` (where things stand, when
they move), `blender` (the scene), `render` (pictures and films), `cli` and `ui`.
"""

__version__ = "0.1.0"


def register():
    """Blender calls this when the extension is enabled."""
    from . import ui

    ui.register()


def unregister():
    """Blender calls this when the extension is disabled."""
    from . import ui

    ui.unregister()
