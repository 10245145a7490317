"""Every command that README and docs show is carried out as it is written, in a folder that has the examples.

Words at its end make it small: few pixels, one sample, two frames of a film, two heads of a figure; of an
option that is given twice the last one counts. What cannot be carried out here stands in LEFT_OUT, with
the reason.
"""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from matrix_cinema.cli import commands as cli
from matrix_cinema.outputs.frames_folder import farm_note, frame_path, read_job
from paths import ROOT
from pictures import grey_png

pytest.importorskip("bpy")

DOCUMENTS = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"^    ((?:matrix-cinema|make|python|blender) .+?)(?:  +#.*)?$", re.MULTILINE)

# The beginning of a command, and why it is not carried out here.
LEFT_OUT = {
    "make ": "makes an environment; .ci/run types the first two, tests/window builds the extension",
    "python scripts/": "goes through every example, for minutes; tests/house/test_examples.py looks at them",
    "matrix-cinema capture --model": "needs a model's weights; tests/capture/test_pretrained.py has one",
    "matrix-cinema capture --call": "needs code of one's own; tests/capture has some",
    "matrix-cinema figure capture.safetensors --layer 5 --tensor rollout": "needs every layer of a model; "
    "tests/capture/test_passes.py has one",
    "matrix-cinema farm examples/attention_head.toml -o /shared/job --flamenco": "needs a Flamenco Manager; "
    "tests/outputs/test_flamenco.py has one",
}
FILMS = (".mp4", ".mov", ".webm")


def commands(document):
    """The commands that a document shows, in their order."""
    return COMMAND.findall((ROOT / document).read_text())


def is_left_out(command):
    return any(command.startswith(beginning) for beginning in LEFT_OUT)


def small(words):
    """The words that make a command small."""
    picture = ["--size", "32x18", "--samples", "1"]
    if words[0] == "render":
        return [*picture, "--quiet", *(["--frames", "1-2"] if words_end(words, FILMS) else [])]
    if words[0] == "figure":
        heads = ["--heads", "0-1"] if "--heads" in words else []
        return ["--dpi", "36", "--samples", "1", "--quiet", *heads]
    if words[0] == "storyboard":
        return [*picture, "--quiet"]
    return picture if words[0] == "farm" else []


def words_end(words, suffixes):
    return "-o" in words and words[words.index("-o") + 1].endswith(suffixes)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the examples, and the files that a reader has made: a capture, and arrays."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "data").symlink_to(ROOT / "examples" / "data")
    shutil.copy(ROOT / "examples" / "data" / "minilm.safetensors", "capture.safetensors")
    rng = np.random.default_rng(0)
    np.savez("saved.npz", **{name: rng.normal(size=(1, 2, 3, 4)) for name in ("q", "k", "v")})
    Path("tokens.txt").write_text("a\nb\nc\n")
    return tmp_path


def render_as_a_farm(folder):
    """The frames of a farm's job, as stock Blender leaves them."""
    job = read_job(folder)
    for n in range(job.first, job.last + 1):
        texts = {"Note": farm_note(job), "Frame": str(n)}
        grey_png(frame_path(folder, n), job.width, job.height, texts)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(document, marks=() if document == "README.md" else pytest.mark.one_blender)
        for document in DOCUMENTS
        if commands(document)
    ],
)
def test_every_command_works_as_it_is_written(document, folder, capsys):
    for command in commands(document):
        words = shlex.split(command)[1:]
        if is_left_out(command) or needs_matplotlib(words):
            continue
        if words[:2] == ["encode", "job/frames"]:
            render_as_a_farm(folder / "job" / "frames")
        status = cli.run([*words, *small(words)])
        assert status == 0, f"{command}: {capsys.readouterr().err}"
        if "-o" in words:
            assert (folder / words[words.index("-o") + 1]).exists(), command


def needs_matplotlib(words):
    """Whether a command needs it, and it is not here: it is in one of the environments."""
    wanted = "--sheet" in words or (words[0] == "figure" and words_end(words, (".pdf", ".png")))
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return wanted
    return False


@pytest.mark.one_blender
def test_what_is_left_out_is_what_is_shown():
    shown = [command for document in DOCUMENTS for command in commands(document)]
    assert len(shown) > 30 and not all(map(is_left_out, shown))
    for beginning in set(LEFT_OUT) - {"matrix-cinema capture --call"}:
        assert any(command.startswith(beginning) for command in shown), beginning
