"""The package alone needs NumPy; what needs more says which extra brings it."""

import ast
import json
import subprocess
import sys
import tomllib

import pytest
from paths import ROOT

SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = SETUP["project"]

# Runs its second argument where only what its first one allows can be imported.
ALONE = """
import importlib.abc, json, sys

class Nothing(importlib.abc.MetaPathFinder):
    allowed, denied = json.loads(sys.argv[1])

    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top in self.denied or self.allowed and top not in {*self.allowed, *sys.stdlib_module_names}:
            raise ModuleNotFoundError(f"No module named {top!r}", name=top)

sys.meta_path.insert(0, Nothing())
exec(sys.argv[2])
"""
NUMPY_ALONE = ["numpy", "matrix_cinema"]
EXTRAS = ["bpy", "bmesh", "mathutils", "blf", "matplotlib", "fontTools", "PIL", "transformers", "safetensors"]


def run_alone(code, *words, allowed=(), denied=()):
    modules = json.dumps([list(allowed), list(denied)])
    return subprocess.run(
        [sys.executable, "-c", ALONE, modules, code, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def command(words):
    code = "import sys\nfrom matrix_cinema.cli import commands\nsys.exit(commands.run(sys.argv[3:]))"
    return run_alone(code, *words, allowed=NUMPY_ALONE)


@pytest.mark.parametrize(
    "words", [["presets"], ["inspect", "examples/data/minilm.safetensors"]], ids=" ".join
)
def test_a_command_needs_numpy_alone(words):
    process = command(words)
    assert process.returncode == 0 and process.stdout and not process.stderr, process.stderr


@pytest.mark.parametrize(
    "words, extra",
    [
        (["build", "examples/attention_head.toml", "-o", "{}/a.blend"], "blender"),
        (["capture", "--model", "{}", "--text", "a", "-o", "{}/a.safetensors"], "capture"),
        (["capture", "--call", "tests/house/test_package.py:f", "-o", "{}/a.safetensors"], "capture"),
        (["inspect", "examples/data/minilm.safetensors", "--sheet", "{}/a.pdf"], "figures"),
    ],
    ids=["build", "capture a model", "capture a call", "sheet"],
)
def test_a_command_names_the_extra_that_it_lacks(words, extra, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    process = command([word.format(tmp_path) for word in words])
    assert process.returncode == 1, process.stderr
    assert f'pip install "matrix-cinema[{extra}]"' in process.stderr.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_recording_needs_torch_and_numpy_alone():
    pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")
    process = run_alone("import matrix_cinema.capture.record", denied=EXTRAS)
    assert process.returncode == 0, process.stderr


def test_every_extra_that_is_named_is_one():
    named = set()
    for path in (ROOT / "addon").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "needs_extra":
                named.add(node.args[2].value)
    assert named == {"blender", "capture", "figures", "images"} <= set(PROJECT["optional-dependencies"])


def test_only_numpy_is_required():
    assert [text.split(">")[0] for text in PROJECT["dependencies"]] == ["numpy"]
    assert PROJECT["requires-python"] == ">=3.11"


def test_the_package_brings_all_of_its_data():
    patterns = SETUP["tool"]["setuptools"]["package-data"]["matrix_cinema"]
    brought = {path for pattern in patterns for path in (ROOT / "addon").glob(pattern)}
    files = {
        path for path in (ROOT / "addon").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert {path for path in files if path.suffix != ".py"} <= brought


def test_the_top_level_holds_only_what_is_ours():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a Git checkout")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert top == {
        ".ci", ".github", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "CONTRIBUTING.md",
        "LICENSE", "Makefile", "README.md", "__init__.py", "addon", "benchmarks", "blender_manifest.toml",
        "docs", "examples", "pyproject.toml", "scripts", "tests",
    }  # fmt: skip
