"""Matrix Cinema: the matrix products inside neural networks, as film.

The rooms, in the order that data passes through them: `capture` (torch model to file), `files`,
`algebra` (expression to values), `staging` (where things stand, when they move), `look`
(colours, styles), `blender` (the scene), `render` (pictures and films), `ui` and `cli`.
Each imports only from rooms before it; only the last four import `bpy`.
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
