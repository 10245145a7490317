"""A node tree as text that a reviewer can read, the same in every Blender."""

import bpy

NODE_SETTINGS = ("operation", "data_type", "input_type", "rounding_mode", "domain")
# Names that are a setting of a node in one Blender and an input in another: {input: setting}.
NODE_MENUS = {"Mode": "mode", "Align X": "align_x", "Align Y": "align_y"}
UNTOLD = ("Pattern Mode", "Fill Rule", "Pivot Point", "Overflow", "Text Box Height", "Font", *NODE_MENUS)


def describe(tree: bpy.types.NodeTree) -> str:
    """A node tree as text: its inputs, one line for each node in a fixed order, its outputs."""
    names: dict = {}
    into: dict = {}  # the first link into each socket; a socket's own `links` goes through all of its tree
    for link in sorted(tree.links, key=lambda link: -link.multi_input_sort_id):
        into.setdefault(link.to_socket, link)
    lines = [f"group {tree.name}"]
    for item in tree.interface.items_tree:
        if item.item_type == "SOCKET":
            default = getattr(item, "default_value", None)
            shown = "" if default is None or item.in_out == "OUTPUT" else f" = {_plain(default)}"
            kind = item.socket_type[len("NodeSocket") :]
            lines.append(f"  {item.in_out.lower()} {item.name}: {kind}{shown}")

    def value(socket):
        if socket not in into:
            return _plain(getattr(socket, "default_value", None))
        link = into[socket]
        source = link.from_node
        if source.bl_idname == "NodeGroupInput":
            return link.from_socket.name
        text = visit(source)
        return f"{text}.{link.from_socket.name}" if sum(s.enabled for s in source.outputs) > 1 else text

    def visit(node):
        if node.name not in names:
            told = [s for s in node.inputs if s.enabled and s.name not in UNTOLD]
            told = [s for s in told if s in into or hasattr(s, "default_value")]
            arguments = ", ".join(f"{s.name}={value(s)}" for s in told)
            names[node.name] = f"n{len(names) + 1}"
            lines.append(f"  {names[node.name]} = {_kind(node)}{_options(node) or ''}({arguments})")
        return names[node.name]

    output = next(n for n in tree.nodes if n.bl_idname == "NodeGroupOutput")
    for socket in output.inputs:
        if socket in into:
            text = value(socket)
            lines.append(f"  {socket.name} <- {text}")
    return "\n".join(lines)


def _plain(constant):
    if hasattr(constant, "__len__") and not isinstance(constant, str):
        return str([round(x, 6) for x in constant])
    if isinstance(constant, float):
        return repr(round(constant, 6))
    return repr(getattr(constant, "name", constant))


def _kind(node):
    """The name of the group that a node calls, or else its type."""
    kind = node.node_tree.name if getattr(node, "node_tree", None) else node.bl_idname
    for prefix in ("GeometryNode", "FunctionNode", "ShaderNode"):
        kind = kind.removeprefix(prefix)
    return kind


def _options(node):
    """What a node is set to, beside its inputs."""
    options = [getattr(node, name) for name in NODE_SETTINGS if hasattr(node, name)]
    options += ["clamped"] if getattr(node, "use_clamp", False) else []
    for menu, setting in NODE_MENUS.items():
        socket = node.inputs.get(menu)
        chosen = getattr(node, setting, None) or (socket and getattr(socket, "default_value", None))
        options += [str(chosen).upper()] if chosen else []
    return options
