"""The part of a scene that belongs to its film: camera, light, text, frames around entries, and keys.

A build writes it, and so does an update that leaves matrices and products as they are (`filmed_anew`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import bpy

from ..description.frame_rate import frame_rate
from ..kinds.places import Plane
from ..picture.drawing import Drawing
from ..picture.lasting import lasting
from ..staging.plan import Plan
from . import camera, studio, tags
from . import text as lettering
from .appearance import come, matrix_size, product_size
from .cards import write_cards
from .guides import write_guides
from .numbers import lift_to
from .objects import keyframe
from .patches import write_patches
from .readouts import sharpen, write_presented, write_readouts
from .why import write_why

Rooms = Mapping[str, bpy.types.Collection]  # the collections of a build by their names


@dataclass(frozen=True)
class Drawn:
    """The objects of a plan's matrices, each with its plane, and of its products by name."""

    planes: Sequence[tuple[Plane, bpy.types.Object]]
    products: Mapping[str, bpy.types.Object]

    @property
    def matrices(self) -> dict[str, bpy.types.Object]:
        """The objects of matrices by name; for a matrix that stands in several places, the first one."""
        return {plane.stage.name: ob for plane, ob in reversed(self.planes)}

    @property
    def swept(self) -> dict[str, bpy.types.Object]:
        """The object whose Sweep is keyframed, by the name of its result: the product, or else the matrix."""
        return self.matrices | dict(self.products)


# -- keys -------------------------------------------------------------------------------------------------


def write_keys(p: Plan, drawn: Drawn) -> None:
    """Keys for arriving, for being finished, and for stepping back from a spotlight."""
    for plane, ob in drawn.planes:
        come(p, ob, plane.stage.name, matrix_size(p))
        if plane.stage.epilogue:
            keyframe(ob, "Finish", p.timeline.moves[plane.stage.name].finish_keys())
        # A star that the spotlight is on stays to be read, in all its colours, and is framed.
        _shine(p, ob, plane.stage.name if p.is_star(plane.stage) else "")
    for name, ob in drawn.products.items():
        come(p, ob, name, product_size(p))
        _shine(p, ob)


def write_sweeps(p: Plan, drawn: Drawn) -> None:
    """Keys for the sweeps and epilogues."""
    swept = drawn.swept
    for name, move in p.timeline.moves.items():
        keyframe(swept[name], "Sweep", move.sweep_keys(), smooth=p.scene.animation.easing == "smooth")
        if name in drawn.products and move.settled > move.swept:
            keyframe(drawn.products[name], "Settle", move.settle_keys())


def _shine(p, ob, spared=""):
    """Keys for the film's spotlights on one object: which spotlight is on, and how far the other entries step
    back."""
    if not p.spotlight:
        return
    keyframe(ob, "Dim", p.spotlight.dim_keys(spared))
    if len(p.spotlight.shines) > 1:
        keyframe(ob, "Spotlight", p.spotlight.number_keys(), stepped=True)


# -- the film ---------------------------------------------------------------------------------------------


def write_film(drawing: Drawing, drawn: Drawn, rooms: Rooms, target: bpy.types.Scene) -> None:
    """Add the camera, the text in the scene and before it, and the light, and set the scene's frames. Each of
    these objects is marked as tags.FILMED."""
    p, every = drawing.plan, {ob for room in rooms.values() for ob in room.objects}
    write_guides(p, rooms["Products"])
    write_patches(p, rooms["Lettering"])
    if drawing.standing is None:
        lens = camera.place(drawing.shot, rooms["Stage"], target)
    else:
        lens = camera.stand(drawing, rooms["Stage"], target)
    write_picture(drawing, drawn.matrices, drawn.products, rooms["Lettering"], target)
    sharpen(drawing, lens)
    stands = drawing.seen.position
    casters = [(plane, ob) for plane, ob in drawn.planes if not plane.unseen]
    studio.light(p, drawing.first, stands, drawing.lit, casters, rooms["Stage"], target)
    made = [ob for room in rooms.values() for ob in room.objects if ob not in every]
    if drawing.turntable:
        camera.carry_lights(lens, [ob for ob in made if ob.type == "LIGHT"])
    for ob in made:
        ob[tags.FILMED] = True
    target.frame_start, target.frame_end = 1, p.timeline.last_frame
    target.render.fps, target.render.fps_base = frame_rate(p.scene.render.fps)


def write_picture(
    drawing: Drawing,
    matrices: Mapping[str, bpy.types.Object],
    products: Mapping[str, bpy.types.Object],
    collection: bpy.types.Collection,
    target: bpy.types.Scene,
) -> None:
    """Write all text of a scene into a collection, for the camera that it has: labels, overlay, readouts, the
    bars of a why, presented matrices. `matrices` and `products` are the drawn objects by name. Each new
    object is marked as tags.WRITTEN."""
    p, lens, before = drawing.plan, target.camera, set(collection.objects)
    lift_to(lens, collection)
    to = lettering.Writer(p, lettering.load_font(p), lens, collection)
    for one in lasting(drawing.labels):
        shown = (one.phase.start, one.phase.end) if len(drawing.labels) > 1 else None
        lettering.write_labels(to, one.lettering, one.view, shown)
    lettering.write_overlay(to, drawing.seen, drawing.overlay)
    write_readouts(drawing, matrices, to)
    for chart in drawing.charts:
        if chart.why.stage.name in products:  # and was not deleted
            write_why(to, chart, products[chart.why.stage.name], drawing.seen)
    write_presented(drawing, matrices, to)
    write_cards(drawing, to)
    for ob in set(collection.objects) - before:
        ob[tags.WRITTEN] = True
