"""A model that decodes step by step inside one call is recorded as one layer, or a warning says that it is
not."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")

from matrix_cinema.capture.record import record  # noqa: E402
from torch import nn  # noqa: E402

TOKENS, WINDOW = 9, 3


def with_sinks(old, new, step):
    """The first two tokens and the last ones, as in StreamingLLM (Xiao et al. 2023)."""
    both = torch.cat([old, new], 2)
    return torch.cat([both[:, :, :2], both[:, :, 2:][:, :, -WINDOW:]], 2)


def with_window(old, new, step):
    return torch.cat([old, new], 2)[:, :, -WINDOW:]


def with_slots(old, new, step):
    """The newest token takes the place of the oldest."""
    if step < WINDOW:
        return torch.cat([old, new], 2)
    old = old.clone()
    old[:, :, step % WINDOW] = new[:, :, 0]
    return old


def with_few_bits(old, new, step):
    """What is in the cache is rounded anew, as if it were quantised."""
    bits = 5 + step
    return torch.cat([(bits * old).round() / bits, new], 2)


class Decoder(nn.Module):
    """Keeps the pattern of each step. `turn` changes the keys by their place in the cache."""

    def __init__(self, cache, turn=False):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(8, 8) for _ in range(4))
        self.cache, self.turn = cache, turn

    def forward(self, x):
        keys, values, written = torch.zeros(1, 2, 0, 4), torch.zeros(1, 2, 0, 4), []
        self.patterns = []
        for step in range(x.shape[1]):
            token = x[:, step : step + 1]
            q, k, v = (one(token).unflatten(-1, (2, 4)).transpose(1, 2) for one in (self.q, self.k, self.v))
            keys, values = self.cache(keys, k, step), self.cache(values, v, step)
            turned = keys * torch.arange(1.0, 1 + keys.shape[2])[:, None] if self.turn else keys
            self.patterns.append((q @ turned.mT / 2).softmax(-1))
            written.append(self.out((self.patterns[-1] @ values).transpose(1, 2).flatten(2)))
        return torch.cat(written, 1)


def recorded(*how):
    torch.manual_seed(0)
    model, x = Decoder(*how).eval(), torch.randn(1, TOKENS, 8)
    with warnings.catch_warnings(record=True) as told, torch.no_grad(), record(model) as recording:
        warnings.simplefilter("always")
        model(x)
    return model, recording, [str(one.message) for one in told]


@pytest.mark.parametrize("cache, first", [(with_sinks, 2), (with_window, 0)])
def test_steps_over_a_window_and_first_tokens_are_one_layer(cache, first):
    model, recording, told = recorded(cache)
    assert list(recording.layers) == ["0"] and not told
    arrays, description = recording.layers["0"]
    scores = arrays["q"] @ arrays["k"].swapaxes(1, 2) * description["scale"]
    for step, pattern in enumerate(model.patterns):
        kept = [n for n in range(step + 1) if n < first or n > step - WINDOW]
        weights = np.exp(scores[:, step, kept])
        assert np.abs(weights / weights.sum(-1, keepdims=True) - pattern[0, :, 0].numpy()).max() < 1e-6
        if first:
            assert arrays["mask"][0, step].nonzero()[0].tolist() == kept
    if not first:
        assert description["mask"] == {"kind": "window", "size": WINDOW}


@pytest.mark.parametrize("how", [(with_sinks, True), (with_slots,), (with_few_bits,)])
def test_steps_that_cannot_be_joined_are_told(how):
    _, recording, told = recorded(*how)
    assert len(recording.layers) > 1
    assert told == [
        f"the model: its steps of decoding could not be joined, and are {len(recording.layers)} layers here; "
        "their keys change or move in the cache"
    ]


class Step(nn.Module):
    """Keeps the keys and values of the last two tokens."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(8, 8) for _ in range(4))
        self.cache = [torch.zeros(3, 2, 0, 4)] * 2

    def forward(self, x):
        q, *new = (one(x).unflatten(-1, (2, 4)).transpose(1, 2) for one in (self.q, self.k, self.v))
        keys, values = (torch.cat(both, 2) for both in zip(self.cache, new, strict=True))
        self.cache = [one[:, :, -2:] for one in (keys, values)]
        z = nn.functional.scaled_dot_product_attention(q, keys, values)
        return self.out(z.transpose(1, 2).flatten(2))


def test_the_last_token_of_a_prompt_in_a_window_is_no_element_of_the_batch():
    torch.manual_seed(0)
    model, x = Step().eval(), torch.randn(3, 5, 8)
    with warnings.catch_warnings(), torch.no_grad(), record(model, batch=0) as recording:
        warnings.simplefilter("ignore")  # that the element is not known
        for step in range(5):
            x = model(x)[:, -1:]
            if step == 1:  # as beams of which one was given up
                model.cache = [one.index_select(0, torch.tensor([0, 0, 1])) for one in model.cache]
    ((arrays, _),) = recording.layers.values()
    assert arrays["q"].shape == arrays["k"].shape == (2, 9, 4)
    assert np.abs(arrays["k"][:, -2:] - model.cache[0][0].numpy()).max() < 1e-6
