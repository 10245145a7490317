"""Node trees written as formulas: `product = left[i, k] * right[k, j]`, by operators on sockets.

A `Group` is a geometry-node group under construction; a `Field` is an output socket in it. Arithmetic between
fields of whole numbers gives whole numbers, `//` and `%` included. All other arithmetic is in floating point.
"""

from collections.abc import Callable, Mapping
from functools import partialmethod
from typing import Any

import bpy

SOCKETS = {
    int: "NodeSocketInt",
    float: "NodeSocketFloat",
    bool: "NodeSocketBool",
    str: "NodeSocketString",
    "vector": "NodeSocketVector",
    "geometry": "NodeSocketGeometry",
    "object": "NodeSocketObject",
    "material": "NodeSocketMaterial",
}
DATA_TYPES = {"VALUE": "FLOAT", "VECTOR": "FLOAT_VECTOR"}  # of attributes, by the type of a socket
ITEM_TYPES = {"VALUE": "FLOAT"}  # of loops and switches; other types have the same name


class Field:
    """An output socket. An operator on fields adds the node that computes the result."""

    __hash__ = object.__hash__

    def __init__(self, group: Any, socket: Any):
        self.group, self.socket = group, socket

    @property
    def type(self) -> str:
        return self.socket.type

    def _of(self, method, operation, other):
        return getattr(self.group, method)(operation, self, other)

    def _turned(self, method, operation, other):
        return getattr(self.group, method)(operation, other, self)

    __add__, __radd__ = partialmethod(_of, "math", "ADD"), partialmethod(_turned, "math", "ADD")
    __sub__, __rsub__ = partialmethod(_of, "math", "SUBTRACT"), partialmethod(_turned, "math", "SUBTRACT")
    __mul__, __rmul__ = partialmethod(_of, "math", "MULTIPLY"), partialmethod(_turned, "math", "MULTIPLY")
    __truediv__, __rtruediv__ = partialmethod(_of, "real", "DIVIDE"), partialmethod(_turned, "real", "DIVIDE")
    __floordiv__, __mod__ = partialmethod(_of, "whole", "DIVIDE"), partialmethod(_of, "whole", "MODULO")
    __eq__, __gt__ = partialmethod(_of, "compare", "EQUAL"), partialmethod(_of, "compare", "GREATER_THAN")
    __and__, __or__ = partialmethod(_of, "both", "AND"), partialmethod(_of, "both", "OR")

    def __invert__(self):
        return self.group.node("FunctionNodeBooleanMath", {0: self}, operation="NOT")[0]


class Outputs:
    """The outputs of a node: by name, or by position among the enabled outputs."""

    def __init__(self, group: Any, node: Any):
        self.group, self.node = group, node

    def __getitem__(self, key):
        return Field(self.group, socket_of(self.node.outputs, key))


def socket_of(sockets: Any, key: int | str) -> Any:
    """The enabled socket of a node at a position or of a name."""
    enabled = [s for s in sockets if s.enabled]
    if isinstance(key, int):
        return enabled[key]
    for socket in enabled:
        if socket.name == key:
            return socket
    raise KeyError(f'no socket "{key}" among {[s.name for s in enabled]}')


def _is_whole(value):
    return value.type in ("INT", "BOOLEAN") if isinstance(value, Field) else isinstance(value, int)


class Formula:
    """Adds nodes to a tree, of geometry, a material or a world."""

    def __init__(self, tree: bpy.types.NodeTree):
        self.tree = tree

    # -- nodes -------------------------------------------------------------------------------

    def node(self, kind: str, inputs: Mapping[Any, Any] | None = None, **options: Any) -> Any:
        """Add a node; `inputs` maps positions or names of enabled sockets to fields or constants."""
        node = self.tree.nodes.new(kind)
        for key, value in options.items():
            setattr(node, key, value)
        for key, value in (inputs or {}).items():
            self._connect(socket_of(node.inputs, key), value)
        return Outputs(self, node)

    def _connect(self, socket, value):
        if isinstance(value, Field):
            self.tree.links.new(value.socket, socket)
        else:
            socket.default_value = value

    def math(self, operation: str, a: Any, b: Any) -> Any:
        if _is_whole(a) and _is_whole(b):
            return self.whole(operation, a, b)  # type: ignore[attr-defined]  # of a Group alone
        return self.real(operation, a, b)

    def real(self, operation: str, *arguments: Any, clamp: bool = False) -> Any:
        inputs = dict(enumerate(arguments))
        return self.node("ShaderNodeMath", inputs, operation=operation, use_clamp=clamp)[0]

    def absolute(self, a: Any) -> Any:
        return self.real("ABSOLUTE", a)

    def clamp(self, a: Any) -> Any:
        """`a` limited to 0..1."""
        return self.real("ADD", a, 0.0, clamp=True)

    def mix(self, a: Any, b: Any, t: Any) -> Any:
        """a at t = 0 and b at t = 1, exactly at both ends."""
        return (1.0 - t) * a + t * b

    def vector(self, x: Any, y: Any, z: Any) -> Any:
        return self.node("ShaderNodeCombineXYZ", {0: x, 1: y, 2: z})[0]

    def vector_math(self, operation: str, a: Any, b: Any) -> Any:
        return self.node("ShaderNodeVectorMath", {0: a, 1: b}, operation=operation)[0]

    def dot(self, a: Any, b: Any) -> Any:
        return self.node("ShaderNodeVectorMath", {0: a, 1: b}, operation="DOT_PRODUCT")["Value"]

    def length(self, vector: Any) -> Any:
        return self.node("ShaderNodeVectorMath", {0: vector}, operation="LENGTH")["Value"]

    def direction(self, vector: Any) -> Any:
        """The vector of length 1 with the direction of another."""
        return self.node("ShaderNodeVectorMath", {0: vector}, operation="NORMALIZE")[0]

    def scaled(self, vector: Any, factor: Any) -> Any:
        return self.node("ShaderNodeVectorMath", {0: vector, "Scale": factor}, operation="SCALE")[0]

    def absolutes(self, vector: Any) -> Any:
        """The magnitudes of a vector's components."""
        return self.node("ShaderNodeVectorMath", {0: vector}, operation="ABSOLUTE")[0]

    def parts(self, vector: Any) -> Any:
        """The components of a vector."""
        node = self.node("ShaderNodeSeparateXYZ", {0: vector})
        return node[0], node[1], node[2]

    def finish(self) -> Any:
        """Place the nodes in columns by their distance from the inputs; returns the tree."""
        depth: dict = {}
        sources: dict = {}
        for link in self.tree.links:  # a single pass: socket.links searches all links of the tree
            sources.setdefault(link.to_node.name, []).append(link.from_node.name)

        def place(name):
            if name not in depth:
                depth[name] = 0
                depth[name] = 1 + max((place(source) for source in sources.get(name, ())), default=-1)
            return depth[name]

        rows: dict = {}
        places: list = []
        for node in self.tree.nodes:
            column = place(node.name)
            places += (column * 190.0, -rows.get(column, 0) * 170.0)
            rows[column] = rows.get(column, 0) + 1
        # All at once: every single change would update the whole tree.
        self.tree.nodes.foreach_set("location", places)
        return self.tree


class Group(Formula):
    """A geometry-node group of the current file under construction."""

    def __init__(self, name: str):
        super().__init__(bpy.data.node_groups.new(name, "GeometryNodeTree"))
        self._input = self.tree.nodes.new("NodeGroupInput")
        self._output = self.tree.nodes.new("NodeGroupOutput")

    # -- the interface -----------------------------------------------------------------------

    def input(
        self,
        name: str,
        kind: type | str,
        default: Any = None,
        low: Any = None,
        high: Any = None,
        hint: str = "",
    ) -> Any:
        """Add an input. Returns it as a field."""
        socket = self.tree.interface.new_socket(name, in_out="INPUT", socket_type=SOCKETS[kind])
        socket.description = hint
        if default is not None:
            socket.default_value = default
        if low is not None:
            socket.min_value = low
        if high is not None:
            socket.max_value = high
        return Field(self, self._input.outputs[socket.identifier])

    def output(self, name: str, kind: type | str, value: Any) -> None:
        """Add an output and connect it."""
        socket = self.tree.interface.new_socket(name, in_out="OUTPUT", socket_type=SOCKETS[kind])
        self._connect(self._output.inputs[socket.identifier], value)

    # -- nodes of geometry alone ---------------------------------------------------------

    def call(self, tree: bpy.types.NodeTree, **inputs: Any) -> Any:
        """Add a node that calls another group. Its inputs are given by name; underscores may be blanks."""
        node = self.tree.nodes.new("GeometryNodeGroup")
        node.node_tree = tree
        for name, value in inputs.items():
            self._connect(node.inputs[name.replace("_", " ")], value)
        return Outputs(self, node)

    def whole(self, operation: str, a: Any, b: Any) -> Any:
        return self.node("FunctionNodeIntegerMath", {0: a, 1: b}, operation=operation)[0]

    def compare(self, operation: str, a: Any, b: Any) -> Any:
        kind = "INT" if _is_whole(a) and _is_whole(b) else "FLOAT"
        exactly = {"Epsilon": 0.0} if (kind, operation) == ("FLOAT", "EQUAL") else {}  # the default is 0.001
        return self.node("FunctionNodeCompare", {0: a, 1: b} | exactly, operation=operation, data_type=kind)[
            0
        ]

    def both(self, operation: str, a: Any, b: Any) -> Any:
        """AND or OR of two truths."""
        return self.node("FunctionNodeBooleanMath", {0: a, 1: b}, operation=operation)[0]

    def current_step(self, sweep: Any) -> Any:
        """The step that fades in while `sweep` passes over (step, step + 1]."""
        return self.ceiling(sweep) - 1

    def running(self, sweep: Any, steps: Any) -> Any:
        """Whether a sweep of so many steps has begun and is not over."""
        return (sweep > 0.0) & (steps > sweep)

    def ceiling(self, a: Any) -> Any:
        """The whole number not below `a`."""
        return self.node("FunctionNodeFloatToInt", {0: a}, rounding_mode="CEILING")[0]

    def floor(self, a: Any) -> Any:
        """The whole number not above `a`."""
        return self.node("FunctionNodeFloatToInt", {0: a}, rounding_mode="FLOOR")[0]

    def switch(self, condition: Any, yes: Any, no: Any) -> Any:
        kind = yes.type if isinstance(yes, Field) else "VALUE"
        inputs = {0: condition, 1: no, 2: yes}
        return self.node("GeometryNodeSwitch", inputs, input_type=ITEM_TYPES.get(kind, kind))[0]

    def only(self, condition: Any, geometry: Any) -> Any:
        """The geometry if the condition is true, else nothing."""
        return self.node("GeometryNodeSwitch", {0: condition, 2: geometry}, input_type="GEOMETRY")[0]

    # -- geometry ----------------------------------------------------------------------------

    def index(self) -> Any:
        return self.node("GeometryNodeInputIndex")[0]

    def attribute(self, name: str, kind: str = "FLOAT") -> Any:
        return self.node("GeometryNodeInputNamedAttribute", {"Name": name}, data_type=kind)[0]

    def store(self, geometry: Any, domain: str = "POINT", **attributes: Any) -> Any:
        """`geometry` with named attributes on its points, or on another domain."""
        for name, value in attributes.items():
            geometry = self.node(
                "GeometryNodeStoreNamedAttribute",
                {"Geometry": geometry, "Name": name, "Value": value},
                data_type=DATA_TYPES.get(value.type, value.type),
                domain=domain,
            )[0]
        return geometry

    def sample(self, geometry: Any, value: Any, index: Any) -> Any:
        """`value` of the point `index` of `geometry`."""
        return self.node(
            "GeometryNodeSampleIndex",
            {"Geometry": geometry, "Value": value, "Index": index},
            data_type=DATA_TYPES.get(value.type, value.type),
            domain="POINT",
        )[0]

    def point_of(self, ob: Any, index: Any, name: str = "value", kind: str = "FLOAT") -> Any:
        """An attribute of the point `index` of an object."""
        points = self.node("GeometryNodeObjectInfo", {"Object": ob})["Geometry"]
        return self.sample(points, self.attribute(name, kind), index)

    def points(self, count: Any) -> Any:
        return self.node("GeometryNodePoints", {"Count": count})[0]

    def joined(self, *geometries: Any) -> Any:
        """Several geometries joined into one."""
        node = self.tree.nodes.new("GeometryNodeJoinGeometry")
        for geometry in geometries:
            self.tree.links.new(geometry.socket, node.inputs[0])
        return Field(self, node.outputs[0])

    def repeat(self, count: Any, turn: Callable[..., Any], **totals: Any) -> Any:
        """The numbers or vectors `totals` after `count` turns of a loop; `turn(n, **totals)` returns their
        new values, in their order."""
        first = self.tree.nodes.new("GeometryNodeRepeatInput")
        last = self.tree.nodes.new("GeometryNodeRepeatOutput")
        first.pair_with_output(last)
        last.repeat_items.clear()
        self._connect(first.inputs["Iterations"], count)
        for name, value in totals.items():
            last.repeat_items.new("VECTOR" if isinstance(value, tuple) else "FLOAT", name)
            self._connect(first.inputs[name], value)
        now = {name: Field(self, first.outputs[name]) for name in totals}
        for name, value in zip(totals, turn(Field(self, first.outputs["Iteration"]), **now), strict=True):
            self._connect(last.inputs[name], value)
        return [Field(self, last.outputs[name]) for name in totals]

    def for_each_point(self, points: Any, make: Callable[..., Any], **values: Any) -> Any:
        """The geometries that `make(point, **values)` returns for each point, joined. A value is a field on
        the points."""
        first = self.tree.nodes.new("GeometryNodeForeachGeometryElementInput")
        last = self.tree.nodes.new("GeometryNodeForeachGeometryElementOutput")
        first.pair_with_output(last)
        last.domain = "POINT"
        self._connect(first.inputs["Geometry"], points)
        inside = {}
        for name, value in values.items():
            last.input_items.new(ITEM_TYPES.get(value.type, value.type), name)
            self._connect(first.inputs[name], value)
            inside[name] = Field(self, first.outputs[name])
        made = make(Field(self, first.outputs["Element"]), **inside)
        self.tree.links.new(made.socket, last.inputs["Geometry"])
        return Field(self, [s for s in last.outputs if s.name == "Geometry"][-1])
