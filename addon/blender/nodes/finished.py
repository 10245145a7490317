"""The end that the groups of all results share."""

from typing import Any

from .active import Use
from .beads import pooled
from .elements import elements
from .formula import Field, Group
from .magnitude import sized
from .rest import at_rest
from .shared_inputs import look_inputs, masked_input, range_inputs
from .spotlight import size_of_step_back, stepping_back
from .tone import colored


def finished(
    g: Group,
    points: Field,
    columns: Field,
    sweep: Field,
    sums: Field,
    visited: Field,
    final: Field,
    present: Field,
) -> Any:
    """The end of a result's group: turn `sums` into the values `final`, and draw the entries that are
    `present`."""
    finish = g.input("Finish", float, 0.0, low=0.0, high=1.0, hint="0: the sums; 1: after the epilogue")
    each = g.input(
        "Finish Visited", bool, False, hint="Each entry goes through the epilogue while it is visited"
    )
    ranges = {when: range_inputs(g, f"{when} ") for when in ("Sum", "Final")}

    n = g.index()
    i, j = n // columns, n % columns
    masked = masked_input(g)
    # One node per attribute, read by the next. Of what is not finished at all a bead shows nothing. Where
    # nothing is, there are no finished values, and no mask without one: what is not there reads as 0.
    begun = each | (finish > 0.0)
    use = Use(g)
    plain = g.store(points, lit=use.lit(i, j), sum=sums)
    final = g.switch(g.attribute("finish") > 0.0, final, 0.0)
    ends = g.store(plain, finish=g.switch(each, visited, finish), final=final)
    points = g.switch(begun, ends, plain)
    points = g.switch(masked, g.store(points, present=present), points)
    total, final, part = (g.attribute(name) for name in ("sum", "final", "finish"))
    points = g.store(points, value=g.mix(total, final, part))
    alike = ~(use.taken | masked | each)
    points, places, several = pooled(g, points, columns, alike, masked, finish)

    def mixed(measured):
        return g.mix(measured(g, total, **ranges["Sum"]), measured(g, final, **ranges["Final"]), part)

    points, steps_back = stepping_back(g, g.store(points, tone=mixed(colored)), columns)
    look = look_inputs(g)
    drawn = g.call(
        elements(),
        Points=points,
        **places,
        Magnitude=mixed(sized),
        Nonzero=g.absolute(g.attribute("value")) > 0.0,
        Present=~masked | g.attribute("present", "BOOLEAN"),
        Weight=size_of_step_back(g),
        **look,
    )[0]
    whole = g.input("Rest Sweep", float, hint="The position of the sweep at rest")
    whole, ready = (sweep == whole), (finish == g.input("Rest Finish", float, hint="`Finish` at rest"))
    moves = steps_back | ~(whole & ready)
    begins = (sweep > 0.0) | (look["Zero Size"] > 0.0)  # else nothing is visible
    ends = {
        name: g.switch(finish > 0.5, ranges["Final"][name], ranges["Sum"][name]) for name in ranges["Sum"]
    }
    rest = at_rest(g, drawn, moves, use, several, masked, ends, look)
    g.output("Geometry", "geometry", g.only(begins, rest))
    return g.finish()
