"""The command `capture` for models that see pictures, and for functions of the user's own."""

import sys
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")
T = pytest.importorskip("transformers", reason="CAPTURE IS NOT TESTED: pip install transformers")
Image = pytest.importorskip("PIL.Image", reason="PICTURES ARE NOT TESTED: pip install pillow")

from matrix_cinema.cli import commands as cli  # noqa: E402
from matrix_cinema.formats.capture_file import open_capture  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402

SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "initializer_range": 0.3,
}
WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "a", "photo", "of", "two", "cats"]
SEEN = {"image_size": 32, "patch_size": 16}


def tokenizer_of():
    words = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return T.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", bos_token="[CLS]", eos_token="[SEP]", unk_token="[UNK]"
    )


def processor(kind):
    """A processor of pictures, as Pillow has them where there is no torchvision."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        size = {"height": 32, "width": 32}
        if kind == "CLIP":
            return T.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=size)
        return T.ViTImageProcessor(size=size, image_mean=[0.4, 0.5, 0.6], image_std=[0.2, 0.3, 0.4])


def kept(folder, model, *processors):
    for one in (model, *processors):
        one.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """A picture of 8 x 8 colours."""
    colors = np.random.default_rng(0).integers(0, 255, (8, 8, 3)).astype(np.uint8)
    path = tmp_path_factory.mktemp("pictures") / "cats.png"
    Image.fromarray(colors.repeat(4, 0).repeat(4, 1)).save(path)
    return path


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    torch.manual_seed(0)
    model = T.ViTModel(T.ViTConfig(**SIZES, image_size=32, patch_size=8))
    return kept(tmp_path_factory.mktemp("models") / "vit", model, processor("ViT"))


def captured(tmp_path, *arguments):
    output = tmp_path / "x.safetensors"
    assert cli.run(["capture", *map(str, arguments), "-o", str(output)]) == 0
    return open_capture(output)


def test_a_picture_is_recorded_as_the_model_sees_it(vit, picture, tmp_path, capsys):
    capture = captured(tmp_path, "--model", vit, "--image", picture)
    assert "2 layers, 17 tokens" in capsys.readouterr().out
    layer = capture.layer(1)
    grid = tuple(f"r{row}c{column}" for row in range(4) for column in range(4))
    assert layer.tokens_q == layer.tokens_k == ("[CLS]", *grid) and capture.text == ""
    assert np.abs(capture.picture.astype(int) - np.asarray(Image.open(picture)).astype(int)).max() <= 1
    model = T.ViTModel.from_pretrained(vit, attn_implementation="eager").eval()
    values = processor("ViT")(images=Image.open(picture), return_tensors="pt")
    own = model(**values, output_attentions=True).attentions[1][0, 3].detach().numpy()
    assert np.abs(capture.tensor(1, "pattern", 3) - own).max() < 1e-5


def test_a_picture_and_a_text(picture, tmp_path, capsys):
    torch.manual_seed(0)
    text = SIZES | {"vocab_size": len(WORDS), "eos_token_id": 2, "max_position_embeddings": 16}
    config = T.CLIPConfig(text_config=text, vision_config=SIZES | SEEN)
    both = T.CLIPProcessor(processor("CLIP"), tokenizer_of())
    folder = kept(tmp_path / "clip", T.CLIPModel(config), both)
    capture = captured(tmp_path, "--model", folder, "--image", picture, "--text", "a photo of two cats")
    assert capture.layer("text.1").tokens_q == ("a", "photo", "of", "two", "cats")
    assert capture.layer("vision.1").tokens_q == ("[CLS]", "r0c0", "r0c1", "r1c0", "r1c1")
    assert capture.picture.shape == (32, 32, 3)
    ask = ["capture", "--model", folder, "-o", str(tmp_path / "y.safetensors"), "--text"]
    assert cli.run([*ask, "cats", "--image", str(tmp_path / "none.png")]) == 2
    assert "none.png: no such picture" in capsys.readouterr().err


def test_a_picture_and_what_a_decoder_wrote(picture, tmp_path, capsys):
    torch.manual_seed(0)
    encoder = T.ViTConfig(**SIZES, **SEEN)
    decoder = T.BertConfig(**SIZES, vocab_size=len(WORDS), is_decoder=True, add_cross_attention=True)
    config = T.VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id, config.pad_token_id = 1, 0
    model = T.VisionEncoderDecoderModel(config)
    folder = kept(tmp_path / "captions", model, processor("ViT"), tokenizer_of())
    capture = captured(tmp_path, "--model", folder, "--image", picture, "--pair", "two cats")
    cross = capture.layer("decoder.1.cross")
    assert cross.tokens_q == ("[CLS]", "two", "cats")
    assert cross.tokens_k == ("[CLS]", "r0c0", "r0c1", "r1c0", "r1c1")
    assert (
        cli.run(
            ["capture", "--model", folder, "--image", str(picture), "-o", str(tmp_path / "y.safetensors")]
        )
        == 2
    )
    assert "give what the decoder wrote with --pair" in capsys.readouterr().err


BAD = {
    "a text file": (["--image", "TEXT"], "is no PNG or JPEG file"),
    "a damaged file": (["--image", "BAD"], "cannot be read as a picture"),
    "no picture": (["--text", "cats"], "sees a picture; give one with --image"),
    "a text as well": (["--image", "PNG", "--text", "cats"], "reads no text; leave --text out"),
    "nothing": ([], "or --image, which it sees"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_a_model_of_pictures_cannot_do_is_told(case, vit, picture, tmp_path, capsys):
    (tmp_path / "x.txt").write_text("cats")
    (tmp_path / "bad.png").write_bytes(picture.read_bytes()[:60])
    places = {"TEXT": tmp_path / "x.txt", "BAD": tmp_path / "bad.png", "PNG": picture}
    arguments, part = BAD[case]
    output = tmp_path / "x.safetensors"
    arguments = ["--model", vit, "-o", str(output), *(str(places.get(word, word)) for word in arguments)]
    assert cli.run(["capture", *arguments]) == 2
    assert part in capsys.readouterr().err and not output.exists()


def test_without_pillow_one_is_told_how_to_get_it(vit, picture, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "PIL", None)
    arguments = ["--model", vit, "--image", str(picture), "-o", str(tmp_path / "x.safetensors")]
    assert cli.run(["capture", *arguments]) == 1
    assert 'pip install "matrix-cinema[images]"' in capsys.readouterr().err


OWN = """
import torch
from helper import width

class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(width, 2, batch_first=True)

    def forward(self, x):
        return x + self.attention(x, x, x, need_weights=False)[0]

model = torch.nn.Sequential(Block(), Block())

def run():
    torch.manual_seed(0)
    model(torch.randn(1, 3, width))
    return {"tokens": ["a", "b", "c"], "model": {"name": "mine"}}

def say(text):
    model(torch.randn(1, len(text.split()), width))
    return {"tokens": text.split()}

def fails():
    model(torch.randn(1, 3, 5))

def nothing():
    return 1

def says():
    return run() | {"colour": 1}

def leaves():
    raise SystemExit(3)

def two(a, b):
    pass
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "helper.py").write_text("width = 8\n")
    (tmp_path / "mine.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("mine", "helper"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_a_function_of_the_users_own(own, tmp_path, capsys):
    capture = captured(tmp_path, "--call", "mine.py:run")
    assert "note: mine.py:run is code of yours, which is run" in capsys.readouterr().err
    assert [one.module for one in capture.layers.values()] == ["0.attention", "1.attention"]
    assert capture.tokens_q == ("a", "b", "c") and capture.model == {"name": "mine"}
    assert capture.layer(1).max_abs_error < 1e-5
    capture = captured(tmp_path, "--call", "mine:say", "--text", "two cats", "--layers", "1")
    assert (
        list(capture.layers) == ["1"] and capture.tokens_q == ("two", "cats") and capture.text == "two cats"
    )


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("mine.py", "is not a function of a file, such as my_model.py:run"),
        ("other.py:run", "other.py: no such file"),
        ("mine.py:walk", 'has no function "walk"'),
        ("mine.py:width", 'has no function "width"'),
        ("mine.py:two", "takes several arguments"),
        ("mine.py:say", "takes a text; give it one with --text"),
        ("mine.py:fails", "mine.py:fails, line 11: "),
        ("mine.py:leaves", "line 34: SystemExit: 3"),
        ("mine.py:says", 'returned a table with "colour"; known are tokens'),
        ("mine.py:nothing", "no attention was seen"),
        ("mine.py:run --text a --text b", "takes no text; leave out --text"),
    ],
)
def test_what_a_function_does_wrong_is_told_with_its_place(own, tmp_path, capsys, call, says):
    output = tmp_path / "x.safetensors"
    assert cli.run(["capture", "--call", *call.split(), "-o", str(output)]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert len(lines) == 1 and says in lines[0] and not output.exists()


def test_options_belong_to_where_a_capture_comes_from(own, capsys):
    for option in (["--pair", "x"], ["--image", "x.png"], ["--tokens", "x"]):
        assert cli.run(["capture", "--call", "mine.py:run", *option, "-o", "x.safetensors"]) == 2
        assert f"{option[0]} is for --" in capsys.readouterr().err
