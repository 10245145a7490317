"""Rooms import only from rooms before them, and Blender and torch stay where they belong."""

import ast
from pathlib import Path

import pytest

ADDON = Path(__file__).resolve().parent.parent / "addon"
ROOMS = ("errors", "files", "capture", "algebra", "look", "staging", "blender", "render",
         "sources", "figures", "inspection", "cli", "ui")  # fmt: skip
MODULES = sorted(path for path in ADDON.rglob("*.py") if path != ADDON / "__init__.py")


def room_of(path):
    return path.relative_to(ADDON).parts[0].removesuffix(".py")


def imported(path):
    """(level, dotted name) of everything that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from ((node.level, name) for name in names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ADDON)))
def test_a_room_imports_only_from_rooms_before_it(path):
    depth = len(path.relative_to(ADDON).parts)
    for level, name in imported(path):
        top = name.split(".")[0]
        if level == depth and top in ROOMS:
            assert ROOMS.index(top) <= ROOMS.index(room_of(path)), f"imports {name}"
        if level == 0:
            assert top != "bpy" or room_of(path) in ("blender", "render", "cli", "ui"), "imports bpy"
            assert top not in ("torch", "transformers") or room_of(path) == "capture", f"imports {name}"
