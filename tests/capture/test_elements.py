"""The element of the batch that was asked for is recorded, or a warning says that it may be another."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")

from matrix_cinema.capture.record import record  # noqa: E402
from torch import nn  # noqa: E402

BATCH, TOKENS, HEADS, WIDTH = 3, 8, 2, 4
ORDER = [2, 0, 1]


def into_buffer(x):
    made = torch.zeros(2 * BATCH, TOKENS // 2, x.shape[-1])
    for n in range(BATCH):
        for window in range(2):
            made[n + BATCH * window] = x[n, window * 4 : window * 4 + 4]
    return made


def shifted(x):
    return torch.from_numpy(x.numpy().copy())  # a step that cannot be followed


def changed_at_mask(x, roll=0, first=0):
    mask = torch.arange(TOKENS) % 3 == first + torch.arange(BATCH)[:, None]
    x = x.clone()
    x[mask] += 2 * x[mask].roll(roll, 0)
    return x


# What a model does to its batch, and which element stands at each place of the leading axis.
FOLLOWED = {
    "nothing": (lambda x: x, [0, 1, 2]),
    "windows after the batch": (lambda x: x.unflatten(1, (2, 4)).flatten(0, 1), [0, 0, 1, 1, 2, 2]),
    "windows before the batch": (lambda x: torch.cat(x.chunk(2, 1)), [0, 1, 2, 0, 1, 2]),
    "frames before the batch": (
        lambda x: x.unflatten(1, (2, 4)).transpose(0, 1).flatten(0, 1), [0, 1, 2, 0, 1, 2]
    ),
    "windows in a buffer": (into_buffer, [0, 1, 2, 0, 1, 2]),
    "copies for guidance": (lambda x: torch.cat([torch.zeros_like(x), x]), [9, 9, 9, 0, 1, 2]),
    "two copies": (lambda x: torch.cat([0.5 * x, x]), [0, 1, 2, 0, 1, 2]),
    "another order": (lambda x: x[torch.tensor(ORDER)], ORDER),
    "turned round": (lambda x: x.flip(0), [2, 1, 0]),
    "stacked": (lambda x: torch.stack([x[n] for n in ORDER]), ORDER),
    "changed at a mask": (changed_at_mask, [0, 1, 2]),
    "changed at a mask of nothing": (lambda x: changed_at_mask(x, first=3), [0, 1, 2]),
    "its mean added": (lambda x: x + x.mean(0, keepdim=True), [0, 1, 2]),
}  # fmt: skip
LOST = {
    "another order": lambda x: shifted(x)[ORDER],
    "windows before the batch": lambda x: torch.cat(shifted(x).chunk(2, 1)),
    "gathered": lambda x: x.gather(0, torch.tensor(ORDER)[:, None, None].expand_as(x)),
    "a matrix of the order": lambda x: torch.einsum("btd,cb->ctd", x, torch.eye(BATCH)[ORDER]),
    "rolled at a mask": lambda x: changed_at_mask(x, 4),
    "a function that is not known": lambda x: torch.channel_shuffle(x.transpose(0, 1), 3).transpose(0, 1),
    "a sum of known and lost": lambda x: x + x.gather(0, torch.tensor(ORDER)[:, None, None].expand_as(x)),
    "a sum with what came back from NumPy": lambda x: x + shifted(x).flip(0),
}


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(HEADS * WIDTH, HEADS * WIDTH) for _ in range(4))

    def forward(self, x):
        q, k, v = (one(x).unflatten(-1, (HEADS, WIDTH)).transpose(1, 2) for one in (self.q, self.k, self.v))
        self.z = (q @ k.mT).softmax(-1) @ v
        return x + self.out(self.z.transpose(1, 2).flatten(2))


class Model(nn.Module):
    """Two layers, of which the second is behind norms and a residual stream."""

    def __init__(self, moved):
        super().__init__()
        self.first, self.second, self.norm, self.moved = Layer(), Layer(), nn.LayerNorm(8), moved

    def forward(self, x):
        return self.second(self.norm(self.first(self.moved(self.norm(x)))))


def recorded(moved, batch):
    torch.manual_seed(0)
    model, x = Model(moved).eval(), torch.randn(BATCH, TOKENS, HEADS * WIDTH)
    with (
        warnings.catch_warnings(record=True) as told,
        torch.no_grad(),
        record(model, batch=batch) as recording,
    ):
        warnings.simplefilter("always")
        model(x)
    return model, recording, [str(one.message) for one in told]


@pytest.mark.parametrize("batch", range(BATCH))
@pytest.mark.parametrize("way", FOLLOWED)
def test_an_element_is_followed_to_its_place(way, batch):
    moved, elements = FOLLOWED[way]
    model, recording, told = recorded(moved, batch)
    copies = [one for one in told if "attentions of the same tokens run side by side" in one]
    assert len(copies) == 2 * (way == "two copies") == len(told) and len(recording.layers) == 2
    for layer, (arrays, description) in zip(
        (model.first, model.second), recording.layers.values(), strict=True
    ):
        assert description["batch"] == {"element": batch, "of": BATCH}
        assert np.abs(arrays["z"] - layer.z[elements.index(batch)].numpy()).max() < 1e-5


@pytest.mark.parametrize("way", LOST)
def test_an_element_that_is_not_known_is_not_claimed(way):
    model, recording, told = recorded(LOST[way], 1)
    assert len([one for one in told if "is not known to be that of batch element 1" in one]) == 2
    for layer, (arrays, description) in zip(
        (model.first, model.second), recording.layers.values(), strict=True
    ):
        number = description["leading"]["number"]
        assert description["leading"]["of"] == len(layer.z) and "batch" not in description
        assert np.abs(arrays["z"] - layer.z[number].numpy()).max() < 1e-5


@pytest.mark.parametrize("size", [1, 2])
def test_the_copy_with_the_text_is_recorded(size):
    """As in guidance: a model runs on a copy with the text and one without, and only one has the tokens."""
    torch.manual_seed(0)
    layer, x, text = Layer().eval(), torch.randn(size, TOKENS, 8), torch.randn(size, 5, 8)

    class Guided(nn.Module):
        def forward(self, x, text):
            text = torch.cat([torch.zeros_like(text), text])
            q, k, v = layer.q(torch.cat([x, x])), layer.k(text), layer.v(text)
            self.z = (q @ k.mT).softmax(-1) @ v
            return layer(torch.cat([torch.zeros_like(x), x]))

    with torch.no_grad(), record(model := Guided(), batch=size - 1) as recording:
        model(x, text)
    (cross, _), (own, _) = sorted(recording.layers.values(), key=lambda one: one[1]["kind"])
    assert np.abs(cross["z"] - model.z[-1].numpy()).max() < 1e-5
    assert np.abs(own["z"] - layer.z[-1].numpy()).max() < 1e-5


def test_a_batch_on_the_second_axis_is_followed():
    """Six tokens before three elements: nothing but the axis tells which of them is the batch."""
    torch.manual_seed(0)
    model, x = nn.MultiheadAttention(8, HEADS).eval(), torch.randn(6, BATCH, 8)
    for batch in range(BATCH):
        with torch.no_grad(), record(model, batch=batch) as recording:
            model(x, x, x)
        with torch.no_grad(), record(model) as alone:
            model(*[x[:, batch : batch + 1]] * 3)
        assert np.abs(recording.layers["0"][0]["z"] - alone.layers["0"][0]["z"]).max() < 1e-5


def test_the_first_axis_is_the_batch_where_the_second_tells_attentions_apart_too():
    """Frames that attend by themselves are windows of an element, not elements."""
    torch.manual_seed(0)
    layer, x = Layer().eval(), torch.randn(BATCH, 2, TOKENS, 8)

    class Frames(nn.Module):
        def forward(self, x):
            return layer(x.flatten(0, 1))

    with torch.no_grad(), record(model := Frames(), batch=2) as recording:
        model(x)
    arrays, description = recording.layers["0"]
    assert description["batch"] == {"element": 2, "of": BATCH}
    assert description["window"] == {"number": 0, "of": 2}
    assert np.abs(arrays["z"] - layer.z[4].numpy()).max() < 1e-5


def test_an_attention_of_other_elements_only_is_told():
    torch.manual_seed(0)
    first, second, x = Layer().eval(), Layer().eval(), torch.randn(2, TOKENS, 8)

    class Apart(nn.Module):
        """A layer for each element, and one for all, in turn."""

        def __init__(self):
            super().__init__()
            self.first, self.second, self.common = first, second, Layer()

        def forward(self, x):
            x = torch.cat([self.first(x[:1]), self.second(x[1:])])
            return torch.cat([self.common(x[:1]), self.common(x[1:])])

    model = Apart().eval()
    with pytest.warns(UserWarning, match="second .* only of other elements of the batch") as told:
        with torch.no_grad(), record(model) as recording:
            model(x)
    assert len(told) == 1 and len(recording.layers) == 2
    assert [one["module"] for one in recording.left_out] == ["second"]
