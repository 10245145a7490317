"""Rooms import only from rooms before them, and Blender and torch stay where they belong."""

import ast

import pytest
from paths import ROOT

ADDON = ROOT / "addon"
ROOMS = ("errors", "attention", "formats", "description", "capture", "algebra", "look", "staging", "picture",
         "blender", "outputs", "cli", "ui")  # fmt: skip
MODULES = sorted(path for path in ADDON.rglob("*.py") if path != ADDON / "__init__.py")


def room_of(path):
    return path.relative_to(ADDON).parts[0].removesuffix(".py")


def imported(path):
    """(whether it is of the package, its dotted name) of all that a module imports, also inside functions."""
    package = path.relative_to(ADDON).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((False, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join((*package[: len(package) - node.level + 1], *filter(None, [node.module])))
            if node.level and not base:  # from . import room
                yield from ((True, alias.name) for alias in node.names)
            else:
                yield bool(node.level), base if node.level else node.module


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ADDON)))
def test_a_room_imports_only_from_rooms_before_it(path):
    for ours, name in imported(path):
        top = name.split(".")[0]
        if ours and top in ROOMS:
            assert ROOMS.index(top) <= ROOMS.index(room_of(path)), f"imports {name}"
        if not ours:
            assert top != "bpy" or room_of(path) in ("blender", "outputs", "cli", "ui"), "imports bpy"
            assert top not in ("torch", "transformers") or room_of(path) == "capture", f"imports {name}"
