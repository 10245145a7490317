"""Recording: small random models of many kinds, each recomputed from its own capture file."""

import contextlib
import gc
import math
import re
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")
transformers = pytest.importorskip("transformers", reason="CAPTURE IS NOT TESTED: pip install transformers")

import matrix_cinema.capture.recorder  # noqa: E402
from matrix_cinema.capture import positions  # noqa: E402
from matrix_cinema.capture.record import CaptureWarning, record  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.formats.capture_file import open_capture  # noqa: E402
from torch import nn  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
transformers.logging.set_verbosity_error()
torch.manual_seed(0)
IDS = torch.randint(1, 100, (2, 9))
PICTURES = torch.randn(1, 3, 32, 32)
VECTORS = torch.randn(3, 9, 32)
FIRST_PADDED = {"attention_mask": torch.tensor([[1] * 6 + [0] * 3, [1] * 9])}
SIZES = {
    "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
    "num_attention_heads": 8, "max_position_embeddings": 64, "initializer_range": 0.25,
}  # fmt: skip
GPT = {"vocab_size": 101, "n_embd": 48, "n_layer": 2, "n_head": 4, "initializer_range": 0.25}
VIT = {"hidden_size": 64, "num_attention_heads": 8, "num_hidden_layers": 2, "image_size": 32, "patch_size": 8}
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}


def library(name, implementation="sdpa", **config):
    """A small random model of transformers: library("Bert", ...) is BertModel(BertConfig(...))."""
    if not hasattr(transformers, f"{name}Model"):
        pytest.skip(f"transformers {transformers.__version__} has no {name}")
    config = getattr(transformers, f"{name}Config")(**config)
    config._attn_implementation = implementation
    torch.manual_seed(1)
    return getattr(transformers, f"{name}Model")(config).eval()


class Nano(nn.Module):
    """Attention written by hand, as in a thousand notebooks."""

    def __init__(self):
        super().__init__()
        self.norm, self.qkv, self.out = nn.LayerNorm(32), nn.Linear(32, 96), nn.Linear(32, 32)

    def forward(self, x):
        q, k, v = (t.view(*x.shape[:2], 4, 8).transpose(1, 2) for t in self.qkv(self.norm(x)).split(32, 2))
        scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(8))
        scores = scores.masked_fill(torch.ones(x.shape[1], x.shape[1]).tril() == 0, float("-inf"))
        return x + self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape))


class Einsum(nn.Module):
    """Attention as tensor contractions with weights of three axes."""

    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.randn(3, 32, 4, 8) / 4)
        self.out = nn.Parameter(torch.randn(4, 8, 32) / 4)

    def forward(self, x):
        q, k, v = (torch.einsum("btm,mhd->bthd", x, weight) for weight in self.weights)
        pattern = (torch.einsum("bqhd,bkhd->bhqk", q, k) / 8**0.5).softmax(-1)
        return x + torch.einsum("bqhd,hdm->bqm", torch.einsum("bhqk,bkhd->bqhd", pattern, v), self.out)


class Grouped(nn.Module):
    """Two query heads per key/value head, by a product of five axes."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(32, n) for n in (32, 16, 16, 32))

    def forward(self, x):
        q = self.q(x).view(*x.shape[:2], 2, 2, 8).permute(0, 2, 3, 1, 4)
        k, v = (f(x).view(*x.shape[:2], 2, 1, 8).permute(0, 2, 3, 1, 4) for f in (self.k, self.v))
        z = (q @ k.mT / 8**0.5).softmax(-1) @ v
        return self.out(z.permute(0, 3, 1, 2, 4).reshape(x.shape))


class OneHead(nn.Module):
    """No heads at all, and no output projection."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(32, 8, bias=False) for _ in range(3))

    def forward(self, x):
        return torch.softmax(self.q(x) @ self.k(x).mT / 8**0.5, dim=-1) @ self.v(x)


class Merged(nn.Module):
    """Batch and heads in one axis, tokens first, queries scaled before the product."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(32, 32) for _ in range(4))

    def forward(self, x):
        x = x.transpose(0, 1)
        q, k, v = (f(x) for f in (self.q, self.k, self.v))
        q, k, v = (t.reshape(len(x), -1, 8).transpose(0, 1) for t in (q * 8**-0.5, k, v))
        z = torch.bmm(torch.softmax(torch.bmm(q, k.transpose(1, 2)), dim=-1), v)
        return x + self.out(z.transpose(0, 1).reshape(x.shape))


class InPlace(Nano):
    """The same, twice over, by operations that overwrite their operands."""

    def forward(self, x):
        x = x.clone()
        for _ in range(2):
            q, k, v = (t.view(*x.shape[:2], 4, 8).transpose(1, 2) for t in self.qkv(x).split(32, 2))
            q *= 8**-0.5
            scores = q @ k.transpose(-2, -1)
            scores += torch.full((x.shape[1], x.shape[1]), -1e9).triu(1)
            x += self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape))
        return x.mul_(2)


class Lecture(nn.Module):
    """Every head a module of its own, their results put side by side."""

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.key, self.query, self.value = (nn.Linear(32, 8, bias=False) for _ in range(3))

        def forward(self, x):
            scores = self.query(x) @ self.key(x).transpose(-2, -1) * 8**-0.5
            scores = scores.masked_fill(torch.tril(torch.ones(x.shape[1], x.shape[1])) == 0, float("-inf"))
            pattern = nn.functional.softmax(scores, dim=-1)
            return pattern @ self.value(x)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.heads = nn.ModuleList([Lecture.Head() for _ in range(4)])
            self.norm, self.out = nn.LayerNorm(32), nn.Linear(32, 32)

        def forward(self, x):
            normed = self.norm(x)
            return x + self.out(torch.cat([head(normed) for head in self.heads], dim=-1))

    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Lecture.Block(), Lecture.Block())

    def forward(self, x):
        return self.blocks(x)


class Sinks(Nano):
    """A sink for every head and query, made from the input."""

    def forward(self, x):
        q, k, v = (t.view(*x.shape[:2], 4, 8).transpose(1, 2) for t in self.qkv(x).split(32, 2))
        scores = q @ k.transpose(-2, -1) * 8**-0.5
        scores = torch.cat([scores, q.sum(-1, keepdim=True)], dim=-1)
        z = scores.softmax(-1)[..., :-1] @ v
        return self.out(z.transpose(1, 2).reshape(x.shape))


class Windows(nn.Module):
    """Attention over padded tokens, of which some are dropped before the output is added."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(32, 4, batch_first=True)

    def forward(self, x):
        padded = nn.functional.pad(x, (0, 0, 0, 3))
        return x + self.attention(padded, padded, padded)[0][:, : x.shape[1]]


class Moving(OneHead):
    """Queries and keys of the same tensor, which changes in between."""

    def forward(self, x):
        x = x.clone()
        q = self.q(x)
        x += 1
        return torch.softmax(q @ self.k(x).mT / 8**0.5, dim=-1) @ self.v(x)


def encoder(**options):
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, **options), 2)


PADDED = torch.zeros(3, 9, dtype=torch.bool)
PADDED[0, 6:] = True
LATER = torch.ones(9, 9, dtype=torch.bool).triu(1)


def described(layer):
    """What a test expects of a layer, in one line: heads/groups mask position, and what was found."""
    mask = layer["mask"]["kind"] + str(layer["mask"].get("size", ""))
    found = "".join(f"{n}{how[0]}" for n, how in sorted(layer.get("projections_found_by", {}).items()))
    return f"{layer['n_q_heads']}/{layer['n_kv_heads']} {mask} {layer['position']['kind']} {found}"


PLAIN, TURNED, PATH = "KvQvVv", "KlQlVv", "KpQpVv"  # found by value, length, path
CASES = {
    "gpt2": (lambda: library("GPT2", **GPT), (IDS,), {}, f"4/4 causal absolute {PLAIN}"),
    "gpt2 eager": (lambda: library("GPT2", "eager", **GPT), (IDS,), {}, f"4/4 causal absolute {PLAIN}"),
    "bert": (lambda: library("Bert", **SIZES), (IDS,), {}, f"8/8 none absolute {PLAIN}"),
    "bert eager": (lambda: library("Bert", "eager", **SIZES), (IDS,), {}, f"8/8 none absolute {PLAIN}"),
    "bert padded": (lambda: library("Bert", **SIZES), (IDS,), FIRST_PADDED, f"8/8 padding absolute {PLAIN}"),
    "llama": (
        lambda: library("Llama", num_key_value_heads=2, **SIZES), (IDS,), {}, f"8/2 causal rotary {TURNED}"),
    "llama eager": (
        lambda: library("Llama", "eager", num_key_value_heads=2, **SIZES), (IDS,), {},
        f"8/2 causal rotary {TURNED}"),
    "llama padded": (
        lambda: library("Llama", num_key_value_heads=2, **SIZES), (IDS,), FIRST_PADDED,
        f"8/2 custom rotary {TURNED}"),
    "mistral": (
        lambda: library("Mistral", num_key_value_heads=2, sliding_window=4, **SIZES), (IDS,), {},
        f"8/2 window4 rotary {TURNED}"),
    "qwen3": (
        lambda: library("Qwen3", num_key_value_heads=2, head_dim=8, **SIZES), (IDS,), {},
        f"8/2 causal rotary {PATH}"),
    "neox": (lambda: library("GPTNeoX", **SIZES), (IDS,), {}, f"8/8 causal rotary {TURNED}"),
    "phi3": (
        lambda: library("Phi3", num_key_value_heads=2, **SIZES, **SPECIAL), (IDS,), {},
        f"8/2 causal rotary {TURNED}"),
    "falcon": (
        lambda: library("Falcon", vocab_size=101, hidden_size=64, num_hidden_layers=2, num_attention_heads=8),
        (IDS,), {}, f"8/1 causal rotary {TURNED}"),
    "gemma2": (
        lambda: library("Gemma2", "eager", num_key_value_heads=2, head_dim=8, sliding_window=4,
                        attn_logit_softcapping=20.0, **SIZES),
        (IDS,), {}, f"8/2 window4 rotary {TURNED}"),
    "gptj": (
        lambda: library("GPTJ", "eager", rotary_dim=8, n_positions=64, **GPT), (IDS,), {},
        f"4/4 causal rotary {TURNED}"),
    "bloom": (
        lambda: library("Bloom", "eager", vocab_size=101, hidden_size=48, n_layer=2, n_head=4), (IDS,), {},
        f"4/4 causal alibi {PLAIN}"),
    "mpt": (
        lambda: library("Mpt", "eager", vocab_size=101, d_model=48, n_heads=4, n_layers=2, max_seq_len=64),
        (IDS,), {}, f"4/4 causal alibi {PLAIN}"),
    "t5": (
        lambda: library("T5", "eager", vocab_size=101, d_model=48, d_kv=12, d_ff=64, num_layers=1,
                        num_heads=4),
        (), {"input_ids": IDS, "decoder_input_ids": IDS[:, :5]}, f"4/4 bias bias {PLAIN}"),
    "opt": (
        lambda: library("OPT", "eager", ffn_dim=96, word_embed_proj_dim=64, init_std=0.25,
                        **{k: v for k, v in SIZES.items() if k[:5] not in ("inter", "initi")}),
        (IDS,), {}, f"8/8 causal absolute {PLAIN}"),
    "albert": (
        lambda: library("Albert", embedding_size=32, **SIZES), (IDS,), {}, f"8/8 none absolute {PLAIN}"),
    "vit": (lambda: library("ViT", **VIT), (PICTURES,), {}, f"8/8 none absolute {PLAIN}"),
    "nano": (Nano, (VECTORS,), {}, f"4/4 causal absolute {PLAIN}"),
    "einsum": (Einsum, (VECTORS,), {}, f"4/4 none absolute {PLAIN}"),
    "grouped": (Grouped, (VECTORS,), {}, f"4/2 none absolute {PLAIN}"),
    "in place": (InPlace, (VECTORS,), {}, f"4/4 causal absolute {PLAIN}"),
    "mha, extra keys": (
        lambda: nn.MultiheadAttention(32, 4, batch_first=True, add_bias_kv=True, add_zero_attn=True),
        (VECTORS,) * 3, {}, f"4/4 none absolute {PLAIN}"),
    "lecture": (Lecture, (VECTORS,), {}, f"4/4 causal absolute {PLAIN}"),
    "sinks": (Sinks, (VECTORS,), {}, f"4/4 bias bias {PLAIN}"),
    "merged": (Merged, (VECTORS,), {}, f"4/4 none absolute {PLAIN}"),
    "windows": (Windows, (VECTORS,), {}, f"4/4 none absolute {PLAIN}"),
    "one head": (OneHead, (VECTORS,), {}, f"1/1 none absolute {PLAIN}"),
    "one head, moving": (Moving, (VECTORS,), {}, f"1/1 none absolute {PLAIN}"),
    "one head, no batch": (OneHead, (VECTORS[0],), {}, f"1/1 none absolute {PLAIN}"),
    "mha": (
        lambda: nn.MultiheadAttention(32, 4, batch_first=True), (VECTORS,) * 3, {},
        f"4/4 none absolute {PLAIN}"),
    "mha, tokens first": (
        lambda: nn.MultiheadAttention(32, 4), (VECTORS,) * 3, {"need_weights": False},
        f"4/4 none absolute {PLAIN}"),
    "mha padded": (
        lambda: nn.MultiheadAttention(32, 4, batch_first=True), (VECTORS,) * 3, {"key_padding_mask": PADDED},
        f"4/4 padding absolute {PLAIN}"),
    "mha causal": (
        lambda: nn.MultiheadAttention(32, 4, batch_first=True), (VECTORS,) * 3,
        {"attn_mask": LATER, "need_weights": False}, f"4/4 causal absolute {PLAIN}"),
    "mha cross": (
        lambda: nn.MultiheadAttention(32, 4, batch_first=True, kdim=16, vdim=16),
        (VECTORS, VECTORS[:, :5, :16], VECTORS[:, :5, :16]), {}, f"4/4 none absolute {PLAIN}"),
    "encoder": (encoder, (VECTORS,), {}, f"4/4 none absolute {PLAIN}"),
    "encoder, norm first": (lambda: encoder(norm_first=True), (VECTORS,), {}, f"4/4 none absolute {PLAIN}"),
    "encoder padded": (
        encoder, (VECTORS,), {"src_key_padding_mask": PADDED}, f"4/4 padding absolute {PLAIN}"),
    "encoder layer": (
        lambda: nn.TransformerEncoderLayer(32, 4, 64), (VECTORS,), {}, f"4/4 none absolute {PLAIN}"),
    "decoder": (
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(32, 4, 64, batch_first=True), 2),
        (VECTORS, VECTORS[:, :5]), {}, f"4/4 none absolute {PLAIN}"),
}  # fmt: skip


def flat(result):
    if isinstance(result, torch.Tensor):
        yield result
    elif isinstance(result, (dict, list, tuple)):
        for item in result.values() if isinstance(result, dict) else result:
            yield from flat(item)


def run(model, *args, **kwargs):
    with torch.no_grad():
        return list(flat(model(*args, **kwargs)))


@pytest.mark.parametrize("case", CASES)
def test_model(case, tmp_path):
    """The model's results to the bit; z, q, k, v and the output recomputed from the file to 1e-5."""
    make, args, kwargs, expected = CASES[case]
    torch.manual_seed(2)
    model = make().eval()
    without = run(model, *args, **kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CaptureWarning)
        with record(model) as recording:
            with_recording = run(model, *args, **kwargs)
    assert len(without) == len(with_recording)
    assert all(torch.equal(a, b) for a, b in zip(without, with_recording, strict=True))

    assert described(recording.layers[next(iter(recording.layers))][1]) == expected
    recording.save(tmp_path / "x")
    capture = open_capture(tmp_path / "x")
    for name, layer in capture.layers.items():
        for head in layer.heads:
            assert capture.recompute(name, head).errors["z"] < 1e-5
            for letter in "QKV":
                before = f"{letter.lower()}_pre"
                before = before if before in layer.shapes else letter.lower()
                how = layer_found(capture, name, letter)
                x = capture.tensor(name, "x_k" if letter != "Q" and "x_k" in layer.shapes else "x")
                made = x @ capture.tensor(name, f"W_{letter}", head)
                if f"b_{letter}" in layer.shapes:
                    made = made + capture.tensor(name, f"b_{letter}", head)
                if how != "path":
                    # Extra learned keys come from no projection.
                    assert close(made, capture.tensor(name, before, head)[: len(made)])
        if case.startswith("one head"):
            continue
        writes = sum(capture.tensor(name, "z", h) @ capture.tensor(name, "W_O", h) for h in layer.heads)
        writes = writes + (capture.tensor(name, "b_O") if "b_O" in layer.shapes else 0)
        assert close(writes, capture.tensor(name, "attn_out"))


def close(a, b):
    """To 1e-5 of the largest magnitude."""
    return np.abs(a - b).max() < 1e-5 * max(1.0, np.abs(b).max())


def layer_found(capture, name, letter):
    return capture.metadata["layers"][capture.layer(name).key]["projections_found_by"][letter]


@pytest.mark.parametrize("name", ["GPT2", "Bert", "Llama", "Mistral"])
def test_patterns_are_the_librarys_own(name):
    """The library's eager attention probabilities, of the same model, from the other implementation."""
    config = GPT if name == "GPT2" else SIZES
    if name in ("Llama", "Mistral"):
        config = config | {"num_key_value_heads": 2}
    if name == "Mistral":
        config = config | {"sliding_window": 4}
    with torch.no_grad():
        theirs = library(name, "eager", **config)(IDS, output_attentions=True, output_hidden_states=True)
    model = library(name, **config)
    with record(model, batch=1) as recording:
        run(model, IDS)
    capture = in_memory(recording)
    for layer, pattern in enumerate(theirs.attentions):
        for head in range(pattern.shape[1]):
            ours = capture.recompute(layer, head).pattern
            assert np.abs(ours - pattern[1, head].numpy()).max() < 1e-5
        stream = theirs.hidden_states[layer][1].numpy()
        assert np.abs(capture.tensor(layer, "resid_pre") - stream).max() < 1e-4, "the residual stream"


def in_memory(recording):
    with tempfile.TemporaryDirectory() as folder:
        recording.save(Path(folder) / "x")
        return open_capture(Path(folder) / "x")


def test_the_batch_element_asked_for():
    model = library("Bert", **SIZES)
    for batch in range(2):
        with record(model, batch=batch) as recording:
            run(model, IDS)
        with record(model) as alone:
            run(model, IDS[batch : batch + 1])
        for name, tensors in alone.layers.items():
            for key, array in tensors[0].items():
                assert np.abs(recording.layers[name][0][key] - array).max() < 1e-4


def test_heads_that_are_modules_of_their_own_are_one_layer():
    model = Lecture().eval()
    with record(model, batch=2) as recording:
        run(model, VECTORS)
    assert list(recording.layers) == ["0", "1"]
    capture = in_memory(recording)
    for n, block in enumerate(model.blocks):
        for number, head in enumerate(block.heads):
            assert np.array_equal(capture.tensor(n, "W_Q", number), head.query.weight.detach().T)
        assert np.array_equal(capture.tensor(n, "b_O")[0], block.out.bias.detach())
    assert np.array_equal(capture.tensor(0, "resid_pre"), VECTORS[2])


@pytest.mark.parametrize("make", [InPlace, encoder, Merged])
def test_what_is_overwritten_later_is_recorded_as_it_was(make):
    torch.manual_seed(2)
    model = make().eval()
    with record(model, batch=1) as recording:
        run(model, VECTORS)
    tensors = recording.layers["0"][0]
    assert np.array_equal(tensors["x"], VECTORS[1]) and np.array_equal(tensors["resid_pre"], VECTORS[1])
    before = {name: array.copy() for name, array in tensors.items()}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 1
    assert all(np.array_equal(tensors[name], array) for name, array in before.items())


def test_layers_and_heads_asked_for():
    model = library("Llama", num_key_value_heads=2, **SIZES)
    with record(model) as everything:
        run(model, IDS)
    with record(model, layers=[1], heads=[5, 2]) as recording:
        run(model, IDS)
    assert list(recording.layers) == ["1"]
    some, every = in_memory(recording), in_memory(everything)
    assert some.layer(1).heads == (2, 5) and some.layer(1).kv_heads == (0, 1)
    for name in ("q", "k", "v", "z", "W_Q", "W_K", "W_O", "q_pre", "k_pre"):
        assert np.array_equal(some.tensor(1, name, 5), every.tensor(1, name, 5))


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("name", ["Llama", "Mistral"])
def test_decoding_joins_to_one_full_forward(name, implementation):
    """Steps with a cache (of a window, for Mistral), stacked, against one forward over all tokens."""
    config = SIZES | {"num_key_value_heads": 2} | ({"sliding_window": 4} if name == "Mistral" else {})
    model = library(name, implementation, **config)
    with torch.no_grad(), record(model) as recording:
        cache = model(IDS[:1, :5], use_cache=True).past_key_values
        for n in range(5, 9):
            cache = model(IDS[:1, n : n + 1], past_key_values=cache, use_cache=True).past_key_values
    with record(model) as full:
        run(model, IDS[:1])
    assert list(recording.layers) == ["0", "1"]
    for layer in ("0", "1"):
        (tensors, description), (expected, same) = recording.layers[layer], full.layers[layer]
        assert set(tensors) == set(expected) and description["mask"] == same["mask"]
        assert description["max_abs_error"] < 1e-5
        for key, array in expected.items():
            assert tensors[key].shape == array.shape and np.abs(tensors[key] - array).max() < 1e-4


def test_t5_has_three_kinds_of_attention_and_two_texts(tmp_path):
    make, args, kwargs, _ = CASES["t5"]
    model = make()
    with record(model) as recording:
        run(model, *args, **kwargs)
    tokens, target = [f"s{n}" for n in range(9)], [f"t{n}" for n in range(5)]
    recording.save(tmp_path / "x", tokens=tokens, target_tokens=target)
    capture = open_capture(tmp_path / "x")
    assert list(capture.layers) == ["encoder.0", "decoder.0", "decoder.0.cross"]
    assert capture.layer(0).tokens_q == capture.layer(0).tokens_k == tuple(tokens)
    assert capture.layer(1).tokens_q == capture.layer(1).tokens_k == tuple(target)
    cross = capture.layer("1.cross")
    assert (cross.tokens_q, cross.tokens_k, cross.kind) == (tuple(target), tuple(tokens), "cross")
    assert capture.layer(1).mask == "causal" and capture.layer(0).scale == 1


def test_layers_are_chosen_by_their_number_or_their_name(tmp_path):
    make, args, kwargs, _ = CASES["t5"]
    model = make()
    for chosen, names in (
        ([0], ["encoder.0", "decoder.0", "decoder.0.cross"]),
        (["decoder.0"], ["decoder.0"]),
        (["decoder.0.cross", "encoder.0"], ["encoder.0", "decoder.0.cross"]),
    ):
        with record(model, layers=chosen) as recording:
            run(model, *args, **kwargs)
        recording.save(tmp_path / "x")
        assert list(open_capture(tmp_path / "x").layers) == names
    with pytest.raises(InputError, match="layer decoder.7 was not seen; layers: encoder.0, decoder.0"):
        with record(model, layers=["decoder.7"]):
            run(model, *args, **kwargs)


def test_positions_are_read_off():
    found = {}
    for case in ("llama", "gptj", "bloom"):
        make, args, kwargs, _ = CASES[case]
        model = make().eval()
        with record(model) as recording:
            run(model, *args, **kwargs)
        found[case] = recording.layers["0"]
    assert found["llama"][1]["position"] == {"kind": "rotary", "layout": "half", "dims": 8, "theta": 10000.0}
    assert found["gptj"][1]["position"] == {"kind": "rotary", "layout": "pairs", "dims": 8, "theta": 10000.0}
    slopes = [2 ** (-8 * (n + 1) / 4) for n in range(4)]  # Press et al. 2022, for 4 heads
    assert found["bloom"][1]["position"]["slopes"] == pytest.approx(slopes, rel=1e-4)
    assert found["bloom"][0]["bias"].shape == (4, 1, 9), "a slope needs no matrix"


@pytest.mark.parametrize("lead", [(), (6,), (2, 3), (2, 3, 2)])
@pytest.mark.parametrize("masked", ["", "bool", "float"])
def test_scaled_dot_product_attention_of_any_axes(lead, masked):
    """Called directly, with a mask for every head or for all, no projections to tell batch from heads."""

    class Direct(nn.Module):
        def forward(self, q, k, mask):
            return nn.functional.scaled_dot_product_attention(q, k, k[..., :4], attn_mask=mask, scale=0.3)

    torch.manual_seed(4)
    q, k = torch.randn(*lead, 5, 8), torch.randn(*lead, 7, 8)
    mask = {"": None, "bool": torch.rand(*lead, 5, 7) > 0.4, "float": torch.randn(*lead[-1:], 5, 7)}[masked]
    if masked == "bool":
        mask[..., 0] = True
    with record(Direct()) as recording:
        out = run(Direct(), q, k, mask)[0]
    tensors, description = recording.layers["0.cross"]
    assert description["max_abs_error"] < 1e-5 and description["scale"] == 0.3
    assert tensors["z"].shape[0] == math.prod(lead[1:] if len(lead) > 1 else lead)
    expected = out[0] if len(lead) > 1 else out
    assert np.array_equal(tensors["z"].reshape(-1), expected.reshape(-1))


def test_what_is_not_understood_is_left_out_with_a_warning(monkeypatch):
    def fails(attention, frame, shared, see=matrix_cinema.capture.recorder.see):
        if "layer.0" in attention.module:
            raise RuntimeError("odd shapes")
        return see(attention, frame, shared)

    monkeypatch.setattr(matrix_cinema.capture.recorder, "see", fails)
    model = library("Bert", **SIZES)
    with pytest.warns(CaptureWarning, match=r"layer\.\*.*is not followed.*odd shapes"):
        with record(model) as recording:
            run(model, IDS)
    assert [d["module"] for _, d in recording.layers.values()] == ["encoder.layer.1.attention.self"]


def test_softcap_and_sinks():
    make, args, kwargs, _ = CASES["gemma2"]
    model = make()
    with record(model) as recording:
        run(model, *args, **kwargs)
    assert recording.layers["0"][1]["softcap"] == pytest.approx(20)
    model = library(
        "GptOss", "eager", num_key_value_heads=2, head_dim=8, num_local_experts=2, num_experts_per_tok=1,
        sliding_window=4, **SIZES,
    )  # fmt: skip
    for layer in model.layers:
        nn.init.normal_(layer.self_attn.sinks)
    with record(model) as recording:
        run(model, IDS)
    for n, layer in enumerate(model.layers):
        description = recording.layers[str(n)][1]
        assert description["sinks"] == pytest.approx(layer.self_attn.sinks.tolist())
        assert description["max_abs_error"] < 1e-5


@pytest.mark.parametrize(("name", "options", "layout", "dims"), [
    ("Qwen3", {"head_dim": 8}, "half", 8),
    ("Olmo2", {}, "half", 8),  # one norm of all heads
    ("Gemma3Text", {"head_dim": 8, "sliding_window": 4}, "half", 8),
    ("Cohere", {"use_qk_norm": True}, "pairs", 8),  # less its mean, gains of each head
    ("Phi", {"qk_layernorm": True}, "half", 4),  # half of the channels turn
])  # fmt: skip
def test_rotary_positions_behind_a_norm_are_found(name, options, layout, dims):
    model = library(name, num_key_value_heads=2, **SIZES, **options)
    for parameter, values in model.named_parameters():
        if re.search(r"(q|k)_(norm|layernorm).weight", parameter):
            nn.init.uniform_(values, 0.5, 2.0)  # a new model has ones everywhere
    with record(model) as recording:
        run(model, IDS)
    for _, description in recording.layers.values():
        theta = 500000.0 if name == "Cohere" else 10000.0
        known = {"kind": "rotary", "layout": layout, "dims": dims, "theta": theta}
        assert description["position"] == known
        assert description["projections_found_by"]["Q"] == "path"


def test_no_rotation_is_made_up_where_queries_are_something_else():
    rng = np.random.default_rng(0)
    pre = rng.normal(size=(4, 9, 8))
    other, mixed = rng.normal(size=pre.shape), pre @ rng.normal(size=(8, 8))
    for post in (other, mixed, np.tanh(pre), pre[:, :3], 2 * pre):
        assert positions._rotation_after_norm(pre[:, : post.shape[1]], post) == {}


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_memory_is_linear_in_the_tokens(implementation, tmp_path):
    """Twice the tokens, twice the numbers: scores and patterns of 512 tokens are not kept, nor written.

    Attention by hand keeps one layer's scores, until the next one begins.
    """
    sizes = {
        "vocab_size": 101,
        "hidden_size": 96,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 3,
        "max_position_embeddings": 512,
    }
    model = library("Bert", implementation, **sizes)
    kept = {}
    for count in (256, 512):
        before = {id(o) for o in gc.get_objects() if type(o) is torch.Tensor}
        with torch.no_grad(), record(model, layers=[1]) as recording:
            model(torch.arange(count)[None] % 101)
            squares = [
                t
                for t in gc.get_objects()
                if type(t) is torch.Tensor and id(t) not in before and t.shape[-2:] == (count, count)
            ]
            assert len({t.data_ptr() for t in squares}) <= {"sdpa": 0, "eager": 4}[implementation]
            del squares
        arrays, _ = recording.layers["1"]
        kept[count] = sum(a.nbytes for name, a in arrays.items() if not name.startswith(("W_", "b_")))
        recording.save(tmp_path / f"{count}.safetensors")
        assert not any(a.shape[-2:] == (count, count) for a in arrays.values())
    assert kept[512] == 2 * kept[256]
    assert np.isfinite(open_capture(tmp_path / "512.safetensors").recompute(1, 2).pattern).all()


@pytest.mark.parametrize("layers", [[7], None])
def test_what_layers_computed_is_not_held_when_they_are_over(layers):
    """At any time only results of one layer and of the one before it are held, however many layers ran."""
    model = library("Bert", **SIZES | {"num_hidden_layers": 8, "intermediate_size": 101 + bool(layers)})
    held = []

    def count(*_):
        inner = model.config.intermediate_size
        alive = [t for t in gc.get_objects() if type(t) is torch.Tensor and t.shape == (2, 9, inner)]
        held.append(len({t.data_ptr() for t in alive}))

    for layer in model.encoder.layer:
        layer.register_forward_hook(count)
    with torch.no_grad(), record(model, layers=layers):
        model(IDS)
    assert held[1:] == held[1:2] * 7, held


def test_training_is_not_disturbed():
    """Gradients and dropout are those without recording; the dropout is reported."""
    results = []
    for recorded in (False, True):
        torch.manual_seed(3)
        model = encoder().train()
        if recorded:
            with pytest.warns(CaptureWarning, match="eval"), record(model):
                out = model(VECTORS)
        else:
            out = model(VECTORS)
        out.sum().backward()
        results.append([out.detach(), *(p.grad for p in model.parameters())])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    assert nn.MultiheadAttention.forward.__qualname__ == "MultiheadAttention.forward", "put back"


@pytest.mark.parametrize("reentrant", [False, True])
def test_layers_that_run_again_for_their_gradients_are_recorded_once(reentrant):
    """Checkpointing runs each layer a second time, from the last to the first, while gradients are made."""

    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([Nano(), Nano()])

        def forward(self, x):
            for layer in self.layers:
                x = torch.utils.checkpoint.checkpoint(layer, x, use_reentrant=reentrant)
            return x

    torch.manual_seed(3)
    model, gradients = Checkpointed().eval(), []
    for recorded in (False, True):
        x = VECTORS.clone().requires_grad_()
        with record(model) if recorded else contextlib.nullcontext() as recording:
            model(x).sum().backward()
        gradients.append(x.grad)
    assert torch.equal(*gradients)
    modules = {name: about["module"] for name, (_, about) in recording.layers.items()}
    assert modules == {"0": "layers.0", "1": "layers.1"} and not recording.left_out


def test_half_precision_is_warned_about_with_its_error():
    model = library("Llama", num_key_value_heads=2, **SIZES).to(torch.bfloat16)
    without = run(model, IDS)
    with pytest.warns(CaptureWarning, match=r"bfloat16, with an error of .*; use model.float\(\)"):
        with record(model) as recording:
            again = run(model, IDS)
    assert all(torch.equal(a, b) for a, b in zip(without, again, strict=True))
    assert recording.layers["0"][1]["dtype"] == "bfloat16"
    assert recording.layers["0"][1]["max_abs_error"] > 1e-4
    in_memory(recording)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_compiled_model_is_recorded_eagerly(in_place):
    if not hasattr(torch.compiler, "set_stance"):
        pytest.skip("this torch cannot run compiled models eagerly")
    model = Nano().eval()
    if in_place:
        model.compile(backend="eager")
    else:
        model = torch.compile(model, backend="eager")
    run(model, VECTORS)
    with pytest.warns(CaptureWarning, match="compiled"), record(model) as recording:
        run(model, VECTORS)
    assert recording.layers["0"][1]["max_abs_error"] < 1e-5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": [7]}, "layer 7 was not seen; layers: 0, 1"),
        ({"heads": [9]}, "head 9 is not in layer 0; heads: 0-7"),
        ({"batch": 2}, "batch element 2 is not there; the batch has 2"),
    ],
)
def test_what_was_not_seen_is_an_error(options, message):
    model = library("Bert", **SIZES)
    with pytest.raises(InputError, match=message), record(model, **options):
        run(model, IDS)


def test_a_batch_of_one_has_no_other_element():
    model = library("Bert", **SIZES)
    with pytest.raises(InputError, match="batch element 1 is not there; the batch has 1"):
        with record(model, batch=1):
            run(model, IDS[:1])


def test_no_attention_is_an_error_that_says_why():
    with pytest.raises(InputError, match="did not run"), record(nn.Linear(2, 2)):
        pass
    with pytest.raises(InputError, match="cannot look"), record(nn.Linear(2, 2)) as recording:
        nn.Linear(2, 2)(torch.ones(1, 2))
    with pytest.raises(InputError, match="nothing is recorded"):
        recording.save("x")
    with pytest.raises(InputError, match="TorchScript"), record(torch.jit.trace(OneHead(), VECTORS)):
        pass
    with pytest.raises(InputError, match="expected a torch.nn.Module"), record("bert"):
        pass
    with pytest.raises(KeyError), record(nn.Linear(2, 2)):
        raise KeyError("the user's own error passes")
