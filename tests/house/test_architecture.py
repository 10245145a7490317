"""Rooms import only from rooms before them, and Blender and torch stay where they belong."""

import ast

import pytest
from paths import ROOT

ADDON = ROOT / "addon"
ROOMS = ("errors", "memory", "attention", "formats", "description", "capture", "kinds", "algebra", "look",
         "staging", "picture", "blender", "outputs", "api", "cli", "ui")  # fmt: skip
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
            assert top != "bpy" or room_of(path) in ("blender", "outputs", "api", "cli", "ui"), "imports bpy"
            assert top not in ("torch", "transformers") or room_of(path) == "capture", f"imports {name}"


# What these read is ours: tables of the package, pictures that this job has just made, logs.
READS_ITS_OWN = {
    "formats/reading.py", "look/typeface.py", "look/color_maps.py", "outputs/blend_file.py",
    "api.py", "outputs/marks.py", "outputs/silence.py", "memory.py", "ui/job.py", "outputs/mp4_notes.py",
    "look/styles.py", "ui/translations.py", "description/words.py", "outputs/png_file.py",
    "outputs/node_library.py", "outputs/farm.py", "outputs/farm_job/render.py",
}  # fmt: skip
READING = {"open", "read_bytes", "read_text", "load", "loadtxt", "genfromtxt", "fromfile", "memmap"}


def reads(path):
    """The calls of a module that read a file by a name that is not written in them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        base = getattr(getattr(node.func, "value", None), "id", "")
        modes = [a.value for a in node.args[1:2] if isinstance(a, ast.Constant)]
        writes = any(isinstance(mode, str) and mode[:1] in "wax" for mode in modes)
        method = isinstance(node.func, ast.Attribute) or name == "open"
        fixed = base in ("os", "file") or (node.args and isinstance(node.args[0], ast.Constant))
        if method and name in READING and not writes and not fixed and (name != "load" or base == "np"):
            yield ast.unparse(node)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ADDON)))
def test_what_a_person_names_is_read_within_bounds(path):
    """By formats/reading.py alone, which waits for nothing and takes no file without an end."""
    if str(path.relative_to(ADDON)) not in READS_ITS_OWN:
        assert list(reads(path)) == []


def test_a_public_class_has_a_name_of_its_own():
    """In the whole package, so that a name means one thing wherever it is read."""
    places = {}
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(path.relative_to(ADDON).as_posix())
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


# Each part of the panel has a CLASSES, and a module that reads files has the MOST_BYTES of its kind of file.
ALIKE = {"CLASSES", "MENUS", "PROPERTIES", "MOST_BYTES"}


def constants(path):
    """The names in capitals that a module gives values to."""
    for node in ast.parse(path.read_text()).body:
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            names = ast.walk(target) if isinstance(node, ast.Assign | ast.AnnAssign) else ()
            yield from (name.id for name in names if isinstance(name, ast.Name) and name.id.isupper())


def test_a_constant_has_a_name_of_its_own():
    """In the whole package: what is the same stands once, what is another thing has another name."""
    places = {}
    for path in MODULES:
        for name in set(constants(path)) - ALIKE:
            places.setdefault(name, []).append(path.relative_to(ADDON).as_posix())
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}
