"""The look of large matrices while nothing moves in them, made once by a hidden object: see `nodes.rest`."""

from collections.abc import Iterable

import bpy

from ..kinds.places import Plane
from ..staging.plan import Plan
from . import compat, tags
from .appearance import matrix_size
from .objects import MODIFIER, drawn_object, set_inputs

# The numbers of entries between which a matrix has such an object: fewer are drawn in no time, more take too
# much memory twice.
LEAST_AT_REST, MOST_AT_REST = 4096, 2_000_000
AT_NO_SIZE = (-1.0, -1.0, -1.0)  # sizes that nothing has


def write_at_rest(
    p: Plan, drawn: Iterable[tuple[Plane, bpy.types.Object]], collection: bpy.types.Collection
) -> None:
    """Give large `drawn` matrices that are animated an object with their look at rest, in a hidden
    collection."""
    for plane, ob in drawn:
        entries = plane.rows * plane.columns
        # Entries that are lit by the numbers of a lookup move with these numbers.
        if ob.animation_data and LEAST_AT_REST <= entries <= MOST_AT_REST and not plane.lit_by:
            _write(p, plane, ob, collection)


def _write(p, plane, ob, collection):
    modifier, stage = ob.modifiers[MODIFIER], plane.stage
    rest = drawn_object(f"{stage.name} at rest", ob.data, collection, modifier.node_group)
    rest[tags.KIND] = tags.SOURCE
    inputs = compat.input_identifiers(modifier)
    inputs = {name: compat.value_at(modifier, identifier) for name, identifier in inputs.items()}
    inputs |= {"Consumer Sweep": 0.0, "Dim": 0.0}
    told, when = {"At Rest": rest}, ""
    if stage.operands:
        when = "Final " if stage.epilogue else "Sum "
        inputs |= {"Sweep": float(p.timeline.moves[stage.name].steps), "Finish": float(bool(stage.epilogue))}
        told |= {"Rest Sweep": inputs["Sweep"], "Rest Finish": inputs["Finish"]}
    told["Rest Range"] = tuple(inputs[when + name] for name in ("Low", "High", "Zero"))
    set_inputs(rest, inputs)
    set_inputs(ob, told)
    set_size(ob, matrix_size(p))


def set_size(ob: bpy.types.Object, size: float) -> None:
    """Set the size of the largest element in the look at rest of a drawn matrix, if it has such a look."""
    modifier = ob.modifiers[MODIFIER]
    known = "At Rest" in compat.input_identifiers(modifier)  # since earlier versions built scenes
    if known and (rest := compat.get_input(modifier, "At Rest")) is not None:
        set_inputs(rest, {"Scale": size})
        sizes = [compat.get_input(rest.modifiers[MODIFIER], name) for name in ("Min Size", "Zero Size")]
        set_inputs(ob, {"Rest Sizes": (*sizes, size)})
