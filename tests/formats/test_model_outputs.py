"""What transformers returns as attentions: of one pass, of `generate` with any cache, and nothing."""

import numpy as np
import pytest
from matrix_cinema.errors import InputError
from matrix_cinema.formats.capture_file import open_capture
from matrix_cinema.formats.imports import import_attentions, import_file
from matrix_cinema.formats.model_outputs import joined

HEADS, PROMPT, READ = 2, 3, 6
RNG = np.random.default_rng(0)
WHOLE = np.tril(RNG.uniform(0.1, 1.0, (HEADS, READ, READ)))  # what each query sees of each key
CROSS = RNG.uniform(0.1, 1.0, (HEADS, READ, 4))


def cached(whole, prompt=PROMPT, width=lambda end: slice(0, end)):
    """The steps of decoding: the prompt, then token by token, with the keys that are in the cache."""
    ends = range(prompt, whole.shape[1] + 1)
    starts = [0, *ends]
    return [whole[:, start:end, width(end)] for start, end in zip(starts, ends, strict=False)]


def windowed(width):
    """A pattern of which each query sees so many keys."""
    return WHOLE * (np.subtract.outer(np.arange(READ), np.arange(READ)) < width)


def filled(whole, keys):
    """The same with keys of a static cache that no token has filled."""
    return np.concatenate([whole, np.zeros((HEADS, READ, keys - READ))], axis=2)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (cached(WHOLE), WHOLE),
        (cached(WHOLE, 1), WHOLE),
        (cached(WHOLE)[1:], WHOLE[:, PROMPT:]),  # after a cache that was there before
        ([WHOLE[:, :end, :end] for end in range(PROMPT, READ + 1)], WHOLE),  # without a cache
        (cached(WHOLE, width=lambda end: slice(None)), WHOLE),  # a static cache, just long enough
        (cached(filled(WHOLE, 9), width=lambda end: slice(None)), WHOLE),  # and longer
        (cached(windowed(4), width=lambda end: slice(max(0, end - 4), end)), windowed(4)),
        (cached(windowed(3), width=lambda end: slice(max(0, end - 3), end)), windowed(3)),
        (cached(CROSS, width=lambda end: slice(None)), CROSS),
        (cached(CROSS, 1, width=lambda end: slice(None)), CROSS),
        ([CROSS[:, :end] for end in range(1, READ + 1)], CROSS),
        ([WHOLE], WHOLE),
    ],
)
def test_steps_are_joined_as_if_read_at_once(steps, expected):
    assert np.array_equal(joined(steps, "here"), expected)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([WHOLE[:, :3, :3], WHOLE[:, 3:4, :6]], "step 1 has 6 keys, but 4 tokens were read"),
        ([WHOLE[:, :3, :3], WHOLE[:1, 3:4, :4]], "heads; expected the same number in each"),
        (cached(WHOLE[:, :, :4], width=lambda end: slice(None)), "its static cache slides"),
    ],
)
def test_steps_that_do_not_follow_each_other_are_refused(steps, message):
    with pytest.raises(InputError, match=message):
        joined(steps, "here")


def softmax(pattern):
    return pattern / pattern.sum(axis=-1, keepdims=True)


def test_what_generate_gives_becomes_a_capture_of_all_that_was_read(tmp_path):
    path, tokens = tmp_path / "x.safetensors", list("abcdefg")
    layers = [softmax(WHOLE), softmax(np.tril(WHOLE[::-1]))]
    steps = list(zip(*map(cached, layers), strict=True))
    generated = tuple(tuple(one[None] for one in step) for step in steps)
    for given in (tokens, tokens[:-1]):  # the last one was made, and not read
        import_attentions(generated, path, tokens=given)
        capture = open_capture(path)
        assert capture.tokens_q == tuple("abcdef") and capture.layer(1).mask == "causal"
        assert np.allclose(capture.tensor(1, "pattern", 1), layers[1][1], atol=1e-7)
    with pytest.raises(InputError, match="tokens: 3 for the 6 queries of layer 0; expected the text of each"):
        import_attentions(generated, path, tokens=list("abc"))
    beams = tuple(tuple(np.concatenate([one, one]) for one in step) for step in generated)
    with pytest.raises(InputError, match=r"batch has 2 elements\. .* num_beams=1"):
        import_attentions(beams, path)
    import_attentions(beams, path, batch=1)
    assert np.allclose(open_capture(path).tensor(0, "pattern", 0), layers[0][0], atol=1e-7)
    cross = tuple((one[None],) for one in cached(softmax(CROSS), 1, width=lambda end: slice(None)))
    import_attentions(cross, path, tokens=(list("stuvwxy"), list("abcd")))
    layer = open_capture(path).layer(0)
    assert (layer.tokens_q, layer.tokens_k) == (tuple("stuvwx"), tuple("abcd"))


@pytest.mark.parametrize("nothing", [None, (), (None, None), ((), (), ()), ((None,), (None,))])
def test_nothing_is_told_for_what_it_is(tmp_path, nothing):
    with pytest.raises(InputError, match='attentions is empty: .* attn_implementation="eager"'):
        import_attentions(nothing, tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir())


def test_layers_that_are_no_attention_are_left_out(tmp_path):
    import_attentions((softmax(WHOLE), None, softmax(WHOLE)), tmp_path / "x.safetensors")
    assert list(open_capture(tmp_path / "x.safetensors").layers) == ["0", "2"]


def test_a_whole_output_has_its_kinds(tmp_path):
    output = {"logits": np.zeros(3), "attentions": (softmax(WHOLE),), "cross_attentions": ()}
    import_attentions(output, tmp_path / "x.safetensors")
    assert list(open_capture(tmp_path / "x.safetensors").layers) == ["0"]
    # Of an encoder that read four tokens and a decoder that wrote six.
    square = softmax(WHOLE[:, :4, :4])
    output = {"encoder_attentions": (square,) * 2, "decoder_attentions": (softmax(WHOLE),) * 2}
    output |= {"cross_attentions": (softmax(CROSS),) * 2, "logits": np.zeros(3)}
    source, target = list("abcd"), list("stuvwx")
    import_attentions(output, tmp_path / "x.safetensors", tokens=(target, source))
    layers = open_capture(tmp_path / "x.safetensors").layers
    assert set(layers) == {f"{s}.{n}" for s in ("encoder", "decoder") for n in (0, 1)} | {
        *("decoder.0.cross", "decoder.1.cross")
    }
    cross, own = layers["decoder.1.cross"], layers["encoder.1"]
    assert (cross.tokens_q, cross.tokens_k, cross.kind) == (tuple(target), tuple(source), "cross")
    assert own.tokens_q == own.tokens_k == tuple(source) and layers["decoder.0"].tokens_k == tuple(target)
    with pytest.raises(InputError, match="is an output of a model that has none"):
        import_attentions({"logits": np.zeros(3), "attentions": None}, tmp_path / "x.safetensors")


def test_tokens_of_another_number_and_an_empty_array_in_a_file(tmp_path):
    np.savez(tmp_path / "x.npz", attentions=softmax(WHOLE)[None])
    with pytest.raises(InputError, match="tokens: 5 for the 6 queries of layer 0"):
        import_file(tmp_path / "x.npz", tmp_path / "y.safetensors", tokens=list("abcde"))
    np.savez(tmp_path / "x.npz", attentions=np.empty(0))
    with pytest.raises(InputError, match='attentions is empty: .* attn_implementation="eager"'):
        import_file(tmp_path / "x.npz", tmp_path / "y.safetensors")
