"""The geometry-node groups of a scene: matrices, products, partial sums.

One function for each group; a group is made once in a file and shared by all objects. The
fields follow the design: a product (i, j, k) is visited at step
`stride · local index within its block` and fades in while `Sweep` passes over [step, step + 1].
"""

from ...description.scene import POOLINGS
from ...kinds.product import PAIRED
from ...kinds.sheet import OPERATORS
from .. import tags
from . import beads as pooling
from .formula import Group

PREFIX = "Matrix Cinema "


def shared(make):
    """Make a group when it is first used in a build; all of the build shares it."""
    name = PREFIX + make.__name__.replace("_", " ")

    def get():
        return tags.once("node_groups", name, lambda name: make(Group(name)))

    get.__doc__ = make.__doc__
    return get


def node_group(name):
    """The node group of this name in the current file."""
    return globals()[name]()


@shared
def magnitude(g):
    """Where |value| lies in its range: 0 at `Low`, 1 at `High`; the size law is applied later."""
    value = g.input("Value", float)
    low = g.input("Low", float)
    high = g.input("High", float, 1.0)
    g.output("Magnitude", float, g.clamp((g.absolute(value) - low) / (high - low)))
    return g.finish()


@shared
def tone(g):
    """Where a value lies in its colour map, 0 to 1: `Zero` at 0, 1 at `High`."""
    value = g.input("Value", float)
    high = g.input("High", float, 1.0)
    zero = g.input("Zero", float, 0.5)
    g.output("Tone", float, g.clamp(zero + (1.0 - zero) * (value / high)))
    return g.finish()


@shared
def visit(g):
    """How far the sweep has visited a product: 0 before its step, 1 after it."""
    sweep = g.input("Sweep", float)
    step = 0
    for axis in "ijk":
        index = g.input(axis, int)
        stride = g.input(f"Stride {axis}", int)
        block = g.input(f"Block {axis}", int, 1, low=1)
        # An axis that is not swept costs nothing for each product: 0 is one value, no field.
        step = g.switch(stride > 0, (index % block) * stride, 0) + step
    g.output("Weight", float, g.clamp(sweep - step))
    g.output("Age", float, sweep - step - 1.0)
    return g.finish()


@shared
def elements(g):
    """Points to drawn elements: sized by the square root of the magnitude, instanced or as points.

    The size is Min + (1 - Min) · sqrt(magnitude), as in mm, times `Weight`, and `Zero Size` for a
    value of 0; an element of size 0 is absent. `Element` has radius 1. A bead is `Span` entries large
    along each axis; as a point, as its shortest side.
    """
    points = g.input("Points", "geometry")
    size = g.input("Magnitude", float)
    nonzero = g.input("Nonzero", bool)
    present = g.input("Present", bool, True)
    weight = g.input("Weight", float, 1.0)
    minimum = g.input("Min Size", float, 0.1)
    zero_size = g.input("Zero Size", float, 0.0)
    scale = g.input("Scale", float, 1.0)
    position = g.input("Position", "vector")
    span = g.input("Span", "vector", (1.0, 1.0, 1.0))
    element = g.input("Element", "object")
    as_points = g.input("As Points", bool, False)
    material = g.input("Material", "material")

    size = (minimum + (1.0 - minimum) * g.real("SQRT", size)) * weight
    radius = g.switch(present, g.switch(nonzero, size, zero_size), 0.0) * scale * 0.5
    points = g.node("GeometryNodeSetPosition", {"Geometry": points, "Position": position})[0]
    x, y, z = g.parts(span)
    shortest = g.real("MINIMUM", g.real("MINIMUM", x, y), z)
    points = g.node("GeometryNodeSetPointRadius", {"Points": points, "Radius": radius * shortest})[0]
    radius = g.attribute("radius")
    gone = ~(radius > 0.0)
    points = g.node("GeometryNodeDeleteGeometry", {"Geometry": points, "Selection": gone}, domain="POINT")[0]

    mesh = g.node("GeometryNodeObjectInfo", {"Object": element})["Geometry"]
    mesh = g.node("GeometryNodeSetMaterial", {"Geometry": mesh, "Material": material})[0]
    instances = g.node(
        "GeometryNodeInstanceOnPoints",
        {"Points": points, "Instance": mesh, "Scale": g.scaled(span, radius / shortest)},
    )[0]
    spheres = g.node("GeometryNodeSetMaterial", {"Geometry": points, "Material": material})[0]
    g.output("Elements", "geometry", g.switch(as_points, spheres, instances))
    return g.finish()


@shared
def active(g):
    """1 for the entries of an argument that the sweep's current step uses, else 0.

    The current step is the one that fades in, until the next one begins. Its local indices are
    its digits in the mixed radix of the strides; an axis with stride 0 is used whole. An argument
    without any swept axis is not lit.
    """
    sweep = g.input("Sweep", float)
    steps = g.input("Steps", int)
    running = (sweep > 0.0) & (steps > sweep)
    step = g.current_step(sweep)
    swept = False
    lit = running
    for axis in ("row", "column"):
        index = g.input(f"{axis}", int)
        stride = g.input(f"Stride {axis}", int)
        block = g.input(f"Block {axis}", int, 1, low=1)
        has = stride > 0
        digit = (step // g.whole("MAXIMUM", stride, 1)) % block
        lit = lit & (~has | (digit == index % block))
        swept = has if swept is False else swept | has
    g.output("Lit", float, g.switch(lit & swept, 1.0, 0.0))
    return g.finish()


def gap_inputs(g, axis):
    """The gaps along an axis: how many entries are between two of them, and how wide they are."""
    block = g.input(f"Gap Block {axis}", int, 1_000_000_000, low=1, hint="Entries between gaps")
    return block, g.input(f"Gap {axis}", float, 0.0, hint="Width of the gap between blocks, in entries")


def spread(g, index, step, block, gap):
    """`index` steps along an axis, with a gap between its blocks."""
    return g.scaled(step, g.switch(gap > 0.0, index + gap * (index // block), index * 1.0))


@shared
def beads(g):
    """Blocks of entries to one point each."""
    return pooling.beads(g)


@shared
def standing(g):
    """Where a bead stands, and how large its block is."""
    return pooling.standing(g)


def pooled(g, entries, columns, alike, masked=False, finish=0.0):
    """The beads of a matrix's entries, which are these entries with `i` and `j` where nothing is pooled;
    and the inputs that say where they stand, {"Position", "Span"}. `alike`: no entry is lit, masked or
    finished by itself; then all have the same `finish`."""
    places = {}
    for axis in ("row", "column"):
        hint = f"From one {axis} to the next"
        places[f"{axis}_Step"] = g.input(f"{axis.title()} Step", "vector", hint=hint)
        places[f"Gap_Block_{axis}"], places[f"Gap_{axis}"] = gap_inputs(g, axis)
    sizes = [
        g.input(f"Pool {name}", int, 1, low=1, hint=f"{name} of entries for which one element stands")
        for name in ("Rows", "Columns")
    ]
    several = sizes[0] * sizes[1] > 1
    made = g.call(
        beads(),
        Entries=entries,
        Columns=columns,
        Masked=masked,
        Alike=alike,
        Finish=finish,
        Gap_Block_row=places["Gap_Block_row"],
        Gap_Block_column=places["Gap_Block_column"],
        Pool_Rows=sizes[0],
        Pool_Columns=sizes[1],
        Pool_Rule=g.input("Pool Rule", int, 0, low=0, hint=", ".join(POOLINGS)),
    )["Beads"]
    depth = g.input("Depth", float, 1.0, low=0.0, hint="Of the thickest bead, in entries")
    stand = g.call(standing(), Pooled=several, Depth=depth, **places)
    n = g.index()
    each = g.store(entries, i=n // columns, j=n % columns)
    return g.switch(several, made, each), {"Position": stand["Position"], "Span": stand["Span"]}


def look_inputs(g):
    """The inputs that every drawn object ends with."""
    return {
        "Min_Size": g.input("Min Size", float, 0.12, low=0.0, high=1.0),
        "Zero_Size": g.input("Zero Size", float, 0.0, low=0.0, hint="Size of a zero; 0: absent"),
        "Scale": g.input("Scale", float, 0.9, low=0.0, hint="Width of the largest element, in entries"),
        "Element": g.input("Element", "object", hint="What to instance; of radius 1"),
        "As_Points": g.input("As Points", bool, False, hint="Draw as spheres, not as instances"),
        "Material": g.input("Material", "material"),
    }


def argument_inputs(g, i, j):
    """The inputs that say which entries the product that takes this matrix is using now: whether there is
    such a product, and what each entry is lit."""
    steps = g.input("Consumer Steps", int, 0)
    lit = g.call(
        active(),
        row=i,
        column=j,
        Sweep=g.input("Consumer Sweep", float, 0.0, hint="Sweep of the product that takes this matrix"),
        Steps=steps,
        **{
            name.replace(" ", "_"): g.input(name, int, default, low=default)
            for axis in ("row", "column")
            for name, default in ((f"Stride {axis}", 0), (f"Block {axis}", 1))
        },
    )["Lit"]
    return steps > 0, lit


@shared
def Matrix(g):
    """A given matrix: the object's own points, in row-major order, each with its `value`."""
    mesh = g.input("Geometry", "geometry")
    columns = g.input("Columns", int, 1, low=1)
    low = g.input("Low", float, 0.0, hint="Magnitude of the smallest element")
    high = g.input("High", float, 1.0, hint="Magnitude of the largest element and end of the colour map")
    zero = g.input("Zero", float, 0.5, hint="Place of zero in the colour map: 0.5 when signed")

    n = g.index()
    i, j = n // columns, n % columns
    points = g.node("GeometryNodeMeshToPoints", {"Mesh": mesh})[0]
    taken, lit = argument_inputs(g, i, j)
    points, places = pooled(g, g.store(points, lit=lit), columns, alike=~taken)
    value = g.attribute("value")
    points = g.store(points, tone=g.call(tone(), Value=value, High=high, Zero=zero)["Tone"])
    drawn = g.call(
        elements(),
        Points=points,
        **places,
        Magnitude=g.call(magnitude(), Value=value, Low=low, High=high)["Magnitude"],
        Nonzero=g.absolute(value) > 0.0,
        **look_inputs(g),
    )
    g.output("Geometry", "geometry", drawn[0])
    return g.finish()


def product_inputs(g):
    """Sizes, arguments and strides of a matmul, and its sweep."""
    sweep = g.input("Sweep", float, 0.0, low=0.0, hint="How many steps have been visited")
    return {"sweep": sweep} | multiplication_inputs(g)


def multiplication_inputs(g):
    """Sizes, arguments and strides of a matmul.

    An argument is an object whose own points carry `value`; entry (row, column) of it, as it is
    multiplied, is at `row · Row + column · Column`, so that a transposed argument needs no copy.
    """
    names = {}
    names["inner"] = g.input("Inner", int, 1, low=1)
    names["columns"] = g.input("Columns", int, 1, low=1)
    names["rows"] = g.input("Rows", int, 1, low=1)
    names["left"] = g.input("Left", "object")
    names["right"] = g.input("Right", "object")
    for side in ("Left", "Right"):
        for axis in ("Row", "Column"):
            names[f"{side} {axis}"] = g.input(f"{side} {axis}", int, 1, hint="Step in the argument's points")
    for axis in "ijk":
        names[f"Stride_{axis}"] = g.input(f"Stride {axis}", int, 0, low=0)
        names[f"Block_{axis}"] = g.input(f"Block {axis}", int, 1_000_000_000, low=1)
    return names


def product_at(g, names, i, j, k):
    """left[i, k] · right[k, j]."""

    def entry(side, row, column):
        geometry = g.node("GeometryNodeObjectInfo", {"Object": names[side.lower()]})["Geometry"]
        place = row * names[f"{side} Row"] + column * names[f"{side} Column"]
        return g.sample(geometry, g.attribute("value"), place)

    return entry("Left", i, k) * entry("Right", k, j)


def visited_at(g, names, i, j, k):
    """How far the sweep has visited the product (i, j, k): its `Weight` and `Age`."""
    strides = {key: names[key] for key in names if key.startswith(("Stride", "Block"))}
    return g.call(visit(), Sweep=names["sweep"], i=i, j=j, k=k, **strides)


def products_of_steps(g, names, first, steps):
    """The products that `steps` steps visit, from step `first` on, and no others.

    Returns how many points that takes, and for point n: i, j, k, which may lie beyond the end where the
    last block of an axis is short. A swept axis counts its blocks, which move in lockstep, and the step
    says where in a block it is; any other axis counts its entries.
    """
    n, count, parts = g.index(), steps, {}
    for axis, size in (("k", names["inner"]), ("j", names["columns"]), ("i", names["rows"])):
        stride, block = names[f"Stride_{axis}"], names[f"Block_{axis}"]
        swept = stride > 0
        number = g.switch(swept, (size + block - 1) // block, size)
        parts[axis] = swept, n % number, stride, block
        n, count = n // number, count * number
    step, found = first + n, {}
    for axis, (swept, part, stride, block) in parts.items():
        local = (step // g.whole("MAXIMUM", stride, 1)) % block
        found[axis] = g.switch(swept, part * block + local, part)
    return count, found["i"], found["j"], found["k"]


@shared
def Pairs(g):
    """The entries of a masked matrix that are there, by the step at which the sweep first takes them.

    The object's own points are the matrix. A point becomes `first` and `second`, its row and column as the
    product takes the matrix, and `step`, what these add to the step of a product.
    """
    mesh = g.input("Geometry", "geometry")
    columns = g.input("Columns", int, 1, low=1)
    turned = g.input("Transposed", bool, False)
    n = g.index()
    row, column = n // columns, n % columns
    first, second = g.switch(turned, column, row), g.switch(turned, row, column)
    step = 0
    for name, index in (("first", first), ("second", second)):
        stride = g.input(f"Stride {name}", int, 0, low=0)
        step = (index % g.input(f"Block {name}", int, 1, low=1)) * stride + step
    present = g.attribute("present", "BOOLEAN")
    points = g.store(mesh, first=first, second=second, step=step)
    points = g.node("GeometryNodeMeshToPoints", {"Mesh": points, "Selection": present})[0]
    by_step = {"Geometry": points, "Sort Weight": g.attribute("step", "INT")}
    g.output("Geometry", "geometry", g.node("GeometryNodeSortElements", by_step, domain="POINT")[0])
    return g.finish()


def products_of_pairs(g, names, first, steps):
    """As `products_of_steps`, but only those whose entry of a masked matrix is there.

    Such entries are sorted by step, so those in use are a row of them; with each go all products along the
    third axis, or, where only that is swept, those of its steps.
    """
    pairs = g.node("GeometryNodeObjectInfo", {"Object": names["pairs"]})["Geometry"]
    sizes = {"i": names["rows"], "j": names["columns"], "k": names["inner"]}

    def chosen(of):
        """What belongs to the paired matrix: a function of its axes' letters."""
        one = of(PAIRED[1])
        for number in (2, 3):
            one = g.switch(names["paired"] == number, of(PAIRED[number]), one)
        return one

    stride = chosen(lambda axes: names[f"Stride_{axes[2]}"])
    block = chosen(lambda axes: g.whole("MINIMUM", names[f"Block_{axes[2]}"], sizes[axes[2]]))
    size = chosen(lambda axes: sizes[axes[2]])
    others = chosen(lambda axes: names[f"Stride_{axes[0]}"] + names[f"Stride_{axes[1]}"])
    alone = (stride > 0) & (others == 0)
    blocks = (size + block - 1) // block

    counted = g.node("GeometryNodeAttributeDomainSize", {"Geometry": pairs}, component="POINTCLOUD")[0]

    def before(step):
        """How many of the sorted entries come before a step."""

        def turn(number, Found, Jump):
            jump = Jump * 0.5
            there = g.sample(pairs, g.attribute("step", "INT"), Found + jump - 1.0)
            return Found + g.switch((step > there) & ~(Found + jump > counted), jump, 0.0), jump

        return g.repeat(25, turn, Found=0.0, Jump=2.0**25)[0]

    low = g.switch(alone, 0.0, before(first - stride * (block - 1)))
    high = g.switch(alone, counted * 1.0, before(first + steps))
    each = g.switch(alone, steps * blocks, size)
    n = g.index()
    third = n % g.whole("MAXIMUM", each, 1)
    third = g.switch(alone, (third % blocks) * block + first + third // blocks, third)
    place = n // g.whole("MAXIMUM", each, 1) + g.ceiling(low)
    a, b = (g.sample(pairs, g.attribute(name, "INT"), place) for name in ("first", "second"))
    found = {axis: chosen(lambda axes, axis=axis: (a, b, third)[axes.index(axis)]) for axis in "ijk"}
    return g.ceiling(high - low) * each, found["i"], found["j"], found["k"]


@shared
def Product(g):
    """The interior of a matmul: one element for each visited product left[i, k] · right[k, j]."""
    g.input("Geometry", "geometry")
    names = product_inputs(g)
    low = g.input("Low", float, 0.0)
    high = g.input("High", float, 1.0)
    trail = g.input(
        "Trail", float, 0.0, low=0.0, hint="Steps in which a product settles; 0: it waits for the end"
    )
    settle = g.input("Settle", float, 0.0, low=0.0, high=1.0, hint="1: all products have settled")
    settled = g.input("Settled Size", float, 0.0, low=0.0, high=1.0, hint="0: settled products are gone")
    steps = g.input("Steps", int, 1, hint="Steps of the whole sweep")
    # Only steps that show something are made: what was visited, and of that only the trail where
    # what has settled is gone.
    last = g.whole("MINIMUM", g.ceiling(names["sweep"]), steps)
    faded = g.whole("MINIMUM", g.whole("MAXIMUM", g.floor(names["sweep"] - trail), 0), last)
    first = g.switch((trail > 0.0) & ~(settled > 0.0), faded, 0)
    names["pairs"] = g.input("Pairs", "object", hint="Entries of a masked matrix that are there")
    names["paired"] = g.input("Paired", int, 0, low=0, high=3, hint="1: of the result, 2: left, 3: right")
    every, present = (make(g, names, first, last - first) for make in (products_of_steps, products_of_pairs))
    count, i, j, k = (g.switch(names["paired"] > 0, b, a) for a, b in zip(every, present, strict=True))
    # What follows reads the indices from the points: working them out takes longer.
    points = g.store(g.points(count), i=i, j=j, k=k)
    i, j, k = (g.attribute(axis, "INT") for axis in "ijk")
    inside = (names["rows"] > i) & (names["columns"] > j) & (names["inner"] > k)
    points = g.store(points, value=product_at(g, names, i, j, k))
    value, seen = g.attribute("value"), visited_at(g, names, i, j, k)
    # Solid at its own step, then shrinking over `Trail` steps, and at the end all together.
    aged = g.switch(trail > 0.0, g.clamp(seen["Age"] / g.real("MAXIMUM", trail, 1e-6)), 0.0)
    kept = g.mix(1.0, settled, g.real("MAXIMUM", aged, settle))

    position = g.vector(0.0, 0.0, 0.0)
    for axis, index in (("i", i), ("j", j), ("k", k)):
        step = g.input(f"Step {axis}", "vector", hint=f"From one {axis} to the next")
        position = g.vector_math("ADD", position, spread(g, index, step, *gap_inputs(g, axis)))
    least = g.input("Threshold", float, 0.0, low=0.0, hint="Magnitude up to which products are left out")
    lit = seen["Weight"] * g.clamp(1.0 - seen["Age"]) * g.switch(steps > names["sweep"], 1.0, 0.0)
    color = g.call(tone(), Value=value, High=high, Zero=g.input("Zero", float, 0.5))["Tone"]
    look = look_inputs(g)
    points = g.store(g.switch(steps > names["sweep"], g.store(points, lit=lit), points), tone=color)
    drawn = g.call(
        elements(),
        Points=points,
        Position=position,
        Magnitude=g.call(magnitude(), Value=value, Low=low, High=high)["Magnitude"],
        Nonzero=inside & (g.absolute(value) > least),
        Weight=seen["Weight"] * kept,
        **look,
    )
    # A render of a crowd has no use for the indices, which are a tenth of its memory.
    window = g.node("GeometryNodeIsViewport")[0]
    lean = drawn[0]
    for axis in "ijk":
        lean = g.node("GeometryNodeRemoveAttribute", {"Geometry": lean, "Name": axis})[0]
    g.output("Geometry", "geometry", g.switch(window | ~look["As_Points"], drawn[0], lean))
    return g.finish()


def blocks_of_k(g, names):
    """Along k: the steps of a block, 1 where k is not swept, and how many products each of them visits."""
    stride, block, inner = names["Stride_k"], names["Block_k"], names["inner"]
    swept, length = stride > 0, g.whole("MINIMUM", block, inner)
    return g.switch(swept, length, 1), g.switch(swept, (inner + length - 1) // length, inner)


def turns_of_k(g, names, i, j, first, count, weight_at):
    """The sum of the products that `count` steps along k visit, from step `first` on, for each entry
    (i, j), each times `weight_at(step)`. One turn for each product, in the order of the sweep: the first of
    every block, then the second. No product is stored."""
    steps, at_once = blocks_of_k(g, names)

    def turn(number, Sum):
        step = first + number // at_once
        k = step + (number % at_once) * steps
        there = (steps > step) & (names["inner"] > k)
        return (Sum + product_at(g, names, i, j, k) * g.switch(there, weight_at(step), 0.0),)

    return g.repeat(count * at_once, turn, Sum=0.0)[0]


@shared
def Sums(g):
    """What a matmul's result has added up after every `Every`-th step along k, which does not depend on the
    sweep: Blender evaluates it once.

    The first rows · columns points are the sums of all, so the finished result, in row-major order; the
    next as many lack the last `Every` steps, and so on.
    """
    g.input("Geometry", "geometry")
    names = multiplication_inputs(g)
    every = g.input("Every", int, 1, low=1, hint="Steps along k from one stored sum to the next")
    n, entries = g.index(), names["rows"] * names["columns"]
    steps, _ = blocks_of_k(g, names)
    parts = (steps + every - 1) // every
    entry, part = n % entries, parts - 1 - n // entries
    i, j = entry // names["columns"], entry % names["columns"]
    points = g.points(entries * parts)
    points = g.store(points, value=turns_of_k(g, names, i, j, part * every, every, lambda step: 1.0))
    value = g.attribute("value")

    def turn(number, Sum):  # beyond the last part there is nothing, which counts as 0
        return (Sum + g.sample(points, value, n + number * entries),)

    g.output("Geometry", "geometry", g.store(points, value=g.repeat(parts, turn, Sum=0.0)[0]))
    return g.finish()


@shared
def partial_sums(g):
    """The sum over k of the visited products, for each point n = i · columns + j, and what part of
    them is visited: the last of the stored `Sums` before it, and the few steps since."""
    names = product_inputs(g)
    stored = g.node("GeometryNodeObjectInfo", {"Object": g.input("Sums", "object")})["Geometry"]
    every = g.input("Every", int, 1, low=1)
    n, entries = g.index(), names["rows"] * names["columns"]
    i, j = n // names["columns"], n % names["columns"]
    start = visited_at(g, names, i, j, 0)  # the entry's first product
    stride, swept = names["Stride_k"], names["Stride_k"] > 0
    steps, _ = blocks_of_k(g, names)
    parts = (steps + every - 1) // every

    # Steps that the entry has come along k, and of how many parts these complete the sum.
    way = start["Age"] + 1.0
    along = way / g.whole("MAXIMUM", stride, 1)
    whole = g.whole("MAXIMUM", g.ceiling(along) - 1, 0)
    reached = g.switch(steps > along, whole // every, parts)
    before = g.sample(stored, g.attribute("value"), (parts - reached) * entries + n)  # of no part: 0
    # All entries come along together when only k is swept.
    alone = ~((names["Stride_i"] > 0) | (names["Stride_j"] > 0))
    last = g.ceiling(names["sweep"] / g.whole("MAXIMUM", stride, 1)) - 1
    count = g.switch(swept, g.switch(alone, last % every + 1, every), 0)
    since = turns_of_k(g, names, i, j, reached * every, count, lambda step: g.clamp(way - step * stride))
    whole_sum = g.sample(stored, g.attribute("value"), n)
    g.output("Sum", float, g.switch(swept, before + since, whole_sum * start["Weight"]))
    g.output("Visited", float, g.switch(swept, g.clamp(along / steps), start["Weight"]))
    return g.finish()


@shared
def Result(g):
    """The result of a matmul: its partial sums, which `Finish` turns into the finished values.

    Where there is an epilogue, the object's own points carry the finished values as `value`, and
    `present` where entries can be masked away.
    """
    mesh = g.input("Geometry", "geometry")
    names = product_inputs(g)
    sums = g.call(
        partial_sums(),
        **{
            **{key: value for key, value in names.items() if key.startswith(("Stride", "Block"))},
            "Sweep": names["sweep"],
            "Inner": names["inner"],
            "Columns": names["columns"],
            "Rows": names["rows"],
            "Left": names["left"],
            "Right": names["right"],
            **{f"{s}_{a}": names[f"{s} {a}"] for s in ("Left", "Right") for a in ("Row", "Column")},
            "Sums": g.input("Sums", "object", hint="The sums after every few steps"),
            "Every": g.input("Every", int, 1, low=1, hint="Steps along k from one stored sum to the next"),
        },
    )
    points = g.points(names["rows"] * names["columns"])
    final = g.sample(mesh, g.attribute("value"), g.index())
    present = g.sample(mesh, g.attribute("present", "BOOLEAN"), g.index())
    return finished(g, points, names["columns"], sums["Sum"], sums["Visited"], final, present)


@shared
def Sheet(g):
    """Operands that become one matrix, entry by entry, which `Finish` turns into the finished values.

    Entry (i, j) of an operand is its point Start + i · Row + j · Column, so that a single row, a
    single column, a part of a matrix and a transposed one need no copy.
    """
    mesh = g.input("Geometry", "geometry")
    sweep = g.input("Sweep", float, 0.0, low=0.0, hint="How many steps have been visited")
    columns = g.input("Columns", int, 1, low=1)
    operator = g.input("Operator", int, 0, low=0, high=len(OPERATORS) - 1, hint=", ".join(OPERATORS))
    strides = {}
    for axis in "ij":
        strides[f"Stride_{axis}"] = g.input(f"Stride {axis}", int, 0, low=0)
        strides[f"Block_{axis}"] = g.input(f"Block {axis}", int, 1_000_000_000, low=1)
    n = g.index()
    i, j = n // columns, n % columns

    def entry(side):
        operand = g.node("GeometryNodeObjectInfo", {"Object": g.input(side, "object")})["Geometry"]
        place = g.input(f"{side} Start", int, 0)
        for index, axis in ((i, "Row"), (j, "Column")):
            place = place + index * g.input(f"{side} {axis}", int, 0, hint="Step in the operand's points")
        return g.sample(operand, g.attribute("value"), place)

    left, right = entry("Left"), entry("Right")
    made = left
    kept = g.switch(g.absolute(right) > 0.0, left, 0.0)
    results = (left + right, left - right, left * right, left / right, kept)
    for number, result in enumerate(results, start=1):
        made = g.switch(operator == number, result, made)
    seen = g.call(visit(), Sweep=sweep, i=i, j=j, k=0, **strides)["Weight"]
    points = g.node("GeometryNodeMeshToPoints", {"Mesh": mesh})[0]
    final, present = g.attribute("value"), g.attribute("present", "BOOLEAN")
    return finished(g, points, columns, made * seen, seen, final, present)


def finished(g, points, columns, sums, visited, final, present):
    """The rest of a result's group: from `sums` to the values `final`, drawn where `present`."""
    finish = g.input("Finish", float, 0.0, low=0.0, high=1.0, hint="0: the sums; 1: after the epilogue")
    each = g.input("Finish Visited", bool, False, hint="Each entry finishes while it is visited")
    ranges = {}
    for when in ("Sum", "Final"):
        for name, default in (("Low", 0.0), ("High", 1.0), ("Zero", 0.5)):
            ranges[when, name] = g.input(f"{when} {name}", float, default)

    n = g.index()
    i, j = n // columns, n % columns
    masked = g.input("Masked", bool, False, hint="Entries whose `present` is off are absent")
    # One node per attribute, read by the next. Of what is not finished at all a bead shows nothing. Where
    # nothing is, there are no finished values, and no mask without one: what is not there reads as 0.
    begun = each | (finish > 0.0)
    taken, lit = argument_inputs(g, i, j)
    plain = g.store(points, lit=lit, sum=sums)
    final = g.switch(g.attribute("finish") > 0.0, final, 0.0)
    ends = g.store(plain, finish=g.switch(each, visited, finish), final=final)
    points = g.switch(begun, ends, plain)
    points = g.switch(masked, g.store(points, present=present), points)
    total, final, part = (g.attribute(name) for name in ("sum", "final", "finish"))
    points = g.store(points, value=g.mix(total, final, part))
    alike = ~(taken | masked | each)
    points, places = pooled(g, points, columns, alike, masked, finish)

    def mixed(group, output, *inputs):
        a, b = (
            g.call(group, Value=v, **{x: ranges[when, x] for x in inputs})[output]
            for when, v in (("Sum", total), ("Final", final))
        )
        return g.mix(a, b, part)

    points = g.store(points, tone=mixed(tone(), "Tone", "High", "Zero"))
    drawn = g.call(
        elements(),
        Points=points,
        **places,
        Magnitude=mixed(magnitude(), "Magnitude", "Low", "High"),
        Nonzero=g.absolute(g.attribute("value")) > 0.0,
        Present=~masked | g.attribute("present", "BOOLEAN"),
        **look_inputs(g),
    )
    g.output("Geometry", "geometry", drawn[0])
    return g.finish()
