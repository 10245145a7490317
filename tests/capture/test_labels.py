"""Whose tokens a layer's labels are: two texts, a picture and a text, and what does not fit."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")
transformers = pytest.importorskip("transformers", reason="CAPTURE IS NOT TESTED: pip install transformers")

from matrix_cinema.capture.labels import labels_of, patches, spells_bytes, texts_of, tokens_of  # noqa: E402
from matrix_cinema.capture.pictures import as_picture  # noqa: E402
from matrix_cinema.capture.record import CaptureWarning, record  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.formats.capture_file import open_capture  # noqa: E402

SMALL = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4}


def clip():
    torch.manual_seed(0)
    text = SMALL | {"vocab_size": 101, "eos_token_id": 2}
    config = transformers.CLIPConfig(
        text_config=text, vision_config=SMALL | {"image_size": 32, "patch_size": 16}
    )
    return transformers.CLIPModel(config).eval()


def test_patches_of_a_picture_never_get_the_texts_tokens(tmp_path):
    """CLIP with five tokens of text and five of the picture: a class token and 2 x 2 patches."""
    model = clip()
    with torch.no_grad(), record(model) as recording:
        model(input_ids=torch.tensor([[3, 4, 5, 6, 2]]), pixel_values=torch.randn(1, 3, 32, 32))
    seen = np.arange(300 * 200 * 3, dtype=np.uint32).reshape(300, 200, 3).astype(np.uint8)
    tokens = ["a</w>", "pho", "to</w>", "cafÃ©</w>", "<|endoftext|>"]
    recording.save(tmp_path / "x.safetensors", tokens, picture=seen)
    capture = open_capture(tmp_path / "x.safetensors")
    assert set(capture.layers) == {"text.0", "vision.0"}
    assert capture.layer("text.0").tokens_q == ("a", "pho", "-to", "café", "<|endoftext|>")
    assert capture.layer("vision.0").tokens_k == ("[CLS]", "r0c0", "r0c1", "r1c0", "r1c1")
    assert capture.picture.shape == (256, 171, 3) and np.array_equal(capture.picture, as_picture(seen))


def test_texts_that_fit_no_layer_are_told(tmp_path):
    model = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(1, 11, 8)
    with torch.no_grad(), record(model) as recording:
        model(x, x, x)
    with pytest.warns(CaptureWarning, match="layer 0: no labels, 12 texts were given for 11 tokens"):
        recording.save(tmp_path / "x.safetensors", tokens=["a"] * 12)
    assert open_capture(tmp_path / "x.safetensors").layer(0).tokens_q == ()
    for tokens in (torch.arange(11), list(range(11)), "the cat", np.arange(11)):
        with pytest.raises(InputError, match="tokens has to be a list of texts"):
            recording.save(tmp_path / "y.safetensors", tokens=tokens)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CaptureWarning)
        recording.save(tmp_path / "y.safetensors", tokens=[b"the", b"\xe4\xbd", b"\xa0", *[b" a"] * 8])
    labels = ("the", "你(1/2)", "你(2/2)", *["·a"] * 8)
    assert open_capture(tmp_path / "y.safetensors").layer(0).tokens_q == labels


def test_the_tokenizer_says_whether_it_spells_bytes(tmp_path):
    """Letters alone would mislead: "Ã©" may spell the bytes of é, or may be what the text says."""
    tokenizers = pytest.importorskip("tokenizers", reason="NO TOKENIZERS: pip install tokenizers")
    split = tokenizers.pre_tokenizers
    wanted = {split.ByteLevel: (True, ("·the", "é")), split.Whitespace: (False, ("Ġthe", "Ã©"))}
    model, x = torch.nn.MultiheadAttention(8, 2, batch_first=True), torch.randn(1, 2, 8)
    with torch.no_grad(), record(model) as recording:
        model(x, x, x)
    for kind, (spells, labels) in wanted.items():
        made = tokenizers.Tokenizer(tokenizers.models.BPE())
        made.pre_tokenizer = kind()
        said = spells_bytes(transformers.PreTrainedTokenizerFast(tokenizer_object=made))
        assert said is spells
        recording.save(tmp_path / "x.safetensors", ["Ġthe", "Ã©"], byte_level=said)
        assert open_capture(tmp_path / "x.safetensors").layer(0).tokens_q == labels
    assert spells_bytes(object()) is None


def test_added_tokens_of_a_byte_level_vocabulary_read_as_written(tmp_path):
    """A single added letter has the spelling of a lone byte; only the tokenizer knows."""
    tokenizers = pytest.importorskip("tokenizers", reason="NO TOKENIZERS: pip install tokenizers")
    vocabulary = {
        letter: n for n, letter in enumerate(sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()))
    }
    made = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, []))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>")
    tokenizer.add_tokens(["é", "été"])
    ids = tokenizer("aéb été<|end|>été", add_special_tokens=False)["input_ids"]
    tokens = tokens_of(tokenizer, ids)
    model, x = torch.nn.MultiheadAttention(8, 2, batch_first=True), torch.randn(1, len(ids), 8)
    with torch.no_grad(), record(model) as recording:
        model(x, x, x)
    recording.save(tmp_path / "x.safetensors", tokens, byte_level=spells_bytes(tokenizer))
    labels = ("a", "é", "b", "·", "été", "<|end|>", "été")
    assert open_capture(tmp_path / "x.safetensors").layer(0).tokens_q == labels


def seen(module, queries, keys, kind="self"):
    arrays = {"q": np.zeros((1, queries, 4)), "k": np.zeros((1, keys, 4))}
    return arrays, {"module": module, "kind": kind}


def test_two_texts_and_a_picture_that_a_decoder_reads():
    encoder, decoder = seen("encoder.block.0.a", 3, 3), seen("decoder.block.0.a", 2, 2)
    cross = seen("decoder.block.0.c", 2, 3, "cross")
    source, target = list("abc"), list("xy")
    found, _, told = labels_of({"0": encoder, "1": decoder, "1.cross": cross}, [source], [target])
    assert found == {"0": (source, source), "1": (target, target), "1.cross": (target, source)} and not told
    # Two texts of one length: if the decoder's own is missing, it does not get labels from the other.
    decoder, cross = seen("decoder.block.0.a", 3, 3), seen("decoder.block.0.c", 3, 3, "cross")
    found, _, _ = labels_of({"0": encoder, "1": decoder, "1.cross": cross}, [source], [[]])
    assert found == {"0": (source, source), "1": ([], []), "1.cross": ([], [])}
    # A captioning model: its decoder reads the text, and attends to patches.
    vision, text = seen("vision_model.encoder.layers.0.a", 7, 7), seen("text_decoder.layer.0.a", 3, 3)
    cross = seen("text_decoder.layer.0.c", 3, 7, "cross")
    found, _, _ = labels_of({"0": vision, "1": text, "1.cross": cross}, [source], [[]], {(2, 3)})
    grid = ["[CLS]", *(f"r{r}c{c}" for r in (0, 1) for c in (0, 1, 2))]
    assert found == {"0": (grid, grid), "1": (source, source), "1.cross": (source, grid)}


def test_a_decoder_of_which_only_the_self_attention_was_chosen():
    found, _, told = labels_of(
        {"0": seen("encoder.block.0.a", 3, 3), "1": seen("decoder.block.0.a", 2, 2)},
        [["a", "b", "c"]],
        [["x", "y"]],
    )
    assert found["1"] == (["x", "y"], ["x", "y"]) and not told


def test_patches_where_one_grid_fits():
    assert patches(4, {(2, 2), (8, 8)}) == ["r0c0", "r0c1", "r1c0", "r1c1"]
    assert patches(9, {(2, 2)})[:6] == ["[CLS]", "[REG1]", "[REG2]", "[REG3]", "[REG4]", "r0c0"]
    assert patches(12, {(2, 6), (6, 2)}) == [] == patches(50, {(2, 2)})


def test_what_is_said_of_a_recording_is_of_the_right_kind(tmp_path):
    model = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(1, 4, 8)
    with torch.no_grad(), record(model) as recording:
        model(x, x, x)
    for said in ({"model": "mine"}, {"text": 3}, {"text": [3]}, {"patches": 4}, {"patches": (2, 2, 1)}):
        with pytest.raises(InputError, match=f"^{next(iter(said))} has to be"):
            recording.save(tmp_path / "x.safetensors", **said)
    recording.save(tmp_path / "x.safetensors", text=["a"], patches=(2, np.int64(2)))
    assert open_capture(tmp_path / "x.safetensors").model == {"class": "MultiheadAttention"}
    recording.save(tmp_path / "x.safetensors", model={"name": "mine"})
    assert open_capture(tmp_path / "x.safetensors").model == {"name": "mine"}


def test_texts():
    assert texts_of(None, "tokens") == [] and texts_of(("a", "b"), "tokens") == ["a", "b"]


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_a_picture_is_height_width_and_three_colours(shape):
    with pytest.raises(InputError, match="picture has to be uint8"):
        as_picture(np.zeros(shape, np.uint8))
    white = as_picture(np.full((600, 1000, 3), 255, np.uint8))
    assert white.shape == (154, 256, 3) and (white == 255).all()


def test_keys_that_are_fewer_than_queries_have_no_labels_of_theirs(tmp_path):
    """As in models whose keys are of a coarser grid than queries. The layer is kept."""

    class Coarse(torch.nn.Module):
        def forward(self, x):
            q, k = self.q(x), self.k(x)[:, ::2]
            return (q @ k.mT).softmax(-1) @ k

    model = Coarse()
    model.q, model.k = torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)
    with torch.no_grad(), record(model) as recording:
        model(torch.randn(1, 5, 8))
    assert recording.layers["0"][1]["kind"] == "self"
    recording.save(tmp_path / "x.safetensors", patches=(2, 2))
    (layer,) = open_capture(tmp_path / "x.safetensors").layers.values()
    assert layer.tokens_q[:2] == ("[CLS]", "r0c0") and layer.tokens_k == () and layer.sizes["K"] == 3
