"""The extension: what is in its zip, that Blender accepts it, and that it can be switched on and off."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from paths import ROOT

bpy = pytest.importorskip("bpy")
TOOL = Path(bpy.utils.system_resource("SCRIPTS"), "addons_core", "bl_pkg", "cli", "blender_ext.py")

# Run in a process of its own, for an extension stays in a process once it was switched on.
INSTALL = """
import json, os, sys
import bpy
import addon_utils

bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=True)
name = "bl_ext.user_default.matrix_cinema"

def classes():
    return [kind for kind in dir(bpy.types) if kind.lower().startswith("matrix_cinema")]

told = {"on": name in bpy.context.preferences.addons, "panel": bool(classes())}
from bl_ext.user_default.matrix_cinema.addon.cli import commands as cli
told["presets"] = cli.run(["presets"])
told["build"] = cli.run(["build", sys.argv[2], "-o", sys.argv[3]])
addon_utils.disable(name, default_set=True)
told["off"] = name not in bpy.context.preferences.addons
told["left"] = classes()
sys.stderr.write("\\n" + json.dumps(told) + "\\n")
sys.stderr.flush()
os._exit(0)
"""


# What is in the repository beside the extension, folders apart.
KEPT_OUT = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "Makefile",
    "pyproject.toml",
    ".pre-commit-config.yaml",
)

# What work leaves in a tree and no zip may hold.
LITTER = (
    "addon/__pycache__/errors.cpython-311.pyc",
    "addon/look/__pycache__/styles.cpython-311.pyc",
    "addon/stray.pyc",
    "addon/.ruff_cache/x",
    "examples/.DS_Store",
    "examples/data/head.blend1",
    "build/demo/still.png",
    "notes.txt",
)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder, tree = tmp_path_factory.mktemp("extension"), tmp_path_factory.mktemp("tree")
    for name in ("__init__.py", "blender_manifest.toml", "LICENSE", *KEPT_OUT):
        shutil.copy(ROOT / name, tree)
    for name in ("addon", "examples", "scripts", ".ci", ".github"):
        shutil.copytree(ROOT / name, tree / name)
    for name in LITTER:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).touch()
    subprocess.run(
        [sys.executable, TOOL, "build", "--source-dir", tree, "--output-dir", folder],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (package,) = folder.glob("*.zip")
    return package


def test_the_zip_is_valid(package):
    process = subprocess.run([sys.executable, TOOL, "validate", package], capture_output=True, text=True)
    assert process.returncode == 0, process.stdout


def test_the_zip_holds_the_extension_and_nothing_else(package):
    names = zipfile.ZipFile(package).namelist()
    top = {name.split("/")[0] for name in names}
    assert top == {"__init__.py", "blender_manifest.toml", "LICENSE", "addon", "examples"}
    data = {".toml", ".safetensors", ".npz", ".txt", ".json", ".md", ".webp", ".po", ".icc", ".sh"}
    assert {Path(name).suffix for name in names} <= data | {".py", ""}
    assert "examples/data/minilm.safetensors" in names
    kinds = ("*.py", "*.po", "*.json", "*.toml", "*.icc", "*.sh", "*.txt")
    expected = {str(path.relative_to(ROOT)) for kind in kinds for path in (ROOT / "addon").rglob(kind)}
    assert expected <= set(names) and not set(LITTER) & set(names)


def test_the_zip_is_small_and_every_example_in_it_finds_its_numbers(package):
    """A capture that the zip leaves out takes with it the examples that need it, and their small pictures."""
    assert package.stat().st_size < 1_900_000  # 2 MB is the limit
    held = set(zipfile.ZipFile(package).namelist())
    scenes = sorted((ROOT / "examples").rglob("*.toml"))
    for scene in scenes:
        named = re.findall(r'file = "([^"]+)"', scene.read_text())
        wanted = all(str((scene.parent / name).resolve().relative_to(ROOT)) in held for name in named)
        small = (ROOT / "examples/thumbnails" / scene.relative_to(ROOT / "examples")).with_suffix(".webp")
        assert (str(scene.relative_to(ROOT)) in held) == wanted, scene.name
        assert (str(small.relative_to(ROOT)) in held) == (wanted and small.exists()), small.name
    told = re.search(r"leaves out the four.*?\n\n", (ROOT / "docs/examples.md").read_text(), re.DOTALL)
    left = [scene.stem for scene in scenes if str(scene.relative_to(ROOT)) not in held]
    assert told and len(left) == 4 and all(name in told[0] for name in left)


def test_it_installs_builds_a_scene_and_goes_away(package, tiny, tmp_path):
    environment = os.environ | {"BLENDER_USER_RESOURCES": str(tmp_path / "user")}
    output = tmp_path / "a.blend"
    process = subprocess.run(
        [sys.executable, "-c", INSTALL, package, tiny, output],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    told = json.loads(process.stderr.splitlines()[-1])
    assert told == {"on": True, "panel": True, "presets": 0, "build": 0, "off": True, "left": []}
    assert output.exists()
