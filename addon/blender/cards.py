"""Cards of a film: a plane in the colours of the background, before everything else that the camera sees,
with type on it."""

import bpy
import numpy as np

from ..look.styles import soft_color
from ..picture.drawing import Drawing
from ..staging.camera.framing import View
from ..staging.plan import Plan
from . import tags
from .objects import show
from .picture_plane import clear_distance, picture_plane
from .shapes import grid, guide
from .studio import backdrop_at
from .text import Writer, passing_type

# Of the distance of the overlay, so that cards hide it; the camera's sight begins nearer than that.
CARD_NEARER = 0.95
BEHIND_TYPE = 1e-4  # heights of the frame, the plane behind the type
OVERSCAN = 0.02  # of the frame, further than its edges
CARD_GRID = (33, 19)  # points across and up, which carry the background's colours
FADE = 0.4  # seconds in which type comes and goes


def write_cards(drawing: Drawing, to: Writer) -> None:
    """Write the cards of a film before its camera, each with keys for the frames at which it is visible."""
    p, view = drawing.plan, drawing.seen
    if not drawing.cards:
        return
    distance = CARD_NEARER * clear_distance(p, to.camera, view)
    plane, _ = picture_plane(to.camera, view, to.collection, distance, in_focus=False)
    colors = p.style.text, soft_color(p.style)
    for card in drawing.cards:
        ground = _ground(p, view, to.collection)
        shown = card.start, card.end
        strong, soft = (
            passing_type(p, f"Matrix Cinema card {name}", color, shown, FADE)
            for name, color in zip(("type", "soft type"), colors, strict=True)
        )
        show(ground, shown)
        ground.parent, ground.location = plane, (0.0, 0.0, -BEHIND_TYPE)
        for line in card.lines:
            ob = to.line(line, soft if line.soft else strong)
            ob.parent, ob.location, ob[tags.KIND] = plane, (line.x, line.y, 0.0), "overlay"
            show(ob, shown)


def _ground(p: Plan, view: View, collection: bpy.types.Collection) -> bpy.types.Object:
    """A plane that covers the frame, in the colours of the background."""
    aspect = view.half_width / view.half_height
    x, y, faces = grid(*(np.linspace(-OVERSCAN, 1.0 + OVERSCAN, count) for count in CARD_GRID))
    colors = np.column_stack([backdrop_at(p.style, x, y), np.ones(len(x))])
    ob = guide("card", np.column_stack([x * aspect, y, 0.0 * x]), faces, colors, collection)
    ob[tags.KIND] = "card"
    return ob
