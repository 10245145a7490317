"""The interior of a matmul."""

from typing import Any

from . import shared
from .elements import elements
from .formula import Group
from .magnitude import sized
from .multiplication import product_at, products_of_pairs, products_of_steps, visited_at
from .shared_inputs import gap_inputs, look_inputs, product_inputs
from .spotlight import products_stepping_back, size_of_step_back
from .tone import colored


@shared
def Product(g: Group) -> Any:
    """The interior of a matmul: one element for each visited product left[i, k] · right[k, j]."""
    g.input("Geometry", "geometry")
    names = product_inputs(g)
    low, high = g.input("Low", float, 0.0), g.input("High", float, 1.0)
    names["Trail"] = g.input(
        "Trail", float, 0.0, low=0.0, hint="Steps in which a product settles; 0: all settle at the end"
    )
    for name, hint in (
        ("Settle", "1: all products have settled"),
        ("Settled Size", "0: settled products are gone"),
    ):
        names[name] = g.input(name, float, 0.0, low=0.0, high=1.0, hint=hint)
    names["Steps"] = g.input("Steps", int, 1, hint="Steps of the whole sweep")
    names["Pairs"] = g.input("Pairs", "object", hint="The entries of a masked matrix that exist")
    names["Paired"] = g.input(
        "Paired", int, 0, low=0, high=3, hint="The masked matrix: 1 the result, 2 left, 3 right"
    )
    points, (i, j, k) = _points(g, names)
    inside = (names["Rows"] > i) & (names["Columns"] > j) & (names["Inner"] > k)
    points = g.store(points, value=product_at(g, names, i, j, k))
    value, seen = g.attribute("value"), visited_at(g, names, i, j, k)

    position = g.vector(0.0, 0.0, 0.0)
    for axis, index in (("i", i), ("j", j), ("k", k)):
        step = g.input(f"Step {axis}", "vector", hint=f"Distance from one {axis} to the next")
        block, gap = gap_inputs(g, axis).values()
        place = g.switch(gap > 0.0, index + gap * (index // block), index * 1.0)
        position = g.vector_math("ADD", position, g.scaled(step, place))
    least = g.input("Threshold", float, 0.0, low=0.0, hint="Products up to this magnitude are left out")
    running = names["Steps"] > names["Sweep"]
    lit = seen["Weight"] * g.clamp(1.0 - seen["Age"]) * g.switch(running, 1.0, 0.0)
    color = colored(g, value, high, g.input("Zero", float, 0.5))
    look = look_inputs(g)
    points = g.store(g.switch(running, g.store(points, lit=lit), points), tone=color)
    drawn = g.call(
        elements(),
        Points=products_stepping_back(g, points, names, i, j, k),
        Position=position,
        Magnitude=sized(g, value, low, high),
        Nonzero=inside & (g.absolute(value) > least),
        Weight=seen["Weight"] * _kept(g, names, seen["Age"]) * size_of_step_back(g),
        **look,
    )
    g.output("Geometry", "geometry", _lean(g, drawn[0], look["As Points"]))
    return g.finish()


def _points(g, names):
    """(points with the attributes i, j and k, fields of these) for the products of all steps that show
    something: the visited steps, or only the steps of the trail if settled products are gone."""
    sweep, trail = names["Sweep"], names["Trail"]
    last = g.whole("MINIMUM", g.ceiling(sweep), names["Steps"])
    faded = g.whole("MINIMUM", g.whole("MAXIMUM", g.floor(sweep - trail), 0), last)
    first = g.switch((trail > 0.0) & ~(names["Settled Size"] > 0.0), faded, 0)
    every, present = (make(g, names, first, last - first) for make in (products_of_steps, products_of_pairs))
    count, i, j, k = (g.switch(names["Paired"] > 0, b, a) for a, b in zip(every, present, strict=True))
    # Reading the indices from the points is faster than computing them again.
    return g.store(g.points(count), i=i, j=j, k=k), [g.attribute(axis, "INT") for axis in "ijk"]


def _kept(g, names, age):
    """The size of a product `age` steps after its own step: first 1, then shrinking over the trail, or at the
    end of the sweep together with all others."""
    trail = names["Trail"]
    aged = g.switch(trail > 0.0, g.clamp(age / g.real("MAXIMUM", trail, 1e-6)), 0.0)
    return g.mix(1.0, names["Settled Size"], g.real("MAXIMUM", aged, names["Settle"]))


def _lean(g, drawn, as_points):
    """`drawn` without its indices if it is rendered as points: nothing reads them then, and they take a tenth
    of the memory."""
    lean = drawn
    for axis in "ijk":
        lean = g.node("GeometryNodeRemoveAttribute", {"Geometry": lean, "Name": axis})[0]
    return g.switch(g.node("GeometryNodeIsViewport")[0] | ~as_points, drawn, lean)
