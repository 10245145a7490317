"""The command line without Blender: bad input, statuses, what inspect and presets tell."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import matrix_cinema
import numpy
import pytest
from matrix_cinema.cli import commands as cli
from matrix_cinema.cli import parser
from matrix_cinema.description.scene import ANIMATIONS, VIEWS
from matrix_cinema.errors import JobError
from matrix_cinema.formats.capture_file import write_capture
from paths import ROOT

CAPTURE = ROOT / "examples" / "data" / "minilm.safetensors"
WITH_WEIGHTS = CAPTURE.with_name("minilm_layer_5.safetensors")
GOOD = """
expression = "out = A @ B"
matrices.A = { init = "uniform", shape = [3, 4] }
matrices.B = { init = "uniform", shape = [4, 2] }
"""


# What stands in scene.toml, and a part of what has to be said about it.
BAD_SCENES = {
    "not TOML": ("expression = out", "not TOML"),
    "not text": (b"\xff\xfe\x00", "not a text file"),
    "unknown key": ('expresion = "A @ B"', 'did you mean "expression"?'),
    "unknown key within": (GOOD + "look.stlye = 'paper'", 'did you mean "style"?'),
    "wrong type": (GOOD + "title = 3", "expected text"),
    "no expression": ("title = 'x'", "expression"),
    "unknown style": (GOOD + "look.style = 'papyrus'", 'unknown style "papyrus"'),
    "unknown animation": (GOOD + "animation.algorithm = 'vvprd'", 'did you mean "vvprod"?'),
    "unknown product": (GOOD + "products.ot = {}", 'did you mean "out"?'),
    "unknown matrix": (GOOD + "matrices.C.init = 'eye'", '"C" is not in the expression'),
    "no such data": ("expression = 'A @ B'\nmatrices.A.file = 'none.csv'", "none.csv"),
    "does not multiply": (GOOD.replace("[4, 2]", "[5, 2]"), "(3, 4) times (5, 2)"),
    "not an expression": (GOOD.replace("A @ B", "A @"), "expression"),
    "not the language": (GOOD.replace("A @ B", "A.__class__ @ B"), "expression"),
    "NaN": (
        GOOD.replace('init = "uniform", shape = [3, 4]', 'file = "nan.csv"').replace("[4, 2]", "[2, 2]"),
        "nan",
    ),
    "larger than memory": (GOOD.replace("[3, 4]", "[8000, 8000]").replace("[4, 2]", "[8000, 8000]"), "GB"),
    "no such tensor": (
        f"expression = 'q @ v.T'\ncapture = {{ file = '{CAPTURE}', layer = 5, head = 0 }}\n"
        "matrices.q.tensor = 'qq'\nmatrices.v.tensor = 'v'",
        "qq",
    ),
}

# Command lines, and a part of what has to be said. The folder has scene.toml, a good one.
BAD_COMMANDS = {
    "no command": ([], "COMMAND"),
    "unknown command": (["rendr", "scene.toml"], "rendr"),
    "misspelled option": (
        ["build", "scene.toml", "-o", "x.blend", "--stile", "x"],
        "did you mean --style?; matrix-cinema build --help",
    ),
    "option of another command": (["render", "scene.toml", "--chunk", "3"], "--chunk is an option of farm"),
    "two scenes": (["build", "scene.toml", "b.toml", "-o", "x.blend"], "unrecognized arguments: b.toml"),
    "missing file": (["build", "scen.toml", "-o", "x.blend"], 'no such file; did you mean "scene.toml"?'),
    "a folder": (["build", ".", "-o", "x.blend"], "is a folder"),
    "unknown kind": (["build", "nan.csv", "-o", "x.blend"], 'unknown kind of file ".csv"'),
    "not a blend": (["verify", "not.blend"], "is not a Blender file"),
    "build: wrong suffix": (["build", "scene.toml", "-o", "x.png"], "suffix must be .blend"),
    "build: no output": (["build", "scene.toml"], "--output"),
    "build: output under a file": (["build", "scene.toml", "-o", "nan.csv/x.blend"], "is a file"),
    "build: unknown style": (["build", "scene.toml", "-o", "x.blend", "--style", "papr"], '"paper"'),
    "build: unknown view": (["build", "scene.toml", "-o", "x.blend", "--view", "up"], "stage"),
    "build: unknown move": (["build", "scene.toml", "-o", "x.blend", "--move", "orbt"], "orbit"),
    "build: unknown subject": (["build", "scene.toml", "-o", "x.blend", "--subject", "outt"], '"out"'),
    "farm: no folder": (["farm", "scene.toml"], "--output"),
    "farm: output under a file": (["farm", "scene.toml", "-o", "nan.csv/job"], "is a file"),
    "farm: bad chunk": (["farm", "scene.toml", "-o", "job", "--chunk", "0"], "1 to 10000"),
    "encode: no frames": (["encode", "folder.png", "-o", "x.mp4"], "no frames such as 0001.png"),
    "encode: no folder": (["encode", "none", "-o", "x.mp4"], "is not a folder"),
    "encode: wrong suffix": (["encode", "folder.png", "-o", "x.avi"], "suffix must be .mp4"),
    "encode: bad speed": (["encode", "folder.png", "-o", "x.mp4", "--fps", "0"], "1 to 240"),
    "head without a capture": (["build", "scene.toml", "-o", "x.blend", "--head", "1"], "capture"),
    "render: wrong suffix": (["render", "scene.toml", "-o", "x.avi"], "suffix must be"),
    "render: suffix and kind": (["render", "scene.toml", "-o", "x.png", "--film"], ".mp4"),
    "render: folder for a still": (["render", "scene.toml", "-o", "x", "--still"], ".png"),
    "render: output is a folder": (["render", "scene.toml", "-o", "folder.png"], "is a folder"),
    "render: output under a file": (["render", "scene.toml", "-o", "nan.csv/x.png"], "is a file"),
    "render: frames of a still": (["render", "scene.toml", "-o", "x.png", "--frames", "1-2"], "--frame"),
    "render: frame of a film": (["render", "scene.toml", "-o", "x.mp4", "--frame", "1"], "--frames"),
    "render: frames backwards": (["render", "scene.toml", "-o", "x", "--frames", "5-2"], '"5-2"'),
    "render: bad size": (["render", "scene.toml", "--size", "12x"], '"12x"'),
    "render: tiny size": (["render", "scene.toml", "--size", "1x1"], "16 to 16384"),
    "figure: no columns": (["figure", "scene.toml", "-o", "x.svg", "--columns", "0"], "1 to 64"),
    "render: empty output": (["render", "scene.toml", "-o", ""], "output has no name"),
    "farm: empty output": (["farm", "scene.toml", "-o", ""], "output has no name"),
    "render: bad samples": (["render", "scene.toml", "--samples", "0"], "1 to 65536"),
    "render: unknown engine": (["render", "scene.toml", "--engine", "cycle"], "cycles"),
    "capture: no head": (["build", str(CAPTURE), "-o", "x.blend"], "say which with --layer and --head"),
    "capture: unknown layer": (["inspect", str(CAPTURE), "--layer", "4"], "layer 4"),
    "capture: unknown head": (["build", str(CAPTURE), "-o", "x.blend", "--layer", "5", "--head", "77"], "77"),
    "inspect: --with, but no layer": (["inspect", str(CAPTURE), "--with", "output"], "--layer"),
    "inspect: --with on a sheet": (
        ["inspect", str(CAPTURE), "--layer", "5", "--with", "output", "--sheet", "x.png"],
        "--with",
    ),
    "inspect: unknown part": (["inspect", str(CAPTURE), "--layer", "5", "--with", "outputs"], '"output"'),
    "capture: not one": (["inspect", "not.safetensors"], "not.safetensors"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "scene.toml").write_text(GOOD)
    (tmp_path / "nan.csv").write_text("1,2\n3,nan\n")
    (tmp_path / "not.blend").write_text("not a blend")
    (tmp_path / "not.safetensors").write_bytes(b"\xff" * 64)
    (tmp_path / "folder.png").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fails_in_one_line(capsys, folder, arguments, part):
    before = sorted(folder.rglob("*"))
    assert cli.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("matrix-cinema: error: ")
    assert part.lower() in err.lower()
    assert "Traceback" not in err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("name", BAD_SCENES)
def test_a_bad_scene_is_refused_in_one_line(capsys, folder, name):
    text, part = BAD_SCENES[name]
    (folder / "scene.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    fails_in_one_line(capsys, folder, ["build", "scene.toml", "-o", "x.blend"], part)


@pytest.mark.parametrize("name", BAD_COMMANDS)
def test_a_bad_command_is_refused_in_one_line(capsys, folder, name):
    arguments, part = BAD_COMMANDS[name]
    fails_in_one_line(capsys, folder, arguments, part)


@pytest.mark.parametrize(
    "error, status, said",
    [
        (JobError("the disk is full"), 1, "matrix-cinema: error: the disk is full"),
        (KeyError("x"), 1, "matrix-cinema: error: KeyError: 'x' (run again with --traceback to see where)"),
        (MemoryError(), 1, "matrix-cinema: error: there is not enough memory for this"),
        (KeyboardInterrupt(), 130, "matrix-cinema: interrupted"),
    ],
)
def test_other_ends_have_their_status_and_one_line(monkeypatch, capsys, error, status, said):
    def fail():
        raise error

    monkeypatch.setattr("matrix_cinema.outputs.inspection.preset_lines", fail)
    assert cli.run(["presets"]) == status
    assert capsys.readouterr().err == said + "\n"


def test_an_option_in_a_message_is_the_word_that_is_typed():
    """Errors name an option by its keyword in Python; the command line writes its own word for that."""
    told = parser.as_typed("give one with `texts`; `if_device_fails`, `parts`, `purpose` or `origin`; `mine`")
    assert told == "give one with --text; --if-device-fails, --with, --for or --from; `mine`"
    for path in (ROOT / "addon").rglob("*.py"):
        if path.parent.name in ("cli", "ui"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and node.exc is not None:
                message = ast.unparse(node.exc)
                assert not re.search(r"--[a-z]", message), f"{path}: {message}"
                for keyword in re.findall(r"`(\w\w+)`", message):
                    assert parser.as_typed(f"`{keyword}`").startswith("--"), f"{path}: {keyword}"


def test_traceback_is_there_for_who_asks(monkeypatch):
    monkeypatch.setattr("matrix_cinema.outputs.inspection.preset_lines", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.run(["presets", "--traceback"])


def test_missing_system_libraries_are_named(monkeypatch, capsys, folder):
    class Loader:
        def find_spec(self, name, path=None, target=None):
            if name == "bpy":
                raise ImportError("libXi.so.6: cannot open shared object file: No such file or directory")

    monkeypatch.delitem(sys.modules, "bpy", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Loader(), *sys.meta_path])
    assert cli.run(["build", "scene.toml", "-o", "x.blend"]) == 1
    err = capsys.readouterr().err
    assert "libXi.so.6" in err and "apt-get install" in err and "libxi6" in err and err.count("\n") == 1


def test_schema_prints_the_schema_of_scene_files(capsys):
    assert cli.run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == matrix_cinema.schema()


def test_presets_names_everything_that_can_be_chosen(capsys):
    assert cli.run(["presets"]) == 0
    words = capsys.readouterr().out.split()
    assert {*VIEWS, *ANIMATIONS, "paper", "viridis"} <= set(words)


def test_inspect_tells_a_scene(capsys, folder):
    assert cli.run(["inspect", "scene.toml"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert any(line.startswith("A 3 x 4 ") for line in lines)
    assert any(line.startswith("out 3 x 4 x 2 24 4 ") for line in lines)  # vvprod: a step for each k
    assert any(line.startswith("at most 50 elements") for line in lines)  # 12 + 8 + 6 entries, 24 products


def test_inspect_tells_a_capture(capsys):
    assert cli.run(["inspect", str(CAPTURE)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert any(line.startswith("5 self 12 of 12 12 16 16 32 none") for line in lines)
    assert any(line.startswith("0 2 1.00 0.06 ") for line in lines)
    assert lines[lines.index("worth filming:") + 1 :] == [
        "layer 0 head 2: previous token 1.00",
        'layer 0 head 5: "t" → "didn" 0.91',
        'layer 3 head 1: "it" → "animal" 0.68',
        'layer 5 head 11: "it" → "animal" 0.67',
    ]


def test_inspect_tells_one_head(capsys):
    assert cli.run(["inspect", str(CAPTURE), "--layer", "5", "--head", "11"]) == 0
    table = capsys.readouterr().out.split("strongest pair:\n")[1].split("\n\n")[0].splitlines()
    assert len(table) == 2 and table[1].split()[:2] == ["5", "11"]


def test_inspect_tells_the_scene_that_a_capture_gives(capsys):
    parts = ["--layer", "5", "--head", "11", "--with", "output"]
    assert cli.run(["inspect", str(WITH_WEIGHTS), *parts]) == 0
    out = capsys.readouterr().out
    assert "expression: write = " in out and "W_O of layer 5, head 11" in out


def test_inspect_tells_a_capture_without_tokens_and_one_without_queries(capsys, folder):
    rng = numpy.random.default_rng(0)
    one = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 4, "scale": 0.5}
    write_capture(
        "a.safetensors",
        {
            "L0.q": rng.normal(size=(1, 3, 4)),
            "L0.k": rng.normal(size=(1, 6, 4)),
            "L1.v": rng.normal(size=(1, 6, 4)),
        },
        {"layers": {"0": one | {"kind": "cross"}, "1": one}},
    )
    assert cli.run(["inspect", "a.safetensors"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["0", "cross", "1", "of", "1", "1", "3", "6", "4", "none", "-", "-", "-"] in lines
    assert [line for line in lines if line[:4] == ["0", "0", "-", "-"]]  # crossing, nothing is previous


def test_letters_that_the_terminal_has_not_are_no_error():
    process = subprocess.run(
        [sys.executable, "scripts/matrix_cinema.py", "inspect", str(CAPTURE)],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0 and '"it" \\u2192 "animal"' in process.stdout, process.stderr


def test_layer_and_head_replace_those_of_the_scene(capsys, folder):
    (folder / "scene.toml").write_text(
        f"expression = 'q @ k.T'\ncapture = {{ file = '{CAPTURE}', layer = 5, head = 11 }}\n"
        "matrices.q.tensor = 'q'\nmatrices.k.tensor = 'k'"
    )
    assert cli.run(["inspect", "scene.toml", "--layer", "3", "--head", "7"]) == 0
    assert "q of layer 3, head 7" in capsys.readouterr().out


def test_a_reader_that_has_gone_is_no_error():
    command = f'"{sys.executable}" scripts/matrix_cinema.py presets | head -1'
    process = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert process.stdout.strip() == "styles" and process.stderr == ""


def test_the_package_is_used_from_a_checkout_without_being_installed():
    # Without `site`, what pip installed as editable is not found.
    libraries = Path(numpy.__file__).parent.parent
    code = (
        f"import runpy, sys; sys.path.append({str(libraries)!r}); "
        "runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    process = subprocess.run(
        [sys.executable, "-S", "-c", code, "scripts/matrix_cinema.py", "--", "presets"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0 and process.stdout.startswith("styles"), process.stderr


def test_one_version_everywhere():
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text())
    assert manifest["version"] == matrix_cinema.__version__


def test_every_room_is_installed_by_pip():
    """Every package is named. Other folders hold data of a package (tests/house/test_package)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = {path.parent.relative_to(ROOT / "addon") for path in (ROOT / "addon").rglob("__init__.py")}
    there = {".".join(("matrix_cinema", *folder.parts)) for folder in folders}
    assert there == set(project["tool"]["setuptools"]["packages"])


@pytest.mark.parametrize("model", ["gpt2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_nothing_is_downloaded_in_blender_itself(monkeypatch, capsys, tmp_path, model):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "bpy", SimpleNamespace(app=SimpleNamespace(module=False)))
    assert cli.run(["capture", "--model", model, "--text", "a", "-o", "a.safetensors"]) == 2
    assert f"{model} is not a folder; in Blender nothing is downloaded" in capsys.readouterr().err
