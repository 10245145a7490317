"""Labels of a byte-level model read as the text did, everywhere: inspect, sheet, still, figure, .blend."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest
from matrix_cinema.cli import commands as cli
from matrix_cinema.formats.capture_file import open_capture, write_capture
from matrix_cinema.look.drawn_order import drawn

bpy = pytest.importorskip("bpy")
tokenizers = pytest.importorskip("tokenizers", reason="NO TOKENIZERS: pip install tokenizers")

from matrix_cinema.blender.update import build  # noqa: E402
from matrix_cinema.description.from_capture import scene_from_capture, scene_of_tensor  # noqa: E402
from matrix_cinema.description.source import Source  # noqa: E402
from matrix_cinema.outputs import figure as figures  # noqa: E402
from matrix_cinema.outputs.blend_file import open_built, save_blend  # noqa: E402
from matrix_cinema.picture.figure_page import PanelGrid, Shown, cells_of, compose  # noqa: E402
from matrix_cinema.picture.figure_type import page_type  # noqa: E402

pytestmark = pytest.mark.usefixtures("factory")
TEXT = "the café 你好 Größe 日本 ไทย नमस्ते 👍🏽 한국Ж שלום مرحبا the"
# Ж is no token: its two bytes are. A tone of skin has no place in type of one colour.
WORDS = [
    "the",
    "·café",
    "·你好",
    "·Größe",
    "·日本",
    "·ไทย",
    "·नमस्ते",
    "·👍🏽",
    "·한국",
    "Ж(1/2)",
    "Ж(2/2)",
    "·שלום",
    "·مرحبا",
    "·the",
]
STRANGE = re.compile("[ĠĊĉÃäå€]|â|ð|à¤|à¸")


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    """Two heads over the text, as the tokens of a byte-level BPE that was trained on its words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    known = TEXT.replace("Ж", "").split(" ")
    made.train_from_iterator([f" {word}" for word in known for _ in range(9)] + ["the"] * 9, trainer)
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(" ", "merged_with_next"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    tokens = made.encode(TEXT).tokens
    assert "ĠcafÃ©" in tokens and len(tokens) == len(WORDS), tokens
    rng, count = np.random.default_rng(0), len(tokens)
    q, k, v = (rng.normal(size=(2, count, 3)) for _ in "qkv")
    q[:, 1], k[:, 2] = 3.0, 6.0  # café attends to 你好
    layer = {"n_q_heads": 2, "n_kv_heads": 2, "head_dim": 3, "scale": 3**-0.5}
    path = tmp_path_factory.mktemp("captures") / "bytes.safetensors"
    tensors = {"L0.q": q, "L0.k": k, "L0.v": v}
    write_capture(path, tensors, {"tokens_q": tokens, "text": TEXT, "layers": {"0": layer}})
    return path


def bodies(scene):
    return {ob.data.body for ob in scene.objects if ob.type == "FONT"}


def assert_drawn(scene):
    """The text objects have the words as they are drawn, and the callout has those of the spotlight."""
    found = {re.sub("[₀-₉]+", "", body) for body in bodies(scene)}
    assert {drawn(word.replace("🏽", "")) for word in WORDS} - found == set()
    assert [body for body in found if re.match("·?Ж.2/2. → .?םולש +[0-9.]+", body)], found
    assert not [body for body in found if STRANGE.search(body)]


def assert_read(texts, of):
    """The words are all there, told apart or not, and nothing is in the letters of bytes."""
    bare = {re.sub("[₀-₉]+$", "", text) for text in texts}
    assert {word for word in of if word not in bare | {text.replace("👍", "👍🏽") for text in bare}} == set()
    assert not [text for text in texts if STRANGE.search(text)]


def test_in_inspect(capture, capsys):
    assert cli.run(["inspect", str(capture)]) == 0
    told = capsys.readouterr().out
    assert '"café" → "你好"' in told and not STRANGE.search(told.replace("café", "").replace("Größe", ""))
    assert open_capture(capture).tokens_q == tuple(WORDS)


def test_in_a_sheet(capture, tmp_path):
    pytest.importorskip("matplotlib", reason="NO FIGURES: pip install matplotlib")
    assert cli.run(["inspect", str(capture), "--sheet", str(tmp_path / "x.svg")]) == 0
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", (tmp_path / "x.svg").read_text())
    assert_read({html.unescape(text).strip() for text in texts}, WORDS)


def test_in_a_figure(capture, tmp_path):
    scene = scene_from_capture(capture, 0, 0)
    figures.figure([Shown(scene)], tmp_path / "x.svg", width="180mm", dpi=60, samples=1)
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", (tmp_path / "x.svg").read_text())
    assert_read({html.unescape(text).strip() for text in texts}, WORDS)


def test_in_the_figure_of_one_tensor(capture):
    cells = cells_of([Shown(scene_of_tensor(capture, 0, 0, "pattern"))], 1500, False)
    type_ = page_type(8.0, lambda text, size: 0.55 * size * len(text))
    page = compose(cells, PanelGrid(1), type_, 0.12, 510.0, None)
    assert_read({text.text for text in page.texts}, WORDS)


def test_in_the_text_of_a_pdf(capture, tmp_path):
    pypdf = pytest.importorskip("pypdf", reason="NO PDF READER: pip install pypdf")
    pytest.importorskip("matplotlib", reason="NO FIGURES: pip install matplotlib")
    path = tmp_path / "x.pdf"
    figures.figure([Shown(scene_of_tensor(capture, 0, 0, "pattern"))], path, width="90mm", dpi=60, samples=1)
    lines = pypdf.PdfReader(path).pages[0].extract_text().splitlines()
    # Of letters that join, matplotlib writes the whole cluster at each glyph.
    assert_read(lines, [word for word in WORDS if word not in ("·नमस्ते", "·שלום", "·مرحبا")])


def test_in_a_still_and_in_a_blend_file(capture, tmp_path):
    lit = replace(scene_from_capture(capture, 0, 0), spotlight="attn[Ж(2/2), שלום]; attn[Ж#2, 你好]")
    assert_drawn(build(lit))
    save_blend(tmp_path / "x.blend")
    assert_drawn(open_built(Source(tmp_path / "x.blend", None)))
