"""The words of the panel, as Blender looks them up in a dictionary: (context, text)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import bpy
from matrix_cinema import ui
from paths import ROOT

SHOWN = ("text", "placeholder", "heading")  # arguments of a layout's functions
ANY, OF_OPERATORS = "*", "Operator"


def labels() -> set[tuple[str, str]]:
    """What panels, menus, operators and properties are called, and what buttons say."""
    return {*_registered(), *_written()} - {(ANY, ""), (OF_OPERATORS, "")}


def tooltips() -> set[tuple[str, str]]:
    """What operators, properties and their choices tell under the mouse."""
    found = set()
    for cls in _classes():
        if issubclass(cls, bpy.types.Operator):
            found.add(getattr(cls, "bl_description", "") or " ".join((cls.__doc__ or "").split()))
        for prop in cls.bl_rna.properties:
            if prop.identifier not in ("rna_type", "name") and _is_ours(cls, prop):
                told = [prop, *getattr(prop, "enum_items_static", ())]
                found |= {one.description for one in told}
    return {(ANY, text) for text in found - {""}}


def reports() -> set[tuple[str, str]]:
    """The reports of the operators as they are looked up, before values are filled in."""
    asked = [node.args[0] for node in _calls() if getattr(node.func, "id", "") == "report"]
    return {(ANY, text.value) for text in asked if isinstance(text, ast.Constant)}


def plain_reports() -> list[str]:
    """The reports whose words are looked up in no dictionary."""
    told = [node for node in _calls() if getattr(node.func, "attr", "") in ("report", "poll_message_set")]
    return [ast.unparse(one) for one in told if isinstance(one.args[-1], ast.JoinedStr | ast.Constant)]


def plain_texts() -> list[str]:
    """What panels show that is put together of words which are looked up in no dictionary."""
    shown = [keyword.value for node in _calls() for keyword in node.keywords if keyword.arg in SHOWN]
    shown += [node.args[2] for node in _calls() if getattr(node.func, "id", "") == "wrapped"]
    parts = [part for one in shown for part in ast.walk(one) if isinstance(part, ast.JoinedStr | ast.BinOp)]
    words = [node for one in parts for node in ast.walk(one) if isinstance(node, ast.Constant)]
    return [one.value for one in words if isinstance(one.value, str) and re.search("[A-Za-z]", one.value)]


def _calls() -> Iterator[ast.Call]:
    """All calls in the panel's files."""
    for path in Path(ROOT / "addon/ui").glob("*.py"):
        yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def _registered() -> Iterator[tuple[str, str]]:
    for cls in _classes():
        if issubclass(cls, bpy.types.Operator):
            yield OF_OPERATORS, cls.bl_label
        elif hasattr(cls, "bl_label"):
            yield ANY, cls.bl_label
        for prop in cls.bl_rna.properties:
            called = prop.name not in ("", prop.identifier)  # else it is never shown
            if prop.identifier in ("rna_type", "name") or not called or not _is_ours(cls, prop):
                continue
            yield ANY, prop.name
            for item in getattr(prop, "enum_items_static", ()):
                yield ANY, item.name


def _classes():
    for module in ui.MODULES:
        yield from getattr(module, "CLASSES", ())


def _is_ours(cls, prop):
    """Whether a property is one that the class adds: Blender has words for its own."""
    return any(prop.identifier in getattr(base, "__annotations__", {}) for base in cls.__mro__)


def _written() -> Iterator[tuple[str, str]]:
    """The texts in the calls of layouts."""
    for node in _calls():
        named = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        context = OF_OPERATORS if named == "operator" else ANY
        if named == "wrapped":
            yield from ((ANY, text) for text in _texts(node.args[2]))
        for keyword in node.keywords:
            if keyword.arg in SHOWN:
                yield from ((context, text) for text in _texts(keyword.value))


def _texts(node):
    """The texts that an expression can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
